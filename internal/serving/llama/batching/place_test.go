package batching

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/serving"
)

// memory is a Shelf that keeps everything.
type memory struct {
	t    *testing.T
	kept []shelved
}

type shelved struct {
	owner  Owner
	tokens []int32
	state  []byte
}

func (m *memory) Find(owner Owner, tokens []int32, least int) (state []byte, held, n int) {
	for _, k := range m.kept {
		if common := Alike(k.tokens, tokens); k.owner == owner && common > max(n, least) {
			state, held, n = k.state, len(k.tokens), common
		}
	}
	return state, held, n
}

func (m *memory) Put(owner Owner, tokens []int32, state []byte, _ bool) {
	if len(owner.Adapter)+1+len(tokens)*4 != len(state) {
		m.t.Errorf("a state of %d tokens was put as one of %d", len(state)/4, len(tokens))
	}
	m.kept = append(m.kept, shelved{owner, tokens, state})
}

func (m *memory) Fetch(context.Context, Owner, []int32, int) {}

func (m *memory) Has(owner Owner, tokens []int32) bool {
	return slices.ContainsFunc(m.kept, func(k shelved) bool {
		return k.owner == owner && Alike(k.tokens, tokens) == len(tokens)
	})
}

// say runs a request of an owner to its end, with an answer of two tokens, and returns how many tokens of its
// prompt were reused.
func say(t *testing.T, l *Loop, owner string, tokens ...[]int32) int {
	t.Helper()
	r := Request{Prompt: slices.Concat(tokens...), Limit: 10, Owner: Owner{Tenant: owner}, Sampler: &script{t: t, words: []string{"a", "b"}}}
	out, err := l.Generate(t.Context(), r, func(serving.Piece) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out.Usage.CachedTokens
}

func TestReuse(t *testing.T) {
	t.Parallel()
	instructions, first, second := prompt(200), prompt(100), prompt(100)
	answer := []int32{1, 1} // what a script says
	for _, parts := range []bool{false, true} {
		t.Run(fmt.Sprintf("parts %v", parts), func(t *testing.T) {
			t.Parallel()
			l := start(t, &fake{cfg: Config{Slots: 3, Batch: 64, Cells: 3000, Parts: parts}})
			want := func(what string, got, want int) {
				t.Helper()
				if got != want {
					t.Errorf("%s: %d tokens are reused, want %d", what, got, want)
				}
			}
			want("the first", say(t, l, "a", instructions, first), 0)
			want("the conversation goes on", say(t, l, "a", instructions, first, answer, prompt(5)), 302)
			want("the same instructions", say(t, l, "a", instructions, second), 200)
			want("the first conversation once more", say(t, l, "a", instructions, first, answer, prompt(5)), 302)
			want("the very same prompt", say(t, l, "a", instructions, second), 299)
			want("another owner", say(t, l, "b", instructions, second), 0)
		})
	}
}

// Where neighbours are computed together, sequences that run at once get neighbouring slots, whatever is kept in
// the others; without anybody else, the slot goes that was not used for the longest time.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	f := &fake{cfg: Config{Slots: 8, Batch: 64, Cells: 8000, Parts: true, Gap: 4}}
	f.t, f.held = t, map[int32][]*cell{}
	l := newLoop(f, f.cfg)
	for i, p := range l.places {
		p.tokens, p.used = prompt(100), uint64(10+(i*5)%8) // slot 0 is the oldest
	}
	for range 4 {
		l.waiting = append(l.waiting, newSequence(Request{Prompt: prompt(5), Limit: 5, Sampler: &script{t: t}}, nil))
	}
	l.admit()
	slots := []int32{}
	for _, s := range l.active {
		slots = append(slots, s.slot)
	}
	if want := []int32{0, 1, 2, 3}; !slices.Equal(slots, want) {
		t.Errorf("the slots are %v, want %v", slots, want)
	}
}

func TestShelf(t *testing.T) {
	t.Parallel()
	shelf := &memory{t: t}
	l := start(t, &fake{cfg: Config{Slots: 2, Batch: 64, Cells: 2000, Parts: true, Shelf: shelf}})
	old := prompt(300)
	say(t, l, "a", old)
	for range 5 {
		say(t, l, "a", prompt(100))
	}
	say(t, l, "a", prompt(10)) // too little to keep
	if n := say(t, l, "a", old, prompt(20)); n != 300 {
		t.Errorf("%d tokens of an old conversation are reused, want 300", n)
	}
	if n := say(t, l, "b", old, prompt(20)); n != 0 {
		t.Errorf("another owner reuses %d tokens", n)
	}
	l.Close()
	for i, k := range shelf.kept {
		if len(k.tokens) < worth {
			t.Errorf("%d tokens are on the shelf", len(k.tokens))
		}
		if slices.ContainsFunc(shelf.kept[:i], func(o shelved) bool { return o.owner == k.owner && slices.Equal(o.tokens, k.tokens) }) {
			t.Errorf("%d tokens are on the shelf twice", len(k.tokens))
		}
	}
	if !shelf.Has(Owner{Tenant: "b"}, old) {
		t.Error("what was computed at the end is not on the shelf")
	}
}

