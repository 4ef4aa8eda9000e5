package batching

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// Config bounds a loop.
type Config struct {
	Slots int // sequences at once
	Batch int // most tokens of a step, at least Slots, not counting those that close gaps
	Cells int // tokens that the cache holds, of all sequences together; no request may need more
	// Gap is for a decoder that computes neighbouring slots together and others one after the other: up
	// to so many free slots between two others are given a token of no meaning. 0 for other decoders.
	Gap int
	// Step is how long a step may take while streams are running: it bounds the pause that a newcomer's
	// long prompt puts between two tokens of the others.
	Step time.Duration
	// Parts says that each slot has its equal part of the cells. Else all slots share them, and a copy takes
	// no new ones.
	Parts bool
	// Guesses is how many tokens of a step may be guessed; 0 guesses none. The decoder must take so many outputs
	// more than there are slots.
	Guesses int
	// Turn is how long sequences of one adapter are computed while those of another wait.
	Turn time.Duration
	// Shelf keeps what had to leave its slot; nil keeps nothing.
	Shelf Shelf
}

// Loop decodes sequences until it is closed. It is safe for many goroutines.
type Loop struct {
	cfg     Config
	decoder Decoder
	now     func() time.Time
	wake    chan struct{} // capacity 1: inbox or closed changed
	done    chan struct{} // the goroutine has ended

	mu     sync.Mutex
	inbox  []*sequence
	closed bool
	hot    []warm // what the slots hold
	work   serving.Work

	// What follows belongs to the goroutine. Active is in order of arrival, and everything active came
	// before everything waiting.
	waiting  []*sequence
	active   []*sequence
	running  []*sequence // the active ones whose adapter's turn it is
	turns    turns
	places   []*place // by slot
	cells    *cells
	turn     uint64 // grows with each sequence that comes or goes
	batch    []Entry
	hungry   []*sequence   // room to sort in
	perToken time.Duration // smoothed cost of a token of a prompt in whole chunks; 0 is unknown
	perFew   time.Duration // and in smaller ones
	costs    costs
	guessed  int // tokens of the step, and how many of them were right
	right    int
	pictured bool // the last step computed pictures
	tight    bool // the decoder had no room: nobody is admitted until a sequence ends
}

// Start begins to serve. The decoder must not be used by others until Close has returned.
func Start(d Decoder, cfg Config) *Loop {
	l := newLoop(d, cfg)
	go l.run()
	return l
}

func newLoop(d Decoder, cfg Config) *Loop {
	l := &Loop{
		cfg: cfg, decoder: d, now: time.Now,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		cells: newCells(cfg.Cells), batch: make([]Entry, 0, cfg.Batch+cfg.Slots),
	}
	for i := range cfg.Slots {
		l.places = append(l.places, &place{slot: int32(i)})
	}
	return l
}

// Generate runs one sequence, and calls emit from this goroutine. It keeps serving.Engine's promises on
// order, errors and cancellation. While all slots are taken it waits, first come, first served.
func (l *Loop) Generate(ctx context.Context, r Request, emit func(serving.Piece) error) (serving.Outcome, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	l.fetch(ctx, r)
	s := newSequence(r, ctx.Done())
	if err := l.submit(s); err != nil {
		r.Sampler.Close()
		return serving.Outcome{}, err
	}
	for {
		pieces, ended := s.take()
		for _, p := range pieces {
			if ctx.Err() != nil {
				break
			}
			if err := emit(p); err != nil {
				out, _ := s.result(l.now())
				return out, err
			}
		}
		if err := ctx.Err(); err != nil {
			out, _ := s.result(l.now())
			return out, err
		}
		if ended {
			return s.result(l.now())
		}
		select {
		case <-s.news:
		case <-ctx.Done():
		}
	}
}

// Close ends all sequences with fault.Unavailable and returns when the decoder is no longer used. It may
// be called twice.
func (l *Loop) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.rouse()
	<-l.done
}

