package vector

// many is how many rows are compared at once.
const many = 256

// desk is what one search or one linking works with; it is used again by the next.
type desk struct {
	at       [many]*uint8
	products [many]int32
	scores   [many]float32
	next     []uint32 // rows to be compared
	open     heap     // rows whose neighbours were not seen, by their scores below zero: the best on top
	best     heap
	seen     []uint64  // a bit a row
	codes    [2][]int8 // of rows as probes
}

func newDesk(width int) *desk {
	return &desk{codes: [2][]int8{make([]int8, width), make([]int8, width)}}
}

// compare finds the likeness of the probe to each of these rows, many at most. The scores are good until the next call.
func (d *desk) compare(r *rows, p probe, of []uint32) []float32 {
	if len(of) == 0 {
		return nil
	}
	for n, row := range of {
		b, i := r.at(row)
		d.at[n] = &b.codes[i*r.width]
	}
	fastest(d.products[:len(of)], d.at[:len(of)], p)
	for n, row := range of {
		b, i := r.at(row)
		d.scores[n] = p.score(d.products[n], b.scales[i])
	}
	return d.scores[:len(of)]
}

// forget makes that no row was seen.
func (d *desk) forget(rows int) {
	words := (rows + 63) / 64
	if cap(d.seen) < words {
		d.seen = make([]uint64, words+words/4)
	}
	d.seen = d.seen[:words]
	clear(d.seen)
}

// first reports whether the row is seen for the first time.
func (d *desk) first(row uint32) bool {
	word, bit := &d.seen[row/64], uint64(1)<<(row%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}
