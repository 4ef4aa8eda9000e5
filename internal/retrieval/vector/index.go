package vector

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval"
)

// Index holds the vectors of one owner. It is safe for many goroutines.
type Index struct {
	mu      sync.RWMutex
	limits  Limits
	rows    *rows
	used    uint32                     // rows from here on were never used
	free    []uint32                   // rows before that are free
	at      map[uint64]uint32          // row by id
	classes map[uint32]*roaring.Bitmap // rows of each class, without the deleted
	waiting *roaring.Bitmap            // rows that are not in the graph
	graph   *graph                     // nil where there is none

	growing sync.Mutex // one Grow at a time
	desks   sync.Pool
}

// New makes an empty index for vectors of so many numbers.
func New(dim int) *Index {
	r := &rows{dim: dim, width: (dim + lane - 1) / lane * lane}
	return &Index{
		limits: Usual(), rows: r, at: map[uint64]uint32{}, classes: map[uint32]*roaring.Bitmap{}, waiting: roaring.New(),
		desks: sync.Pool{New: func() any { return newDesk(r.width) }},
	}
}

// SetLimits changes when it searches how.
func (x *Index) SetLimits(l Limits) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.limits = l
}

// Len counts the vectors.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.at)
}

// Put keeps a vector, in place of the one with the same id. Only its direction counts. It is fault.Invalid where it has
// another length, no direction, or what is no number.
func (x *Index) Put(id uint64, class uint32, v []float32) error {
	v, err := direction(v, x.rows.dim)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if row, known := x.at[id]; known {
		x.remove(id, row)
	}
	row := x.used
	if n := len(x.free); n > 0 {
		row, x.free = x.free[n-1], x.free[:n-1]
	} else {
		if x.used++; int(row) == len(x.rows.blocks)*rowsOf {
			x.rows.grow()
		}
	}
	x.rows.set(row, v)
	b, i := x.rows.at(row)
	b.ids[i], b.classes[i], b.states[i] = id, class, waiting
	x.at[id] = row
	x.waiting.Add(row)
	if x.classes[class] == nil {
		x.classes[class] = roaring.New()
	}
	x.classes[class].Add(row)
	return nil
}

// Delete forgets a vector, and reports whether there was one.
func (x *Index) Delete(id uint64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	row, known := x.at[id]
	if known {
		x.remove(id, row)
	}
	return known
}

func (x *Index) remove(id uint64, row uint32) {
	delete(x.at, id)
	b, i := x.rows.at(row)
	of := x.classes[b.classes[i]]
	if of.Remove(row); of.IsEmpty() {
		delete(x.classes, b.classes[i])
	}
	if b.states[i] == linked {
		b.states[i] = buried
		x.graph.buried++
		return
	}
	b.states[i] = unused
	x.waiting.Remove(row)
	x.free = append(x.free, row)
}

// Search returns the k nearest vectors of these classes, the best first; of those that are equally near, the ones with
// the lower ids. Scores are cosines. It is fault.Invalid for a query that Put would refuse.
func (x *Index) Search(q []float32, classes []uint32, k int) ([]retrieval.Hit, error) {
	q, err := direction(q, x.rows.dim)
	if err != nil || k <= 0 || len(classes) == 0 {
		return nil, err
	}
	d := x.desk()
	defer x.desks.Put(d)
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.searcher(newProbe(q, x.rows.width), classes, k)
	found := s.byGraph(d)
	if found == nil {
		found = s.byScan()
	}
	nearest(found)
	hits := make([]retrieval.Hit, 0, min(s.again, len(found)))
	v := make([]float32, x.rows.dim)
	for _, c := range found[:cap(hits)] {
		x.rows.get(c.row, v)
		b, i := x.rows.at(c.row)
		hits = append(hits, retrieval.Hit{ID: b.ids[i], Score: dot(q, v)})
	}
	slices.SortFunc(hits, func(a, b retrieval.Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	return hits[:min(k, len(hits))], nil
}

func (x *Index) desk() *desk { return x.desks.Get().(*desk) } //nolint:forcetypeassert // New's

// direction checks a vector and gives it the length 1.
func direction(v []float32, dim int) ([]float32, error) {
	if len(v) != dim {
		return nil, fault.Invalid("the vector has %d numbers, and those of this index have %d", len(v), dim)
	}
	length := math.Sqrt(dot(v, v))
	if !(length > 0) || math.IsInf(length, 0) { // NaN is not above 0
		return nil, fault.Invalid("the vector has no direction")
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) / length)
	}
	return out, nil
}

func dot(a, b []float32) (sum float64) {
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}
