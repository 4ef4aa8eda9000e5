package serving_test

import (
	"context"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// ranker scores a document by its length.
type ranker struct{ *servingtest.Scripted }

func (ranker) Rank(_ context.Context, r serving.Ranking) (serving.Scores, error) {
	out := serving.Scores{Usage: chat.Usage{InputTokens: 7}}
	for _, d := range r.Documents {
		out.Scores = append(out.Scores, float32(len(d)))
	}
	return out, nil
}

func TestRank(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, serving.DefaultConfig(), &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		scripted := &servingtest.Scripted{Model: m}
		if m.Kind == serving.KindRerank {
			return ranker{scripted}
		}
		return scripted
	}})
	ask := serving.Ranking{Query: "red boats", Documents: []string{"blue", "red boats", "green cars"}}
	out, err := s.Rank(t.Context(), sc, serving.Model{ID: "r", Kind: serving.KindRerank}, ask)
	if err != nil || !slices.Equal(out.Scores, []float32{4, 9, 10}) || out.Usage.InputTokens != 7 {
		t.Errorf("%+v, error %v", out, err)
	}
	for _, step := range []string{"load", "queue", "rank"} {
		if _, ok := out.Timings[step]; !ok {
			t.Errorf("no timing of step %q in %v", step, out.Timings)
		}
	}
	// Vectors do where there is no reranking model: the same text is nearest.
	embeds := serving.Model{ID: "e", Kind: serving.KindEmbed}
	out, err = s.Rank(t.Context(), sc, embeds, ask)
	if err != nil || out.Scores[1] < 0.999 || out.Scores[0] >= out.Scores[1] || out.Scores[2] >= out.Scores[1] || slices.Min(out.Scores) < 0 {
		t.Errorf("%+v, error %v", out, err)
	}
	ask.MaxTokens = 10
	if _, err := s.Rank(t.Context(), sc, embeds, ask); fault.From(err).Param != "max_tokens_per_doc" {
		t.Errorf("cutting texts for vectors: %v", err)
	}
}
