// Package search answers the question which passages a question is about: it embeds the question, looks it up by words and
// by meaning among what the asker may read, makes one list of both, and reads the best. Begin at Searcher.
package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/ground"
	"github.com/parley-chat/parley/internal/retrieval/index"
	"github.com/parley-chat/parley/internal/retrieval/late"
)

// Library knows who may read what; knowledge.Library does.
type Library interface {
	// Classes are those that the scope may read now, of all bases or of the named ones.
	Classes(ctx context.Context, sc chat.Scope, bases []string) ([]uint32, error)
	// Passages reads some, in the order of the ids, without those that the scope may not read.
	Passages(ctx context.Context, sc chat.Scope, ids []uint64) ([]chat.Passage, error)
	// Tokens reads those of passages, as late.Pack has them, in the order of the ids; nil for one without.
	Tokens(ctx context.Context, tenant string, ids []uint64) ([][]byte, error)
	// DocumentsOf tells which document each passage is of.
	DocumentsOf(ctx context.Context, tenant string, ids []uint64) (map[uint64]string, error)
}

// Searcher finds passages. It is safe for many goroutines.
type Searcher struct {
	library Library
	indexes *index.Indexes
	embed   retrieval.Embedder
	cfg     Config
}

// Config are the settings of search.
type Config struct {
	// Each is how many passages words and vectors are asked for, each side.
	Each int `mapstructure:"each"`
	// TopK is how many passages a question gets where it does not say.
	TopK int `mapstructure:"top_k"`
	// Meaning is the part of the vectors in a score, from 0 to 1.
	Meaning float64 `mapstructure:"meaning"`
	// Tokens is the part of the likeness of tokens in the score of the best, from 0 to 1: they are ranked again by it. With 0
	// they are not.
	Tokens float64 `mapstructure:"tokens"`
}

// DefaultConfig holds the usual values.
func DefaultConfig() Config {
	return Config{Each: 100, TopK: 5, Meaning: retrieval.DefaultMeaning, Tokens: late.DefaultPart}
}

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	switch {
	case c.Each < 1 || c.Each > 1000:
		return fmt.Errorf("each: must be from 1 to 1000, not %d", c.Each)
	case c.TopK < 1 || c.TopK > 100:
		return fmt.Errorf("top_k: must be from 1 to 100, not %d", c.TopK)
	case c.Meaning < 0 || c.Meaning > 1:
		return fmt.Errorf("meaning: must be from 0 to 1, not %g", c.Meaning)
	case c.Tokens < 0 || c.Tokens > 1:
		return fmt.Errorf("tokens: must be from 0 to 1, not %g", c.Tokens)
	}
	return nil
}

// New makes a Searcher.
func New(library Library, indexes *index.Indexes, embed retrieval.Embedder, cfg Config) *Searcher {
	return &Searcher{library, indexes, embed, cfg}
}

// May is fault.NotFound where a base is named that the scope may not read.
func (s *Searcher) May(ctx context.Context, sc chat.Scope, bases []string) error {
	_, err := s.library.Classes(ctx, sc, bases)
	return err
}

// Query is a question to the documents.
type Query struct {
	Text  string
	Bases []string // nil is all that the scope may read
	TopK  int      // 0 is the default
	Words bool     // by words alone
	// Distinct leaves out what says nearly the same as a better passage.
	Distinct bool
	// Documents are the only ones that count; nil is all.
	Documents []string
}

// maxQuery is how long a question may be, in bytes; what is meant stands at its beginning or its end.
const maxQuery = 4000

// ranking is what a question finds, in its steps.
type ranking struct {
	words, vectors []retrieval.Hit // the best of each side
	hits           []retrieval.Hit // of both, ranked by all there is
	alike          []retrieval.Hit // by their tokens, those that have them
	vector         []float32       // of the question
	classes        []uint32
}

// rank takes the steps. There is nothing to find where it returns no classes.
func (s *Searcher) rank(ctx context.Context, sc chat.Scope, q *Query) (r ranking, err error) {
	q.Text = strings.TrimSpace(q.Text)
	if q.Text == "" {
		return r, fault.Invalid("the query is empty").At("query")
	}
	if len(q.Text) > maxQuery {
		return r, fault.TooLarge("a query may have %d bytes, this one has %d", maxQuery, len(q.Text)).At("query")
	}
	if q.TopK == 0 {
		q.TopK = s.cfg.TopK
	}
	r.classes, err = s.library.Classes(ctx, sc, q.Bases)
	if err != nil || len(r.classes) == 0 || q.Documents != nil && len(q.Documents) == 0 {
		return r, err
	}
	var question retrieval.Embedded
	if !q.Words {
		first := retrieval.Cut(q.Text, retrieval.WindowBytes)[:1]
		embedded, _, err := s.embed.Embed(ctx, sc, first, s.cfg.Tokens > 0)
		if err != nil {
			return r, err
		}
		if question = embedded[0]; !late.Reads(first[0], question.Each, len(question.Vector)) {
			question.Each = nil
		}
	}
	found, err := s.find(ctx, sc, *q, question.Vector, r.classes)
	if err != nil {
		return r, err
	}
	r.words, r.vectors, r.vector = found.ByWords, found.ByVector, question.Vector
	r.hits, r.alike, err = s.rerank(ctx, sc, question, retrieval.Fuse(found.ByWords, found.ByVector, s.cfg.Meaning))
	return r, err
}

