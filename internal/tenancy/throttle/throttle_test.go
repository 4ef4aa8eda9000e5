package throttle_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/tenancy/throttle"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var rule = throttle.Rule{Burst: 3, Per: 15 * time.Minute}

func TestTake(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_000_000, 0)}
	l := throttle.New(100, c.now)
	try := throttle.Try{Key: "a", Rule: rule}
	for i := range 3 {
		if _, wait := l.Take(try); wait != 0 {
			t.Fatalf("attempt %d waits %s", i, wait)
		}
	}
	_, wait := l.Take(try)
	if wait != 5*time.Minute {
		t.Fatalf("a full bucket waits %s, want 5m", wait)
	}
	if _, again := l.Take(try); again != wait {
		t.Errorf("a refused attempt counted: %s", again)
	}
	if _, other := l.Take(throttle.Try{Key: "b", Rule: rule}); other != 0 {
		t.Errorf("another key waits %s", other)
	}
	c.at = c.at.Add(wait)
	if _, wait := l.Take(try); wait != 0 {
		t.Errorf("after the wait it still waits %s", wait)
	}
	if _, wait := l.Take(try); wait == 0 {
		t.Error("one wait gave two attempts")
	}
	c.at = c.at.Add(-time.Hour)
	if _, wait := l.Take(try); wait == 0 || wait > time.Hour {
		t.Errorf("a clock set back: %s", wait)
	}
}

// TestForgive takes back what the attempt counted, once, and no more.
func TestForgive(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_000_000, 0)}
	l := throttle.New(100, c.now)
	mine, shared := throttle.Try{Key: "mine", Rule: rule}, throttle.Try{Key: "shared", Rule: rule}
	theirs := throttle.Try{Key: "theirs", Rule: rule}
	l.Take(theirs, shared)
	l.Take(theirs, shared)
	forgive, _ := l.Take(mine, shared)
	forgive()
	forgive()
	if _, wait := l.Take(shared); wait != 0 {
		t.Error("what was forgiven still counts")
	}
	if _, wait := l.Take(shared); wait == 0 {
		t.Error("a right password took back more than it counted")
	}
	// A refused attempt counts in none of its buckets.
	l.Take(mine, shared)
	for range 3 {
		if _, wait := l.Take(mine); wait != 0 {
			t.Error("a refused attempt counted in the other bucket")
		}
	}
}

// TestTogether has many attempts at once: exactly as many pass as the bucket holds.
func TestTogether(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_000_000, 0)}
	l := throttle.New(100, c.now)
	var passed atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, wait := l.Take(throttle.Try{Key: "a", Rule: rule}); wait == 0 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if passed.Load() != 3 {
		t.Errorf("%d passed, want 3", passed.Load())
	}
}

// TestFlood keeps an account that is being tried in memory, however many names somebody invents meanwhile.
func TestFlood(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_000_000, 0)}
	l := throttle.New(1000, c.now)
	victim := throttle.Try{Key: "victim", Rule: rule}
	passed := 0
	for i := range 20_000 {
		if i%20 == 0 {
			if _, wait := l.Take(victim); wait == 0 {
				passed++
			}
		}
		l.Take(throttle.Try{Key: fmt.Sprint(i), Rule: rule})
	}
	if passed != rule.Burst {
		t.Errorf("%d attempts passed, want %d", passed, rule.Burst)
	}
}
