package ground

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

// Config weighs what speaks for a sentence.
type Config struct {
	// Meaning is the part of the likeness of vectors in a sentence's score; the rest is the part of the question's words.
	Meaning float64
	// Around is the part that the passage as a whole has in the score of its sentences.
	Around float64
	// Least is the score below which nothing is quoted.
	Least float64
	// Near is what part of the best score another sentence must have to be quoted with it.
	Near float64
	// Most is how many sentences are quoted at most.
	Most int
}

// DefaultConfig holds values set by hand. ARCHITECTURE.md has what they give; none better was looked for yet.
func DefaultConfig() Config {
	return Config{Meaning: 0.6, Around: 0.3, Least: 0.45, Near: 0.8, Most: 3}
}

// Quoted is an answer in the words of its sources.
type Quoted struct {
	// Spans are the sentences that answer best, in the order of their sources; none where nothing is relevant.
	Spans []Span
	// Score is that of the best sentence, quoted or not: 0 to 1.
	Score float64
}

// candidate is a sentence with its score.
type candidate struct {
	Span
	score float64
}

// Quotes finds the sentences of the sources that answer a question. Sources come best first. An error is the embedder's.
func Quotes(ctx context.Context, e Embedder, question string, sources []Source, cfg Config) (Quoted, error) {
	list, err := score(ctx, e, question, sources, cfg)
	if err != nil || len(list) == 0 {
		return Quoted{}, err
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	q := Quoted{Score: list[0].score}
	if q.Score < cfg.Least {
		return q, nil
	}
	for _, c := range list[:min(len(list), cfg.Most)] {
		if c.score >= cfg.Near*q.Score {
			q.Spans = append(q.Spans, c.Span)
		}
	}
	slices.SortFunc(q.Spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Start, b.Start))
	})
	q.Spans = joined(q.Spans, sources)
	return q, nil
}

func score(ctx context.Context, e Embedder, question string, sources []Source, cfg Config) ([]candidate, error) {
	var list []candidate
	texts := []string{question}
	var sets []map[string]bool
	ends := make([]int, len(sources)) // of each source's sentences in list
	for i, s := range sources {
		for _, span := range sentences(s.Text) {
			span.Source = i
			list = append(list, candidate{Span: span})
			texts = append(texts, s.Text[span.Start:span.End])
			sets = append(sets, words(s.Text[span.Start:span.End]))
		}
		ends[i] = len(list)
	}
	if len(list) == 0 {
		return nil, nil
	}
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("%d texts got %d vectors", len(texts), len(vectors))
	}
	asked, known := words(question), weigh(sets)
	likeness := func(vector []float32, set map[string]bool) float64 {
		return cfg.Meaning*max(0, dot(vectors[0], vector)) + (1-cfg.Meaning)*known.share(asked, set)
	}
	at := 0
	for i, s := range sources {
		whole := likeness(center(vectors[1+at:1+ends[i]]), words(s.Title+"\n"+s.Text))
		for ; at < ends[i]; at++ {
			list[at].score = (1-cfg.Around)*likeness(vectors[1+at], sets[at]) + cfg.Around*whole
		}
	}
	return list, nil
}

// center is the middle of vectors, of unit length: the meaning of a passage, by its sentences. Nil for none.
func center(vectors [][]float32) []float32 {
	if len(vectors) == 0 {
		return nil
	}
	sum := make([]float32, len(vectors[0]))
	for _, v := range vectors {
		for i := range v {
			sum[i] += v[i]
		}
	}
	if length := math.Sqrt(dot(sum, sum)); length > 0 {
		for i := range sum {
			sum[i] /= float32(length)
		}
	}
	return sum
}

// joined makes one span of sentences that follow each other.
func joined(spans []Span, sources []Source) []Span {
	var out []Span
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].Source == s.Source && blank(sources[s.Source].Text[out[n-1].End:s.Start]) {
			out[n-1].End = s.End
			continue
		}
		out = append(out, s)
	}
	return out
}

// blank tells whether nothing but a space or a line's end parts two sentences.
func blank(between string) bool { return between == "" || between == " " || between == "\n" }
