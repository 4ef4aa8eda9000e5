package search

import (
	"context"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval"
)

// Explanation tells what became of a document when a question was looked up: where its best passage stood after each step.
type Explanation struct {
	Words, Meaning Place // each side by itself
	Both           Place // of both, ranked by all there is
	Best           *chat.Passage
	Each           int // as many of the best of each side go on
	Given          int // as many are given in the end
}

// Place is where the best passage of a document stands, from 1; 0 is behind all that were looked at.
type Place struct {
	Rank, Looked int
	Score        float64
}

// deepest is how far down a document is looked for.
const deepest = 2000

// Explain tells it for a question as Search would look it up, of the document with this id.
func (s *Searcher) Explain(ctx context.Context, sc chat.Scope, q Query, document string) (Explanation, error) {
	r, err := s.rank(ctx, sc, &q)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Each: max(s.cfg.Each, q.TopK), Given: q.TopK}
	deep, err := s.indexes.Search(ctx, sc.Tenant, q.Text, r.vector, r.classes, deepest)
	if err != nil {
		return e, err
	}
	all := append(append(ids(deep.ByWords), ids(deep.ByVector)...), ids(r.hits)...)
	of, err := s.library.DocumentsOf(ctx, sc.Tenant, all)
	if err != nil {
		return e, err
	}
	var best uint64
	place := func(hits []retrieval.Hit) Place {
		for i, h := range hits {
			if of[h.ID] == document {
				best = h.ID
				return Place{Rank: i + 1, Looked: len(hits), Score: h.Score}
			}
		}
		return Place{Looked: len(hits)}
	}
	e.Words, e.Meaning, e.Both = place(deep.ByWords), place(deep.ByVector), place(r.hits) // the last decides which is the best
	if e.Words.Rank+e.Meaning.Rank+e.Both.Rank == 0 {
		return e, nil
	}
	passages, err := s.library.Passages(ctx, sc, []uint64{best})
	if err != nil {
		return e, err
	}
	if len(passages) == 0 {
		return e, fault.NotFound("the document was taken out meanwhile")
	}
	r.tell(&passages[0])
	e.Best = &passages[0]
	return e, nil
}
