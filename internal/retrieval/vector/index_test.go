package vector

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval"
)

// world is an index beside the plain truth about it.
type world struct {
	index   *Index
	vectors map[uint64][]float32
	classes map[uint64]uint32
}

func newWorld(dim int) *world {
	return &world{index: New(dim), vectors: map[uint64][]float32{}, classes: map[uint64]uint32{}}
}

func (w *world) put(t *testing.T, id uint64, class uint32, v []float32) {
	t.Helper()
	if err := w.index.Put(id, class, v); err != nil {
		t.Fatal(err)
	}
	w.vectors[id], w.classes[id] = v, class
}

// nearest is what an exact search of float32 finds.
func (w *world) nearest(q []float32, classes []uint32, k int) []uint64 {
	var hits []retrieval.Hit
	for id, v := range w.vectors {
		if slices.Contains(classes, w.classes[id]) {
			hits = append(hits, retrieval.Hit{ID: id, Score: dot(q, v)})
		}
	}
	slices.SortFunc(hits, func(a, b retrieval.Hit) int {
		switch {
		case a.Score != b.Score && a.Score > b.Score:
			return -1
		case a.Score != b.Score:
			return 1
		}
		return int(a.ID) - int(b.ID) //nolint:gosec // small
	})
	var ids []uint64
	for _, h := range hits[:min(k, len(hits))] {
		ids = append(ids, h.ID)
	}
	return ids
}

// clustered is a vector near one of some middles, as those of texts are.
func clustered(r *rand.Rand, middles [][]float32) []float32 {
	v := slices.Clone(middles[r.IntN(len(middles))])
	for i := range v {
		v[i] += float32(r.NormFloat64()) * 0.03
	}
	length := float32(math.Sqrt(dot(v, v)))
	for i := range v {
		v[i] /= length
	}
	return v
}

// Also after deletes and with other vectors under the same ids, what is found is what an exact search finds.
func TestSearchIsExact(t *testing.T) {
	t.Parallel()
	const dim, n, k = 384, 3000, 10
	r := rand.New(rand.NewPCG(5, 6))
	middles := make([][]float32, 40)
	for i := range middles {
		middles[i] = unit(r, dim)
	}
	for name, draw := range map[string]func() []float32{
		"clustered": func() []float32 { return clustered(r, middles) },
		"anywhere":  func() []float32 { return unit(r, dim) },
	} {
		w := newWorld(dim)
		for id := range uint64(n) {
			w.put(t, id, uint32(r.IntN(5)), draw())
		}
		for id := range uint64(n / 3) {
			if !w.index.Delete(id) || w.index.Delete(id) {
				t.Fatal("a vector is not deleted once")
			}
			delete(w.vectors, id)
		}
		for id := range uint64(n / 6) {
			w.put(t, id, 3, draw())                     // again
			w.put(t, n-1-id, uint32(r.IntN(5)), draw()) // another one
		}
		if w.index.Len() != len(w.vectors) {
			t.Errorf("%s: %d vectors, want %d", name, w.index.Len(), len(w.vectors))
		}
		right, all := 0, 0
		for range 100 {
			q := draw()
			for _, classes := range [][]uint32{{0, 1, 2, 3, 4}, {2}, {0, 4}, {9}} {
				hits, err := w.index.Search(q, classes, k)
				if err != nil {
					t.Fatal(err)
				}
				want := w.nearest(q, classes, k)
				all += len(want)
				if len(hits) != len(want) {
					t.Fatalf("%s: %d hits, want %d", name, len(hits), len(want))
				}
				for _, h := range hits {
					if !slices.Contains(classes, w.classes[h.ID]) {
						t.Fatalf("%s: %d is of class %d, which is not of %v", name, h.ID, w.classes[h.ID], classes)
					}
					if slices.Contains(want, h.ID) {
						right++
					}
				}
			}
		}
		if recall := float64(right) / float64(all); recall < 0.999 {
			t.Errorf("%s: recall %.4f", name, recall)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	s := New(3)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, v := range [][]float32{nil, {1, 2}, {0, 0, 0}, {1, nan, 0}, {inf, 0, 0}, {1, 2, 3, 4}} {
		if err := s.Put(1, 1, v); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%v is kept: %v", v, err)
		}
		if _, err := s.Search(v, []uint32{1}, 1); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%v is searched: %v", v, err)
		}
	}
	if hits, err := s.Search([]float32{1, 0, 0}, []uint32{1}, 5); err != nil || len(hits) != 0 {
		t.Errorf("an empty index has %v, %v", hits, err)
	}
	if err := s.Put(7, 1, []float32{0, 5, 0}); err != nil { // its direction counts
		t.Fatal(err)
	}
	if hits, err := s.Search([]float32{0, 2, 0}, []uint32{1}, 5); err != nil || len(hits) != 1 || hits[0].ID != 7 || math.Abs(hits[0].Score-1) > 1e-6 {
		t.Errorf("%v, %v", hits, err)
	}
	for _, classes := range [][]uint32{nil, {}, {2}} {
		if hits, err := s.Search([]float32{0, 1, 0}, classes, 5); err != nil || len(hits) != 0 {
			t.Errorf("classes %v see %v, %v", classes, hits, err)
		}
	}
}

// Writers and readers at once: what is found was there.
func TestIndexAtOnce(t *testing.T) {
	t.Parallel()
	s := New(64)
	var work sync.WaitGroup
	for g := range uint64(4) {
		work.Go(func() {
			r := rand.New(rand.NewPCG(g, 1))
			for i := range uint64(300) {
				id := g*1000 + i%50
				switch i % 3 {
				case 0, 1:
					if err := s.Put(id, uint32(g), unit(r, 64)); err != nil {
						t.Error(err)
					}
				default:
					s.Delete(id)
				}
				hits, err := s.Search(unit(r, 64), []uint32{uint32(g)}, 5)
				if err != nil {
					t.Error(err)
				}
				for _, h := range hits {
					if h.ID/1000 != g {
						t.Errorf("%d is not of class %d", h.ID, g)
					}
				}
			}
		})
	}
	work.Wait()
}
