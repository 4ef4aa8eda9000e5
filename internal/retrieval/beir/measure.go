package beir

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/parley-chat/parley/internal/retrieval"
)

// Depth is how many passages a search is asked for.
const Depth = 100

// Search is a way to find passages, which are known by their places in the set.
type Search struct {
	Name string
	Find func(question int) ([]retrieval.Hit, error)
}

// Row tells how one way does, on average over all questions.
type Row struct {
	Name   string  `json:"name"`
	NDCG   float64 `json:"ndcg_at_10"`    // Järvelin and Kekäläinen 2002, with linear gains, as trec_eval's
	Recall float64 `json:"recall_at_100"` // of the passages that answer, how many are among the first hundred
	Hit    float64 `json:"hit_at_5"`      // how many questions have a passage that answers among the first five
	P50    float64 `json:"ms_p50"`        // of one search, the question's vector not included
	P95    float64 `json:"ms_p95"`
}

// Measure asks all questions in all ways.
func (s Set) Measure(ways []Search) (Report, error) {
	rows := make(Report, 0, len(ways))
	for _, way := range ways {
		row := Row{Name: way.Name}
		times := make([]float64, 0, len(s.Questions))
		for i, q := range s.Questions {
			began := time.Now()
			hits, err := way.Find(i)
			if err != nil {
				return nil, fmt.Errorf("%s, question %d: %w", way.Name, i+1, err)
			}
			times = append(times, float64(time.Since(began).Microseconds())/1000)
			gains := make([]float64, 0, Depth)
			for _, h := range hits[:min(Depth, len(hits))] {
				gains = append(gains, q.Relevant[s.Passages[h.ID].ID])
			}
			row.NDCG += ndcg(gains, q.Relevant, 10) / float64(len(s.Questions))
			if slices.Max(append(gains[:min(5, len(gains)):min(5, len(gains))], 0)) > 0 {
				row.Hit += 1 / float64(len(s.Questions))
			}
			row.Recall += recall(gains, len(q.Relevant)) / float64(len(s.Questions))
		}
		slices.Sort(times)
		if n := len(times); n > 0 {
			row.P50, row.P95 = times[n/2], times[n*95/100]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// ndcg is the gain of the first k, each worth less the later it comes, as a part of the greatest that is possible.
func ndcg(gains []float64, relevant map[string]float64, k int) float64 {
	best := make([]float64, 0, len(relevant))
	for _, g := range relevant {
		best = append(best, g)
	}
	slices.SortFunc(best, func(a, b float64) int { return cmp.Compare(b, a) })
	if most := discounted(best, k); most > 0 {
		return discounted(gains, k) / most
	}
	return 0
}

func discounted(gains []float64, k int) (sum float64) {
	for i, g := range gains[:min(k, len(gains))] {
		sum += g / math.Log2(float64(i+2))
	}
	return sum
}

func recall(gains []float64, relevant int) float64 {
	found := 0
	for _, g := range gains {
		if g > 0 {
			found++
		}
	}
	return float64(found) / float64(max(1, relevant))
}

// Report has a row for each way.
type Report []Row

// Print writes a table.
func (rows Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "\tnDCG@10\trecall@100\thit@5\tms p50\tms p95\t")
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.3f\t%.2f\t%.2f\t\n", r.Name, r.NDCG, r.Recall, r.Hit, r.P50, r.P95)
	}
	return t.Flush()
}
