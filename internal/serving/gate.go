package serving

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// Gate admits as many requests at once as an engine has slots and lets a bounded number wait. Whoever
// waits is admitted by fair share: next is the tenant that has the fewest running, and of those the one
// whose turn is longest ago, so that a tenant with fifty requests does not hold up one with a single
// request. Within a tenant the order is that of arrival. A Gate is safe for many goroutines.
type Gate struct {
	mu      sync.Mutex
	slots   int
	limit   int
	running map[string]int // by tenant
	active  int
	waiting []*waiter // in order of arrival
	turn    uint64
	last    map[string]uint64 // the turn at which a tenant was last admitted
	hold    time.Duration     // smoothed time that a request holds its slot
	now     func() time.Time
}

type waiter struct {
	tenant string
	moved  chan struct{} // capacity 1: the position changed
	place  int           // requests before this one; -1 when admitted
}

// NewGate makes a gate for an engine of so many slots where at most limit requests wait.
func NewGate(slots, limit int) *Gate {
	return &Gate{
		slots: slots, limit: limit,
		running: map[string]int{}, last: map[string]uint64{},
		hold: 2 * time.Second, now: time.Now,
	}
}

// Enter returns when the request may run; leave must then be called once. While it waits, waiting (when
// not nil) is told how many are before it, at once and at each change, from this goroutine. A full
// queue is fault.Busy with an estimate of when to return. When ctx ends, its error is returned and the
// place is given up.
func (g *Gate) Enter(ctx context.Context, tenant string, waiting func(position int)) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	if g.active < g.slots && len(g.waiting) == 0 {
		g.admit(tenant)
		g.mu.Unlock()
		return g.leaver(tenant), nil
	}
	if err := g.full(tenant); err != nil {
		g.mu.Unlock()
		return nil, err
	}
	w := &waiter{tenant: tenant, moved: make(chan struct{}, 1)}
	g.waiting = append(g.waiting, w)
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
			return g.leaver(tenant), nil
		}
		if waiting != nil && place != told {
			told = place
			waiting(place)
		}
	}
}

// Full tells whether a request of this tenant would be refused at this moment, with Enter's fault.
func (g *Gate) Full(tenant string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.active < g.slots && len(g.waiting) == 0 {
		return nil
	}
	return g.full(tenant)
}

// Waiting returns how many requests wait and how many run.
func (g *Gate) Waiting() (waiting, running int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting), g.active
}

// full keeps the last quarter of the queue for tenants that have nobody in it, so that one tenant
// cannot shut the others out.
func (g *Gate) full(tenant string) error {
	reserved := len(g.waiting) >= g.limit-g.limit/4 &&
		slices.ContainsFunc(g.waiting, func(w *waiter) bool { return w.tenant == tenant })
	if len(g.waiting) < g.limit && !reserved {
		return nil
	}
	wait := g.hold * time.Duration(1+len(g.waiting)/g.slots)
	wait = min(max(wait.Round(time.Second), time.Second), time.Minute)
	return fault.Busy("all %d places are taken and %d requests wait; try again in %d s",
		g.slots, len(g.waiting), int(wait.Seconds())).OfKind("queue_full").After(wait)
}

func (g *Gate) admit(tenant string) {
	g.active++
	g.running[tenant]++
	g.turn++
	g.last[tenant] = g.turn
}

func (g *Gate) leaver(tenant string) func() {
	var once sync.Once
	began := g.now()
	return func() {
		once.Do(func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.hold += (g.now().Sub(began) - g.hold) / 8
			g.active--
			if g.running[tenant]--; g.running[tenant] == 0 {
				delete(g.running, tenant)
			}
			g.advance()
		})
	}
}

func (g *Gate) abandon(w *waiter, cause error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, w); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		g.rank()
		return cause
	}
	// It was admitted in the same moment: the slot goes to the next.
	g.active--
	if g.running[w.tenant]--; g.running[w.tenant] == 0 {
		delete(g.running, w.tenant)
	}
	g.advance()
	return cause
}

// advance fills the free slots from the queue.
func (g *Gate) advance() {
	for g.active < g.slots && len(g.waiting) > 0 {
		i := next(g.waiting, g.running, g.last)
		w := g.waiting[i]
		g.waiting = slices.Delete(g.waiting, i, i+1)
		g.admit(w.tenant)
		w.tell(-1)
	}
	if len(g.waiting) == 0 && g.active == 0 {
		clear(g.last) // nobody is owed a turn
	}
	g.rank()
}

// rank gives each waiter its place by playing the coming admissions through.
func (g *Gate) rank() {
	rest := slices.Clone(g.waiting)
	running, last, turn := maps.Clone(g.running), maps.Clone(g.last), g.turn
	for place := 0; len(rest) > 0; place++ {
		i := next(rest, running, last)
		w := rest[i]
		rest = slices.Delete(rest, i, i+1)
		turn++
		running[w.tenant]++
		last[w.tenant] = turn
		w.tell(place)
	}
}

// next is the index of the waiter to admit first.
func next(waiting []*waiter, running map[string]int, last map[string]uint64) int {
	best := 0
	for i, w := range waiting {
		b := waiting[best]
		if running[w.tenant] < running[b.tenant] ||
			running[w.tenant] == running[b.tenant] && last[w.tenant] < last[b.tenant] {
			best = i
		}
	}
	return best
}

func (w *waiter) tell(place int) {
	w.place = place
	select {
	case w.moved <- struct{}{}:
	default: // it has not looked yet, and will see the newest place
	}
}
