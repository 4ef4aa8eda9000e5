package text

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every score is the formula's, which is written down here a second time, also after the index was closed and opened.
func TestScoresAreBM25(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test's choice
	var passages []Passage
	have, words := map[string]float64{}, 0.0
	for i := range 300 {
		var text []string
		for range 1 + r.IntN(40) {
			text = append(text, fmt.Sprintf("w%d", int(math.Abs(r.NormFloat64())*10)))
		}
		passages = append(passages, Passage{ID: uint64(i + 1), Class: uint32(i % 3), Text: strings.Join(text, " ")}) //nolint:gosec // small
		words += float64(len(text))
		slices.Sort(text)
		for _, w := range slices.Compact(text) {
			have[w]++
		}
	}
	dir := filepath.Join(t.TempDir(), "words")
	x := open(t, dir)
	change(t, x, passages[:200], nil, 1)
	change(t, x, passages[200:], nil, 2)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, dir)
	defer x.Close() //nolint:errcheck // the test is over
	for _, question := range []string{"w1", "w3 w17", "w20 w0 w0 w5", "nothing w25"} {
		hits, err := x.Search(t.Context(), question, []uint32{0, 2}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		want := map[uint64]float64{}
		for _, p := range passages {
			text := strings.Fields(p.Text)
			score := 0.0
			for _, w := range strings.Fields(question) {
				tf := 0.0
				for _, other := range text {
					if w == other {
						tf++
					}
				}
				idf := math.Log(1 + (300-have[w]+0.5)/(have[w]+0.5))
				score += idf * tf * 1.9 / (tf + 0.9*(0.6+0.4*float64(len(text))/(words/300)))
			}
			if score > 0 && p.Class != 1 {
				want[p.ID] = score
			}
		}
		if len(hits) != len(want) {
			t.Errorf("%q: %d hits, want %d", question, len(hits), len(want))
		}
		for i, h := range hits {
			if math.Abs(h.Score-want[h.ID]) > 1e-5*want[h.ID] || i > 0 && h.Score > hits[i-1].Score {
				t.Fatalf("%q: %d has %v, want %v", question, h.ID, h.Score, want[h.ID])
			}
		}
	}
}
