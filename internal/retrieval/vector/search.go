package vector

import (
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// Limits are where one way of searching gives place to another.
type Limits struct {
	ScanMost int // up to so many vectors that may be seen are looked at one by one: some 2 ms on one core
	Again    int // so many of the best by their codes are compared by their fine codes too, at least
	Reach    int // candidates of a search by the graph, at least; elsewhere called ef
	Apart    int // so many rows are worth two goroutines
}

// Usual limits are as measured: see `parley bench index`; 40 found the ten nearest of 10,000 to a million vectors of 384 numbers.
func Usual() Limits {
	return Limits{ScanMost: 100_000, Again: 40, Reach: 500, Apart: 20_000}
}

// searcher is one search. The index's lock is held for as long as it lives.
type searcher struct {
	*Index
	p       probe
	classes map[uint32]*roaring.Bitmap // those that may be seen and have rows
	allowed int                        // rows of them
	again   int
}

func (x *Index) searcher(p probe, classes []uint32, k int) searcher {
	s := searcher{Index: x, p: p, classes: make(map[uint32]*roaring.Bitmap, len(classes)), again: max(x.limits.Again, 2*k)}
	for _, c := range classes {
		if of := x.classes[c]; of != nil && s.classes[c] == nil {
			s.classes[c] = of
			s.allowed += int(of.GetCardinality()) //nolint:gosec // rows
		}
	}
	return s
}

// byScan looks at all rows that may be seen.
func (s searcher) byScan() []candidate {
	all := make([]uint32, s.allowed)
	roaring.FastOr(slices.Collect(maps.Values(s.classes))...).ManyIterator().NextMany(all) // in the order they lie in
	parts := 1
	if len(all) >= s.limits.Apart {
		parts = min(2, runtime.GOMAXPROCS(0))
	}
	found := make([]heap, parts)
	var work sync.WaitGroup
	for i := range parts {
		work.Go(func() {
			d := s.desk()
			defer s.desks.Put(d)
			s.offer(d, all[len(all)*i/parts:len(all)*(i+1)/parts], &found[i], s.again)
		})
	}
	work.Wait()
	return slices.Concat(found...)
}

// offer compares rows and keeps the best.
func (s searcher) offer(d *desk, of []uint32, to *heap, most int) {
	for len(of) > 0 {
		part := of[:min(many, len(of))]
		for n, score := range d.compare(s.rows, s.p, part) {
			to.keep(candidate{part[n], score}, most)
		}
		of = of[len(part):]
	}
}

// byGraph walks the graph, and looks at the rows that are not in it. It returns nil where looking at all is better.
func (s searcher) byGraph(d *desk) []candidate {
	if s.graph == nil || s.graph.top < 0 || s.allowed <= s.limits.ScanMost || int(s.waiting.GetCardinality()) > s.limits.ScanMost { //nolint:gosec // rows
		return nil
	}
	seen := s.sees()
	from := s.graph.descend(d, s.p, 0)
	most := max(s.limits.Reach, s.again)
	var counts func(row uint32) bool // nil where all do, which saves looking
	if s.allowed < len(s.at) || s.graph.buried > 0 {
		counts = func(row uint32) bool {
			b, i := s.rows.at(row)
			return b.states[i] == linked && seen(b.classes[i])
		}
	}
	// Where the rights have to do with what is asked the way can be long; it ends where a look at all would have cost as much.
	if !s.graph.explore(d, s.p, from, 0, most, s.allowed, counts) {
		return nil
	}
	found := append(heap(nil), d.best...)
	d.next = d.next[:0]
	for rows := s.waiting.Iterator(); rows.HasNext(); {
		row := rows.Next()
		if b, i := s.rows.at(row); seen(b.classes[i]) {
			d.next = append(d.next, row)
		}
	}
	s.offer(d, d.next, &found, most)
	return found
}

// sees tells which classes may be seen.
func (s searcher) sees() func(class uint32) bool {
	if s.allowed == len(s.at) {
		return func(uint32) bool { return true }
	}
	last, seen := uint32(0), s.classes[0] != nil // rows of one class mostly come one after another
	return func(class uint32) bool {
		if class != last {
			last, seen = class, s.classes[class] != nil
		}
		return seen
	}
}
