package openaiapi

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
)

// maxDocuments is the bound of Cohere's API.
const maxDocuments = 1000

// RerankRequest is the body of POST /v1/rerank: what Cohere's and Jina's clients send.
type RerankRequest struct {
	Model           string     `json:"model,omitempty" description:"A reranking or an embedding model of GET /v1/models; empty takes the default."`
	Query           string     `json:"query" required:"true"`
	Documents       []Document `json:"documents" required:"true" description:"Texts, or objects with a text."`
	TopN            *int       `json:"top_n,omitempty" minimum:"1" description:"Tell only the best so many."`
	ReturnDocuments bool       `json:"return_documents,omitempty"`
	MaxTokensPerDoc int        `json:"max_tokens_per_doc,omitempty" minimum:"0" description:"Cut longer documents; without it a document that does not fit is an error."`
}

// Document is one text to judge.
type Document struct {
	Text string `json:"text"`
}

// UnmarshalJSON reads a text or an object.
func (d *Document) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &d.Text) == nil && string(b) != "null" {
		return nil
	}
	var object struct {
		Text *string `json:"text"`
	}
	if json.Unmarshal(b, &object) != nil || object.Text == nil {
		return fault.Invalid("documents must be texts or objects with a text").At("documents")
	}
	d.Text = *object.Text
	return nil
}

// JSONSchemaBytes describes both forms.
func (Document) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"anyOf": [{"type": "string"}, {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}]}`), nil
}

// Reranked is the answer of POST /v1/rerank, in the fields that Cohere's and Jina's clients read.
type Reranked struct {
	ID      string       `json:"id"`
	Model   string       `json:"model"`
	Results []Judged     `json:"results"`
	Usage   ReadUsage    `json:"usage"`
	Meta    RerankedMeta `json:"meta"`
}

// Judged is one document, the best first. Index counts from 0 in the request.
type Judged struct {
	Index    int             `json:"index"`
	Score    float32         `json:"relevance_score" description:"0 to 1; comparable within one model only."`
	Document *JudgedDocument `json:"document,omitempty"`
}

// JudgedDocument is the text, when it was asked for.
type JudgedDocument struct {
	Text string `json:"text"`
}

// RerankedMeta is what Cohere's clients read of the price; nothing is billed by it.
type RerankedMeta struct {
	Billed struct {
		SearchUnits int `json:"search_units"`
	} `json:"billed_units"`
}

func (a *api) rerank(c echo.Context) error {
	req, err := edge.Decode[RerankRequest](c)
	if err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	m, err := a.judge(c, req.Model)
	if err != nil {
		return err
	}
	r := serving.Ranking{Query: req.Query, MaxTokens: req.MaxTokensPerDoc}
	for _, d := range req.Documents {
		r.Documents = append(r.Documents, d.Text)
	}
	out, err := a.turns.Rank(c.Request().Context(), orchestrator.Ask{
		Scope: edge.Identity(c).Scope, Trace: edge.RequestID(c), Surface: "openai", Model: m,
	}, r)
	if err != nil {
		return err
	}
	answer := Reranked{ID: "rerank-" + edge.RequestID(c), Model: m.ID, Results: make([]Judged, 0, len(out.Scores)),
		Usage: newReadUsage(out.Usage)}
	answer.Meta.Billed.SearchUnits = 1
	for i, score := range out.Scores {
		j := Judged{Index: i, Score: score}
		if req.ReturnDocuments {
			j.Document = &JudgedDocument{Text: req.Documents[i].Text}
		}
		answer.Results = append(answer.Results, j)
	}
	slices.SortStableFunc(answer.Results, func(a, b Judged) int { return cmp.Compare(b.Score, a.Score) })
	if req.TopN != nil {
		answer.Results = answer.Results[:min(*req.TopN, len(answer.Results))]
	}
	return c.JSON(http.StatusOK, answer)
}

// judge finds the model: a reranking one, or where none is meant or installed, an embedding model.
func (a *api) judge(c echo.Context, name string) (serving.Model, error) {
	ctx, id := c.Request().Context(), edge.Identity(c)
	m, err := a.choose.Resolve(ctx, id, serving.KindRerank, name)
	if kind := fault.From(err).Kind; err != nil && (kind == "no_model" || kind == "model_not_suitable") {
		if embeds, other := a.choose.Resolve(ctx, id, serving.KindEmbed, name); other == nil {
			return embeds, nil
		}
	}
	return m, err
}

func (r RerankRequest) check() error {
	switch {
	case strings.TrimSpace(r.Query) == "":
		return fault.Invalid("query must not be empty").At("query")
	case len(r.Documents) == 0:
		return fault.Invalid("documents must hold at least one text").At("documents")
	case len(r.Documents) > maxDocuments:
		return fault.Invalid("documents takes at most %d texts, not %d", maxDocuments, len(r.Documents)).At("documents")
	case r.TopN != nil && *r.TopN < 1:
		return fault.Invalid("top_n must be at least 1").At("top_n")
	case r.MaxTokensPerDoc < 0:
		return fault.Invalid("max_tokens_per_doc must not be negative").At("max_tokens_per_doc")
	}
	for i, d := range r.Documents {
		if strings.TrimSpace(d.Text) == "" {
			return fault.Invalid("documents[%d] is empty", i).At("documents[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}
