package batching

import (
	"slices"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
)

// A newcomer's long prompt goes in by chunks, and the running stream gets a token in every step.
func TestPromptsDoNotStopRunningStreams(t *testing.T) {
	t.Parallel()
	f := &fake{
		cfg:  Config{Slots: 3, Batch: 32, Cells: 2000, Step: 10 * time.Millisecond},
		cost: time.Millisecond, gate: make(chan struct{}), began: make(chan struct{}, 1000),
	}
	l := start(t, f)
	runs := []*run{ask(t.Context(), t, l, 4, 200, nil, nil)}
	<-f.began
	for range 2 {
		runs = append(runs, ask(t.Context(), t, l, 300, 5, nil, nil))
	}
	waitInbox(t, l, 2)
	close(f.gate)
	for _, r := range runs {
		r.wait(t)
		if r.err != nil || r.out.Finish != chat.FinishLength {
			t.Errorf("outcome %+v, error %v", r.out, r.err)
		}
	}
	checkPauses(t, f)
}

// checkPauses looks at the steps that have a running stream and prompts. The first of them is planned
// before the cost of a token is known.
func checkPauses(t *testing.T, f *fake) {
	t.Helper()
	mixed := 0
	for _, batch := range f.history() {
		per := map[int32]int{}
		for _, e := range batch {
			per[e.Slot]++
		}
		decoding, prompts := 0, 0
		for _, n := range per {
			if n == 1 {
				decoding++
			} else {
				prompts++
			}
		}
		if decoding == 0 || prompts == 0 {
			continue
		}
		if mixed++; mixed > 1 && len(batch) > 12 {
			t.Errorf("a step with a running stream has %d tokens: too long a pause", len(batch))
		}
	}
	if mixed < 10 {
		t.Errorf("%d steps had a stream and prompts: too few to tell", mixed)
	}
}

// A short prompt that comes after two long ones has its answer first, the long ones come one after the other,
// and the first of them moves all the time.
func TestShortPromptsComeFirst(t *testing.T) {
	t.Parallel()
	f := &fake{
		cfg:  Config{Slots: 3, Batch: 40, Cells: 3000, Step: 10 * time.Millisecond},
		cost: time.Millisecond, gate: make(chan struct{}), began: make(chan struct{}, 1000),
	}
	l := start(t, f)
	runs := []*run{ask(t.Context(), t, l, 800, 1, nil, nil)}
	<-f.began
	for _, n := range []int{801, 60} {
		runs = append(runs, ask(t.Context(), t, l, n, 1, nil, nil))
		waitInbox(t, l, len(runs)-1)
	}
	close(f.gate)
	for _, r := range runs {
		r.wait(t)
	}
	answered, began := map[int32]int{}, true // by slot, which they have in the order of their coming
	for i, batch := range f.history() {
		moved := false
		for _, e := range batch {
			if e.Output {
				answered[e.Slot] = i
			}
			moved = moved || e.Slot == 0
		}
		_, done := answered[0]
		began = began && (moved || done)
	}
	if answered[2] > 5 || answered[0] > 30 || answered[1] < answered[0]+10 {
		t.Errorf("the answers began at the steps %v: want the short one at once, then one long one, then the other", answered)
	}
	if !began {
		t.Error("a step did nothing for the one that came first")
	}
}

// Where a step has room for one cheap part only, long prompts take turns, and none is cut into dear parts.
func TestPromptsTakeTurnsByWholeParts(t *testing.T) {
	t.Parallel()
	f := &fake{
		cfg:  Config{Slots: 3, Batch: 100, Cells: 3000, Step: time.Second},
		cost: time.Millisecond, gate: make(chan struct{}), began: make(chan struct{}, 1000),
	}
	l := start(t, f)
	prompts := []int{800, 801, 802}
	runs := []*run{ask(t.Context(), t, l, prompts[0], 1, nil, nil)}
	<-f.began
	for _, n := range prompts[1:] {
		runs = append(runs, ask(t.Context(), t, l, n, 1, nil, nil))
		waitInbox(t, l, len(runs)-1)
	}
	close(f.gate)
	for _, r := range runs {
		r.wait(t)
	}
	rest := slices.Clone(prompts) // by slot, which they have in the order of their coming
	stood := 0
	for _, batch := range f.history() {
		part := make([]int, len(prompts))
		for _, e := range batch {
			part[e.Slot]++
		}
		for slot, n := range part {
			if rest[slot] -= n; n > 0 && n < wholeChunk && rest[slot] > 0 {
				t.Errorf("%d tokens of a prompt were computed apart and %d left", n, rest[slot])
			}
		}
		if stood++; part[0] > 0 {
			stood = 0
		}
		if stood >= kept && rest[0] > 0 {
			t.Errorf("%d steps did nothing for the one that came first", stood)
		}
	}
	if slices.Max(rest) != 0 {
		t.Errorf("the prompts have %v tokens left", rest)
	}
}

// How many tokens of prompts may join a step, by what is known of their cost.
func TestChunk(t *testing.T) {
	t.Parallel()
	const step = 100 * time.Millisecond
	for _, c := range []struct {
		decoding         int
		perToken, perFew time.Duration
		want             int
	}{
		{decoding: 1, want: wholeChunk},
		{decoding: 0, want: wholeChunk * quiet},
		{decoding: 1, perToken: time.Millisecond, want: 100},
		{decoding: 0, perToken: time.Millisecond, want: 100 * quiet},
		{decoding: 1, perToken: 4 * time.Millisecond, want: wholeChunk},                        // dearer than a step
		{decoding: 1, perToken: 20 * time.Millisecond, want: leastChunk},                       // far dearer, and fewer are not known yet
		{decoding: 1, perToken: 20 * time.Millisecond, perFew: 5 * time.Millisecond, want: 20}, // fewer save time
		{decoding: 1, perToken: 20 * time.Millisecond, perFew: time.Second, want: wholeChunk},  // or do not
		{decoding: 1, perFew: time.Millisecond, want: 100},                                     // all prompts were short
		{decoding: 1, perToken: time.Second, perFew: time.Second, want: leastChunk},            // a very slow model
	} {
		l := newLoop(&fake{}, Config{Slots: 1, Batch: 512, Cells: 1, Step: step})
		l.perToken, l.perFew = c.perToken, c.perFew
		for range c.decoding {
			l.active = append(l.active, &sequence{tokens: []int32{1}})
		}
		l.choose()
		if got := l.chunk(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// A part that is too small to be cheap is neither computed nor left for later.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rest, most, least, room, want int }{
		{rest: 4096, most: 512, least: 65, room: 512, want: 512},
		{rest: 520, most: 512, least: 65, room: 512, want: 455},
		{rest: 512, most: 512, least: 65, room: 512, want: 512},
		{rest: 100, most: 65, least: 65, room: 512, want: 100},
		{rest: 100, most: 65, least: 65, room: 90, want: 65},
		{rest: 30, most: 65, least: 65, room: 512, want: 30},
		{rest: 300, most: 20, least: 65, room: 20, want: 0},
		{rest: 300, most: 20, least: 1, room: 20, want: 20},
		{rest: 30, most: 0, least: 1, room: 5, want: 0},
	} {
		if got := cut(c.rest, c.most, c.least, c.room); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
