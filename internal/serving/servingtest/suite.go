package servingtest

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// patience bounds every case, so that a broken engine fails instead of hanging.
const patience = 2 * time.Minute

// Run checks a chat engine. open returns a loaded engine whose greedy answer to "Tell me a story." has
// at least sixteen tokens; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) serving.Engine) {
	e := open(t)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	for name, check := range map[string]func(*testing.T, serving.Engine){
		"an answer":             checkAnswer,
		"max tokens":            checkMaxTokens,
		"stop strings":          checkStop,
		"seed":                  checkSeed,
		"logprobs":              checkLogprobs,
		"error of emit":         checkEmitError,
		"cancel":                checkCancel,
		"cancelled before":      checkCancelledBefore,
		"all at once":           checkTogether,
		"more than slots":       checkOversubscribed,
		"prompt too long":       checkTooLong,
		"an answer goes on":     checkContinue,
		"JSON by a schema":      checkFormat,
		"JSON cut off":          checkFormatLength,
		"schemas refused":       checkRefused,
		"a forced call":         checkForcedCall,
		"a call of any":         checkRequiredCall,
		"embedding is not chat": checkNoEmbedding,
	} {
		t.Run(name, func(t *testing.T) { check(t, e) })
	}
	t.Run("close while running", func(t *testing.T) { checkClose(t, open(t)) })
}

// answer is all that a generation gave.
type answer struct {
	text   string
	tokens []chat.TokenLogprob
	out    serving.Outcome
	err    error
}

// request asks for a greedy answer of 16 tokens, changed by edit.
func request(edit func(p *chat.Params)) serving.Generation {
	zero := 0.0
	g := serving.Generation{
		Messages: []chat.Message{{Role: chat.User, Text: "Tell me a story."}},
		Params:   chat.Params{Temperature: &zero, MaxTokens: 16},
	}
	if edit != nil {
		edit(&g.Params)
	}
	return g
}

func ask(t *testing.T, e serving.Engine, g serving.Generation) answer {
	t.Helper()
	a := try(t, e, g)
	if a.err != nil {
		t.Fatalf("generate: %v", a.err)
	}
	return a
}

func try(t *testing.T, e serving.Engine, g serving.Generation) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return collect(ctx, t, e, g, func(serving.Piece) error { return nil })
}

func collect(ctx context.Context, t *testing.T, e serving.Engine, g serving.Generation, emit func(serving.Piece) error) answer {
	var a answer
	var text strings.Builder
	a.out, a.err = e.Generate(ctx, g, func(p serving.Piece) error {
		if !utf8.ValidString(p.Text) {
			t.Errorf("piece %q is not whole characters", p.Text)
		}
		text.WriteString(p.Text)
		a.tokens = append(a.tokens, p.Logprobs...)
		return emit(p)
	})
	a.text = text.String()
	return a
}

func checkAnswer(t *testing.T, e serving.Engine) {
	pieces := 0
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a := collect(ctx, t, e, request(nil), func(serving.Piece) error { pieces++; return nil })
	if a.err != nil || a.text == "" {
		t.Fatalf("answer %q, error %v", a.text, a.err)
	}
	if pieces < 2 {
		t.Errorf("%q came in %d piece, not as a stream", a.text, pieces)
	}
	if a.out.Usage.InputTokens == 0 || a.out.Usage.OutputTokens == 0 {
		t.Errorf("usage is %+v", a.out.Usage)
	}
	for _, step := range []string{"prefill", "decode"} {
		if _, ok := a.out.Timings[step]; !ok {
			t.Errorf("timings %v lack %q", a.out.Timings, step)
		}
	}
	if again := ask(t, e, request(nil)); again.text != a.text {
		t.Errorf("greedy answers differ: %q and %q", a.text, again.text)
	}
}

func checkMaxTokens(t *testing.T, e serving.Engine) {
	a := ask(t, e, request(func(p *chat.Params) { p.MaxTokens = 3 }))
	if a.out.Finish != chat.FinishLength || a.out.Usage.OutputTokens != 3 {
		t.Errorf("finish %q with %d tokens, want %q with 3", a.out.Finish, a.out.Usage.OutputTokens, chat.FinishLength)
	}
	if full := ask(t, e, request(nil)); !strings.HasPrefix(full.text, a.text) {
		t.Errorf("%q is not the beginning of %q", a.text, full.text)
	}
}

