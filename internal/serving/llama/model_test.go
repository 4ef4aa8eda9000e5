package llama_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/llama"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// env returns a setting of the model tests, or skips the test with the reason.
func env(t testing.TB, key string) string {
	t.Helper()
	v := os.Getenv(key)
	if v == "" {
		t.Skipf("%s is not set: this test needs the engine's libraries and a real model (make test-models)", key)
	}
	return v
}

func open(t testing.TB, change func(*llama.Config)) *llama.Runtime {
	t.Helper()
	return openWith(t, nil, change)
}

func openWith(t testing.TB, keep *shelf.Shelf, change func(*llama.Config)) *llama.Runtime {
	t.Helper()
	cfg := llama.DefaultConfig()
	cfg.Dir = env(t, "PARLEY_TEST_ENGINE")
	if change != nil {
		change(&cfg)
	}
	r, err := llama.Open(cfg, keep, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func load(t testing.TB, r *llama.Runtime, m serving.Model) serving.Engine {
	t.Helper()
	e, err := r.Load(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func chatModel(t testing.TB) serving.Model {
	return serving.Model{ID: "test-chat", Kind: serving.KindChat, Path: env(t, "PARLEY_TEST_CHAT_MODEL")}
}

func TestChatConforms(t *testing.T) {
	r := open(t, func(c *llama.Config) { c.Context = 2048 })
	servingtest.Run(t, func(t *testing.T) serving.Engine { return load(t, r, chatModel(t)) })
}

func embedModel(t testing.TB) serving.Model {
	return serving.Model{ID: "test-embed", Kind: serving.KindEmbed, Path: env(t, "PARLEY_TEST_EMBED_MODEL")}
}

func TestEmbedConforms(t *testing.T) {
	r := open(t, nil)
	servingtest.RunEmbed(t, func(t *testing.T) serving.Engine { return load(t, r, embedModel(t)) })
	out, err := load(t, r, embedModel(t)).Embed(t.Context(), []serving.Input{{Text: "a harbour", Each: true}})
	if err != nil || len(out.Each) != 1 {
		t.Errorf("the tokens of %d texts, %v", len(out.Each), err)
	}
}

func question(text string, maxTokens int) serving.Generation {
	zero := 0.0
	return serving.Generation{
		Messages: []chat.Message{{Role: chat.User, Text: text}},
		Params:   chat.Params{MaxTokens: maxTokens, Temperature: &zero},
	}
}

func answer(t *testing.T, e serving.Engine, g serving.Generation) (string, serving.Outcome) {
	t.Helper()
	var text strings.Builder
	out, err := e.Generate(t.Context(), g, func(p serving.Piece) error {
		text.WriteString(p.Text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String(), out
}

func TestAnswersTheQuestion(t *testing.T) {
	e := load(t, open(t, nil), chatModel(t))
	defer func() { _ = e.Close() }()
	text, out := answer(t, e, question("What is the capital of France? Answer in one sentence.", 40))
	if !strings.Contains(text, "Paris") || out.Finish != chat.FinishStop {
		t.Errorf("answer %q, finish %q", text, out.Finish)
	}
	if info := e.Info(); info.Context != 8192 || info.Slots != 8 || info.MemoryBytes < 90<<20 || !strings.Contains(info.Description, "llama") {
		t.Errorf("info is %+v", info)
	}
}

// A cache of half the memory answers as well.
func TestSmallNumbers(t *testing.T) {
	r := open(t, func(c *llama.Config) { c.CacheType, c.FlashAttention = "q8_0", "on" })
	e := load(t, r, chatModel(t))
	defer func() { _ = e.Close() }()
	text, _ := answer(t, e, question("What is the capital of France? Answer in one sentence.", 40))
	if !strings.Contains(text, "Paris") {
		t.Errorf("answer %q", text)
	}
}

// A cache for one conversation and a half serves four long ones: they pause, and say what they would
// have said alone.
func TestSmallCache(t *testing.T) {
	r := open(t, func(c *llama.Config) { c.Slots, c.Context, c.CacheMB = 4, 512, 17 })
	e := load(t, r, chatModel(t))
	defer func() { _ = e.Close() }()
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			g := question(fmt.Sprintf("Write a long story about the number %d.", i), 300)
			g.Params.LogitBias = map[int]float64{0: -100, 2: -100} // the model's ends of an answer
			out, err := e.Generate(t.Context(), g, func(serving.Piece) error { return nil })
			if err != nil || out.Finish != chat.FinishLength || out.Usage.OutputTokens != 300 {
				t.Errorf("outcome %+v, error %v", out, err)
			}
		})
	}
	readers.Wait()
}

func TestContextIsNeverExceeded(t *testing.T) {
	r := open(t, func(c *llama.Config) { c.Context = 256 })
	e := load(t, r, chatModel(t))
	defer func() { _ = e.Close() }()
	_, err := e.Generate(t.Context(), question(strings.Repeat("word ", 300), 10), func(serving.Piece) error { return nil })
	f := fault.From(err)
	if f.Kind != "context_length_exceeded" || f.Param != "messages" || !strings.Contains(f.Message, "256") || !strings.Contains(f.Message, "3") {
		t.Errorf("error is %#v", f)
	}
	g := question(strings.Repeat("word ", 150), 1000)
	g.Params.LogitBias = map[int]float64{0: -100, 2: -100}
	_, out := answer(t, e, g)
	if n := out.Usage.InputTokens + out.Usage.OutputTokens; n != 256 || out.Finish != chat.FinishLength {
		t.Errorf("%d tokens in a context of 256, finish %q", n, out.Finish)
	}
}

func TestSamplingSettings(t *testing.T) {
	e := load(t, open(t, func(c *llama.Config) { c.Context = 1024 }), chatModel(t))
	defer func() { _ = e.Close() }()
	warm, half, one, all := 1.0, 0.5, 1.3, 0
	k := func(n int) *int { return &n }
	for name, p := range map[string]chat.Params{
		"defaults": {}, "top_p": {TopP: &half, Temperature: &warm}, "no top_k": {TopK: &all, Temperature: &warm},
		"top_k 1": {TopK: k(1), Temperature: &warm}, "huge top_k": {TopK: k(1 << 40), Temperature: &warm},
		"min_p": {MinP: &half}, "penalties": {RepeatPenalty: &one, FrequencyPenalty: 2, PresencePenalty: -2},
	} {
		t.Run(name, func(t *testing.T) {
			seed := int64(5)
			p.Seed, p.MaxTokens = &seed, 12
			g := question("Tell me about rivers.", 0)
			g.Params = p
			a, _ := answer(t, e, g)
			if b, _ := answer(t, e, g); a == "" || a != b {
				t.Errorf("same seed: %q and %q", a, b)
			}
		})
	}
	greedy, _ := answer(t, e, question("Tell me about rivers.", 12))
	g := question("Tell me about rivers.", 12)
	g.Params.TopK, g.Params.Temperature = k(1), &warm
	if text, _ := answer(t, e, g); text != greedy {
		t.Errorf("top_k 1 says %q, greedy %q", text, greedy)
	}
	g.Params.LogitBias = map[int]float64{1 << 30: 1}
	if _, err := e.Generate(t.Context(), g, nil); fault.From(err).Param != "logit_bias" {
		t.Errorf("unknown token: %v", err)
	}
}

// Two hundred readers that hang up leave no slot and no goroutine.
func TestAbortedStreams(t *testing.T) {
	e := load(t, open(t, func(c *llama.Config) { c.Context = 1024 }), chatModel(t))
	defer func() { _ = e.Close() }()
	answer(t, e, question("Hi", 2))
	before := runtime.NumGoroutine()
	var readers sync.WaitGroup
	for i := range 200 {
		readers.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := e.Generate(ctx, question(fmt.Sprintf("Story %d", i), 0), func(serving.Piece) error {
				cancel()
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error is %v", err)
			}
		})
	}
	readers.Wait()
	answer(t, e, question("Hi", 2))
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestLoadFaults(t *testing.T) {
	r := open(t, nil)
	m := chatModel(t)
	whole, err := os.ReadFile(m.Path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.gguf")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]serving.Model{
		"cut off":          {ID: "bad", Kind: serving.KindChat, Path: cut},
		"missing":          {ID: "bad", Kind: serving.KindChat, Path: cut + "x"},
		"embedder to chat": {ID: "bad", Kind: serving.KindChat, Path: embedModel(t).Path},
	} {
		_, err := r.Load(t.Context(), bad)
		if !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(err.Error(), "parley model pull bad") {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %v", name, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Load(ctx, m); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// resident is the memory of this process in bytes.
func resident(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this system does not tell the memory of a process in /proc")
	}
	var total, pages int
	if _, err := fmt.Sscan(string(raw), &total, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestCloseFreesMemory(t *testing.T) {
	r := open(t, func(c *llama.Config) { c.Context = 2048 })
	const cycles = 5
	var closed []int
	for range cycles {
		c, v := load(t, r, chatModel(t)), load(t, r, embedModel(t))
		answer(t, c, question("Hi", 8))
		if _, err := v.Embed(t.Context(), []serving.Input{{Text: "Hi"}}); err != nil {
			t.Fatal(err)
		}
		loaded := resident(t)
		for _, e := range []serving.Engine{c, v} {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
		debug.FreeOSMemory() // so that only native memory tells
		closed = append(closed, resident(t))
		t.Logf("%d MiB loaded, %d MiB closed", loaded>>20, closed[len(closed)-1]>>20)
		if loaded-closed[len(closed)-1] < 100<<20 {
			t.Errorf("closing freed only %d MiB", (loaded-closed[len(closed)-1])>>20)
		}
	}
	if grown := closed[4] - closed[1]; grown > 16<<20 {
		t.Errorf("memory grew by %d MiB over three times loading and closing", grown>>20)
	}
}

// The library aborts where its plan for a batch does not come out even, whatever the window is.
func TestEmbedsWithAnyWindow(t *testing.T) {
	r := open(t, nil)
	for _, window := range []int{3, 47, 300} {
		m := embedModel(t)
		m.Context = window
		e := load(t, r, m)
		for n := 1; n <= window; n += max(1, window-1) {
			if _, err := e.Embed(t.Context(), []serving.Input{{Tokens: make([]int, n)}}); err != nil {
				t.Errorf("%d tokens with a window of %d: %v", n, window, err)
			}
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestEmbeddingsMeanSomething(t *testing.T) {
	e := load(t, open(t, nil), embedModel(t))
	defer func() { _ = e.Close() }()
	got, err := e.Embed(t.Context(), []serving.Input{
		{Text: "How do I reset my password?"}, {Text: "I forgot my login credentials"}, {Text: "The recipe needs two eggs"},
	})
	if err != nil {
		t.Fatal(err)
	}
	near, far := 0.0, 0.0
	for i := range got.Vectors[0] {
		near += float64(got.Vectors[0][i]) * float64(got.Vectors[1][i])
		far += float64(got.Vectors[0][i]) * float64(got.Vectors[2][i])
	}
	if near < far+0.2 {
		t.Errorf("likeness is %.2f and %.2f, the first should be clearly greater", near, far)
	}
	for name, in := range map[string]serving.Input{
		"unknown token": {Tokens: []int{1 << 30}}, "no tokens": {Tokens: []int{}}, "zero byte": {Text: "a\x00"},
	} {
		_, err := e.Embed(t.Context(), []serving.Input{{Text: "fine"}, in})
		if f := fault.From(err); f == nil || f.Code != fault.CodeInvalid || !strings.Contains(f.Message, "input 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQuantize(t *testing.T) {
	r, m := open(t, func(c *llama.Config) { c.Slots, c.Context = 1, 512 }), chatModel(t)
	to := filepath.Join(t.TempDir(), "m.gguf")
	if err := r.Quantize(t.Context(), m, to, "Q8_0"); err != nil {
		t.Fatal(err)
	}
	s, err := gguf.Inspect(to)
	if err != nil || s.Quantization != "Q8_0" || s.FileBytes < 140e6 {
		t.Errorf("made %+v, %v", s, err)
	}
	m.Path = to
	e := load(t, r, m)
	defer func() { _ = e.Close() }()
	if text, _ := answer(t, e, question("What is the capital of France? Answer in one sentence.", 40)); !strings.Contains(text, "Paris") {
		t.Errorf("it says %q", text)
	}
	if err := r.Quantize(t.Context(), m, to+"2", "Q9"); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("unknown type: %v", err)
	}
	if err := r.Quantize(t.Context(), m, filepath.Join(to, "2"), "Q8_0"); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("no folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // cancels as soon as it has begun
		for _, err := os.Stat(to + "2"); err != nil && t.Context().Err() == nil; _, err = os.Stat(to + "2") {
			runtime.Gosched()
		}
		cancel()
	}()
	if err := r.Quantize(ctx, m, to+"2", "Q4_0"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	load(t, r, chatModel(t)).Close() //nolint:errcheck // waits until the cancelled one has ended
	if _, err := os.Stat(to + "2"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cancelled one leaves a file: %v", err)
	}
}
