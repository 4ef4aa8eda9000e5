// Package late ranks passages again by late interaction (Khattab and Zaharia, "ColBERT", SIGIR 2020): each token of a
// question looks for the one of the passage that is most like it. A passage's tokens are kept as a bit a number. Begin at
// Rerank.
package late

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/parley-chat/parley/internal/retrieval"
)

const (
	// head is the length of the vectors, in two bytes, before the tokens of a passage.
	head = 2
	// block is half of the span of tokens in which a question is looked for as a whole, beside the whole passage: what is
	// asked for mostly stands together. On SciFact spans of 32 were better than 64, 128 and none.
	block = 16
	// Candidates is how many passages are worth ranking again.
	Candidates = 50
	// DefaultPart is the part of this in the score of a passage; the rest is the one that it was found with.
	DefaultPart = 0.4
)

// Pack keeps the signs of a text's tokens: rows of dim signed bytes each, of which the first and the last are marks of the
// model's and left out. Further windows of a text may be appended.
func Pack(packed []byte, each []int8, dim int) []byte {
	if dim <= 0 || dim > math.MaxUint16 || len(each) < 3*dim {
		return packed
	}
	if len(packed) == 0 {
		packed = binary.LittleEndian.AppendUint16(packed, uint16(dim))
	}
	for row := range slices.Chunk(each[dim:len(each)-dim], dim) {
		for eight := range slices.Chunk(row, 8) {
			var b byte
			for i, x := range eight {
				if x > 0 {
					b |= 1 << i
				}
			}
			packed = append(packed, b)
		}
	}
	return packed
}

// Parts is what is kept of a text that was embedded in windows: the vector of each, and the tokens of all of them.
func Parts(windows []retrieval.Embedded) (vectors [][]float32, packed []byte) {
	for _, w := range windows {
		vectors = append(vectors, w.Vector)
		packed = Pack(packed, w.Each, len(w.Vector))
	}
	return vectors, packed
}

// Question is one that is to be asked of passages.
type Question struct {
	dim    int
	tokens []token
}

// token is one of a question: for each byte of a passage's token and each value of it, what it adds to their likeness.
type token struct{ adds [][256]float32 }

// NewQuestion takes the tokens of a question as Pack does those of a text. The longer a token's vector, the more it counts:
// what is said by many words has short ones. With no token there is nothing to rank by.
func NewQuestion(each []int8, dim int) Question {
	q := Question{dim: dim}
	if dim <= 0 || len(each) < 3*dim {
		return q
	}
	total := 0.0
	for row := range slices.Chunk(each[dim:len(each)-dim], dim) {
		total += length(row)
	}
	if total == 0 {
		return q
	}
	// A cosine with signs is the sum of the numbers with them, over both lengths; its weight is its own length over all.
	scale := float32(1 / total / math.Sqrt(float64(dim)))
	for row := range slices.Chunk(each[dim:len(each)-dim], dim) {
		t := token{make([][256]float32, (dim+7)/8)}
		at := 0
		for eight := range slices.Chunk(row, 8) {
			none := float32(0)
			for _, x := range eight {
				none -= float32(x) * scale
			}
			t.adds[at][0] = none
			for value := 1; value < 256; value++ {
				lowest := bits.TrailingZeros8(uint8(value)) //nolint:gosec // below 256
				add := t.adds[at][value&(value-1)]
				if lowest < len(eight) {
					add += 2 * float32(eight[lowest]) * scale
				}
				t.adds[at][value] = add
			}
			at++
		}
		q.tokens = append(q.tokens, t)
	}
	return q
}

// perWord is how many tokens a word has at most where the model knows the language. With the embedding model that comes
// along an English question has 1.3 a word and a German one 2; a Russian one has one a letter.
const perWord = 3

// Reads says whether the model reads a question by words and their parts. Where it spells letter by letter it does not know the
// language, and ranking by its tokens does harm: of the questions of XQuAD in Russian, those whose passage was among the first
// five fell from 0.957 to 0.568 (`parley eval retrieval`). Languages without spaces between words count as spelled.
func Reads(question string, each []int8, dim int) bool {
	return dim > 0 && len(each)/dim-2 <= perWord*len(strings.Fields(question))
}

func length(row []int8) float64 {
	sum := 0.0
	for _, x := range row {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// Score tells how well a passage fits, about 0 to 1: the mean of how well the whole of it does, and the span that does best.
// It is 0 for a passage without tokens, or with those of another model.
func (q Question) Score(packed []byte) (float64, error) {
	if !q.fits(packed) || len(q.tokens) == 0 {
		return 0, nil
	}
	width, rows := (q.dim+7)/8, packed[head:]
	if len(rows)%width != 0 {
		return 0, fmt.Errorf("%d bytes for tokens of %d numbers", len(rows), q.dim)
	}
	blocks := (len(rows)/width + block - 1) / block
	spans := make([]float32, max(1, blocks-1))
	whole := float32(0)
	for _, t := range q.tokens {
		best, before := float32(math.Inf(-1)), float32(math.Inf(-1))
		at := 0
		for some := range slices.Chunk(rows, block*width) {
			most := float32(math.Inf(-1))
			for row := range slices.Chunk(some, width) {
				like := float32(0)
				for i, b := range row {
					like += t.adds[i][b]
				}
				most = max(most, like)
			}
			best = max(best, most)
			if at > 0 || blocks == 1 {
				spans[max(0, at-1)] += max(before, most)
			}
			before = most
			at++
		}
		whole += best
	}
	return float64(whole+slices.Max(spans)) / 2, nil
}

// Rerank ranks the first Candidates hits again, which are the best first with scores from 0 to 1; packed are the tokens of
// each of them. Its scores have the part given, brought to 0 to 1 by the least and the greatest. A passage without tokens keeps
// its score, and what is beyond the candidates loses that part of it.
// Alike has the scores alone, in the order of hits, where any were made.
func Rerank(hits []retrieval.Hit, q Question, packed [][]byte, part float64) (ranked, alike []retrieval.Hit, err error) {
	n := min(len(hits), len(packed), Candidates)
	if n < 2 || len(q.tokens) == 0 || part == 0 {
		return hits, nil, nil
	}
	scores, errs := make([]float64, n), make([]error, n)
	var work sync.WaitGroup
	const threads = 2
	for from := range threads {
		work.Go(func() {
			for i := from; i < n; i += threads {
				scores[i], errs[i] = q.Score(packed[i])
			}
		})
	}
	work.Wait()
	least, most := math.Inf(1), math.Inf(-1)
	for i, err := range errs {
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("passage %d: %w", hits[i].ID, err)
		case q.fits(packed[i]):
			least, most = min(least, scores[i]), max(most, scores[i])
			alike = append(alike, retrieval.Hit{ID: hits[i].ID, Score: scores[i]})
		}
	}
	if most <= least {
		return hits, alike, nil
	}
	ranked = slices.Clone(hits)
	for i := range ranked {
		switch {
		case i >= n:
			ranked[i].Score *= 1 - part
		case q.fits(packed[i]):
			ranked[i].Score = (1-part)*ranked[i].Score + part*(scores[i]-least)/(most-least)
		}
	}
	retrieval.Sort(ranked)
	return ranked, alike, nil
}

// fits says whether a passage has tokens of the question's model, as far as their length tells.
func (q Question) fits(packed []byte) bool {
	return len(packed) > head && int(binary.LittleEndian.Uint16(packed)) == q.dim
}
