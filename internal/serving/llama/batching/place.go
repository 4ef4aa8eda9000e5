package batching

import "context"

// place is a slot and what is computed there. When its sequence has ended, that stays until the room is
// needed, since the next request often begins with the same tokens: the same instructions, or the
// conversation so far.
type place struct {
	slot     int32
	seq      *sequence // nil when the slot is free
	owner    Owner
	volatile bool
	tokens   []int32 // of a free slot; a running sequence knows its own
	cells    []int32
	used     uint64 // the turn when a sequence last came or went
}

// held returns the tokens that are computed in the place.
func (p *place) held() []int32 {
	if p.seq != nil {
		return p.seq.tokens[:p.seq.done]
	}
	return p.tokens
}

const (
	// worth is how many tokens a state must save to pay for keeping it.
	worth = 64
	// dear is how many tokens can be copied in less than the time of computing one: a copy takes all that a slot holds,
	// some 25 microseconds a token, and the quickest models compute a token in half a millisecond.
	dear = 16
)

// settle gives a waiting sequence the free slot where the least has to be computed, and returns how many of
// its tokens are there. At least one token is left to compute, for what follows it. At least one slot is free.
//
// What begins alike may be in the free slot itself, in another one, free or not, from which it is copied, or
// on the shelf. What is overwritten goes to the shelf, if it is long enough.
func (l *Loop) settle(s *sequence) (reused int) {
	most := len(s.tokens) - 1
	from, n := l.longest(s, most)
	least := n + worth - 1
	var state []byte
	var held, kept int
	if l.cfg.Shelf != nil && most > least {
		state, held, kept = l.cfg.Shelf.Find(s.owner, s.tokens[:most], least)
		if kept = s.whole(kept); kept <= least {
			state = nil
		}
	}
	to := l.vacant()
	switch {
	case state != nil:
		reused = l.restore(to, state, held, kept)
	case from != nil && from.seq == nil && len(from.tokens)-n < worth:
		to = from // little is lost
		reused = l.cut(to, n)
	case n > 0 && from != to && dear*n >= len(from.held()):
		reused = l.copy(from, to, n)
	default:
		// What is lost would be lost anyway, and even a few tokens in common cost nothing to keep.
		l.shelve(to)
		reused = l.cut(to, l.common(to, s, most))
	}
	to.seq, to.owner, to.volatile, to.tokens = s, s.owner, s.volatile, nil
	l.touch(to)
	s.slot, s.done = to.slot, reused
	return reused
}

// restore fills a free slot from the shelf with the first n of the held tokens of a state, and returns how
// many there are then.
func (l *Loop) restore(to *place, state []byte, held, n int) int {
	l.clear(to)
	l.reclaim(held)
	if len(l.cells.free) < held || !l.decoder.Restore(to.slot, state) || held > n && !l.decoder.Trim(to.slot, n) {
		return 0
	}
	to.cells = append(to.cells, l.cells.take(n)...)
	return n
}

// copy fills a free slot with the first n tokens of another place, and returns how many there are then.
func (l *Loop) copy(from, to *place, n int) int {
	l.clear(to)
	if !l.decoder.Copy(from.slot, to.slot, n) {
		return 0
	}
	if !l.cfg.Parts {
		to.cells = append(to.cells, l.cells.share(from.cells[:n])...)
	} else {
		to.cells = append(to.cells, l.cells.take(n)...)
	}
	return n
}

// longest finds the place of the same owner that begins with the most of the sequence's tokens.
func (l *Loop) longest(s *sequence, most int) (from *place, n int) {
	for _, p := range l.places {
		if common := l.common(p, s, most); common > n || common == n && n > 0 && from.seq != nil {
			from, n = p, common
		}
	}
	return from, n
}

// common is how many of the sequence's tokens, at most so many, a place begins with that its owner may use.
func (l *Loop) common(p *place, s *sequence, most int) int {
	if p.owner != s.owner {
		return 0
	}
	return s.whole(min(most, Alike(p.held(), s.tokens)))
}

