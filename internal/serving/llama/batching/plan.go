package batching

import (
	"slices"
	"time"
)

const (
	// firstChunk is how many tokens of prompts join running streams before their cost is known.
	firstChunk = 64
	// leastChunk keeps prompts moving where the model is so slow that any chunk breaks the time of a step.
	leastChunk = 8
	// kept is the part of the prompts' share that the one that came first has for itself: a quarter.
	kept = 4
	// quiet is how many times longer a step may take while no stream is running. It still has an end,
	// since cancellations and newcomers are seen between steps.
	quiet = 20
)

// plan fills the batch and returns how many tokens of prompts are in it. Every decoding sequence puts in
// its one token, so that running streams never wait for prompts; prompts share the rest.
func (l *Loop) plan() (prompts int) {
	for {
		l.batch = l.batch[:0]
		pictures := l.picturesNext()
		streaming, decoding, hungry := 0, 0, 0
		for _, s := range l.active {
			s.grant, s.drafted, s.output, s.ready = 0, 0, -1, s.stretch(pictures)
			if s.pending() == 1 {
				streaming++
				decoding += s.ready
			} else {
				hungry += s.ready
			}
		}
		budget := min(l.cfg.Batch-decoding, hungry, l.chunk(streaming))
		l.reclaim(decoding + budget)
		free := len(l.cells.free)
		// A sequence alone always fits: no request needs more cells than there are.
		if decoding > free && len(l.active) > 1 {
			l.putBack()
			continue
		}
		for _, s := range l.active {
			if s.pending() == 1 {
				s.grant = s.ready
			}
		}
		prompts = l.share(min(budget, free-decoding))
		if decoding+prompts == 0 && len(l.active) > 1 {
			l.putBack() // prompts hold each other's room
			continue
		}
		l.guessed, l.right = 0, 0
		if prompts == 0 && !pictures {
			l.guessed = l.draft(decoding, min(l.cfg.Batch, free)-decoding)
		}
		l.fill(pictures)
		l.pictured = pictures
		return prompts
	}
}

// share deals budget to the prompts and returns what was dealt. Whose prompt needs least comes first: that
// brings first tokens soonest, for most readers, and nobody's short question waits for a long document. A
// part is kept for the one that came first, so that it always moves.
func (l *Loop) share(budget int) (dealt int) {
	l.hungry = l.hungry[:0]
	for _, s := range l.active {
		if s.pending() > 1 && s.ready > 0 {
			l.hungry = append(l.hungry, s)
		}
	}
	if len(l.hungry) == 0 || budget <= 0 {
		return 0
	}
	deal := func(s *sequence, most int) {
		n := min(most, s.ready-s.grant)
		s.grant += n
		dealt += n
	}
	deal(l.hungry[0], max(1, budget/kept))
	slices.SortStableFunc(l.hungry, func(a, b *sequence) int { return a.pending() - b.pending() })
	for _, s := range l.hungry {
		deal(s, budget-dealt)
	}
	return dealt
}

// fill writes the granted tokens into the batch, by slot, and closes gaps that Config.Gap allows, where they are tokens.
func (l *Loop) fill(pictures bool) {
	end := -1 // the last slot in the batch
	for slot, p := range l.places {
		if p.seq == nil || p.seq.grant == 0 {
			continue
		}
		if end >= 0 && slot-end-1 <= l.cfg.Gap && !pictures {
			l.pad(l.places[end+1 : slot])
		}
		l.put(p.seq)
		end = slot
	}
}

// pad closes a gap of free slots, each with a token after what it holds. It is taken away after the step.
func (l *Loop) pad(gap []*place) {
	if slices.ContainsFunc(gap, func(p *place) bool { return p.seq != nil }) {
		return
	}
	for _, p := range gap {
		if len(p.tokens) >= l.cfg.Cells/l.cfg.Slots {
			l.clear(p) // it is full to its last cell
		}
		l.batch = append(l.batch, Entry{Slot: p.slot, Pos: int32(len(p.tokens)), padding: true})
	}
}

// put writes the granted tokens of a sequence into the batch. Where they are its last pending ones, the
// next token will be sampled, and after them come those that are guessed.
func (l *Loop) put(s *sequence) {
	for i := range s.grant {
		at := s.done + i
		last := at == len(s.tokens)-1
		if last {
			s.output = len(l.batch)
		}
		e := Entry{Token: s.tokens[at], Pos: int32(at), Slot: s.slot, Output: last}
		if p, within := s.sight(at); within {
			e.Embedding = p.Rows[at-p.At]
		}
		l.batch = append(l.batch, e)
	}
	for i, token := range s.guess[:s.drafted] {
		l.batch = append(l.batch, Entry{Token: token, Pos: int32(len(s.tokens) + i), Slot: s.slot, Output: true})
	}
}

// chunk is how many tokens of prompts may join a step while so many sequences are decoding.
func (l *Loop) chunk(streaming int) int {
	budget := l.cfg.Step
	if streaming == 0 {
		budget *= quiet
	}
	if l.perToken == 0 {
		if streaming == 0 {
			return firstChunk * quiet
		}
		return firstChunk
	}
	return max(leastChunk, int(budget/l.perToken))
}

// measure learns what a token of a prompt costs. A decoding token costs about as much, so the whole
// batch is counted.
func (l *Loop) measure(took time.Duration) {
	if len(l.batch) < leastChunk {
		return
	}
	cost := max(1, took/time.Duration(len(l.batch)))
	if l.perToken == 0 {
		l.perToken = cost
		return
	}
	l.perToken = (3*l.perToken + cost) / 4
}