func checkStop(t *testing.T, e serving.Engine) {
	full := ask(t, e, request(nil)).text
	// Every cut of the known answer is tried as a stop string, so that it lies within and across tokens.
	for start := 1; start+3 < len(full); start += 5 {
		stop := full[start : start+3]
		if !utf8.ValidString(stop) {
			continue
		}
		want, _, _ := strings.Cut(full, stop)
		a := ask(t, e, request(func(p *chat.Params) { p.Stop = []string{"never said", stop} }))
		if a.text != want || a.out.Finish != chat.FinishStop {
			t.Errorf("stop %q: got %q, finish %q; want %q", stop, a.text, a.out.Finish, want)
		}
	}
}

func checkSeed(t *testing.T, e serving.Engine) {
	warm, seed := 1.0, int64(7)
	g := request(func(p *chat.Params) { p.Temperature, p.Seed = &warm, &seed })
	if a, b := ask(t, e, g), ask(t, e, g); a.text != b.text {
		t.Errorf("same seed: %q and %q", a.text, b.text)
	}
}

func checkLogprobs(t *testing.T, e serving.Engine) {
	a := ask(t, e, request(func(p *chat.Params) { p.Logprobs, p.TopLogprobs = true, 3 }))
	if len(a.tokens) != a.out.Usage.OutputTokens && len(a.tokens) != a.out.Usage.OutputTokens-1 {
		t.Errorf("%d logprobs for %d tokens", len(a.tokens), a.out.Usage.OutputTokens)
	}
	var joined []byte
	for _, tok := range a.tokens {
		joined = append(joined, tok.Bytes...)
		if tok.Logprob > 0 || math.IsNaN(tok.Logprob) {
			t.Errorf("%q has the log probability %v", tok.Token, tok.Logprob)
		}
		if len(tok.Top) != 3 {
			t.Fatalf("%q has %d rivals, want 3", tok.Token, len(tok.Top))
		}
		// The answer is greedy, so that the best rival is the token itself.
		if tok.Top[0].Token != tok.Token || math.Abs(tok.Top[0].Logprob-tok.Logprob) > 1e-6 {
			t.Errorf("greedy %q (%v) has the best rival %q (%v)", tok.Token, tok.Logprob, tok.Top[0].Token, tok.Top[0].Logprob)
		}
		if tok.Top[1].Logprob > tok.Top[0].Logprob || tok.Top[2].Logprob > tok.Top[1].Logprob {
			t.Errorf("rivals of %q are not in order", tok.Token)
		}
	}
	if string([]rune(string(joined))) != a.text {
		t.Errorf("logprobs spell %q, the answer is %q", joined, a.text)
	}
	if plain := ask(t, e, request(nil)); plain.tokens != nil {
		t.Error("logprobs came unasked")
	}
}

func checkEmitError(t *testing.T, e serving.Engine) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	mine := errors.New("reader is gone")
	a := collect(ctx, t, e, request(nil), func(serving.Piece) error { return mine })
	if a.err != mine { //nolint:errorlint // the contract is that it comes back as it is
		t.Errorf("error is %v, want emit's own", a.err)
	}
}

func checkCancel(t *testing.T, e serving.Engine) {
	// More generations than slots are cancelled: had one kept its slot, the last answer would not come.
	for range e.Info().Slots + 1 {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		a := collect(ctx, t, e, request(func(p *chat.Params) { p.MaxTokens = 0 }), func(serving.Piece) error {
			cancel()
			return nil
		})
		cancel()
		if !errors.Is(a.err, context.Canceled) {
			t.Fatalf("error is %v, want context.Canceled", a.err)
		}
		if a.out.Usage.InputTokens == 0 || a.out.Usage.OutputTokens == 0 {
			t.Errorf("cancelled after text, but usage is %+v", a.out.Usage)
		}
	}
	ask(t, e, request(nil))
}

func checkCancelledBefore(t *testing.T, e serving.Engine) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := collect(ctx, t, e, request(nil), func(serving.Piece) error { return nil })
	if !errors.Is(a.err, context.Canceled) || a.text != "" {
		t.Errorf("got %q and error %v, want context.Canceled and no text", a.text, a.err)
	}
}

