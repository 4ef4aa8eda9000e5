package llama_test

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
	"github.com/parley-chat/parley/internal/serving/llama"
)

// writeLora writes an adapter of rank 4 for the attention of the chat model. Its numbers are drawn by the seed, those of
// every B being zero for the seed 0.
func writeLora(t testing.TB, base string, seed uint64) *serving.Adapter {
	t.Helper()
	header, _, _ := headerOf(t, base)
	arch, _ := header.Text("general.architecture")
	w := gguf.NewWriter()
	w.Set("general.architecture", arch)
	w.Set("general.type", "adapter")
	w.Set("adapter.type", "lora")
	w.Set("adapter.lora.alpha", float32(4))
	r := rand.New(rand.NewPCG(seed, 7))
	const rank = 4
	random := func(n int64, size float64) func(io.Writer) error {
		numbers := make([]float32, n)
		for i := range numbers {
			numbers[i] = float32(r.NormFloat64() * size)
		}
		return func(out io.Writer) error { _, err := out.Write(gguf.AppendF32(nil, numbers)); return err }
	}
	second := 0.2
	if seed == 0 {
		second = 0
	}
	for _, weight := range header.Tensors {
		if strings.HasSuffix(weight.Name, "attn_q.weight") || strings.HasSuffix(weight.Name, "ffn_down.weight") {
			in, out := weight.Dims[0], weight.Dims[1]
			w.Tensor(weight.Name+".lora_a", gguf.F32, []int64{in, rank}, random(in*rank, 0.05))
			w.Tensor(weight.Name+".lora_b", gguf.F32, []int64{rank, out}, random(rank*out, second))
		}
	}
	path := filepath.Join(t.TempDir(), "lora.gguf")
	gguftest.Write(t, path, w)
	return &serving.Adapter{ID: "lora", Path: path, Scale: 1}
}

// adaptedQuestion is long enough that what is computed of it is worth keeping.
func adaptedQuestion(a *serving.Adapter) serving.Generation {
	g := question("Once a keeper of a lighthouse found a bottle with a letter at the shore, while the storm of the night was going. "+
		"It was written in a hand that she knew, and it spoke of a ship that had never come home. She read it twice, "+
		"put it into her coat, and climbed the stairs to the lamp, as on all evenings of the last thirty years. Tell how the story goes on.", 64)
	g.Adapter, g.Tenant = a, "a"
	return g
}

