package batching

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

func small() Config { return Config{Slots: 4, Batch: 32, Cells: 400} }

func TestAnswer(t *testing.T) {
	t.Parallel()
	l := start(t, &fake{cfg: small(), cost: time.Millisecond})
	r := ask(t.Context(), t, l, 70, 10, []string{"one ", "two ", "three"}, nil)
	r.wait(t)
	if r.err != nil || r.text.String() != "one two three" || r.out.Finish != chat.FinishStop {
		t.Errorf("got %q, finish %q, error %v", r.text.String(), r.out.Finish, r.err)
	}
	if want := (chat.Usage{InputTokens: 70, OutputTokens: 3}); r.out.Usage != want {
		t.Errorf("usage is %+v, want %+v", r.out.Usage, want)
	}
	// On this clock a token takes a millisecond: 70 for the prompt, then one for each of the words.
	if r.out.Timings["prefill"] != 70 || r.out.Timings["decode"] != 3 {
		t.Errorf("timings are %v, want 70 and 3", r.out.Timings)
	}
}

// The batches are gated, so that all four sequences are known before the second one is planned.
func TestSequencesShareOneBatch(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: small(), gate: make(chan struct{}), began: make(chan struct{}, 100)}
	l := start(t, f)
	var runs []*run
	for i := range 4 {
		runs = append(runs, ask(t.Context(), t, l, 1, 5, nil, nil))
		if i == 0 {
			<-f.began
		}
	}
	waitInbox(t, l, 3)
	close(f.gate)
	for _, r := range runs {
		r.wait(t)
		if r.text.String() != "1 2 3 4 5 " || r.out.Finish != chat.FinishLength {
			t.Errorf("got %q, finish %q", r.text.String(), r.out.Finish)
		}
	}
	widths := ""
	for _, b := range f.history() {
		widths += fmt.Sprint(len(b))
	}
	if widths != "144443" {
		t.Errorf("the steps had %s tokens, want 144443", widths)
	}
}

// waitInbox returns when n sequences stand before a loop that is held in its decoder.
func waitInbox(t *testing.T, l *Loop, n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		l.mu.Lock()
		have := len(l.inbox)
		l.mu.Unlock()
		if have >= n {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("no %d sequences came", n)
}

func TestCancelFreesTheSlotWithinOneStep(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: small(), gate: make(chan struct{}), began: make(chan struct{})}
	l := start(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	stays := ask(t.Context(), t, l, 1, 20, nil, nil)
	<-f.began
	leaves := ask(ctx, t, l, 1, 20, nil, nil)
	waitInbox(t, l, 1)
	f.gate <- struct{}{} // step 1: only the first
	<-f.began            // step 2 has both
	cancel()
	leaves.wait(t) // the caller does not even wait for the step
	f.gate <- struct{}{}
	<-f.began // step 3 must be without it
	f.gate <- struct{}{}
	close(f.gate)
	go func() {
		for range f.began {
		}
	}()
	stays.wait(t)
	l.Close()
	close(f.began)
	if !errors.Is(leaves.err, context.Canceled) || leaves.out.Usage.InputTokens != 1 {
		t.Errorf("error %v, outcome %+v", leaves.err, leaves.out)
	}
	steps := f.history()
	if len(steps[1]) != 2 || len(steps[2]) != 1 {
		t.Errorf("steps 2 and 3 have %d and %d tokens, want 2 and 1", len(steps[1]), len(steps[2]))
	}
	if !leaves.sampler.closed {
		t.Error("the sampler of the cancelled sequence is still open")
	}
}

// Who leaves early is told how long the steps took until then.
func TestTimingsOfCancelledAnswers(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: small(), cost: time.Millisecond, gate: make(chan struct{}), began: make(chan struct{})}
	l := start(t, f)
	step := func() { <-f.began; f.gate <- struct{}{} }

	ctx, cancel := context.WithCancel(t.Context())
	reading := ask(ctx, t, l, 40, 20, nil, nil)
	step()    // 32 tokens of the prompt
	<-f.began // the rest of it waits
	cancel()
	reading.wait(t)
	f.gate <- struct{}{}
	if got := reading.out.Timings; got["prefill"] != 32 || got["decode"] != 0 || !errors.Is(reading.err, context.Canceled) {
		t.Errorf("left while the prompt was read: %v, %v", got, reading.err)
	}

	ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
	told := make(chan struct{})
	speaking := ask(ctx, t, l, 10, 20, nil, func(serving.Piece) error { told <- struct{}{}; return nil })
	step() // the prompt, and the first token
	<-told
	step()
	<-told
	<-f.began
	cancel()
	speaking.wait(t)
	close(f.gate)
	if got := speaking.out.Timings; got["prefill"] != 10 || got["decode"] != 1 {
		t.Errorf("left in the middle of the answer: %v", got)
	}
}

