package batching

import (
	"context"
	"errors"
	"testing"
	"time"
)

// adapted is a loop whose first step is held until all of a test's sequences are there.
func adapted(t *testing.T, cfg Config) (*fake, *Loop) {
	t.Helper()
	f := &fake{cfg: cfg, cost: time.Millisecond, change: 5 * time.Millisecond, gate: make(chan struct{}), began: make(chan struct{}, 10000)}
	return f, start(t, f)
}

func with(adapter string, n, limit int) Request {
	return Request{Prompt: prompt(n), Limit: limit, Owner: Owner{Tenant: "a", Adapter: adapter}}
}

// However many sequences the others have, each adapter gets its part of the time, in turns that are long enough to
// pay for the change. The fake checks that nothing is computed with another's adapter.
func TestAdaptersTakeTurns(t *testing.T) {
	t.Parallel()
	f, l := adapted(t, Config{Slots: 6, Batch: 32, Cells: 2000, Turn: 20 * time.Millisecond})
	runs := []*run{begin(t.Context(), t, l, with("", 1, 100), nil, nil)}
	<-f.began
	for _, adapter := range []string{"", "", "", "x", "y"} {
		runs = append(runs, begin(t.Context(), t, l, with(adapter, 1, 100), nil, nil))
	}
	waitInbox(t, l, 5)
	close(f.gate)
	for _, r := range runs {
		if r.wait(t); r.err != nil || r.out.Usage.OutputTokens != 100 {
			t.Errorf("outcome %+v, error %v", r.out, r.err)
		}
	}
	changes, size := 0, 0
	last, together := map[int32]int{}, map[int32]bool{} // by slot: its last step, and whether it is one of the base's
	for i, step := range f.history() {
		for _, e := range step {
			last[e.Slot] = i
			together[e.Slot] = together[e.Slot] || len(step) > 1
		}
		if len(step) != size {
			changes++
			size = len(step)
		}
	}
	if changes > 40 { // steps of 4 ms of the base, of 1 ms of the others: 25 turns of the base and a few more
		t.Errorf("the adapter changed some %d times in %d steps", changes, len(f.history()))
	}
	// With three who share the time, a hundred steps of x and y are over when the base has had some 25.
	for slot, end := range last {
		for other, later := range last {
			if !together[slot] && together[other] && end > later {
				t.Errorf("slot %d of the base ended in step %d, and slot %d, alone with its adapter, in step %d", other, later, slot, end)
			}
		}
	}
}

// New sequences of other adapters come after one that waits already.
func TestNoAdapterWaitsForEver(t *testing.T) {
	t.Parallel()
	f, l := adapted(t, Config{Slots: 3, Batch: 32, Cells: 2000, Turn: 10 * time.Millisecond})
	patient := begin(t.Context(), t, l, with("x", 1, 50), nil, nil)
	<-f.began
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	for _, adapter := range []string{"y", "z"} {
		go func() {
			defer func() { ended <- struct{}{} }()
			for ctx.Err() == nil {
				r := begin(ctx, t, l, with(adapter, 1, 3), nil, nil)
				<-r.done
			}
		}()
	}
	waitInbox(t, l, 2)
	close(f.gate)
	patient.wait(t)
	stop()
	<-ended
	<-ended
	if patient.err != nil || patient.out.Usage.OutputTokens != 50 {
		t.Errorf("outcome %+v, error %v", patient.out, patient.err)
	}
}

// Who leaves while others have their turn frees the slot at once.
func TestCancelBetweenTurns(t *testing.T) {
	t.Parallel()
	f, l := adapted(t, Config{Slots: 2, Batch: 32, Cells: 2000, Turn: time.Hour})
	running := begin(t.Context(), t, l, with("", 1, 100), nil, nil)
	<-f.began
	ctx, cancel := context.WithCancel(t.Context())
	idle := begin(ctx, t, l, with("x", 1, 100), nil, nil)
	waitInbox(t, l, 1)
	f.gate <- struct{}{}
	<-f.began
	cancel()
	next := begin(t.Context(), t, l, with("", 1, 5), nil, nil)
	waitInbox(t, l, 1)
	close(f.gate)
	for _, r := range []*run{idle, next, running} {
		r.wait(t)
	}
	if !errors.Is(idle.err, context.Canceled) || idle.out.Usage.OutputTokens != 0 || next.err != nil || running.err != nil {
		t.Errorf("errors %v, %v and %v, %d tokens for who had no turn", idle.err, next.err, running.err, idle.out.Usage.OutputTokens)
	}
}

// What was computed with one adapter says nothing of what another one computes.
func TestNothingIsReusedAcrossAdapters(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: Config{Slots: 4, Batch: 32, Cells: 2000, Turn: time.Second}, cost: time.Millisecond}
	l := start(t, f)
	tokens := prompt(200)
	for i, adapter := range []string{"", "x", "y", "x"} {
		r := begin(t.Context(), t, l, Request{Prompt: tokens, Limit: 3, Owner: Owner{Tenant: "a", Adapter: adapter}}, nil, nil)
		r.wait(t)
		want := 0
		if i == 3 {
			want = 199
		}
		if r.err != nil || r.out.Usage.CachedTokens != want {
			t.Errorf("request %d, with %q, reuses %d tokens, want %d (%v)", i, adapter, r.out.Usage.CachedTokens, want, r.err)
		}
	}
}
