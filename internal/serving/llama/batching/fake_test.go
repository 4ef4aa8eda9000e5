package batching

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/serving"
)

// fake is a Decoder that checks what a native context would need: positions without holes, no more
// tokens than cells and than a batch, no unknown slot.
type fake struct {
	t     *testing.T
	cfg   Config
	gate  chan struct{} // when not nil, each step waits for a value
	began chan struct{} // when not nil, told as each step begins
	fail  func(step int, batch []Entry) error
	cost  time.Duration // of a token, on the loop's clock
	base  time.Duration // of a step
	// change is the cost of another adapter.
	change time.Duration

	mu    sync.Mutex
	clock time.Time
	held  map[int32][]*cell // by slot
	steps [][]Entry

	loop    *Loop // whose sequences the slots must hold; nil is not checked
	adapter string
	forgets bool // keeps no history
	rigid   bool // cannot go back, as models with a running state
}

// cell is one token that was computed with an adapter; slots may share it.
type cell struct {
	token   int32
	adapter string
}

func (f *fake) Adapt(adapter string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if adapter == f.adapter {
		f.t.Errorf("the adapter %q is set again", adapter)
	}
	f.adapter = adapter
	f.clock = f.clock.Add(f.change)
}

func (f *fake) Decode(batch []Entry) error {
	if f.began != nil {
		f.began <- struct{}{}
	}
	if f.gate != nil {
		<-f.gate
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.forgets {
		f.steps = f.steps[:0]
	}
	f.steps = append(f.steps, append([]Entry(nil), batch...))
	f.clock = f.clock.Add(f.base + time.Duration(len(batch))*f.cost)
	if f.fail != nil {
		if err := f.fail(len(f.steps), batch); err != nil {
			return err
		}
	}
	if len(batch) == 0 || len(batch) > f.cfg.Batch+f.cfg.Gap*f.cfg.Slots {
		f.t.Errorf("a batch of %d tokens, the most is %d", len(batch), f.cfg.Batch)
	}
	for i, e := range batch {
		if i > 0 && e.Slot < batch[i-1].Slot {
			f.t.Errorf("slot %d comes after slot %d", e.Slot, batch[i-1].Slot)
		}
		if e.Slot < 0 || int(e.Slot) >= f.cfg.Slots || int(e.Pos) != len(f.held[e.Slot]) {
			f.t.Errorf("entry %+v, but the slot holds %d tokens", e, len(f.held[e.Slot]))
		}
		f.held[e.Slot] = append(f.held[e.Slot], &cell{e.Token, f.adapter})
		if f.loop != nil && !e.padding && !f.right(e) {
			f.t.Errorf("slot %d holds another's tokens at position %d", e.Slot, e.Pos)
		}
		if part := f.cfg.Cells / f.cfg.Slots; f.cfg.Parts && len(f.held[e.Slot]) > part {
			f.t.Errorf("slot %d holds %d tokens, its part has %d cells", e.Slot, len(f.held[e.Slot]), part)
		}
	}
	if n := f.total(); n > f.cfg.Cells {
		f.t.Errorf("%d tokens in %d cells", n, f.cfg.Cells)
	}
	return nil
}

// right tells whether a slot holds the tokens of its sequence up to an entry, or guesses beyond them.
func (f *fake) right(e Entry) bool {
	seq := f.loop.places[e.Slot].seq
	tokens := seq.tokens
	n := min(len(tokens), int(e.Pos)+1)
	other := func(c *cell) bool { return c.adapter != seq.owner.Adapter }
	return slices.Equal(f.tokens(e.Slot)[:n], tokens[:n]) && !slices.ContainsFunc(f.held[e.Slot], other)
}

func (f *fake) Trim(slot int32, n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n > len(f.held[slot]) {
		f.t.Errorf("slot %d is cut to %d tokens and holds %d", slot, n, len(f.held[slot]))
	}
	if n == 0 || f.rigid {
		delete(f.held, slot)
		return n == 0
	}
	f.held[slot] = f.held[slot][:n:n]
	return true
}

func (f *fake) Copy(from, to int32, n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held[to]) > 0 || n > len(f.held[from]) {
		f.t.Errorf("copy of %d tokens from slot %d, which holds %d, to slot %d, which holds %d", n, from, len(f.held[from]), to, len(f.held[to]))
	}
	if f.rigid {
		return false
	}
	if !f.cfg.Parts {
		f.held[to] = f.held[from][:n:n]
		return true
	}
	return f.fill(to, f.held[from][0].adapter, f.tokens(from)[:n])
}