// Alike counts the tokens that two sequences begin with in common.
func Alike(a, b []int32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// vacant is the free slot to overwrite: the nearest to those in use, since neighbours are computed together, and
// of two as near an empty one, then the one that was not used for the longest time. What is overwritten is on
// the shelf, and comes back at the price of a copy.
func (l *Loop) vacant() *place {
	var best *place
	for _, p := range l.places {
		if p.seq == nil && (best == nil || l.before(p, best)) {
			best = p
		}
	}
	return best
}

func (l *Loop) before(p, q *place) bool {
	if d, e := l.distance(p), l.distance(q); d != e {
		return d < e
	}
	if pe, qe := len(p.tokens) == 0, len(q.tokens) == 0; pe != qe {
		return pe
	}
	return p.used < q.used
}

// distance is how far a slot is from the nearest one in use; 0 where none is, or where it does not matter.
func (l *Loop) distance(p *place) int {
	nearest := 0
	for _, s := range l.active {
		if d := max(p.slot-s.slot, s.slot-p.slot); l.cfg.Gap > 0 && (nearest == 0 || int(d) < nearest) {
			nearest = int(d)
		}
	}
	return nearest
}

// clear empties a free slot, after what it holds has gone to the shelf.
func (l *Loop) clear(p *place) {
	l.shelve(p)
	l.forget(p)
}

// shelve saves what a free slot holds, unless that is little or is there already.
func (l *Loop) shelve(p *place) {
	if l.cfg.Shelf == nil || len(p.tokens) < worth || l.cfg.Shelf.Has(p.owner, p.tokens) {
		return
	}
	if state := l.decoder.Save(p.slot); state != nil {
		l.cfg.Shelf.Put(p.owner, p.tokens, state, p.volatile)
	}
}

// forget empties a free slot.
func (l *Loop) forget(p *place) {
	l.decoder.Trim(p.slot, 0)
	l.cells.drop(p.cells)
	p.tokens, p.cells = nil, p.cells[:0]
}

// cut shortens what a free slot holds to n tokens, and returns how many are left.
func (l *Loop) cut(p *place, n int) int {
	if n == len(p.tokens) {
		return n
	}
	if !l.decoder.Trim(p.slot, n) {
		n = 0
	}
	l.cells.drop(p.cells[n:])
	p.tokens, p.cells = p.tokens[:n], p.cells[:n]
	return n
}

// reclaim empties free slots, the longest unused first, until so many cells are free or none is left to
// empty.
func (l *Loop) reclaim(want int) {
	for len(l.cells.free) < want {
		var oldest *place
		for _, p := range l.places {
			if p.seq == nil && len(p.tokens) > 0 && (oldest == nil || p.used < oldest.used) {
				oldest = p
			}
		}
		if oldest == nil {
			return
		}
		l.clear(oldest)
	}
}

// touch notes that a sequence came to a place or went, and tells the callers' goroutines what is where.
func (l *Loop) touch(p *place) {
	l.turn++
	p.used = l.turn
	hot := make([]warm, 0, len(l.places))
	for _, p := range l.places {
		if tokens := p.tokens; p.seq != nil {
			hot = append(hot, warm{p.owner, p.seq.tokens[:p.seq.prompt:p.seq.prompt]})
		} else if len(tokens) > 0 {
			hot = append(hot, warm{p.owner, tokens})
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hot = hot
}

// warm is what a slot holds, or will hold soon. Tokens are not written any more.
type warm struct {
	owner  Owner
	tokens []int32
}

// fetch lets the shelf bring a state into memory, if it has one that is better than what the slots hold.
func (l *Loop) fetch(ctx context.Context, r Request) {
	most := len(r.Prompt) - 1
	if l.cfg.Shelf == nil || most < worth {
		return
	}
	l.mu.Lock()
	hot := l.hot
	l.mu.Unlock()
	n := 0
	for _, w := range hot {
		if w.owner == r.Owner {
			n = max(n, Alike(w.tokens, r.Prompt[:most]))
		}
	}
	l.cfg.Shelf.Fetch(ctx, r.Owner, r.Prompt[:most], n+worth-1)
}
