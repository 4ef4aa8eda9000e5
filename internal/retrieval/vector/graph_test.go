package vector

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// small makes an index have a graph from a few vectors on.
func small(x *Index) {
	x.SetLimits(Limits{ScanMost: 100, Again: 40, Reach: 60, Apart: 20_000})
}

func grow(t *testing.T, x *Index) {
	t.Helper()
	if err := x.Grow(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Whatever was put, changed and deleted, in whatever order, and however far the graph is: what is found may be seen, and hardly
// anything is missing.
func TestGraphFollowsChanges(t *testing.T) {
	t.Parallel()
	const dim, k = 64, 10
	r := rand.New(rand.NewPCG(11, 12))
	middles := make([][]float32, 30)
	for i := range middles {
		middles[i] = unit(r, dim)
	}
	w := newWorld(dim)
	small(w.index)
	everyone := []uint32{0, 1, 2, 3}
	for round := range 40 {
		for range 150 {
			id := uint64(r.IntN(3000))
			if r.IntN(3) == 0 {
				w.index.Delete(id)
				delete(w.vectors, id)
				delete(w.classes, id)
			} else {
				w.put(t, id, uint32(r.IntN(4)), clustered(r, middles))
			}
		}
		switch {
		case round == 20: // nothing is left but what comes next
			for id := range w.vectors {
				w.index.Delete(id)
			}
			clear(w.vectors)
			clear(w.classes)
			if hits, err := w.index.Search(unit(r, dim), everyone, k); err != nil || len(hits) != 0 {
				t.Fatalf("what was deleted is found: %v, %v", hits, err)
			}
		case r.IntN(2) == 0:
			grow(t, w.index)
		}
		right, all := 0, 0
		for range 20 {
			q := clustered(r, middles)
			for _, classes := range [][]uint32{everyone, {0, 1, 2}, {3}} {
				hits, err := w.index.Search(q, classes, k)
				if err != nil {
					t.Fatal(err)
				}
				want := w.nearest(q, classes, k)
				if all += len(want); len(hits) != len(want) {
					t.Fatalf("round %d: %d hits, want %d", round, len(hits), len(want))
				}
				seen := map[uint64]bool{}
				for _, h := range hits {
					if class, lives := w.classes[h.ID]; !lives || !slices.Contains(classes, class) || seen[h.ID] {
						t.Fatalf("round %d: %d is found, which lives: %v, in class %d of %v", round, h.ID, lives, class, classes)
					}
					seen[h.ID] = true
					if slices.Contains(want, h.ID) {
						right++
					}
				}
			}
		}
		if recall := float64(right) / float64(max(1, all)); all > 0 && recall < 0.98 {
			t.Errorf("round %d: recall %.3f", round, recall)
		}
	}
	grow(t, w.index)
	if g := w.index.graph; g == nil || g.size-g.buried != w.index.Len() || !w.index.waiting.IsEmpty() {
		t.Errorf("the graph has not all: %+v of %d", g, w.index.Len())
	}
}

// Only the graph answers here, also where a third was deleted and came again under the same ids.
func TestGraphFindsTheNearest(t *testing.T) {
	t.Parallel()
	const dim, n, k = 96, 4000, 10
	r := rand.New(rand.NewPCG(13, 14))
	middles := make([][]float32, 50)
	for i := range middles {
		middles[i] = unit(r, dim)
	}
	w := newWorld(dim)
	small(w.index)
	for id := range uint64(n) {
		w.put(t, id, uint32(id%2), clustered(r, middles))
	}
	grow(t, w.index)
	check := func(when string, want float64) {
		t.Helper()
		right := 0
		for range 100 {
			q := clustered(r, middles)
			for _, classes := range [][]uint32{{0, 1}, {1}} {
				d := w.index.desk()
				found := w.index.searcher(newProbe(q, w.index.rows.width), classes, k).byGraph(d)
				if found == nil {
					t.Fatal("the graph is not asked")
				}
				w.index.desks.Put(d)
				hits, _ := w.index.Search(q, classes, k)
				truth := w.nearest(q, classes, k)
				for _, h := range hits {
					if slices.Contains(truth, h.ID) {
						right++
					}
				}
			}
		}
		if recall := float64(right) / (100 * 2 * k); recall < want {
			t.Errorf("%s: recall %.4f", when, recall)
		}
	}
	check("built", 0.99)
	for id := range uint64(n / 3) {
		w.index.Delete(id)
		delete(w.vectors, id)
	}
	check("a third deleted", 0.99)
	grow(t, w.index)
	if w.index.graph.buried != 0 {
		t.Error("the deleted were not swept out")
	}
	check("a third swept out", 0.99)
	used := w.index.used
	for id := range uint64(n / 3) {
		w.put(t, id, uint32(id%2), clustered(r, middles))
	}
	grow(t, w.index)
	if w.index.used != used {
		t.Error("rows of the deleted are not used again")
	}
	check("a third added again", 0.99)
}

// A graph is given up where few vectors are left, and where its growth is ended it can go on.
func TestGraphComesAndGoes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	x := New(64)
	small(x)
	for id := range uint64(400) {
		if err := x.Put(id, 1, unit(r, 64)); err != nil {
			t.Fatal(err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := x.Grow(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended growth gives %v", err)
	}
	grow(t, x)
	if x.graph == nil || x.graph.size != 400 {
		t.Fatal("there is no graph of all")
	}
	for id := range uint64(380) {
		x.Delete(id)
	}
	grow(t, x)
	if x.graph != nil {
		t.Error("there is a graph of twenty")
	}
	if hits, err := x.Search(unit(r, 64), []uint32{1}, 50); err != nil || len(hits) != 20 {
		t.Errorf("%d of twenty are found, %v", len(hits), err)
	}
	for id := range uint64(400) {
		if err := x.Put(1000+id, 1, unit(r, 64)); err != nil {
			t.Fatal(err)
		}
	}
	grow(t, x)
	if x.graph == nil || x.graph.size != 420 {
		t.Error("there is no graph again")
	}
}

// Many at once, while the graph grows and is swept.
func TestGraphAtOnce(t *testing.T) {
	t.Parallel()
	x := New(64)
	small(x)
	stop := make(chan struct{})
	var tending, work sync.WaitGroup
	tending.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if err := x.Grow(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for g := range uint64(4) {
		work.Go(func() {
			r := rand.New(rand.NewPCG(g, 2))
			for i := range 1500 {
				id := g*1000 + uint64(r.IntN(200))
				if r.IntN(3) == 0 {
					x.Delete(id)
				} else if err := x.Put(id, uint32(g), unit(r, 64)); err != nil {
					t.Error(err)
				}
				if i%10 > 0 {
					continue
				}
				hits, err := x.Search(unit(r, 64), []uint32{uint32(g), 9}, 5)
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
	close(stop)
	tending.Wait()
}
