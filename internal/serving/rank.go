package serving

import (
	"context"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Rank judges documents by a query, with a model that Resolve returned: one of KindRerank reads both together;
// with an embedding model the score is how alike their vectors are, which is quicker and knows less. The
// timings are "load", "queue" and "rank". Where the engine ends by itself, the request is tried once more.
func (s *Service) Rank(ctx context.Context, sc chat.Scope, m Model, r Ranking) (out Scores, err error) {
	timings, err := s.read(ctx, sc, m, "rank", func(e Engine) (_ chat.Usage, err error) {
		out, err = rank(ctx, e, r)
		return out.Usage, err
	})
	out.Timings = timings
	return out, err
}

func rank(ctx context.Context, e Engine, r Ranking) (Scores, error) {
	if ranker, ok := e.(Ranker); ok {
		return ranker.Rank(ctx, r)
	}
	if r.MaxTokens > 0 {
		return Scores{}, fault.Invalid("model %q compares whole texts: leave max_tokens_per_doc out, or choose a reranking model", e.Info().Model.ID).At("max_tokens_per_doc")
	}
	inputs := []Input{{Text: r.Query}}
	for _, d := range r.Documents {
		inputs = append(inputs, Input{Text: d})
	}
	vectors, err := e.Embed(ctx, inputs)
	if err != nil {
		return Scores{Usage: vectors.Usage}, err
	}
	out := Scores{Usage: vectors.Usage, Scores: make([]float32, len(r.Documents))}
	query := vectors.Vectors[0]
	for i, v := range vectors.Vectors[1:] {
		dot := float32(0)
		for j := range v {
			dot += v[j] * query[j]
		}
		out.Scores[i] = min(1, max(0, dot)) // what points away is of no use either
	}
	return out, nil
}
