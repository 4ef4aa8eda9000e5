package serving

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// Class says who goes first where requests wait.
type Class int

// The classes. The zero value is that of the API.
const (
	Background  Class = iota - 1 // nobody waits for it: titles, evaluations, what says so itself
	Standard                     // programs
	Interactive                  // a person at the page
)

// Caller is whom a request is for.
type Caller struct {
	Tenant string
	User   string
	Class  Class
}

// patience is how often a request lets a later one of a higher class go first. Then it counts as one class higher, so
// that it never waits for ever.
const patience = 8

// Gate admits as many requests at once as an engine has slots and lets a bounded number wait. Whoever
// waits is admitted by class, and within a class by fair share: next is the tenant that has the fewest running, and of
// those the one whose turn is longest ago, so that a tenant with fifty requests does not hold up one with a single
// request. Within a tenant the same holds for its users, and for one user the order is that of arrival. A Gate is safe
// for many goroutines.
type Gate struct {
	mu      sync.Mutex
	slots   int
	limit   int
	active  int
	shares  shares
	waiting []queued      // in order of arrival
	hold    time.Duration // smoothed time that a request holds its slot
	now     func() time.Time
}

// queued is a waiter and how many later ones of a higher class went first.
type queued struct {
	*waiter
	passed int
}

func (q queued) class() Class { return min(Interactive, q.caller.Class+Class(q.passed/patience)) }

type waiter struct {
	caller Caller
	moved  chan struct{} // capacity 1: the position changed
	place  int           // requests before this one; -1 when admitted
}

// shares count what tenants and users have had.
type shares struct {
	running map[share]int
	last    map[share]uint64 // the turn at which it was last admitted
	turn    uint64
}

// share is a tenant, or with a name in it a user.
type share struct{ tenant, user string }

func (s *shares) admit(c Caller) {
	s.turn++
	for _, who := range []share{{c.Tenant, ""}, {c.Tenant, c.User}} {
		s.last[who] = s.turn
		s.running[who]++
		if c.User == "" {
			return
		}
	}
}

func (s *shares) leave(c Caller) {
	for _, who := range []share{{c.Tenant, ""}, {c.Tenant, c.User}} {
		if s.running[who]--; s.running[who] == 0 {
			delete(s.running, who)
		}
		if c.User == "" {
			return
		}
	}
}

// less tells whether one of two has had less.
func (s *shares) less(a, b share) bool {
	if n, m := s.running[a], s.running[b]; n != m {
		return n < m
	}
	return s.last[a] < s.last[b]
}

func (s *shares) clone() shares {
	return shares{running: maps.Clone(s.running), last: maps.Clone(s.last), turn: s.turn}
}

// NewGate makes a gate for an engine of so many slots where at most limit requests wait.
func NewGate(slots, limit int) *Gate {
	return &Gate{
		slots: slots, limit: limit,
		shares: shares{running: map[share]int{}, last: map[share]uint64{}},
		hold:   2 * time.Second, now: time.Now,
	}
}

// Enter returns when the request may run; leave must then be called once. While it waits, waiting (when
// not nil) is told how many are before it, at once and at each change, from this goroutine. A full
// queue is fault.Busy with an estimate of when to return. When ctx ends, its error is returned and the
// place is given up.
func (g *Gate) Enter(ctx context.Context, c Caller, waiting func(position int)) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	if g.active < g.slots && len(g.waiting) == 0 {
		g.admit(c)
		g.mu.Unlock()
		return g.leaver(c), nil
	}
	if err := g.full(c); err != nil {
		g.mu.Unlock()
		return nil, err
	}
	w := &waiter{caller: c, moved: make(chan struct{}, 1)}
	g.waiting = append(g.waiting, queued{waiter: w})
	g.rank()
	g.mu.Unlock()

	for told := -1; ; {
		select {
		case <-ctx.Done():
			return nil, g.abandon(w, ctx.Err())
		case <-w.moved:
		}
		g.mu.Lock()
		place := w.place
		g.mu.Unlock()
		if place < 0 {
			return g.leaver(c), nil
		}
		if waiting != nil && place != told {
			told = place
			waiting(place)
		}
	}
}

