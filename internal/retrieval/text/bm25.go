package text

import (
	"context"
	"errors"
	"math"

	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	index "github.com/blevesearch/bleve_index_api"
)

// The parameters of BM25 are those of Anserini (Lin and others), which are better for passages than the usual 1.2 and 0.75.
const (
	k1 = 0.9
	b  = 0.4
)

// words is a query for the passages that have any word of a question, by BM25 (Robertson and Zaragoza, "The Probabilistic
// Relevance Framework", 2009). What bleve calls so takes the root of a word's count, squares its idf, has the distinct words
// of a field for its length, and takes off for each word of the question that is missing: on SciFact 0.685 in place of 0.698
// of nDCG@10.
type words struct {
	question string
	fields   []string
	average  map[string]float64 // words of a passage, by field
}

// Searcher implements query.Query.
func (q words) Searcher(ctx context.Context, r index.IndexReader, m mapping.IndexMapping, _ search.SearcherOptions) (search.Searcher, error) {
	total, err := r.DocCount()
	if err != nil {
		return nil, err
	}
	u := &union{}
	for _, field := range q.fields {
		times := map[string]float64{}
		for _, token := range analyze(m, field, q.question) {
			times[string(token.Term)]++
		}
		for term, n := range times {
			postings, err := r.TermFieldReader(ctx, []byte(term), field, true, true, false)
			if err != nil {
				return nil, errors.Join(err, u.Close())
			}
			have := float64(postings.Count())
			u.count += postings.Count()
			u.terms = append(u.terms, &posting{reader: postings, average: max(1, q.average[field]),
				weight: n * math.Log(1+(float64(total)-have+0.5)/(have+0.5))})
		}
	}
	return u, nil
}

// posting is one word's place in the passages that have it.
type posting struct {
	reader  index.TermFieldReader
	weight  float64
	average float64
	at      *index.TermFieldDoc // nil at the end
	kept    index.TermFieldDoc
}

func (p *posting) score() float64 {
	tf, length := float64(p.at.Freq), 1/(p.at.Norm*p.at.Norm) // bleve keeps the root of it
	return p.weight * tf * (k1 + 1) / (tf + k1*(1-b+b*length/p.average))
}

func (p *posting) next() (err error) {
	p.at, err = p.reader.Next(p.kept.Reset())
	return err
}

// union goes through the passages that have any of its words. It implements search.Searcher.
type union struct {
	terms []*posting
	count uint64
	begun bool
}

// Next implements search.Searcher.
func (u *union) Next(ctx *search.SearchContext) (*search.DocumentMatch, error) {
	if !u.begun {
		u.begun = true
		for _, p := range u.terms {
			if err := p.next(); err != nil {
				return nil, err
			}
		}
	}
	var least index.IndexInternalID
	for _, p := range u.terms {
		if p.at != nil && (least == nil || p.at.ID.Compare(least) < 0) {
			least = p.at.ID
		}
	}
	if least == nil {
		return nil, nil //nolint:nilnil // the end, as bleve has it
	}
	found := ctx.DocumentMatchPool.Get()
	found.IndexInternalID = index.NewIndexInternalIDFrom(found.IndexInternalID, least)
	for _, p := range u.terms {
		if p.at == nil || !p.at.ID.Equals(found.IndexInternalID) {
			continue
		}
		found.Score += p.score()
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Advance implements search.Searcher.
func (u *union) Advance(ctx *search.SearchContext, id index.IndexInternalID) (found *search.DocumentMatch, err error) {
	for _, p := range u.terms {
		if u.begun && (p.at == nil || p.at.ID.Compare(id) >= 0) {
			continue
		}
		if p.at, err = p.reader.Advance(id, p.kept.Reset()); err != nil {
			return nil, err
		}
	}
	u.begun = true
	return u.Next(ctx)
}

// Close implements search.Searcher.
func (u *union) Close() error {
	errs := make([]error, len(u.terms))
	for i, p := range u.terms {
		errs[i] = p.reader.Close()
	}
	return errors.Join(errs...)
}

// Weight and SetQueryNorm implement search.Searcher: they are of no account to BM25.
func (u *union) Weight() float64      { return 1 }
func (u *union) SetQueryNorm(float64) {}

// Count, Min, Size and DocumentMatchPoolSize implement search.Searcher.
func (u *union) Count() uint64              { return u.count }
func (u *union) Min() int                   { return 1 }
func (u *union) Size() int                  { return 0 }
func (u *union) DocumentMatchPoolSize() int { return 1 }
