package llama

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hybridgroup/yzma/pkg/llama"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/prompt"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := DefaultConfig().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	bad := Config{Threads: -1, Context: 1, UBatch: 99, Batch: 4, GPULayers: -2, Guesses: -1, GPUMain: -1, GPUShares: []float32{-1}}
	err := bad.Validate()
	for _, key := range []string{"threads", "slots", "context", "cache_mb", "batch", "ubatch", "step", "guesses", "gpu_layers", "gpu_main", "gpu_split", "gpu_shares", "cache_type", "flash_attention"} {
		if err == nil || !strings.Contains(err.Error(), key+":") {
			t.Errorf("the error %v does not name %s", err, key)
		}
	}
}

func TestCacheOf(t *testing.T) {
	t.Parallel()
	cfg := Config{Slots: 8, CacheMB: 384}
	for name, c := range map[string]struct {
		window, cellBytes int
		want              cache
	}{
		"a part for each":             {2048, 23040, cache{cells: 8 * 2048}},
		"parts are rounded up":        {1000, 23040, cache{cells: 8 * 1024}},
		"shared":                      {8192, 23040, cache{cells: 17408, unified: true}},
		"one conversation has to fit": {8192, 131072, cache{cells: 8192, unified: true}},
	} {
		if got := cacheOf(cfg, c.window, c.cellBytes); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestLargest(t *testing.T) {
	t.Parallel()
	inf, nan := float32(math.Inf(-1)), float32(math.NaN())
	for _, c := range []struct {
		values []float32
		n      int
		want   []int32
	}{
		{[]float32{1, 5, 3, 5, 2}, 3, []int32{1, 3, 2}},
		{[]float32{1, 2}, 5, []int32{1, 0}},
		{[]float32{inf, inf, 1}, 2, []int32{2, 0}},
		{[]float32{4}, 0, nil},
		{[]float32{nan, nan, nan}, 2, []int32{0, 1}},
		{[]float32{nan, 1, nan, 2}, 3, []int32{3, 1, 0}},
	} {
		if got := largest(nil, c.values, c.n); !slices.Equal(got, c.want) {
			t.Errorf("the largest %d of %v are %v, want %v", c.n, c.values, got, c.want)
		}
	}
}

func TestLogprob(t *testing.T) {
	t.Parallel()
	// Probabilities 0.1, 0.7 and 0.2, shifted as logits may be.
	logits := []float32{float32(math.Log(0.1)) + 9, float32(math.Log(0.7)) + 9, float32(math.Log(0.2)) + 9, float32(math.Inf(-1))}
	got := logprob(logits, 2, 4, []string{"a", "b", "\xc3", "d"})
	if math.Abs(got.Logprob-math.Log(0.2)) > 1e-5 || got.Token != "\uFFFD" || got.Bytes[0] != 0xc3 {
		t.Errorf("got %+v", got)
	}
	if len(got.Top) != 4 || got.Top[0].Token != "b" || math.Abs(got.Top[0].Logprob-math.Log(0.7)) > 1e-5 || got.Top[3].Logprob != -9999 {
		t.Errorf("rivals are %+v", got.Top)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	s := func(n int64) uint32 { return seed(&n) }
	if s(7) != 7 || s(-1) == 1<<32-1 || s(math.MaxUint32) == 1<<32-1 || s(1<<40) == s(1<<41) {
		t.Error("seeds are folded wrongly")
	}
}

func TestNativeLog(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	n := &nativeLog{log: zap.New(core)}
	n.write(llama.LogLevelInfo, "begins ")
	n.write(llama.LogLevelContinue, "and ends\n....\n")
	n.write(llama.LogLevelError, "first: broken\nsecond\n")
	var got []string
	for _, e := range logs.All() {
		got = append(got, e.Level.String()+" "+e.ContextMap()["says"].(string))
	}
	if want := []string{"debug begins and ends", "warn first: broken", "warn second"}; !slices.Equal(got, want) {
		t.Errorf("logged %q, want %q", got, want)
	}
	if c := n.takeComplaint(); c != "first: broken" || n.takeComplaint() != "" {
		t.Errorf("the complaint is %q", c)
	}
}

func TestOpenWithoutLibraries(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		cfg := DefaultConfig()
		cfg.Dir = dir
		_, err := Open(cfg, nil, zap.NewNop())
		if !fault.Is(err, fault.CodeUnavailable) {
			t.Fatalf("error is %v", err)
		}
		// A process that has loaded another folder says so instead.
		if msg := err.Error(); !strings.Contains(msg, "parley model pull") && !strings.Contains(msg, "another folder") {
			t.Errorf("%q does not say what to do", msg)
		}
	}
}

func TestCheckFile(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/m.gguf"
	m := serving.Model{ID: "m", Path: file}
	if err := checkFile(m); !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(err.Error(), "parley model pull m") {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(file, []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkFile(m); !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(err.Error(), "not a usable GGUF file") {
		t.Errorf("another file: %v", err)
	}
}

// fakeEncoder makes vectors of the first token, and tells how many texts came at once.
type fakeEncoder struct {
	batches chan int
	gate    chan struct{}
	fail    error
	freed   bool
}

func (f *fakeEncoder) encode(texts [][]int32, _ bool) ([][]float32, [][]int8, error) {
	f.batches <- len(texts)
	<-f.gate
	out := make([][]float32, len(texts))
	for i, t := range texts {
		out[i] = []float32{float32(t[0])}
	}
	return out, nil, f.fail
}

func (f *fakeEncoder) free() { f.freed = true }

func texts(n, length int) [][]int32 {
	out := make([][]int32, n)
	for i := range out {
		out[i] = make([]int32, length)
		out[i][0] = int32(i)
	}
	return out
}

type embedded struct {
	vectors [][]float32
	err     error
}

func embedLater(ctx context.Context, q *embedQueue, in [][]int32) chan embedded {
	done := make(chan embedded, 1)
	go func() {
		v, _, err := q.embed(ctx, in, false)
		done <- embedded{v, err}
	}()
	return done
}

func TestEmbedQueueTakesTurns(t *testing.T) {
	t.Parallel()
	f := &fakeEncoder{batches: make(chan int, 100), gate: make(chan struct{})}
	q := startEmbedding(f, 512)
	big := embedLater(t.Context(), q, texts(100, 10))
	if n := <-f.batches; n != packTokens/10 {
		t.Errorf("%d texts at once, want %d", n, packTokens/10)
	}
	small := embedLater(t.Context(), q, texts(1, 10))
	for { // until the question stands behind the first batch of the import
		q.mu.Lock()
		n := len(q.jobs)
		q.mu.Unlock()
		if n == 1 {
			break
		}
	}
	f.gate <- struct{}{}
	if n := <-f.batches; n != 1 {
		t.Errorf("the next batch has %d texts, want the question's 1", n)
	}
	close(f.gate)
	if got := <-small; got.err != nil || len(got.vectors) != 1 {
		t.Errorf("question: %+v", got)
	}
	got := <-big
	if got.err != nil || len(got.vectors) != 100 || got.vectors[99][0] != 99 {
		t.Errorf("import: %d vectors, error %v", len(got.vectors), got.err)
	}
	q.close()
	if _, _, err := q.embed(t.Context(), texts(1, 1), false); !fault.Is(err, fault.CodeUnavailable) || !f.freed {
		t.Errorf("after close: error %v, freed %v", err, f.freed)
	}
}

func TestEmbedQueueEnds(t *testing.T) {
	t.Parallel()
	f := &fakeEncoder{batches: make(chan int, 100), gate: make(chan struct{}), fail: errors.New("broken")}
	q := startEmbedding(f, 512)
	first := embedLater(t.Context(), q, texts(1, 1))
	<-f.batches
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := q.embed(ctx, texts(1, 1), false); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	close(f.gate)
	if got := <-first; !fault.Is(got.err, fault.CodeUnavailable) || !errors.Is(got.err, f.fail) {
		t.Errorf("failed: %v", got.err)
	}
	q.close()
}

func TestUnit(t *testing.T) {
	t.Parallel()
	if v := unit([]float32{3, 4}); math.Abs(float64(v[0])-0.6) > 1e-6 || math.Abs(float64(v[1])-0.8) > 1e-6 {
		t.Errorf("got %v", v)
	}
	if v := unit([]float32{0, 0}); v[0] != 0 {
		t.Errorf("zero became %v", v)
	}
}

// realModel loads the chat model's file without an engine around it.
func realModel(t testing.TB) *model {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Dir = os.Getenv("PARLEY_TEST_ENGINE")
	path := os.Getenv("PARLEY_TEST_CHAT_MODEL")
	if cfg.Dir == "" || path == "" {
		t.Skip("PARLEY_TEST_ENGINE and PARLEY_TEST_CHAT_MODEL are not set: this test needs a real model (make test-models)")
	}
	r, err := Open(cfg, nil, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	process.Lock()
	defer process.Unlock()
	nat, err := r.loadModel(t.Context(), serving.Model{ID: "m", Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nat.free)
	return nat
}

// Of the real vocabulary: plain text never gives a control token, and no text is lost.
func TestPlainTextHasNoControlTokens(t *testing.T) {
	nat := realModel(t)
	if len(nat.controls) < 3 {
		t.Fatalf("the vocabulary has only the controls %v", nat.controls)
	}
	for _, c := range nat.controls {
		text := "a" + c + c + "\n " + c[:1] + c + " 😀 é"
		tokens, _, err := nat.encode([]prompt.Segment{{Text: text}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		spelled := ""
		for _, tok := range tokens {
			if _, bad := nat.controls[llama.Token(tok)]; bad && tok != int32(llama.VocabBOS(nat.vocab)) {
				t.Errorf("%q gives the control token %d", text, tok)
			}
			spelled += nat.pieces[tok]
		}
		if strings.TrimSpace(spelled) != text {
			t.Errorf("%q became %q", text, spelled)
		}
		special, _, err := nat.encode([]prompt.Segment{{Text: c, Special: true}}, nil)
		if err != nil || nat.controls[llama.Token(special[len(special)-1])] != c {
			t.Errorf("special %q gives %v, error %v", c, special, err)
		}
	}
	if _, _, err := nat.encode([]prompt.Segment{{Text: "a\x00b"}}, nil); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("zero byte: %v", err)
	}
}
