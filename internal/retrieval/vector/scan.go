package vector

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval"
)

// again is how many of the best by their bytes are compared by float32 at least: with 40 the ten nearest of 10,000 to a
// million vectors of 384 numbers were always right (measured for the design, the plan's section 3).
const again = 40

// apart is from how many rows on a search is worth two goroutines.
const apart = 20_000

// Scan holds the vectors of one owner. It is safe for many goroutines.
type Scan struct {
	dim, width int

	mu      sync.RWMutex
	at      map[uint64]int // row by id
	ids     []uint64       // by row, as all below; 0 rows are free where dead says so
	classes []uint32
	dead    []bool
	free    []int
	scales  []float32
	codes   []uint8   // of width bytes each
	exact   []float32 // of dim numbers each
}

// NewScan makes an empty one for vectors of so many numbers.
func NewScan(dim int) *Scan {
	return &Scan{dim: dim, width: (dim + lane - 1) / lane * lane, at: map[uint64]int{}}
}

// Len counts the vectors.
func (s *Scan) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.at)
}

// Put keeps a vector, in place of the one with the same id. Only its direction counts. It is fault.Invalid where it has
// another length, no direction, or what is no number.
func (s *Scan) Put(id uint64, class uint32, v []float32) error {
	v, err := s.unit(v)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.at[id]
	switch {
	case known:
	case len(s.free) > 0:
		row, s.free = s.free[len(s.free)-1], s.free[:len(s.free)-1]
	default:
		row = len(s.ids)
		s.ids, s.classes, s.dead, s.scales = append(s.ids, 0), append(s.classes, 0), append(s.dead, false), append(s.scales, 0)
		s.codes = append(s.codes, make([]uint8, s.width)...)
		s.exact = append(s.exact, make([]float32, s.dim)...)
	}
	s.at[id], s.ids[row], s.classes[row], s.dead[row] = row, id, class, false
	s.scales[row] = encode(s.codes[row*s.width:(row+1)*s.width], v)
	copy(s.exact[row*s.dim:], v)
	return nil
}

// Delete forgets a vector, and reports whether there was one.
func (s *Scan) Delete(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.at[id]
	if known {
		delete(s.at, id)
		s.dead[row] = true
		s.free = append(s.free, row)
	}
	return known
}

// Search returns the k nearest vectors of these classes, the best first; of those that are equally near, the ones with
// the lower ids. Scores are cosines. It is fault.Invalid for a query that Put would refuse.
func (s *Scan) Search(q []float32, classes []uint32, k int) ([]retrieval.Hit, error) {
	q, err := s.unit(q)
	if err != nil || k <= 0 || len(classes) == 0 {
		return nil, err
	}
	allowed := make(map[uint32]bool, len(classes))
	for _, c := range classes {
		allowed[c] = true
	}
	p := newProbe(q, s.width)
	s.mu.RLock()
	defer s.mu.RUnlock()
	parts := 1
	if len(s.ids) >= apart {
		parts = min(2, runtime.GOMAXPROCS(0))
	}
	found := make([]best, parts)
	var work sync.WaitGroup
	for i := range parts {
		from, to := len(s.ids)*i/parts, len(s.ids)*(i+1)/parts
		found[i].most = max(again, 2*k)
		work.Go(func() { s.scan(p, allowed, from, to, &found[i]) })
	}
	work.Wait()
	var hits []retrieval.Hit
	for _, b := range found {
		for _, c := range b.heap {
			hits = append(hits, retrieval.Hit{ID: s.ids[c.row], Score: dot(q, s.exact[c.row*s.dim:(c.row+1)*s.dim])})
		}
	}
	slices.SortFunc(hits, func(a, b retrieval.Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	return hits[:min(k, len(hits))], nil
}

// scan offers the rows of a range that may be seen, by the runs of them that lie together.
func (s *Scan) scan(p probe, allowed map[uint32]bool, from, to int, b *best) {
	const run = 256
	var products [run]int32
	class, seen := uint32(0), false // rows of one class mostly lie together
	if from < to {
		class = s.classes[from]
		seen = allowed[class]
	}
	visible := func(row int) bool {
		if s.classes[row] != class {
			class = s.classes[row]
			seen = allowed[class]
		}
		return seen && !s.dead[row]
	}
	for row := from; row < to; {
		if !visible(row) {
			row++
			continue
		}
		end := row + 1
		for end < to && end-row < run && visible(end) {
			end++
		}
		out := products[:end-row]
		fastest(out, s.codes[row*s.width:end*s.width], p.codes)
		for i, product := range out {
			b.offer(candidate{row: row + i, score: p.score(product, s.scales[row+i])})
		}
		row = end
	}
}

// unit checks a vector and gives it the length 1.
func (s *Scan) unit(v []float32) ([]float32, error) {
	if len(v) != s.dim {
		return nil, fault.Invalid("the vector has %d numbers, and those of this index have %d", len(v), s.dim)
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