func (l *Loop) submit(s *sequence) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed()
	}
	l.inbox = append(l.inbox, s)
	l.rouse()
	return nil
}

func (l *Loop) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Loop) run() {
	defer close(l.done)
	// Native libraries may keep per-thread state, such as a team of workers.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		if len(l.active)+len(l.waiting) == 0 {
			<-l.wake
		}
		if closed := l.receive(); closed {
			l.shutdown()
			return
		}
		l.step()
	}
}

func (l *Loop) receive() (closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, l.inbox...)
	l.inbox = nil
	return l.closed
}

func (l *Loop) shutdown() {
	for _, s := range slices.Concat(l.active, l.waiting) {
		l.drop(s, errClosed())
	}
	l.active, l.waiting = nil, nil
	slices.SortFunc(l.places, func(a, b *place) int { return cmp.Compare(a.used, b.used) })
	for _, p := range l.places { // the newest last, so that the shelf keeps it longest
		l.clear(p)
	}
}

func errClosed() error {
	return fault.Unavailable("the model was unloaded while it answered: ask again")
}

// step is the life of the loop: drop who left, admit, decode one batch, sample.
func (l *Loop) step() {
	l.sweep()
	l.admit()
	prompts := l.plan()
	if len(l.batch) == 0 {
		return
	}
	changed := l.adapt()
	began := l.now()
	err := l.decoder.Decode(l.batch)
	took := l.now().Sub(began)
	unknown := err != nil && !errors.Is(err, ErrNoRoom) // what is in the slots of the batch
	for _, e := range l.batch {
		if p := l.places[e.Slot]; e.padding && (unknown || !l.decoder.Trim(e.Slot, len(p.tokens))) {
			l.forget(p)
		}
	}
	if err != nil {
		l.recover(err)
		return
	}
	for _, s := range l.running {
		l.computed(s, s.grant)
	}
	l.active = slices.DeleteFunc(l.active, func(s *sequence) bool { return s.output >= 0 && l.sample(s) })
	switch {
	case changed: // the time is not that of a step
	case prompts > 0:
		l.measure(prompts, took)
	default:
		l.costs.took(len(l.batch), took)
	}
	l.count()
}

// count notes what a step did.
func (l *Loop) count() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.work.Steps++
	l.work.Tokens += int64(len(l.batch))
	l.work.Guessed += int64(l.guessed)
	l.work.GuessedRight += int64(l.right)
	l.work.Held = l.cfg.Cells - len(l.cells.free)
}

// Work tells what was done so far.
func (l *Loop) Work() serving.Work {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.work
	w.Cells = l.cfg.Cells
	return w
}

// computed counts tokens of a sequence that are in the cache now.
func (l *Loop) computed(s *sequence, n int) {
	s.done += n
	p := l.places[s.slot]
	p.cells = append(p.cells, l.cells.take(n)...)
}

// sweep frees the slots of those whose callers have left.
func (l *Loop) sweep() {
	leave := func(s *sequence) bool {
		if !s.left() {
			return false
		}
		l.drop(s, context.Canceled)
		return true
	}
	l.active = slices.DeleteFunc(l.active, leave)
	l.waiting = slices.DeleteFunc(l.waiting, leave)
}

// margin is the room for growth that a newcomer must find, so that it is not put back at once.
const margin = 64

// admit gives free slots to those who wait, in order of arrival, as long as the cache has room for what
// all of them have to compute now. Nobody overtakes: else a long prompt might wait for ever.
func (l *Loop) admit() {
	for len(l.waiting) > 0 && len(l.active) < l.cfg.Slots {
		if l.tight && len(l.active) > 0 {
			return
		}
		s := l.waiting[0]
		if need := min(len(s.tokens)+margin, s.most()); len(l.active) > 0 && l.promised()+need > l.cfg.Cells {
			return
		}
		l.waiting = l.waiting[1:]
		reused := l.settle(s)
		s.admit(l.now(), reused)
		s.ran = l.turns.number
		l.active = append(l.active, s)
	}
}

