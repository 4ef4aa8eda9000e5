package llama

import (
	"testing"
	"time"
)

// machine is a clock and a computer on which steps take a time by the number of threads.
type machine struct {
	clock time.Time
	step  map[int32]time.Duration
}

// run does steps for a while and returns how much of the time went to steps with the fastest number.
func (m *machine) run(p *pace, tokens int, d time.Duration) (best float64) {
	fastest := int32(0)
	for n, t := range m.step {
		if fastest == 0 || t < m.step[fastest] {
			fastest = n
		}
	}
	good := time.Duration(0)
	for end := m.clock.Add(d); m.clock.Before(end); {
		n := p.threads()
		took := m.step[n]
		m.clock = m.clock.Add(took)
		if n == fastest {
			good += took
		}
		p.took(tokens, took)
	}
	return float64(good) / float64(d)
}

func TestPaceFollowsTheMachine(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	m := &machine{clock: time.Unix(1000, 0)}
	p := newPace(4, false)
	p.now = func() time.Time { return m.clock }
	for _, c := range []struct {
		name string
		step map[int32]time.Duration
		want int32
	}{
		{"idle", map[int32]time.Duration{4: 10 * ms, 2: 18 * ms, 1: 34 * ms}, 4},
		{"somebody computes", map[int32]time.Duration{4: 200 * ms, 2: 20 * ms, 1: 36 * ms}, 2},
		{"everybody computes", map[int32]time.Duration{4: 400 * ms, 2: 200 * ms, 1: 40 * ms}, 1},
		{"idle again", map[int32]time.Duration{4: 10 * ms, 2: 18 * ms, 1: 34 * ms}, 4},
	} {
		m.step = c.step
		m.run(p, 1, 60*time.Second) // to find out
		if got := p.levels[p.at]; got != c.want {
			t.Errorf("%s: %d threads, want %d", c.name, got, c.want)
		}
		if best := m.run(p, 1, 60*time.Second); best < 0.95 {
			t.Errorf("%s: only %.0f%% of the time with the right number of threads", c.name, 100*best)
		}
	}
}

func TestPaceComparesEqualStepsOnly(t *testing.T) {
	t.Parallel()
	m := &machine{clock: time.Unix(1000, 0)}
	p := newPace(2, false)
	p.now = func() time.Time { return m.clock }
	// Every step has another size, and the ones with two threads happen to be long.
	for i := range 200 {
		took := time.Millisecond
		if p.threads() == 2 {
			took = time.Second
		}
		m.clock = m.clock.Add(took)
		p.took(1+i%2, took)
	}
	if p.threads() != 2 {
		t.Error("steps of different sizes were compared")
	}
}

func TestPaceFixed(t *testing.T) {
	t.Parallel()
	p := newPace(3, true)
	for range 100 {
		p.took(1, time.Second)
		if p.threads() != 3 {
			t.Fatal("a set number of threads was changed")
		}
	}
}