// Full tells whether a request would be refused at this moment, with Enter's fault.
func (g *Gate) Full(c Caller) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.active < g.slots && len(g.waiting) == 0 {
		return nil
	}
	return g.full(c)
}

// Waiting returns how many requests wait and how many run.
func (g *Gate) Waiting() (waiting, running int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting), g.active
}

// full keeps the last quarter of the queue for tenants that have nobody in it, so that one tenant
// cannot shut the others out, and a half for those who do not come in the background.
func (g *Gate) full(c Caller) error {
	reserved := len(g.waiting) >= g.limit-g.limit/4 &&
		slices.ContainsFunc(g.waiting, func(q queued) bool { return q.caller.Tenant == c.Tenant })
	behind := c.Class < Standard && len(g.waiting) >= max(1, g.limit/2)
	if len(g.waiting) < g.limit && !reserved && !behind {
		return nil
	}
	wait := g.hold * time.Duration(1+len(g.waiting)/g.slots)
	wait = min(max(wait.Round(time.Second), time.Second), time.Minute)
	return fault.Busy("all %d places are taken and %d requests wait; try again in %d s",
		g.slots, len(g.waiting), int(wait.Seconds())).OfKind("queue_full").After(wait)
}

func (g *Gate) admit(c Caller) {
	g.active++
	g.shares.admit(c)
}

func (g *Gate) leaver(c Caller) func() {
	var once sync.Once
	began := g.now()
	return func() {
		once.Do(func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.hold += (g.now().Sub(began) - g.hold) / 8
			g.active--
			g.shares.leave(c)
			g.advance()
		})
	}
}

func (g *Gate) abandon(w *waiter, cause error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.IndexFunc(g.waiting, func(q queued) bool { return q.waiter == w }); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		g.rank()
		return cause
	}
	// It was admitted in the same moment: the slot goes to the next.
	g.active--
	g.shares.leave(w.caller)
	g.advance()
	return cause
}

// advance fills the free slots from the queue.
func (g *Gate) advance() {
	for g.active < g.slots && len(g.waiting) > 0 {
		var w *waiter
		w, g.waiting = next(g.waiting, &g.shares)
		g.active++
		w.tell(-1)
	}
	if len(g.waiting) == 0 && g.active == 0 {
		clear(g.shares.last) // nobody is owed a turn
	}
	g.rank()
}

// rank gives each waiter its place by playing the coming admissions through.
func (g *Gate) rank() {
	rest, coming := slices.Clone(g.waiting), g.shares.clone()
	for place := 0; len(rest) > 0; place++ {
		var w *waiter
		w, rest = next(rest, &coming)
		w.tell(place)
	}
}

// next admits the first of those who wait, and returns it and the others.
func next(waiting []queued, s *shares) (*waiter, []queued) {
	best := 0
	for i := range waiting {
		if before(waiting[i], waiting[best], s) {
			best = i
		}
	}
	first := waiting[best].waiter
	for i := range waiting[:best] {
		if waiting[i].caller.Class < first.caller.Class {
			waiting[i].passed++
		}
	}
	s.admit(first.caller)
	return first, slices.Delete(waiting, best, best+1)
}

// before tells whether a request goes before one that came no later.
func before(a, b queued, s *shares) bool {
	if a.class() != b.class() {
		return a.class() > b.class()
	}
	if a.caller.Tenant != b.caller.Tenant {
		return s.less(share{tenant: a.caller.Tenant}, share{tenant: b.caller.Tenant})
	}
	return a.caller.User != b.caller.User && s.less(share{a.caller.Tenant, a.caller.User}, share{b.caller.Tenant, b.caller.User})
}

func (w *waiter) tell(place int) {
	w.place = place
	select {
	case w.moved <- struct{}{}:
	default: // it has not looked yet, and will see the newest place
	}
}