// promised counts the cells that the running sequences hold and will need for what they have to compute.
func (l *Loop) promised() (n int) {
	counted := make(map[int32]bool)
	for _, s := range l.active {
		n += s.pending()
		for _, cell := range l.places[s.slot].cells {
			if l.cells.holders[cell] == 1 {
				n++
			} else if !counted[cell] {
				counted[cell] = true
				n++
			}
		}
	}
	return n
}

// sample takes the next token of a sequence, and further ones as long as they were guessed rightly. It
// reports whether the sequence has ended.
func (l *Loop) sample(s *sequence) (ended bool) {
	var why chat.Finish
	for right := 0; ; right++ {
		out, err := s.sampler.Sample(s.output + right)
		if err != nil {
			l.takeBack(s, right)
			l.drop(s, errFailed(err))
			return true
		}
		guessed := right < s.drafted && !out.End && out.Token == s.guess[0]
		if why, ended = s.advance(out, l.now()); ended || !guessed {
			l.takeBack(s, right)
			break
		}
		l.computed(s, 1)
		l.right++
	}
	if ended {
		l.release(s)
		s.finish(why, nil, l.now())
	}
	return ended
}

// takeBack removes guessed tokens from the cache of which only so many were right.
func (l *Loop) takeBack(s *sequence, right int) {
	if s.drafted > right && !l.decoder.Trim(s.slot, s.done) {
		l.cfg.Guesses = 0 // this model cannot go back
		p := l.places[s.slot]
		l.cells.drop(p.cells)
		p.cells, s.done = p.cells[:0], 0
	}
}

// recover deals with a failed step. What failed may have left anything in the slots of the batch, so
// their sequences end; the others and the engine go on.
func (l *Loop) recover(err error) {
	if errors.Is(err, ErrNoRoom) && l.makeRoom() {
		return
	}
	l.active = slices.DeleteFunc(l.active, func(s *sequence) bool {
		if s.grant == 0 {
			return false
		}
		p := l.places[s.slot]
		l.drop(s, errFailed(err))
		l.forget(p)
		return true
	})
}

// makeRoom helps a decoder that has less room than was counted: first nothing is guessed, then what
// nobody uses goes, then the youngest sequence waits. It reports whether there was any help.
func (l *Loop) makeRoom() bool {
	if slices.ContainsFunc(l.active, func(s *sequence) bool { return s.drafted > 0 }) {
		for _, s := range l.active {
			s.guess = nil
		}
		return true
	}
	before := len(l.cells.free)
	if l.reclaim(l.cfg.Cells); len(l.cells.free) > before {
		return true
	}
	if len(l.active) < 2 {
		return false
	}
	l.tight = true
	l.putBack()
	l.reclaim(l.cfg.Cells)
	return true
}

func errFailed(err error) error {
	return fault.Unavailable("the model failed while it computed this answer: ask again").Because(err)
}

// putBack takes the slot of the youngest sequence and lets it wait as the next to come. Its text and
// the state of its sampler stay; only the computation is done again, and the caller sees but a pause.
func (l *Loop) putBack() {
	last := len(l.active) - 1
	s := l.active[last]
	l.active = l.active[:last]
	l.vacate(s)
	l.waiting = slices.Insert(l.waiting, 0, s)
}

// drop ends a sequence without an answer.
func (l *Loop) drop(s *sequence, err error) {
	l.release(s)
	s.finish("", err, l.now())
}

// release frees all that a sequence holds, when it has come to its end.
func (l *Loop) release(s *sequence) {
	l.vacate(s)
	s.sampler.Close()
	l.tight = false
}

// vacate takes the slot from a sequence. What was computed there stays for those who can use it.
func (l *Loop) vacate(s *sequence) {
	if s.slot < 0 {
		return
	}
	p := l.places[s.slot]
	p.seq, p.tokens = nil, s.tokens[:s.done:s.done] // a sequence never writes its tokens again
	l.touch(p)
	s.slot, s.done = -1, 0
}
