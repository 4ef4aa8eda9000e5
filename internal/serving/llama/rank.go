package llama

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// rankEngine is a model that reads a query and a document together and scores them (a cross-encoder). It
// computes as an embedding model does, and its "vector" is the score.
type rankEngine struct {
	*embedEngine
	template string // what the file wants around both, with {query} and {document}; "" for tokens between them
	softened bool   // the model's own score is a probability already
}

var (
	_ serving.Engine = (*rankEngine)(nil)
	_ serving.Ranker = (*rankEngine)(nil)
)

func newRankEngine(cfg Config, m serving.Model, nat *model) (*rankEngine, error) {
	scores := max(1, int(llama.ModelNClsOut(nat.handle)))
	e, err := newPoolingEngine(cfg, m, nat, scores, slices.Clone[[]float32])
	if err != nil {
		return nil, err
	}
	// Models with two classes, yes and no, come with the probabilities of both.
	return &rankEngine{embedEngine: e, template: nat.meta("tokenizer.chat_template.rerank"), softened: scores > 1}, nil
}

// Embed implements serving.Engine: scores are no vectors.
func (e *rankEngine) Embed(context.Context, []serving.Input) (serving.Embeddings, error) {
	return serving.Embeddings{}, fault.Invalid("model %q ranks documents and does not embed: choose an embedding model", e.info.Model.ID).At("model")
}

// Rank implements serving.Ranker.
func (e *rankEngine) Rank(ctx context.Context, r serving.Ranking) (serving.Scores, error) {
	var out serving.Scores
	pairs, err := e.pairs(ctx, r)
	if err != nil {
		return out, err
	}
	raw, _, err := e.queue.embed(ctx, pairs, false)
	if err != nil {
		return out, err
	}
	out.Scores = make([]float32, len(pairs))
	for i, score := range raw {
		out.Usage.InputTokens += len(pairs[i])
		out.Scores[i] = score[0]
		if !e.softened {
			out.Scores[i] = float32(1 / (1 + math.Exp(-float64(score[0]))))
		}
	}
	return out, nil
}

// pairs turns the query with each document into tokens, and checks them.
func (e *rankEngine) pairs(ctx context.Context, r serving.Ranking) ([][]int32, error) {
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return nil, errUnloaded()
	}
	query, pairs := e.model.plain(r.Query), make([][]int32, len(r.Documents))
	for i, d := range r.Documents {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if strings.ContainsRune(r.Query+d, 0) {
			return nil, fault.Invalid("document %d or the query holds the character U+0000, which no model can read: remove it", i).At("documents")
		}
		document := e.model.plain(d)
		if r.MaxTokens > 0 && len(document) > r.MaxTokens {
			document = document[:r.MaxTokens]
		}
		pair := e.pair(query, document)
		if len(pair) > e.info.Context {
			return nil, fault.Invalid("the query and document %d have %d tokens together and the window of model %q holds %d: split the document or set max_tokens_per_doc",
				i, len(pair), e.info.Model.ID, e.info.Context).At("documents").OfKind("context_length_exceeded")
		}
		pairs[i] = pair
	}
	return pairs, nil
}

// pair puts the tokens of a query and a document together as the model was trained: by the template of its file, or
// with the vocabulary's own tokens around and between them.
func (e *rankEngine) pair(query, document []int32) []int32 {
	if e.template != "" {
		var out []int32
		rest := e.template
		for rest != "" {
			at, name, part := len(rest), "", []int32(nil)
			for placeholder, tokens := range map[string][]int32{"{query}": query, "{document}": document} {
				if i := strings.Index(rest, placeholder); i >= 0 && i < at {
					at, name, part = i, placeholder, tokens
				}
			}
			if at > 0 {
				out = append(out, convert(llama.Tokenize(e.model.vocab, rest[:at], false, true))...)
			}
			out, rest = append(out, part...), rest[at+len(name):]
		}
		return out
	}
	// BERT wants [CLS] query [SEP] document [SEP], XLM-RoBERTa <s> query </s> </s> document </s>.
	v := e.model.vocab
	bos, sep, eos := special(llama.VocabBOS(v), llama.VocabGetAddBOS(v)), special(llama.VocabSEP(v), llama.VocabGetAddSEP(v)), special(llama.VocabEOS(v), llama.VocabGetAddEOS(v))
	end := eos
	if end == nil {
		end = sep
	}
	return slices.Concat(bos, query, eos, sep, document, end)
}

// special is a token of the vocabulary, if there is one and it is wanted.
func special(t llama.Token, wanted bool) []int32 {
	if t == llama.TokenNull || !wanted {
		return nil
	}
	return []int32{int32(t)}
}
