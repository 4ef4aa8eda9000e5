package batching

import "time"

// turns is whose turn it is: a step is computed with one adapter. An adapter keeps its turn for Config.Turn while
// others wait, since changing it costs the decoder time. Then it goes to the one that has waited longest, so that
// each gets an equal part of the time, however many sequences it has.
type turns struct {
	adapter string
	set     string // the decoder's adapter
	number  uint64 // of the turn
	began   time.Time
}

// choose finds whose turn it is and gathers the sequences that may run.
func (l *Loop) choose() {
	var next *sequence // of the adapter that has waited longest
	present := false
	for _, s := range l.active {
		if s.owner.Adapter == l.turns.adapter {
			present = true
		} else if next == nil || s.ran < next.ran {
			next = s
		}
	}
	now := l.now()
	if l.turns.began.IsZero() {
		l.turns.began = now // else the first turn would be over as soon as it began
	}
	if next != nil && (!present || now.Sub(l.turns.began) >= l.cfg.Turn) {
		l.turns.adapter, l.turns.began = next.owner.Adapter, now
		l.turns.number++
	}
	l.running = l.running[:0]
	for _, s := range l.active {
		s.grant, s.drafted, s.output = 0, 0, -1
		if s.owner.Adapter == l.turns.adapter {
			s.ran = l.turns.number
			l.running = append(l.running, s)
		}
	}
}

// adapt tells the decoder whose turn it is, and reports whether that is another adapter than before.
func (l *Loop) adapt() (changed bool) {
	if l.turns.set == l.turns.adapter {
		return false
	}
	l.turns.set = l.turns.adapter
	l.decoder.Adapt(l.turns.set)
	return true
}
