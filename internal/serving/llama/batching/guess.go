package batching

import (
	"slices"
	"time"
)

// Answers often repeat what stands in the prompt: a passage that is quoted, a name, code that is changed in
// one place. So the tokens that followed the last few ones where they stood before are guessed to follow
// again. Guessed tokens are computed in the same batch as the token before them, and each is then chosen by
// the sampler as always; those after the first that was chosen differently are taken back. The answer is
// the same as without ("prompt lookup", Saxena 2023; llama.cpp has it as n-gram speculation).

const (
	// echo is how many tokens must have stood there before, for a guess.
	echo = 3
	// learning is the weight of one more guess in the rate of right ones.
	learning = 0.125
	// unsure is the rate before anything is known: it pays only where a further token costs little.
	unsure = 0.4
)

// lookup finds what followed the last tokens where they stood before, the last time.
func lookup(tokens []int32) []int32 {
	n := len(tokens)
	if n <= echo {
		return nil
	}
	tail := tokens[n-echo:]
	for at := n - echo - 1; at >= 0; at-- {
		if tokens[at+echo-1] == tail[echo-1] && tokens[at] == tail[0] && Alike(tokens[at:at+echo], tail) == echo {
			next := tokens[at+echo : n : n]
			if picture := slices.IndexFunc(next, func(t int32) bool { return t < 0 }); picture >= 0 {
				next = next[:picture] // no answer holds one
			}
			return next
		}
	}
	return nil
}

// learn compares the token that was chosen with the guess, whether that was computed or not.
func (s *sequence) learn(token int32) {
	if len(s.guess) > 0 {
		right := s.guess[0] == token
		s.hits -= s.hits * learning
		if right {
			s.hits += learning
			s.guess = s.guess[1:]
			return
		}
	}
	s.guess = lookup(s.tokens)
}

// draft gives decoding sequences guessed tokens for the coming step, as long as more tokens a second are
// expected for them, and returns how many. Room is how many the step and the cache have place for.
func (l *Loop) draft(decoding, room int) (drafted int) {
	room = min(room, l.cfg.Guesses)
	expected := float64(decoding)
	for _, s := range l.running {
		if !s.decoding() {
			continue
		}
		most := min(len(s.guess), room-drafted, s.prompt+s.limit-1-len(s.tokens))
		best, gain := 0, 0.0 // nothing is guessed unless it raises the rate of the whole step
		rate := expected / l.costs.of(decoding+drafted)
		more, chance := 0.0, 1.0
		for n := 1; n <= most; n++ {
			chance *= s.hits
			more += chance
			if r := (expected + more) / l.costs.of(decoding+drafted+n); r > rate {
				best, gain, rate = n, more, r
			}
		}
		s.drafted = best
		drafted += best
		expected += gain
	}
	return drafted
}

// costs learns how long steps take by their number of tokens, for the small ones.
type costs struct {
	known [64]time.Duration // smoothed, 0 is unknown
}

// took notes how long a step of n tokens took.
func (c *costs) took(n int, d time.Duration) {
	if n >= len(c.known) || n < 1 {
		return
	}
	if c.known[n] == 0 {
		c.known[n] = max(1, d)
		return
	}
	c.known[n] = max(1, (7*c.known[n]+d)/8)
}

// of estimates the time of a step of n tokens, in seconds: between the nearest known ones by a straight line,
// beyond them as long as the nearest. A size that was never tried so looks cheap, and is tried.
func (c *costs) of(n int) float64 {
	n = min(n, len(c.known)-1)
	below, above := n, n
	for below > 0 && c.known[below] == 0 {
		below--
	}
	for above < len(c.known) && c.known[above] == 0 {
		above++
	}
	switch {
	case below == 0 && above == len(c.known):
		return 1
	case below == 0:
		return c.known[above].Seconds()
	case above == len(c.known) || above == below:
		return c.known[below].Seconds()
	}
	part := float64(n-below) / float64(above-below)
	return c.known[below].Seconds() + part*(c.known[above]-c.known[below]).Seconds()
}
