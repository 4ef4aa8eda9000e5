package llama

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
)

// pooled is the embedding model with another way of making one vector of many: 2 takes the first token's, and 4
// makes it a ranking model, with a head that scores by the first number of that vector.
func pooled(t *testing.T, kind serving.Kind, pooling uint32) serving.Model {
	t.Helper()
	name := os.Getenv("PARLEY_TEST_EMBED_MODEL")
	if name == "" {
		t.Skip("PARLEY_TEST_EMBED_MODEL is not set: this test needs the engine's libraries and a real model (make test-models)")
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	key := []byte("bert.pooling_type")
	at := bytes.Index(file, key)
	if at < 0 {
		t.Skip("the embedding model is no BERT that tells its pooling")
	}
	binary.LittleEndian.PutUint32(file[at+len(key)+4:], pooling) // after the type of the value
	if kind == serving.KindRerank {
		width, _ := f.Int("bert.embedding_length")
		file = withHead(file, f, width)
	}
	path := filepath.Join(t.TempDir(), "model.gguf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return serving.Model{ID: "test-" + string(kind), Kind: kind, Path: path}
}

// withHead adds a tensor to a file: its description after the last one's, its numbers at the end.
func withHead(file []byte, f *gguf.File, width int64) []byte {
	const align = 32
	grow := func(b []byte) []byte { return append(b, make([]byte, (align-len(b)%align)%align)...) }
	last := f.Tensors[len(f.Tensors)-1]
	end := bytes.LastIndex(file[:f.DataOffset], []byte(last.Name)) + len(last.Name) + 4 + 8*len(last.Dims) + 4 + 8
	data := grow(slices.Clone(file[f.DataOffset:]))
	name := "cls.output.weight"
	head := slices.Clone(file[:end])
	binary.LittleEndian.PutUint64(head[8:], uint64(len(f.Tensors)+1))
	head = binary.LittleEndian.AppendUint64(head, uint64(len(name)))
	head = append(head, name...)
	head = binary.LittleEndian.AppendUint32(head, 2)
	head = binary.LittleEndian.AppendUint64(head, uint64(width))
	head = binary.LittleEndian.AppendUint64(head, 1)
	head = binary.LittleEndian.AppendUint32(head, 0) // F32
	head = binary.LittleEndian.AppendUint64(head, uint64(len(data)))
	numbers := make([]byte, 4*width)
	binary.LittleEndian.PutUint32(numbers, math.Float32bits(1))
	return slices.Concat(grow(head), data, numbers)
}

func TestRank(t *testing.T) {
	load := func(m serving.Model) serving.Engine {
		cfg := DefaultConfig()
		cfg.Dir = os.Getenv("PARLEY_TEST_ENGINE")
		r, err := Open(cfg, nil, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		e, err := r.Load(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return e
	}
	ranks, embeds := load(pooled(t, serving.KindRerank, 4)).(*rankEngine), load(pooled(t, serving.KindEmbed, 2))

	query := "How tall is the tower?"
	documents := []string{"The tower is 300 metres tall.", "Cats sleep most of the day.", "A recipe for bread with a long rest over night.", ""}
	scores, err := ranks.Rank(t.Context(), serving.Ranking{Query: query, Documents: documents})
	if err != nil || len(scores.Scores) != len(documents) || scores.Usage.InputTokens < 40 {
		t.Fatalf("%+v, error %v", scores, err)
	}
	// The same through the vectors of the pairs, whose length is lost but nearly the same for all.
	var lengths []float64
	pairs, err := ranks.pairs(t.Context(), serving.Ranking{Query: query, Documents: documents})
	if err != nil {
		t.Fatal(err)
	}
	for i, pair := range pairs[:3] {
		// BERT's vocabularies have [CLS] at 101 and [SEP] at 102.
		if seps := slices.DeleteFunc(slices.Clone(pair), func(t int32) bool { return t != 102 }); pair[0] != 101 || pair[len(pair)-1] != 102 || len(seps) != 2 {
			t.Errorf("pair %d is %v", i, pair)
		}
		var tokens []int
		for _, token := range pair {
			tokens = append(tokens, int(token))
		}
		out, err := embeds.Embed(t.Context(), []serving.Input{{Tokens: tokens}})
		if err != nil {
			t.Fatal(err)
		}
		p := float64(scores.Scores[i])
		lengths = append(lengths, math.Log(p/(1-p))/float64(out.Vectors[0][0]))
	}
	for _, l := range lengths {
		if l < 0 || math.Abs(l-lengths[0]) > 0.25*lengths[0] {
			t.Errorf("the scores do not fit the vectors of the same pairs: lengths %v", lengths)
		}
	}
	for i, d := range documents {
		alone, err := ranks.Rank(t.Context(), serving.Ranking{Query: query, Documents: []string{d}})
		if err != nil || math.Abs(float64(alone.Scores[0]-scores.Scores[i])) > 0.01 {
			t.Errorf("document %d alone scores %v, among others %v, error %v", i, alone.Scores, scores.Scores[i], err)
		}
	}

	long := serving.Ranking{Query: query, Documents: []string{strings.Repeat("word ", 5000)}}
	if _, err := ranks.Rank(t.Context(), long); fault.From(err).Kind != "context_length_exceeded" {
		t.Errorf("error of a long document: %v", err)
	}
	long.MaxTokens = 100
	if out, err := ranks.Rank(t.Context(), long); err != nil || out.Usage.InputTokens < 100 || out.Usage.InputTokens > 120 {
		t.Errorf("cut after 100 tokens: %+v, error %v", out, err)
	}
	if _, err := ranks.Embed(t.Context(), nil); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a ranking model embeds: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ranks.Rank(ctx, long); err == nil {
		t.Error("no error after cancel")
	}
}