// Search returns what fits best, the best first. It is fault.NotFound for a base that may not be read.
func (s *Searcher) Search(ctx context.Context, sc chat.Scope, q Query) ([]chat.Passage, error) {
	r, err := s.rank(ctx, sc, &q)
	if err != nil {
		return nil, err
	}
	read := q.TopK
	if q.Distinct {
		read *= spare
	}
	passages, err := s.library.Passages(ctx, sc, ids(r.hits[:min(len(r.hits), read)]))
	if err != nil {
		return nil, err
	}
	if q.Distinct {
		passages = distinct(passages, q.TopK)
	}
	for i := range passages {
		r.tell(&passages[i])
	}
	return passages, nil
}

// tell writes the scores of a passage into it.
func (r ranking) tell(p *chat.Passage) {
	p.Score, p.ByWords, p.ByVector, p.ByTokens = score(r.hits, p.ID), score(r.words, p.ID), score(r.vectors, p.ID), score(r.alike, p.ID)
}

// find asks both indexes. Where some documents count only, it asks for more until there are as many of them, or no more at all.
func (s *Searcher) find(ctx context.Context, sc chat.Scope, q Query, v []float32, classes []uint32) (index.Found, error) {
	want := max(s.cfg.Each, q.TopK)
	counts := make(map[string]bool, len(q.Documents))
	for _, id := range q.Documents {
		counts[id] = true
	}
	for k := want; ; k *= 4 {
		found, err := s.indexes.Search(ctx, sc.Tenant, q.Text, v, classes, k)
		if err != nil || q.Documents == nil {
			return found, err
		}
		of, err := s.library.DocumentsOf(ctx, sc.Tenant, append(ids(found.ByWords), ids(found.ByVector)...))
		if err != nil {
			return found, err
		}
		enough := true
		for _, side := range []*[]retrieval.Hit{&found.ByWords, &found.ByVector} {
			all := len(*side)
			*side = slices.DeleteFunc(*side, func(h retrieval.Hit) bool { return !counts[of[h.ID]] })
			// Vectors of passages with several windows can be some fewer than were asked for.
			enough = enough && (len(*side) >= want || all < k/2)
		}
		if enough {
			return found, nil
		}
	}
}

// rerank ranks the best again by their tokens, where the question has its own.
func (s *Searcher) rerank(ctx context.Context, sc chat.Scope, question retrieval.Embedded, hits []retrieval.Hit) (ranked, alike []retrieval.Hit, err error) {
	if question.Each == nil {
		return hits, nil, nil
	}
	tokens, err := s.library.Tokens(ctx, sc.Tenant, ids(hits[:min(len(hits), late.Candidates)]))
	if err != nil {
		return nil, nil, err
	}
	return late.Rerank(hits, late.NewQuestion(question.Each, len(question.Vector)), tokens, s.cfg.Tokens)
}

func ids(hits []retrieval.Hit) []uint64 {
	list := make([]uint64, len(hits))
	for i, h := range hits {
		list[i] = h.ID
	}
	return list
}

func score(hits []retrieval.Hit, id uint64) float64 {
	for _, h := range hits {
		if h.ID == id {
			return h.Score
		}
	}
	return 0
}

// Quotes finds the sentences of passages that answer a question, as sources, and those that do not as the nearest ones.
// None is cited where nothing is good enough.
func (s *Searcher) Quotes(ctx context.Context, sc chat.Scope, question string, passages []chat.Passage) ([]chat.Source, error) {
	list := make([]ground.Source, len(passages))
	for i, p := range passages {
		list[i] = ground.Source{Title: strings.Trim(p.Title+" > "+p.Heading, " >"), Text: p.Text}
	}
	quoted, err := ground.Quotes(ctx, scoped{s.embed, sc}, question, list, ground.DefaultConfig())
	if err != nil {
		return nil, err
	}
	var out []chat.Source
	quotedFrom := map[int]bool{}
	for _, span := range quoted.Spans {
		p := passages[span.Source]
		quotedFrom[span.Source] = true
		out = append(out, p.Source(len(out)+1, span.Start, span.End, true))
	}
	for i, p := range passages {
		if !quotedFrom[i] {
			out = append(out, p.Source(len(out)+1, 0, len(p.Text), false))
		}
	}
	return out, nil
}

// Judge holds each sentence of an answer against the sources that it names.
func (s *Searcher) Judge(ctx context.Context, sc chat.Scope, answer string, sources []chat.Source) (chat.Grounding, error) {
	list := make([]ground.Source, len(sources))
	for i, source := range sources {
		list[i] = ground.Source{Title: source.Title, Text: source.Quote}
	}
	cfg := ground.DefaultJudging()
	judged, err := ground.Judge(ctx, scoped{s.embed, sc}, answer, list, cfg)
	if err != nil {
		return chat.Grounding{}, err
	}
	out := chat.Grounding{Hallucination: ground.Unsupported(judged, cfg), Claims: make([]chat.Claim, len(judged))}
	for i, c := range judged {
		claim := chat.Claim{Start: c.Start, End: c.End, Cites: []string{}, Support: c.Support, Supported: c.Support >= cfg.Least}
		for _, at := range c.Cites {
			claim.Cites = append(claim.Cites, sources[at].Label)
		}
		if c.Support > 0 {
			claim.Source = sources[c.Best.Source].Label
		}
		out.Claims[i] = claim
	}
	return out, nil
}

// scoped is an embedder of one asker's, of texts that may be too long.
type scoped struct {
	e  retrieval.Embedder
	sc chat.Scope
}

// Embed implements ground.Embedder. Of a long sentence the first window counts.
func (s scoped) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	windows, _, err := retrieval.Windows(ctx, s.e, s.sc, texts, false)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(windows))
	for i, w := range windows {
		out[i] = w[0].Vector
	}
	return out, nil
}