// All slots must stream at the same time: each reader waits at its first piece until all have one.
func checkTogether(t *testing.T, e serving.Engine) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	n := e.Info().Slots
	var first sync.WaitGroup
	first.Add(n)
	all := make(chan struct{})
	go func() { first.Wait(); close(all) }()
	var readers sync.WaitGroup
	for range n {
		readers.Go(func() {
			var once sync.Once
			a := collect(ctx, t, e, request(nil), func(serving.Piece) error {
				once.Do(first.Done)
				select {
				case <-all:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
			once.Do(first.Done)
			if a.err != nil || a.text == "" {
				t.Errorf("answer %q, error %v", a.text, a.err)
			}
		})
	}
	readers.Wait()
}

func checkOversubscribed(t *testing.T, e serving.Engine) {
	var readers sync.WaitGroup
	for range 2*e.Info().Slots + 1 {
		readers.Go(func() {
			if a := try(t, e, request(func(p *chat.Params) { p.MaxTokens = 4 })); a.err != nil || a.text == "" {
				t.Errorf("answer %q, error %v", a.text, a.err)
			}
		})
	}
	readers.Wait()
}

func checkTooLong(t *testing.T, e serving.Engine) {
	g := request(nil)
	g.Messages[0].Text = strings.Repeat("word ", e.Info().Context+1)
	for what, err := range map[string]error{"generate": try(t, e, g).err, "check": e.Check(g)} {
		f := fault.From(err)
		if f == nil || f.Code != fault.CodeInvalid || f.Kind != "context_length_exceeded" || f.Param != "messages" {
			t.Errorf("%s: error is %#v, want an invalid request that names messages", what, f)
		}
	}
	if err := e.Check(request(nil)); err != nil {
		t.Errorf("check of a good request: %v", err)
	}
}

// An answer that was cut off goes on as it would have, whatever it holds is text, and what it had is counted
// as input.
func checkContinue(t *testing.T, e serving.Engine) {
	full := ask(t, e, request(nil))
	begun := ask(t, e, request(func(p *chat.Params) { p.MaxTokens = 6 }))
	g := request(func(p *chat.Params) { p.MaxTokens = 10 })
	g.Messages = append(g.Messages, chat.Message{Role: chat.Assistant, Text: begun.text})
	g.Continue = true
	rest := ask(t, e, g)
	if begun.text+rest.text != full.text {
		t.Errorf("%q goes on with %q, the whole answer is %q", begun.text, rest.text, full.text)
	}
	if in := rest.out.Usage.InputTokens; rest.out.Usage.OutputTokens != 10 || in <= full.out.Usage.InputTokens {
		t.Errorf("usage is %+v, of the question alone %+v", rest.out.Usage, full.out.Usage)
	}
	g.Messages[1].Text = strings.Repeat("word ", e.Info().Context+1)
	if f := fault.From(try(t, e, g).err); f == nil || f.Kind != "context_length_exceeded" {
		t.Errorf("an answer as long as the context: %v", f)
	}
	g.Messages = g.Messages[:1]
	if a := try(t, e, g); !fault.Is(a.err, fault.CodeInvalid) {
		t.Errorf("a question cannot be continued, but: %q, %v", a.text, a.err)
	}
}

func checkNoEmbedding(t *testing.T, e serving.Engine) {
	if e.Info().Dim > 0 {
		t.Skip("this engine embeds as well")
	}
	if _, err := e.Embed(t.Context(), []serving.Input{{Text: "hello"}}); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("error is %v, want an invalid request", err)
	}
}

func checkClose(t *testing.T, e serving.Engine) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	closed := make(chan error, 1)
	var once sync.Once
	a := collect(ctx, t, e, request(func(p *chat.Params) { p.MaxTokens = 0 }), func(serving.Piece) error {
		once.Do(func() {
			go func() { closed <- e.Close() }()
			// A closed engine says so to newcomers. Until then this answer must not come to its end.
			for ctx.Err() == nil {
				if _, err := e.Embed(ctx, nil); fault.Is(err, fault.CodeUnavailable) {
					break
				}
				runtime.Gosched()
			}
		})
		return nil
	})
	if !fault.Is(a.err, fault.CodeUnavailable) {
		t.Errorf("running generation ended with %v, want unavailable", a.err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if late := try(t, e, request(nil)); !fault.Is(late.err, fault.CodeUnavailable) {
		t.Errorf("generation after close ended with %v, want unavailable", late.err)
	}
}
