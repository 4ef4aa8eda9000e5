package batching

import (
	"slices"
	"time"
)

const (
	// wholeChunk is from how many tokens of a prompt on llama.cpp's attention works by tiles of 64 (ops.cpp), one more
	// than 64 since one goes with the others' tokens; see DESIGN.md for what fewer cost.
	wholeChunk = 65
	// patience is how many times longer a step may take for the sake of a whole chunk, than it should or than it
	// would with the least one.
	patience = 4
	// leastChunk keeps prompts moving where the model is so slow that any chunk breaks the time of a step.
	leastChunk = 8
	// kept is the part of the prompts' shares that the one that came first has for itself: a quarter.
	kept = 4
	// quiet is how many times longer a step may take while no stream is running and no other adapter waits. It still has
	// an end, since cancellations and newcomers are seen between steps.
	quiet = 20
)

// plan fills the batch and returns how many tokens of prompts are in it. Every decoding sequence puts in
// its one token, so that running streams never wait for prompts; prompts share the rest.
func (l *Loop) plan() (prompts int) {
	for {
		l.batch = l.batch[:0]
		l.choose()
		pictures := l.picturesNext()
		decoding, hungry := 0, 0
		for _, s := range l.running {
			s.ready = s.stretch(pictures)
			if s.decoding() {
				decoding += s.ready
			} else {
				hungry += s.ready
			}
		}
		budget := min(l.cfg.Batch-decoding, hungry, l.chunk())
		l.reclaim(decoding + budget)
		free := len(l.cells.free)
		// A sequence alone always fits: no request needs more cells than there are.
		if decoding > free && len(l.active) > 1 {
			l.putBack()
			continue
		}
		for _, s := range l.running {
			if s.decoding() {
				s.grant = s.ready
			}
		}
		room := min(l.cfg.Batch, free) - decoding
		prompts = l.share(min(budget, room), room)
		if decoding+prompts == 0 && len(l.active) > 1 {
			l.putBack() // prompts hold each other's room
			continue
		}
		l.guessed, l.right = 0, 0
		if prompts == 0 && !pictures {
			l.guessed = l.draft(decoding, room)
		}
		l.fill(pictures)
		l.pictured = pictures
		return prompts
	}
}

// share deals about budget to the prompts, at most room, and returns what was dealt. Whose prompt needs least comes
// first: that brings first tokens soonest, for most readers, and nobody's short question waits for a long document. A
// part is kept for the one that came first, so that it always moves.
func (l *Loop) share(budget, room int) (dealt int) {
	l.hungry = l.hungry[:0]
	for _, s := range l.running {
		if s.pending() > 1 && s.ready > 0 {
			l.hungry = append(l.hungry, s)
		}
	}
	if len(l.hungry) == 0 || budget <= 0 {
		return 0
	}
	least := wholeChunk
	if budget < wholeChunk {
		least = 1
	}
	deal := func(s *sequence, most int) {
		n := cut(s.ready-s.grant, most, least, room-dealt)
		s.grant += n
		dealt += n
	}
	switch {
	case budget >= kept*least:
		deal(l.hungry[0], budget/kept)
	case l.work.Steps%kept == 0: // too little to be cut
		deal(l.hungry[0], budget)
	}
	slices.SortStableFunc(l.hungry, func(a, b *sequence) int { return a.pending() - b.pending() })
	for _, s := range l.hungry {
		deal(s, budget-dealt)
	}
	return dealt
}

// cut takes about most of the rest of a prompt, and neither takes nor leaves a part that is smaller than least: a few
// tokens late in a long prompt may cost as much as a thousand.
func cut(rest, most, least, room int) int {
	n := min(most, rest)
	if left := rest - n; left > 0 && left < least {
		switch {
		case rest-least >= least:
			n = rest - least
		case rest <= room:
			n = rest
		}
	}
	if n < rest && n < least {
		return 0
	}
	return n
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

// chunk is how many tokens of prompts may join a step. Whole chunks cost much less a token, so that smaller ones are
// for models that are too slow for them and save time with them.
func (l *Loop) chunk() int {
	budget, first := l.cfg.Step, wholeChunk
	if alone := len(l.running) == len(l.active); alone && !slices.ContainsFunc(l.active, (*sequence).decoding) {
		budget, first = budget*quiet, first*quiet
	}
	cost := l.perToken
	if cost == 0 {
		cost = l.perFew
	}
	switch {
	case cost == 0:
		return first
	case cost*wholeChunk <= patience*max(budget, l.perFew*leastChunk):
		return max(wholeChunk, int(budget/cost))
	case l.perFew == 0:
		return leastChunk
	}
	return max(leastChunk, int(budget/l.perFew))
}

// measure learns what a token of a prompt costs. A decoding token costs about as much, so the whole
// batch is counted.
func (l *Loop) measure(prompts int, took time.Duration) {
	if prompts < leastChunk {
		return
	}
	cost := max(1, took/time.Duration(len(l.batch)))
	known := &l.perToken
	if prompts < wholeChunk {
		known = &l.perFew
	}
	if *known == 0 {
		*known = cost
		return
	}
	*known = (3**known + cost) / 4
}
