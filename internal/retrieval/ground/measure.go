package ground

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Passage is one that questions are asked about.
type Passage struct {
	ID string
	Source
}

// Question is one whose answer stands in a passage.
type Question struct {
	Text    string
	Passage string   // its id
	Answers []string // any of them, word by word
}

// Report tells how quotes do where the passages that are nearest by their vectors are the sources: once with the
// passage that has the answer among all, and once without it.
type Report struct {
	Questions int `json:"questions"`
	// Found is how many questions had their passage among the sources.
	Found int `json:"found"`
	// Right is how many got quotes that hold the answer, of those whose passage was found; Silent how many got none.
	Right  int `json:"right"`
	Silent int `json:"silent"`
	// Refused is how many got no quotes where no passage has the answer.
	Refused int `json:"refused"`
	// Area is how often a question with its passage scores higher than one without: under the curve (ROC).
	Area float64 `json:"area"`
	// Quoted is the part of the sources' text that was quoted.
	Quoted float64 `json:"quoted"`
	// Thresholds are values of Config.Least at which so many of a hundred answerable questions get no quotes.
	Thresholds []Threshold `json:"thresholds"`
}

// Threshold is a value of Config.Least with what it costs and saves, as parts of all.
type Threshold struct {
	Least   float64 `json:"least"`
	Silent  float64 `json:"silent"`
	Refused float64 `json:"refused"`
}

// Measure asks all questions, with so many sources each.
func Measure(ctx context.Context, e Embedder, passages []Passage, questions []Question, sources int, cfg Config) (Report, error) {
	vectors, err := centers(ctx, e, passages)
	if err != nil {
		return Report{}, err
	}
	texts := make([]string, len(questions))
	for i, q := range questions {
		texts[i] = q.Text
	}
	asked, err := e.Embed(ctx, texts)
	if err != nil {
		return Report{}, err
	}
	r := Report{Questions: len(questions)}
	var with, without []float64
	var quoted, shown int
	for i, q := range questions {
		near := nearest(asked[i], vectors)
		at := slices.IndexFunc(near, func(p int) bool { return passages[p].ID == q.Passage })
		if at < 0 {
			return r, fmt.Errorf("there is no passage %q", q.Passage)
		}
		if at < sources {
			r.Found++
			list := pick(passages, near[:min(sources, len(near))])
			got, err := Quotes(ctx, e, q.Text, list, cfg)
			if err != nil {
				return r, err
			}
			with = append(with, got.Score)
			if len(got.Spans) == 0 {
				r.Silent++
			}
			if got.holds(q.Answers, list) {
				r.Right++
			}
			for _, s := range list {
				shown += len(s.Text)
			}
			for _, s := range got.Spans {
				quoted += s.End - s.Start
			}
		}
		near = slices.Delete(near, at, at+1)
		got, err := Quotes(ctx, e, q.Text, pick(passages, near[:min(sources, len(near))]), cfg)
		if err != nil {
			return r, err
		}
		without = append(without, got.Score)
		if len(got.Spans) == 0 {
			r.Refused++
		}
	}
	r.Quoted = float64(quoted) / float64(max(1, shown))
	r.curve(with, without)
	return r, nil
}

// centers are the vectors of passages.
func centers(ctx context.Context, e Embedder, passages []Passage) ([][]float32, error) {
	vectors := make([][]float32, len(passages))
	for i, p := range passages {
		var texts []string
		for _, s := range sentences(p.Text) {
			texts = append(texts, p.Text[s.Start:s.End])
		}
		of, err := e.Embed(ctx, texts)
		if err != nil {
			return nil, err
		}
		vectors[i] = center(of)
	}
	return vectors, nil
}

func (q Quoted) holds(answers []string, sources []Source) bool {
	return slices.ContainsFunc(q.Spans, func(s Span) bool {
		text := sources[s.Source].Text[s.Start:s.End]
		return slices.ContainsFunc(answers, func(a string) bool { return strings.Contains(text, a) })
	})
}

func pick(passages []Passage, which []int) []Source {
	out := make([]Source, 0, len(which))
	for _, i := range which {
		out = append(out, passages[i].Source)
	}
	return out
}

// nearest orders passages by their vectors, the best first.
func nearest(question []float32, vectors [][]float32) []int {
	scores := make([]float64, len(vectors))
	order := make([]int, len(vectors))
	for i, v := range vectors {
		order[i], scores[i] = i, dot(question, v)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}

// curve compares the scores of questions with and without their passage.
func (r *Report) curve(with, without []float64) {
	if len(with) == 0 || len(without) == 0 {
		return
	}
	slices.Sort(with)
	slices.Sort(without)
	r.Area = area(with, without)
	for _, part := range []float64{0.02, 0.05, 0.1, 0.2} {
		least := with[int(part*float64(len(with)))]
		below, _ := slices.BinarySearch(without, least)
		r.Thresholds = append(r.Thresholds, Threshold{Least: least, Silent: part, Refused: float64(below) / float64(len(without))})
	}
}

// area is how often one of the sorted high is above one of the sorted low: the area under the curve (ROC).
func area(high, low []float64) float64 {
	above := 0
	for _, s := range high {
		below, _ := slices.BinarySearch(low, s)
		above += below
	}
	return float64(above) / float64(max(1, len(high)*len(low)))
}

// Print writes the report as a table.
func (r Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	part := func(n, of int) string { return fmt.Sprintf("%d of %d (%.3f)", n, of, float64(n)/float64(max(1, of))) }
	for _, row := range [][2]string{
		{"passage among the sources", part(r.Found, r.Questions)},
		{"answer in the quotes", part(r.Right, r.Found)},
		{"no quotes, though it is there", part(r.Silent, r.Found)},
		{"no quotes where it is not there", part(r.Refused, r.Questions)},
		{"area under the curve", fmt.Sprintf("%.3f", r.Area)},
		{"part of the sources quoted", fmt.Sprintf("%.3f", r.Quoted)},
	} {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", row[0], row[1])
	}
	for _, h := range r.Thresholds {
		_, _ = fmt.Fprintf(t, "least %.3f\tsilent %.2f, refused %.3f\n", h.Least, h.Silent, h.Refused)
	}
	return t.Flush()
}
