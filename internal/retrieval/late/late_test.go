package late

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/retrieval"
)

// tokens makes so many rows, with a mark at each end.
func tokens(r *rand.Rand, n, dim int) []int8 {
	each := make([]int8, (n+2)*dim)
	for i := range each {
		each[i] = int8(r.IntN(255) - 127) //nolint:gosec // fits
	}
	return each
}

// naive is the score as its formula says, by rows of numbers.
func naive(question, passage []int8, dim int) float64 {
	rows := func(each []int8) [][]int8 { return slices.Collect(slices.Chunk(each[dim:len(each)-dim], dim)) }
	likeness := func(q, p []int8) float64 {
		sum := 0.0
		for i := range q {
			if p[i] > 0 {
				sum += float64(q[i])
			} else {
				sum -= float64(q[i])
			}
		}
		return sum / length(q) / math.Sqrt(float64(dim))
	}
	total := 0.0
	for _, q := range rows(question) {
		total += length(q)
	}
	within := func(some [][]int8) (sum float64) {
		for _, q := range rows(question) {
			best := math.Inf(-1)
			for _, p := range some {
				best = max(best, likeness(q, p))
			}
			sum += best * length(q) / total
		}
		return sum
	}
	all := rows(passage)
	span := math.Inf(-1)
	for from := 0; from == 0 || from+block < len(all); from += block {
		span = max(span, within(all[from:min(len(all), from+2*block)]))
	}
	return (within(all) + span) / 2
}

func TestScore(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 3)) //nolint:gosec // a test's choice
	for _, dim := range []int{8, 12, 384} {
		for _, n := range []int{1, 15, 16, 17, 32, 33, 100} {
			question, passage := tokens(r, 1+r.IntN(20), dim), tokens(r, n, dim)
			packed := Pack(nil, passage, dim)
			got, err := NewQuestion(question, dim).Score(packed)
			if want := naive(question, passage, dim); err != nil || math.Abs(got-want) > 1e-4 {
				t.Errorf("%d numbers, %d tokens: %v, %v, want %v", dim, n, got, err, want)
			}
			if len(packed) != head+n*((dim+7)/8) {
				t.Errorf("%d numbers, %d tokens: %d bytes", dim, n, len(packed))
			}
		}
	}
}

func TestWhatCannotBeScored(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 3)) //nolint:gosec // a test's choice
	q := NewQuestion(tokens(r, 3, 16), 16)
	for name, packed := range map[string][]byte{"nothing": nil, "a head": {16, 0}, "another model": Pack(nil, tokens(r, 3, 24), 24)} {
		if got, err := q.Score(packed); got != 0 || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := q.Score([]byte{16, 0, 1}); err == nil {
		t.Error("half a token has a score")
	}
	if packed := Pack(nil, make([]int8, 32), 16); packed != nil {
		t.Errorf("a text of marks alone has %d bytes", len(packed))
	}
	if got, err := (Question{}).Score(Pack(nil, tokens(r, 3, 16), 16)); got != 0 || err != nil {
		t.Errorf("no question: %v, %v", got, err)
	}
}

func TestRerank(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 5)) //nolint:gosec // a test's choice
	const dim = 64
	question := tokens(r, 5, dim)
	hits := []retrieval.Hit{{ID: 1, Score: 0.9}, {ID: 2, Score: 0.8}, {ID: 3, Score: 0.7}, {ID: 4, Score: 0.1}}
	packed := [][]byte{Pack(nil, tokens(r, 40, dim), dim), Pack(nil, tokens(r, 40, dim), dim), Pack(nil, question, dim)}
	got, alike, err := Rerank(hits, NewQuestion(question, dim), packed, DefaultPart)
	if err != nil || len(alike) != 3 || alike[2].Score < 2*alike[0].Score || got[0].ID != 3 || got[3].ID != 4 || len(got) != 4 {
		t.Errorf("%v %v", got, err)
	}
	if hits[0].Score != 0.9 {
		t.Error("the caller's list was changed")
	}
	for _, part := range []float64{0, DefaultPart} {
		same, _, err := Rerank(hits, NewQuestion(nil, dim), packed, part)
		if err != nil || !slices.Equal(same, hits) {
			t.Errorf("without a question: %v %v", same, err)
		}
	}
	// One that was read before there were tokens is not behind for it.
	old := [][]byte{nil, packed[0], packed[1]}
	if got, alike, err := Rerank(hits, NewQuestion(question, dim), old, DefaultPart); err != nil || len(alike) != 2 || got[0] != hits[0] {
		t.Errorf("%v %v %v", got, alike, err)
	}
	packed[1] = packed[1][:len(packed[1])-1]
	if _, _, err := Rerank(hits, NewQuestion(question, dim), packed, DefaultPart); err == nil {
		t.Error("damaged tokens are ranked")
	}
}

func BenchmarkRerank(b *testing.B) {
	r := rand.New(rand.NewPCG(4, 5)) //nolint:gosec // a test's choice
	const dim = 384
	question := tokens(r, 15, dim)
	var hits []retrieval.Hit
	var packed [][]byte
	for i := range Candidates {
		hits, packed = append(hits, retrieval.Hit{ID: uint64(i), Score: 0.5}), append(packed, Pack(nil, tokens(r, 400, dim), dim)) //nolint:gosec // small
	}
	for b.Loop() {
		if _, _, err := Rerank(hits, NewQuestion(question, dim), packed, DefaultPart); err != nil {
			b.Fatal(err)
		}
	}
}

// A question counts as read where it has few tokens a word, besides the two marks at its ends.
func TestWhatIsRead(t *testing.T) {
	t.Parallel()
	const dim = 4
	for _, c := range []struct {
		question string
		tokens   int
		want     bool
	}{
		{"who needs a pilot", 6, true}, {"who needs a pilot", 14, true}, {"who needs a pilot", 15, false},
		{"谁需要引航员", 8, false}, {"кому нужен лоцман", 17, false}, {"", 2, true}, {"", 3, false},
	} {
		if got := Reads(c.question, make([]int8, c.tokens*dim), dim); got != c.want {
			t.Errorf("%q in %d tokens: %v", c.question, c.tokens, got)
		}
	}
	if Reads("who", nil, 0) {
		t.Error("read without tokens")
	}
}