func TestMoreThanSlots(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: small()}
	l := start(t, f)
	var runs []*run
	for i := range 50 {
		runs = append(runs, ask(t.Context(), t, l, 1+i%40, 5+i%7, nil, nil))
	}
	for i, r := range runs {
		r.wait(t)
		if r.err != nil || r.out.Usage.OutputTokens != 5+i%7 {
			t.Errorf("run %d: %+v, error %v", i, r.out, r.err)
		}
	}
}

// Four sequences that want 100 cells each go through 150 cells: some wait or are put back, and every
// text is whole.
func TestCacheSmallerThanDemand(t *testing.T) {
	t.Parallel()
	cfg := Config{Slots: 4, Batch: 16, Cells: 150}
	f := &fake{cfg: cfg, gate: make(chan struct{}), began: make(chan struct{}, 10000)}
	l := start(t, f)
	runs := []*run{ask(t.Context(), t, l, 5, 96, nil, nil)}
	<-f.began
	for range 3 {
		runs = append(runs, ask(t.Context(), t, l, 5, 96, nil, nil))
	}
	waitInbox(t, l, 3)
	close(f.gate)
	var want strings.Builder
	for i := range 96 {
		fmt.Fprintf(&want, "%d ", i+1)
	}
	for i, r := range runs {
		r.wait(t)
		if r.err != nil || r.text.String() != want.String() {
			t.Errorf("run %d: error %v, text %q", i, r.err, r.text.String())
		}
	}
	l.Close()
	again := 0
	for _, batch := range f.history() {
		for _, e := range batch {
			if e.Pos == 0 {
				again++
			}
		}
	}
	if again <= 4 {
		t.Errorf("%d sequences began at position 0: nothing was put back, so that the case is not tested", again)
	}
}

// When a sequence between two others has ended, its slot gets a token of no meaning, so that the batch
// has no gap; not when Gap is smaller, and never in a slot that is held by a waiting prompt.
func TestGapsAreClosed(t *testing.T) {
	t.Parallel()
	for _, gap := range []int{0, 1, 2} {
		f := &fake{t: t, cfg: Config{Slots: 4, Batch: 8, Cells: 1000, Gap: gap}, held: map[int32][]*cell{}}
		l := newLoop(f, f.cfg)
		for i := range 4 {
			s := newSequence(Request{Prompt: []int32{1}, Limit: 10, Sampler: &script{t: t}}, make(chan struct{}))
			s.slot = int32(i)
			if i == 0 || i == 3 {
				l.active = append(l.active, s)
				l.places[i].seq = s
			}
		}
		l.step()
		want := 2
		if gap == 2 {
			want = 4
		}
		if n := len(f.steps[0]); n != want {
			t.Errorf("gap %d: %d tokens, want %d", gap, n, want)
		}
		if len(f.held) != 2 {
			t.Errorf("gap %d: the cache holds %v, want the two sequences", gap, f.held)
		}
		waits := newSequence(Request{Prompt: []int32{1, 2}, Limit: 10, Sampler: &script{t: t}}, nil)
		waits.slot = 1
		l.places[1].seq = waits
		l.active, l.cfg.Batch = append(l.active, waits), 2 // no room in the batch for its prompt
		l.step()
		if n := len(f.steps[1]); n != 2 {
			t.Errorf("gap %d: %d tokens beside a held slot, want 2", gap, n)
		}
	}
}

func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	l := start(t, &fake{cfg: small()})
	stuck, free := make(chan struct{}), make(chan struct{})
	slow := ask(t.Context(), t, l, 1, 50, nil, func(p serving.Piece) error {
		if p.Text == "1 " {
			close(stuck)
		}
		<-free
		return nil
	})
	<-stuck
	other := ask(t.Context(), t, l, 1, 50, nil, nil)
	other.wait(t)
	close(free)
	slow.wait(t)
	if slow.err != nil || slow.text.String() != other.text.String() {
		t.Errorf("slow reader got %q, error %v", slow.text.String(), slow.err)
	}
}