// A model that cannot go back reuses what goes on where it ended, and nothing else.
func TestRigidModel(t *testing.T) {
	t.Parallel()
	l := start(t, &fake{rigid: true, cfg: Config{Slots: 2, Batch: 64, Cells: 2000, Parts: true, Shelf: &memory{t: t}}})
	a := prompt(200)
	say(t, l, "", a)
	if n := say(t, l, "", a, []int32{1, 1}, prompt(5)); n != 202 {
		t.Errorf("%d tokens are reused, want 202", n)
	}
	if n := say(t, l, "", a, prompt(5)); n != 0 {
		t.Errorf("%d tokens are reused by a model that cannot go back", n)
	}
}

// Many owners and conversations in little room: the fake checks every position and cell, and each answer
// must have been computed from its own tokens.
func TestReuseUnderPressure(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{
		{Slots: 4, Batch: 32, Cells: 1200, Parts: true, Gap: 2},
		{Slots: 4, Batch: 32, Cells: 500},
	} {
		cfg.Shelf = &memory{t: t}
		f := &fake{cfg: cfg}
		f.fail = func(step int, _ []Entry) error {
			if step%50 == 0 && len(f.held) > 1 {
				return ErrNoRoom
			}
			return nil
		}
		l := start(t, f)
		random := rand.New(rand.NewPCG(1, 2))
		starts := map[string][]int32{"a": prompt(80), "b": prompt(80)}
		reused := 0
		for range 60 {
			var runs []*run
			for range 1 + random.IntN(6) {
				owner := []string{"a", "b"}[random.IntN(2)]
				tokens := slices.Concat(starts[owner], prompt(1+random.IntN(100)))
				if random.IntN(3) == 0 {
					starts[owner] = tokens[:min(len(tokens), 150)]
				}
				runs = append(runs, begin(t.Context(), t, l, Request{Prompt: tokens, Limit: 20, Owner: Owner{Tenant: owner, Adapter: []string{"", "x", "y"}[random.IntN(3)]}}, []string{"x", "y", "z"}, nil))
			}
			for _, r := range runs {
				r.wait(t)
				if r.err != nil || r.text.String() != "xyz" {
					t.Errorf("answer %q, error %v", r.text.String(), r.err)
				}
				reused += r.out.Usage.CachedTokens
			}
		}
		if reused == 0 {
			t.Error("nothing was reused, so that the case is not tested")
		}
	}
}

// Ten thousand short requests of a few owners, of which two thousand are given up at random moments: every slot
// and cell is free at the end (start checks it), every other answer is whole.
func TestTenThousandRequests(t *testing.T) {
	t.Parallel()
	requests := 10000
	if testing.Short() {
		requests = 1000
	}
	f := &fake{forgets: true, cfg: Config{Slots: 8, Batch: 64, Cells: 2048, Parts: true, Gap: 4, Guesses: 4, Shelf: &memory{t: t}}}
	l := start(t, f)
	var readers sync.WaitGroup
	limit := make(chan struct{}, 40)
	for i := range requests {
		limit <- struct{}{}
		readers.Go(func() {
			defer func() { <-limit }()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			given := i%5 == 0
			after := rand.IntN(4)
			r := begin(ctx, t, l, Request{Prompt: prompt(1 + i%30), Limit: 20, Owner: Owner{Tenant: fmt.Sprint(i % 3), Adapter: []string{"", "x"}[i%2]}}, []string{"a", "b", "c", "d"},
				func(serving.Piece) error {
					if after--; given && after <= 0 {
						cancel()
					}
					return nil
				})
			if given && i%2 == 0 {
				cancel() // at any moment, perhaps before it has a slot
			}
			r.wait(t)
			if !given && (r.err != nil || r.text.String() != "abcd") {
				t.Errorf("request %d: %q, error %v", i, r.text.String(), r.err)
			}
		})
	}
	readers.Wait()
}

// A step that fails may have left anything in its slots, in those too that only closed a gap.
func TestFailedGapIsForgotten(t *testing.T) {
	t.Parallel()
	for failure, want := range map[error]int{errors.New("broken"): 0, nil: 100} {
		f := &fake{t: t, cfg: Config{Slots: 3, Batch: 64, Cells: 3000, Parts: true, Gap: 1}, held: map[int32][]*cell{}}
		l := newLoop(f, f.cfg)
		between := l.places[1]
		between.tokens = prompt(100)
		between.cells = append(between.cells, l.cells.take(100)...)
		f.fill(1, "", between.tokens)
		for _, slot := range []int32{0, 2} {
			s := newSequence(Request{Prompt: prompt(1), Limit: 10, Sampler: &script{t: t}}, nil)
			s.slot = slot
			l.active, l.places[slot].seq = append(l.active, s), s
		}
		f.fail = func(int, []Entry) error { return failure }
		l.step()
		if n := len(between.tokens); n != want {
			t.Errorf("%v: %d tokens are kept for reuse, want %d", failure, n, want)
		}
	}
}
