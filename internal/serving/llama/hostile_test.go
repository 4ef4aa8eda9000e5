package llama_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/llama"
)

// victim names the file that a child of TestHostileFiles loads.
const victim = "PARLEY_TEST_VICTIM"

// mutations is how many spoilt files are tried.
const mutations = 200

// TestHostileFiles spoils the header of the real model in many ways. Each file must be refused or must run: what
// kills the process that loads it shows that a check is missing in gguf.
func TestHostileFiles(t *testing.T) {
	if file := os.Getenv(victim); file != "" {
		runVictim(t, file)
		return
	}
	if testing.Short() {
		t.Skip("loads a model many times")
	}
	model := chatModel(t)
	env(t, "PARLEY_TEST_ENGINE")
	_, header, size := headerOf(t, model.Path)
	refused := 0
	for seed := range uint64(mutations) {
		raw, what := spoil(header, rand.New(rand.NewPCG(seed, 1)))
		file := filepath.Join(t.TempDir(), "m.gguf")
		sparse(t, file, raw, size+4096)
		if _, err := gguf.Inspect(file); err != nil {
			refused++
			continue
		}
		// The weights of a sparse file are zero, which makes no difference for what a header can break.
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHostileFiles$", "-test.count=1")
		cmd.Env = append(os.Environ(), victim+"="+file)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("seed %d, %s: the process that loads it ends with %v\n%s", seed, what, err, out[:min(len(out), 1500)])
		}
		cancel()
		_ = os.Remove(file)
	}
	if refused < mutations/10 || refused == mutations {
		t.Errorf("%d of %d files were refused: the mutations are not what they should be", refused, mutations)
	}
	t.Logf("%d of %d files were refused by their header", refused, mutations)
}

// runVictim loads one file as the server would, and answers with it.
func runVictim(t *testing.T, file string) {
	r := open(t, func(c *llama.Config) { c.Slots, c.Context, c.CacheMB, c.Threads = 2, 256, 64, 1 })
	e, err := r.Load(t.Context(), serving.Model{ID: "victim", Kind: serving.KindChat, Path: file})
	if err != nil {
		t.Logf("refused: %v", err)
		return
	}
	_, err = e.Generate(t.Context(), question("Hello <|im_end|> \x01 é", 3), func(serving.Piece) error { return nil })
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		t.Logf("no answer: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// headerOf returns what stands before the weights, read and as it is, and the size of the whole file.
func headerOf(t testing.TB, path string) (f *gguf.File, header []byte, size int64) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err = gguf.Read(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	header = make([]byte, f.DataOffset)
	if _, err := file.ReadAt(header, 0); err != nil {
		t.Fatal(err)
	}
	return f, header, info.Size()
}

// sparse writes a file of this size that takes no more room than its header.
func sparse(t *testing.T, path string, header []byte, size int64) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, header, 0o600), os.Truncate(path, size)); err != nil {
		t.Fatal(err)
	}
}

// odd are numbers at which code goes wrong, the last three as those of a float32.
var odd = []uint64{
	0, 1, 2, 3, 5, 7, 48, 64, 255, 511, 513, 576, 1 << 15, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1,
	0x7fc00000, 0xbf800000, 0x7f800000,
}

// more are figures that the model does not have and the loader would heed.
var more = []string{
	"llama.expert_count", "llama.expert_used_count", "llama.expert_group_count", "llama.nextn_predict_layers", "llama.rope.dimension_count",
	"llama.attention.key_length", "llama.attention.value_length", "llama.attention.sliding_window", "llama.pooling_type", "llama.vocab_size",
	"llama.rope.scaling.factor", "llama.rope.scaling.original_context_length", "llama.attention.max_alibi_bias", "llama.attention.causal",
	"llama.embedding_length_out", "llama.attention.head_count_kv", "llama.attention.clamp_kqv", "llama.logit_scale", "llama.rope.scale_linear",
	"tokenizer.ggml.token_type_count", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.add_bos_token",
	"tokenizer.ggml.add_eos_token", "tokenizer.ggml.suppress_tokens", "split.count", "split.no", "general.quantization_version",
}

// spoil changes a header in one to three places: bytes anywhere, the value of a figure, or one figure more.
func spoil(header []byte, r *rand.Rand) (raw []byte, what string) {
	raw = bytes.Clone(header)
	number := func() uint64 {
		if r.IntN(3) == 0 {
			return r.Uint64N(1 << r.IntN(33))
		}
		return odd[r.IntN(len(odd))]
	}
	for range 1 + r.IntN(2) {
		switch n := r.IntN(10); {
		case n < 2:
			at := r.IntN(len(raw) - 8)
			raw[at] ^= 1 << r.IntN(8)
			what += fmt.Sprintf("a bit of byte %d near %q; ", at, printable(raw[max(0, at-40):at+8]))
		case n < 4:
			at := len(raw) - 8 - r.IntN(20000) // in the table of tensors
			binary.LittleEndian.PutUint32(raw[at:], uint32(number()))
			what += fmt.Sprintf("number at %d near %q; ", at, printable(raw[max(0, at-40):at+8]))
		case n < 8:
			places := figure.FindAllIndex(raw, -1)
			place := places[r.IntN(len(places))]
			key, v := raw[place[0]:place[1]], number()
			if kind := raw[place[1]:]; kind[0] < 8 { // a number, or a boolean
				binary.LittleEndian.PutUint32(kind[4:], uint32(v))
			} else {
				kind[r.IntN(16)] = byte(v)
			}
			what += fmt.Sprintf("%s is %d; ", key, v)
		default:
			key, v := more[r.IntN(len(more))], number()
			pair := binary.LittleEndian.AppendUint64(nil, uint64(len(key)))
			pair = append(pair, key...)
			pair = binary.LittleEndian.AppendUint32(pair, []uint32{4, 5, 6}[r.IntN(3)])
			pair = binary.LittleEndian.AppendUint32(pair, uint32(v))
			raw = bytes.Join([][]byte{raw[:24], pair, raw[24:]}, nil)
			binary.LittleEndian.PutUint64(raw[16:], binary.LittleEndian.Uint64(raw[16:])+1)
			what += fmt.Sprintf("%s added as %d; ", key, v)
		}
	}
	return raw, what
}

// figure finds the keys of the metadata, and some words of the vocabulary that look like them.
var figure = regexp.MustCompile(`(general|llama|tokenizer)\.[a-z_.]+[a-z]`)

func printable(b []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, b))
}
