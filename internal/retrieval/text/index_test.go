package text

import (
	"path/filepath"
	"slices"
	"testing"
)

func open(t *testing.T, dir string) *Index {
	t.Helper()
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func change(t *testing.T, x *Index, put []Passage, deleted []uint64, done uint64) {
	t.Helper()
	if err := x.Change(put, deleted, done); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, x *Index, question string, classes ...uint32) []uint64 {
	t.Helper()
	hits, err := x.Search(t.Context(), question, classes, 10)
	if err != nil {
		t.Fatal(err)
	}
	var ids []uint64
	for i, h := range hits {
		if h.Score <= 0 || i > 0 && h.Score > hits[i-1].Score {
			t.Errorf("%q: scores %v", question, hits)
		}
		ids = append(ids, h.ID)
	}
	return ids
}

var harbour = []Passage{
	{1, 1, "en", "Ships over eighty metres need a pilot."},
	{2, 1, "de", "Schiffe über achtzig Meter brauchen einen Lotsen."},
	{3, 2, "en", "The pilots of the harbour sleep at night. A pilot earns well."},
	{4, 2, "zh-Hant", "港口六點開放"},
	{5, 1, "xx", "Zork frobnicates."},
	{6, 3, "", "pilot"},
}

func TestSearch(t *testing.T) {
	t.Parallel()
	x := open(t, filepath.Join(t.TempDir(), "words"))
	defer x.Close() //nolint:errcheck // the test is over
	change(t, x, harbour, nil, 1)
	for _, c := range []struct {
		question string
		classes  []uint32
		want     []uint64
	}{
		{"Which ship needs a pilot?", []uint32{1}, []uint64{1}},
		{"pilots", []uint32{1, 2}, []uint64{1, 3}},
		{"pilots", []uint32{2}, []uint64{3}},
		{"pilot", []uint32{9}, nil},
		{"pilot", nil, nil},
		{"Lotse", []uint32{1, 2, 3}, []uint64{2}},
		{"開放", []uint32{2}, []uint64{4}},
		{"zork", []uint32{1}, []uint64{5}},
		{"the of a", []uint32{1, 2}, nil},
		{"  ", []uint32{1}, nil},
		{`+pilot -ships "x`, []uint32{1}, []uint64{1}}, // no language of queries
	} {
		got := find(t, x, c.question, c.classes...)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%q in %v: %v, want %v", c.question, c.classes, got, c.want)
		}
	}
	if got := find(t, x, "pilot", 1, 2, 3); got[0] != 6 {
		t.Errorf("the shortest text is not the first: %v", got)
	}
}

// What was changed is there after the next start, with the place in the log.
func TestChangesLast(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "words")
	x := open(t, dir)
	change(t, x, harbour, nil, 7)
	change(t, x, []Passage{{1, 2, "en", "Nothing of that kind."}}, []uint64{3, 99}, 8)
	if _, err := Open(dir); err == nil {
		t.Error("a folder is opened twice")
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, dir)
	defer x.Close() //nolint:errcheck // the test is over
	n, err := x.Len()
	if err != nil || n != 5 {
		t.Errorf("%d passages, %v", n, err)
	}
	if done, err := x.Done(); err != nil || done != 8 {
		t.Errorf("done up to %d, %v", done, err)
	}
	if got := find(t, x, "pilot", 1, 2); got != nil {
		t.Errorf("found %v", got)
	}
	if got := find(t, x, "kind", 2); !slices.Equal(got, []uint64{1}) {
		t.Errorf("found %v", got)
	}
}

// Many owners' indexes are opened at once.
func TestIndexesStayApart(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			dir, id := filepath.Join(t.TempDir(), "words"), uint64(i+1)
			x := open(t, dir)
			change(t, x, []Passage{{id, 1, "en", "A pilot."}}, nil, 1)
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			x = open(t, dir)
			defer x.Close() //nolint:errcheck // the test is over
			if got := find(t, x, "pilot", 1); !slices.Equal(got, []uint64{id}) {
				t.Errorf("index %d has %v", id, got)
			}
		})
	}
}
