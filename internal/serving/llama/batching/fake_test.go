package batching

import (
	"context"
	"fmt"
	"strings"
	"sync"
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

	mu    sync.Mutex
	clock time.Time
	held  map[int32]int32 // tokens by slot
	steps [][]Entry
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
	f.steps = append(f.steps, append([]Entry(nil), batch...))
	f.clock = f.clock.Add(time.Duration(len(batch)) * f.cost)
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
		if e.Slot < 0 || int(e.Slot) >= f.cfg.Slots || e.Pos != f.held[e.Slot] {
			f.t.Errorf("entry %+v, but the slot holds %d tokens", e, f.held[e.Slot])
		}
		f.held[e.Slot]++
	}
	if n := f.total(); n > f.cfg.Cells {
		f.t.Errorf("%d tokens in %d cells", n, f.cfg.Cells)
	}
	return nil
}

func (f *fake) Forget(slot int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.held, slot)
}

// total counts the tokens in the cache; the caller holds mu.
func (f *fake) total() int {
	n := 0
	for _, held := range f.held {
		n += int(held)
	}
	return n
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
	f.t, f.held, f.clock = t, map[int32]int32{}, time.Unix(1000, 0)
	if f.cfg.Step == 0 {
		f.cfg.Step = 100 * time.Millisecond
	}
	l := newLoop(f, f.cfg)
	l.now = func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.clock }
	go l.run()
	t.Cleanup(func() {
		l.Close()
		if n := len(l.slots); n != f.cfg.Slots {
			t.Errorf("%d slots are free at the end, want %d", n, f.cfg.Slots)
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

// ask begins a generation with a prompt of n tokens. emit may be nil.
func ask(ctx context.Context, t *testing.T, l *Loop, n, limit int, words []string, emit func(serving.Piece) error) *run {
	r := &run{done: make(chan struct{}), sampler: &script{t: t, words: words}}
	go func() {
		defer close(r.done)
		r.out, r.err = l.Generate(ctx, Request{Prompt: make([]int32, n), Limit: limit, Sampler: r.sampler}, func(p serving.Piece) error {
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
