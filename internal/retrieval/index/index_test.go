package index_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/index"
)

// journal is a log in memory.
type journal struct {
	mu    sync.Mutex
	lines map[string]map[uint64]chat.PassageChange // by tenant and passage
	seq   map[string]uint64
}

func newJournal() *journal {
	return &journal{lines: map[string]map[uint64]chat.PassageChange{}, seq: map[string]uint64{}}
}

func (j *journal) put(tenant string, c chat.PassageChange) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines[tenant] == nil {
		j.lines[tenant] = map[uint64]chat.PassageChange{}
	}
	j.seq[tenant]++
	c.Seq = j.seq[tenant]
	j.lines[tenant][c.ID] = c
}

func (j *journal) Latest(_ context.Context, tenant string) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq[tenant], nil
}

func (j *journal) Changes(_ context.Context, tenant string, after uint64, most int) (list []chat.PassageChange, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.lines[tenant] {
		if c.Seq > after {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b chat.PassageChange) int { return int(a.Seq) - int(b.Seq) }) //nolint:gosec // small
	return list[:min(most, len(list))], nil
}

func open(t *testing.T, dir string, j *journal) *index.Indexes {
	t.Helper()
	x := index.New(dir, j, zap.NewNop())
	t.Cleanup(func() { _ = x.Close() })
	return x
}

func search(t *testing.T, x *index.Indexes, tenant, question string, v []float32, classes ...uint32) (words, vectors []uint64) {
	t.Helper()
	f, err := x.Search(t.Context(), tenant, question, v, classes, 10)
	if err != nil {
		t.Fatal(err)
	}
	ids := func(hits []retrieval.Hit) (list []uint64) {
		for _, h := range hits {
			list = append(list, h.ID)
		}
		slices.Sort(list)
		return list
	}
	return ids(f.ByWords), ids(f.ByVector)
}

// An index says at each moment what the log says, for each tenant, also after it was opened again, lost or damaged.
func TestIndexFollowsItsLog(t *testing.T) {
	t.Parallel()
	const classes = 3
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test's choice
	dir, j := t.TempDir(), newJournal()
	x := open(t, dir, j)
	for round := range 60 {
		for range 1 + r.IntN(4) {
			tenant, id := fmt.Sprintf("t%d", r.IntN(2)), uint64(1+r.IntN(8))
			c := chat.PassageChange{ID: id}
			if r.IntN(3) > 0 {
				c.Live, c.Class, c.Lang, c.Text = true, uint32(r.IntN(classes)), "en", fmt.Sprintf("pilot number%d", id) //nolint:gosec // small
				for range 1 + r.IntN(3) {
					c.Vectors = append(c.Vectors, []float32{1, r.Float32()})
				}
			}
			j.put(tenant, c)
		}
		switch r.IntN(6) {
		case 0:
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			x = open(t, dir, j)
		case 1:
			if err := x.Forget("t0"); err != nil {
				t.Fatal(err)
			}
		case 2:
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			damage(t, filepath.Join(dir, "t1", "words", "store", "root.bolt"))
			x = open(t, dir, j)
		}
		for _, tenant := range []string{"t0", "t1"} {
			for class := range uint32(classes) {
				var want []uint64
				for id, c := range j.lines[tenant] {
					if c.Live && c.Class == class {
						want = append(want, id)
					}
				}
				slices.Sort(want)
				words, vectors := search(t, x, tenant, "pilots", []float32{1, 0}, class)
				if !slices.Equal(words, want) || !slices.Equal(vectors, want) {
					t.Fatalf("round %d, %s, class %d: by words %v, by vectors %v, want %v", round, tenant, class, words, vectors, want)
				}
			}
		}
	}
	if read := x.Read(); read["t0"] != j.seq["t0"] {
		t.Errorf("read %v of %v", read, j.seq)
	}
}

// damage makes a file that cannot be opened, where there is one.
func damage(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		return
	}
	if err := os.WriteFile(path, []byte("no"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A database that was restored is behind its index, which is then made anew.
func TestIndexOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	dir, j := t.TempDir(), newJournal()
	for id := range uint64(5) {
		j.put("t", chat.PassageChange{ID: id, Live: true, Class: 1, Text: "pilot"})
	}
	x := open(t, dir, j)
	search(t, x, "t", "pilot", nil, 1)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	restored := newJournal()
	restored.put("t", chat.PassageChange{ID: 9, Live: true, Class: 1, Text: "pilot"})
	if words, _ := search(t, open(t, dir, restored), "t", "pilot", nil, 1); !slices.Equal(words, []uint64{9}) {
		t.Errorf("found %v", words)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	j := newJournal()
	x := open(t, t.TempDir(), j)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 20 {
				id := uint64(w*100 + i)                                                                                                                        //nolint:gosec // small
				j.put("t", chat.PassageChange{ID: id, Live: true, Class: uint32(w), Text: fmt.Sprintf("pilot w%d", w), Vectors: [][]float32{{1, float32(i)}}}) //nolint:gosec // small
				f, err := x.Search(context.Background(), "t", "pilot", []float32{1, float32(i)}, []uint32{uint32(w)}, 100)                                     //nolint:gosec // small
				if err != nil || len(f.ByWords) != i+1 || len(f.ByVector) != i+1 {
					t.Errorf("worker %d after %d: %d by words, %d by vectors, %v", w, i+1, len(f.ByWords), len(f.ByVector), err)
				}
			}
		})
	}
	all.Wait()
}

// Whatever byte of whatever file is another one after a stop, every passage is found as before.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	j, dir := newJournal(), t.TempDir()
	for id := range uint64(60) {
		j.put("t", chat.PassageChange{ID: id, Live: true, Class: 1, Lang: "en", Text: fmt.Sprintf("Passage number%d of the harbour, pier%d", id, id%7)})
	}
	found := func(x *index.Indexes) string {
		var out []string
		for id := range 60 {
			f, err := x.Search(t.Context(), "t", fmt.Sprintf("number%d", id), nil, []uint32{1}, 5)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range f.ByWords { // an index that was made anew has counted anew, and so has other scores
				out = append(out, fmt.Sprint(h.ID))
			}
		}
		return strings.Join(out, " ")
	}
	x := open(t, dir, j)
	found(x)
	for id := range uint64(20) { // so that there is more than one segment, with what is deleted
		j.put("t", chat.PassageChange{ID: 3 * id, Live: id%2 == 0, Class: 1, Lang: "en", Text: fmt.Sprintf("Passage number%d, once more", 3*id)})
	}
	want := found(x)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for round := range 40 {
		var files []string
		err := filepath.WalkDir(filepath.Join(dir, "t"), func(path string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil || len(files) < 3 {
			t.Fatalf("%v, %v", files, err)
		}
		path := files[round%len(files)]
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := r.IntN(len(data))
		data[at] ^= 1 << r.IntN(8)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		kinds[filepath.Ext(path)]++
		x := open(t, dir, j)
		if got := found(x); got != want {
			t.Fatalf("byte %d of %s: found\n%s, want\n%s", at, path, got, want)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(kinds) < 3 {
		t.Errorf("only %v", kinds)
	}
}