// said returns the tokens of an answer, with their logprobs, and how many tokens of the question were reused.
func said(t *testing.T, e serving.Engine, a *serving.Adapter) (tokens []chat.TokenLogprob, cached int) {
	t.Helper()
	g := adaptedQuestion(a)
	g.Params.Logprobs, g.Params.TopLogprobs = true, 10
	out, err := e.Generate(t.Context(), g, func(p serving.Piece) error {
		tokens = append(tokens, p.Logprobs...)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return tokens, out.Usage.CachedTokens
}

// spell writes an answer for a person to compare.
func spell(answer []chat.TokenLogprob) string {
	var b strings.Builder
	for _, token := range answer[:min(len(answer), 12)] {
		fmt.Fprintf(&b, "%q %.2f ", token.Token, token.Logprob)
	}
	return b.String()
}

// alike tells whether two answers were computed by the same weights: the likeliest tokens have the same probabilities but
// for what comes from adding numbers in another order, until that has led to another token.
func alike(a, b []chat.TokenLogprob) bool {
	sum, n := 0.0, 0.0
	for i := range min(len(a), len(b)) {
		known := map[string]float64{}
		for _, top := range a[i].Top {
			known[top.Token] = top.Logprob
		}
		for _, top := range b[i].Top {
			if p, both := known[top.Token]; both {
				sum, n = sum+math.Abs(p-top.Logprob), n+1
			}
		}
		if a[i].Token != b[i].Token {
			break
		}
	}
	return n > 0 && sum/n < 0.2
}

func TestAdapters(t *testing.T) {
	model := chatModel(t)
	r := open(t, func(c *llama.Config) { c.Slots, c.Context = 4, 1024 })
	e := load(t, r, model)
	kinds := []*serving.Adapter{nil, writeLora(t, model.Path, 0), writeLora(t, model.Path, 1), writeLora(t, model.Path, 2)}
	alone := make([][]chat.TokenLogprob, len(kinds))
	for i, a := range kinds {
		var cached int
		if alone[i], cached = said(t, e, a); cached != 0 {
			t.Errorf("adapter %d uses %d tokens that were computed without it", i, cached)
		}
		for j := range i {
			if nothing := i == 1 && j == 0; alike(alone[i], alone[j]) != nothing {
				t.Errorf("adapters %d and %d: %s and %s", j, i, spell(alone[j]), spell(alone[i]))
			}
		}
	}
	for i, a := range kinds {
		if again, cached := said(t, e, a); cached == 0 || !alike(again, alone[i]) {
			t.Errorf("adapter %d says %s the second time, with %d tokens of the first, and said %s", i, spell(again), cached, spell(alone[i]))
		}
	}

	// All at the same time, from nothing.
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = load(t, r, model)
	together := make([][]chat.TokenLogprob, len(kinds))
	var all sync.WaitGroup
	for i, a := range kinds {
		all.Go(func() { together[i], _ = said(t, e, a) })
	}
	all.Wait()
	for i := range kinds {
		if !alike(together[i], alone[i]) {
			t.Errorf("beside others adapter %d says %s, and alone %s", i, spell(together[i]), spell(alone[i]))
		}
	}
}

func TestBadAdapters(t *testing.T) {
	model := chatModel(t)
	e := load(t, open(t, func(c *llama.Config) { c.Slots, c.Context = 1, 512 }), model)
	missing := &serving.Adapter{ID: "gone", Path: filepath.Join(t.TempDir(), "none.gguf"), Scale: 1}
	cut := writeLora(t, model.Path, 1)
	if err := os.Truncate(cut.Path, 20000); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*serving.Adapter{missing, cut, {ID: "model", Path: model.Path, Scale: 1}} {
		_, err := e.Generate(t.Context(), adaptedQuestion(a), func(serving.Piece) error { return nil })
		if !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(err.Error(), a.ID) || strings.Contains(fault.From(err).Message, t.TempDir()) {
			t.Errorf("%s: error %v", a.ID, err)
		}
	}
	if text, _ := answer(t, e, adaptedQuestion(nil)); text == "" {
		t.Error("the model says nothing after bad adapters")
	}
}

// BenchmarkAdapters tells what an adapter costs, and that two streams have different ones: their rates together are one
// stream's, less the changes.
func BenchmarkAdapters(b *testing.B) {
	model := chatModel(b)
	e := load(b, open(b, func(c *llama.Config) { c.Slots, c.Context = 4, 1024 }), model)
	x, y := writeLora(b, model.Path, 0), writeLora(b, model.Path, 0) // so that all say the same
	for name, streams := range map[string][]*serving.Adapter{"none": {nil, nil}, "alone": {x}, "same": {x, x}, "two": {x, y}} {
		b.Run(name, func(b *testing.B) {
			began, tokens := time.Now(), 0
			for b.Loop() {
				var both sync.WaitGroup
				var mu sync.Mutex
				for _, a := range streams {
					both.Go(func() {
						g := question("Count to one hundred.", 128)
						g.Adapter = a
						out, err := e.Generate(b.Context(), g, func(serving.Piece) error { return nil })
						if err != nil {
							b.Error(err)
						}
						mu.Lock()
						tokens += out.Usage.OutputTokens
						mu.Unlock()
					})
				}
				both.Wait()
			}
			b.ReportMetric(float64(tokens)/time.Since(began).Seconds(), "tokens/s")
		})
	}
}
