package knowledgeapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/retrieval/search"
)

// ExplainRequest is a question that a file is looked for with.
type ExplainRequest struct {
	Query string `json:"query" required:"true"`
	TopK  int    `json:"top_k,omitempty" minimum:"1" maximum:"100" default:"5"`
}

// Verdict says in a word why a file is found, or why not.
type Verdict string

// The verdicts.
const (
	Found      Verdict = "found"
	NotReady   Verdict = "not_ready"   // it waits, or could not be read
	TooFar     Verdict = "too_far"     // neither by words nor by meaning among the best, which alone go on
	OthersWere Verdict = "others_were" // it went on, and others are better
)

// Explained tells what became of a file when a question was looked up in its vector store.
type Explained struct {
	Verdict Verdict       `json:"verdict" enum:"found,not_ready,too_far,others_were"`
	State   string        `json:"state" description:"Of the file; one that is not ready is not looked at."`
	Words   ExplainedAt   `json:"by_words"`
	Meaning ExplainedAt   `json:"by_meaning"`
	Both    ExplainedAt   `json:"ranked" description:"What both sides let pass, ranked by all there is."`
	Each    int           `json:"each" description:"So many of the best of each side go on."`
	Given   int           `json:"top_k" description:"So many are given in the end."`
	Best    *FoundPassage `json:"best_passage" description:"The passage of the file that came furthest; null where none was seen."`
}

// ExplainedAt is the place of a file's best passage in one list.
type ExplainedAt struct {
	Rank   int     `json:"rank" description:"From 1; 0 is behind all that were looked at."`
	Looked int     `json:"looked_at"`
	Score  float64 `json:"score"`
}

func (a *api) explain(c echo.Context) error {
	req, err := edge.Decode[ExplainRequest](c)
	if err != nil {
		return err
	}
	if req.TopK < 0 || req.TopK > mostFound {
		return fault.Invalid("top_k must be from 1 to %d", mostFound).At("top_k")
	}
	ctx, sc := c.Request().Context(), edge.Identity(c).Scope
	d, err := a.library.Document(ctx, sc, c.Param("id"), c.Param("file"))
	if err != nil {
		return err
	}
	e, err := a.finder.Explain(ctx, sc, search.Query{Text: req.Query, Bases: []string{d.Base}, TopK: req.TopK}, d.ID)
	if err != nil {
		return err
	}
	at := func(p search.Place) ExplainedAt { return ExplainedAt{p.Rank, p.Looked, p.Score} }
	out := Explained{State: string(d.State), Words: at(e.Words), Meaning: at(e.Meaning), Both: at(e.Both), Each: e.Each, Given: e.Given}
	if e.Best != nil {
		best := foundPassage(*e.Best)
		out.Best = &best
	}
	switch {
	case e.Both.Rank > 0 && e.Both.Rank <= e.Given:
		out.Verdict = Found
	case e.Both.Rank > 0:
		out.Verdict = OthersWere
	case d.State != knowledge.Ready:
		out.Verdict = NotReady
	default:
		out.Verdict = TooFar
	}
	return c.JSON(http.StatusOK, out)
}