func (f *fake) Save(slot int32) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := append([]byte(f.held[slot][0].adapter), 0)
	for _, token := range f.tokens(slot) {
		state = binary.LittleEndian.AppendUint32(state, uint32(token))
	}
	return state
}

func (f *fake) Restore(slot int32, state []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held[slot]) > 0 {
		f.t.Errorf("slot %d is restored and not empty", slot)
	}
	var tokens []int32
	adapter, state, _ := bytes.Cut(state, []byte{0})
	for ; len(state) > 0; state = state[4:] {
		tokens = append(tokens, int32(binary.LittleEndian.Uint32(state)))
	}
	return f.fill(slot, string(adapter), tokens)
}

// tokens tells what a slot holds; the caller holds mu.
func (f *fake) tokens(slot int32) (tokens []int32) {
	for _, c := range f.held[slot] {
		tokens = append(tokens, c.token)
	}
	return tokens
}

func (f *fake) fill(slot int32, adapter string, tokens []int32) bool {
	for _, token := range tokens {
		f.held[slot] = append(f.held[slot], &cell{token, adapter})
	}
	if n := f.total(); n > f.cfg.Cells {
		f.t.Errorf("%d tokens in %d cells", n, f.cfg.Cells)
	}
	return true
}

// total counts the cells in use; the caller holds mu.
func (f *fake) total() int {
	used := map[*cell]bool{}
	for _, held := range f.held {
		for _, c := range held {
			used[c] = true
		}
	}
	return len(used)
}

func (f *fake) history() [][]Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([][]Entry(nil), f.steps...)
}

// script is a Sampler that says its words and then ends; words without end when there is nil.
type script struct {
	t      *testing.T
	words  []string
	said   int
	closed bool
	fail   error
}

func (s *script) Sample(int) (Sampled, error) {
	if s.closed {
		s.t.Error("sampled after close")
	}
	if s.fail != nil {
		return Sampled{}, s.fail
	}
	s.said++
	if s.words == nil {
		return Sampled{Token: 1, Bytes: fmt.Appendf(nil, "%d ", s.said)}, nil
	}
	if s.said > len(s.words) {
		return Sampled{End: true}, nil
	}
	return Sampled{Token: 1, Bytes: []byte(s.words[s.said-1])}, nil
}

func (s *script) Close() {
	if s.closed {
		s.t.Error("closed twice")
	}
	s.closed = true
}

// start runs a loop over a fake until the test ends, and checks that nothing is left behind.
func start(t *testing.T, f *fake) *Loop {
	t.Helper()
	f.t, f.held, f.clock = t, map[int32][]*cell{}, time.Unix(1000, 0)
	if f.cfg.Step == 0 {
		f.cfg.Step = 100 * time.Millisecond
	}
	l := newLoop(f, f.cfg)
	f.loop = l
	l.now = func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.clock }
	go l.run()
	t.Cleanup(func() {
		l.Close()
		for _, p := range l.places {
			if p.seq != nil {
				t.Errorf("slot %d is taken at the end", p.slot)
			}
		}
		if n := len(l.cells.free); n != f.cfg.Cells {
			t.Errorf("%d cells are free at the end, want %d", n, f.cfg.Cells)
		}
		if len(f.held) != 0 {
			t.Errorf("the cache still holds %v", f.held)
		}
	})
	return l
}

// run is one generation under way.
type run struct {
	text    strings.Builder
	out     serving.Outcome
	err     error
	done    chan struct{}
	sampler *script
}

// last is the last token of a prompt so far, so that no two prompts begin alike.
var last atomic.Int32

func prompt(n int) []int32 {
	tokens := make([]int32, n)
	for i := range tokens {
		tokens[i] = last.Add(1)
	}
	return tokens
}

// ask begins a generation with a prompt of n tokens. emit may be nil.
func ask(ctx context.Context, t *testing.T, l *Loop, n, limit int, words []string, emit func(serving.Piece) error) *run {
	return begin(ctx, t, l, Request{Prompt: prompt(n), Limit: limit}, words, emit)
}

func begin(ctx context.Context, t *testing.T, l *Loop, ask Request, words []string, emit func(serving.Piece) error) *run {
	r := &run{done: make(chan struct{}), sampler: &script{t: t, words: words}}
	ask.Sampler = r.sampler
	go func() {
		defer close(r.done)
		r.out, r.err = l.Generate(ctx, ask, func(p serving.Piece) error {
			r.text.WriteString(p.Text)
			if emit != nil {
				return emit(p)
			}
			return nil
		})
	}()
	return r
}

func (r *run) wait(t *testing.T) {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(30 * time.Second):
		t.Fatal("the generation does not end")
	}
}
