package llama

import (
	"slices"
	"time"
)

// pace chooses how many threads compute a step, by measuring. llama.cpp's threads wait for each other by
// spinning, hundreds of times a token, so that one thread that shares its core with another program
// holds up all: on a busy machine, one thread less is not slower but ten times faster. Every now and then
// a few steps are tried with another number, and the faster one stays.
type pace struct {
	levels []int32 // numbers of threads, most first; a single one is never changed
	at     int     // the level in use
	up     bool    // direction of the next trial
	wait   time.Duration
	next   time.Time // when the next trial begins
	last   time.Time // when the last one ended
	now    func() time.Time

	tokens int           // of the last step; only steps of equal size are compared
	usual  time.Duration // smoothed time of a step of that size

	trial bool
	other int                // the level that is compared with the one in use
	turn  int                // steps of the trial so far
	times [2][]time.Duration // of the level in use and of the other
}

const (
	trialSteps = 3
	// better is the part of the old time below which a new level is taken; a small gain may be chance.
	better    = 0.85
	firstWait = time.Second
	longWait  = 20 * time.Second
	// odd is how many times longer than usual a step takes when something has changed on the machine.
	odd = 3
)

func newPace(threads int32, fixed bool) *pace {
	p := &pace{levels: []int32{threads}, now: time.Now, wait: firstWait}
	if !fixed {
		for n := threads / 2; n >= 1; n /= 2 {
			p.levels = append(p.levels, n)
		}
	}
	return p
}

// threads is how many the next step shall use.
func (p *pace) threads() int32 {
	if p.trial && p.turn%2 == 1 {
		return p.levels[p.other]
	}
	return p.levels[p.at]
}

// took learns how long the step of so many tokens took with what threads told.
func (p *pace) took(tokens int, d time.Duration) {
	if len(p.levels) == 1 {
		return
	}
	if tokens != p.tokens {
		p.tokens, p.usual, p.trial = tokens, d, false
		return
	}
	if p.trial {
		p.try(d)
		return
	}
	if d > odd*p.usual {
		p.next, p.up = minTime(p.next, p.last.Add(firstWait)), false
	}
	p.usual = (7*p.usual + d) / 8
	if !p.now().Before(p.next) {
		p.begin()
	}
}

// begin starts a trial with the neighbouring level, in turns the higher and the lower one.
func (p *pace) begin() {
	p.other = p.at + 1
	if p.up {
		p.other = p.at - 1
	}
	if p.other < 0 {
		p.other = 1
	}
	if p.other == len(p.levels) {
		p.other = p.at - 1
	}
	p.up = !p.up
	p.trial, p.turn, p.times = true, 0, [2][]time.Duration{}
}

// try takes one step of a trial and ends the trial when it is decided.
func (p *pace) try(d time.Duration) {
	who := p.turn % 2
	p.times[who] = append(p.times[who], d)
	p.turn++
	mine, its := median(p.times[0]), median(p.times[1])
	// A great difference needs no repetition, which on a busy machine takes seconds.
	sure := who == 1 && (its > odd*mine || mine > odd*its)
	if len(p.times[1]) < trialSteps && !sure {
		return
	}
	p.trial = false
	p.wait = min(2*p.wait, longWait)
	if sure {
		p.wait = min(2*p.wait, longWait) // the step that was lost may have taken seconds
	}
	if float64(its) < better*float64(mine) {
		p.at, p.wait, p.usual = p.other, firstWait, its
	}
	p.last = p.now()
	p.next = p.last.Add(p.wait)
}

func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	s := slices.Clone(d)
	slices.Sort(s)
	return s[len(s)/2]
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