func TestFailedStep(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	f := &fake{cfg: small(), fail: func(step int, _ []Entry) error {
		if step == 2 {
			return broken
		}
		return nil
	}}
	l := start(t, f)
	r := ask(t.Context(), t, l, 1, 50, nil, nil)
	r.wait(t)
	if !fault.Is(r.err, fault.CodeUnavailable) || !errors.Is(r.err, broken) || r.out.Usage.OutputTokens != 1 {
		t.Errorf("error %v, outcome %+v; want unavailable because of the decoder", r.err, r.out)
	}
	if r := ask(t.Context(), t, l, 1, 3, nil, nil); true {
		r.wait(t)
		if r.err != nil {
			t.Errorf("the engine does not go on: %v", r.err)
		}
	}
}

// A decoder without room for two lets them run one after the other.
func TestNoRoomForAll(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: small()}
	f.fail = func(_ int, batch []Entry) error {
		if len(batch) > 1 && batch[0].Slot != batch[len(batch)-1].Slot {
			return fmt.Errorf("decode: %w", ErrNoRoom)
		}
		return nil
	}
	l := start(t, f)
	a, b := ask(t.Context(), t, l, 3, 20, nil, nil), ask(t.Context(), t, l, 3, 20, nil, nil)
	for _, r := range []*run{a, b} {
		r.wait(t)
		if r.err != nil || r.out.Usage.OutputTokens != 20 {
			t.Errorf("outcome %+v, error %v", r.out, r.err)
		}
	}
}

func TestFailedSampler(t *testing.T) {
	t.Parallel()
	l := start(t, &fake{cfg: small()})
	sampler := &script{t: t, fail: errors.New("no token")}
	_, err := l.Generate(t.Context(), Request{Prompt: []int32{1}, Limit: 5, Sampler: sampler}, func(serving.Piece) error { return nil })
	if !fault.Is(err, fault.CodeUnavailable) || !sampler.closed {
		t.Errorf("error %v, sampler closed %v", err, sampler.closed)
	}
}

func TestErrorOfEmit(t *testing.T) {
	t.Parallel()
	l := start(t, &fake{cfg: small()})
	mine := errors.New("reader is gone")
	r := ask(t.Context(), t, l, 1, 300, nil, func(serving.Piece) error { return mine })
	r.wait(t)
	if r.err != mine { //nolint:errorlint // the contract is that it comes back as it is
		t.Errorf("error is %v", r.err)
	}
}

func TestCloseEndsAll(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: Config{Slots: 1, Batch: 8, Cells: 1 << 20}}
	l := start(t, f)
	first := make(chan struct{})
	running := ask(t.Context(), t, l, 1, 1<<19, nil, func(p serving.Piece) error {
		if p.Text == "1 " {
			close(first)
		}
		return nil
	})
	<-first
	waiting := ask(t.Context(), t, l, 1, 5, nil, nil)
	l.Close()
	late := ask(t.Context(), t, l, 1, 5, nil, nil)
	for name, r := range map[string]*run{"running": running, "waiting": waiting, "late": late} {
		r.wait(t)
		if !fault.Is(r.err, fault.CodeUnavailable) || !r.sampler.closed {
			t.Errorf("%s: error %v, sampler closed %v", name, r.err, r.sampler.closed)
		}
	}
	l.Close()
}

func TestStopCutsLogprobs(t *testing.T) {
	t.Parallel()
	s := newSequence(Request{Prompt: []int32{1}, Limit: 10, Stop: []string{"END"}}, nil)
	for i, word := range []string{"a ", "\xf0\x9f", "\x98\x80", "E", "ND", "never"} {
		why, ended := s.advance(Sampled{Bytes: []byte(word), Logprob: &chat.TokenLogprob{Token: word}}, time.Time{})
		if ended != (i == 4) || ended != (why == chat.FinishStop) {
			t.Fatalf("token %d: ended %v, %q", i, ended, why)
		}
		if ended {
			break
		}
	}
	pieces, _ := s.take()
	text, tokens := "", []string{}
	for _, p := range pieces {
		text += p.Text
		for _, lp := range p.Logprobs {
			tokens = append(tokens, lp.Token)
		}
	}
	if text != "a 😀" || strings.Join(tokens, ",") != "a ,\xf0\x9f,\x98\x80" {
		t.Errorf("text %q with the tokens %q", text, tokens)
	}
	if out, _ := s.result(time.Time{}); out.Usage.OutputTokens != 5 {
		t.Errorf("outcome is %+v", out)
	}
}
