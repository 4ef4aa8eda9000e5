// Package throttle slows down guessing. A Limiter keeps a leaking bucket for each key (an account, an
// address): every attempt fills it by one, time empties it, and a full bucket refuses. It knows nothing
// of passwords and remembers nothing over a restart.
package throttle

import (
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// Rule says how many attempts a bucket holds and in what time a full one empties.
type Rule struct {
	Burst int
	Per   time.Duration
}

// Try is one bucket that an attempt counts in.
type Try struct {
	Key  string
	Rule Rule
}

// Limiter counts attempts. It is safe for many goroutines.
type Limiter struct {
	mu      sync.Mutex
	buckets *otter.Cache[string, bucket]
	now     func() time.Time
}

// rounding is how much of an attempt is lost in floating-point sums and not held against anybody.
const rounding = 1e-6

type bucket struct {
	level float64 // attempts not yet leaked, as of at
	at    time.Time
}

// New makes a limiter that remembers at most size keys. When more come, those used least are forgotten
// first: somebody who floods it with keys frees nobody that is tried often. now is time.Now but in tests.
func New(size int, now func() time.Time) *Limiter {
	return &Limiter{
		now: now,
		buckets: otter.Must(&otter.Options[string, bucket]{
			MaximumSize: size,
			Executor:    func(f func()) { f() }, // upkeep runs in the caller: there is no goroutine to stop
		}),
	}
}

// Take counts one attempt in every bucket, before it is known whether it will succeed, so that many
// attempts at once cannot pass a bucket that has room for one. When any bucket is full nothing is
// counted and wait says for how long. An attempt that turned out right calls forgive, which takes back
// what this attempt counted and nothing else: signing in to one's own account opens no more guesses at
// another's.
func (l *Limiter) Take(tries ...Try) (forgive func(), wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	levels := make([]float64, len(tries))
	for i, t := range tries {
		levels[i] = l.level(t, now)
		if over := levels[i] + 1 - float64(t.Rule.Burst); over > rounding {
			wait = max(wait, time.Duration(over*float64(t.Rule.Per)/float64(t.Rule.Burst)))
		}
	}
	if wait > 0 {
		return func() {}, wait
	}
	for i, t := range tries {
		l.buckets.Set(t.Key, bucket{level: levels[i] + 1, at: now})
	}
	var once sync.Once
	return func() { once.Do(func() { l.giveBack(tries) }) }, 0
}

func (l *Limiter) giveBack(tries []Try) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for _, t := range tries {
		l.buckets.Set(t.Key, bucket{level: max(0, l.level(t, now)-1), at: now})
	}
}

// level is how full a bucket is now.
func (l *Limiter) level(t Try, now time.Time) float64 {
	b, ok := l.buckets.GetIfPresent(t.Key)
	if !ok {
		return 0
	}
	leaked := now.Sub(b.at).Seconds() / t.Rule.Per.Seconds() * float64(t.Rule.Burst)
	return max(0, b.level-max(0, leaked))
}
