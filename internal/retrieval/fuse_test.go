package retrieval

import (
	"slices"
	"testing"
)

func ids(hits []Hit) (out []uint64) {
	for _, h := range hits {
		out = append(out, h.ID)
	}
	return out
}

func TestFuse(t *testing.T) {
	t.Parallel()
	words := []Hit{{1, 20}, {2, 10}, {3, 2}}
	vectors := []Hit{{2, 0.8}, {4, 0.6}, {1, -0.8}}
	for _, c := range []struct {
		name           string
		words, vectors []Hit
		meaning        float64
		want           []uint64
	}{
		{"words alone", words, vectors, 0, []uint64{1, 2, 3, 4}},
		{"vectors alone", words, vectors, 1, []uint64{2, 4, 1, 3}},
		{"both", words, vectors, 0.5, []uint64{2, 1, 4, 3}},
		{"no words", nil, vectors, 0.5, []uint64{2, 4, 1}},
		{"no vectors", words, nil, 0.5, []uint64{1, 2, 3}},
		{"nothing", nil, nil, 0.5, nil},
	} {
		got := Fuse(c.words, c.vectors, c.meaning)
		if !slices.Equal(ids(got), c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
		for _, h := range got {
			if h.Score < 0 || h.Score > 1 {
				t.Errorf("%s: the score of %d is %v", c.name, h.ID, h.Score)
			}
		}
	}
}

func TestFuseRanks(t *testing.T) {
	t.Parallel()
	if got := FuseRanks([]Hit{{1, 9}, {2, 8}}, []Hit{{3, 1}, {2, 0.5}}); !slices.Equal(ids(got), []uint64{2, 1, 3}) {
		t.Errorf("%v", got)
	}
	if got := FuseRanks(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
