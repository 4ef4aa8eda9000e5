// Package guardapi is the API of the guardrails: what would they say of a text?
package guardapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/guardrails"
)

// mostTexts bounds a batch.
const mostTexts = 1000

type api struct {
	guard *guardrails.Guard
	log   *zap.Logger
}

// CheckRequest is the body of POST /v1/guard/check: a text, or several that stand in the same place.
type CheckRequest struct {
	Place guardrails.Place `json:"place" required:"true" enum:"input,retrieved,tool_arguments,tool_output,answer" description:"Where in a turn the text stands."`
	Text  *string          `json:"text,omitempty"`
	Texts []string         `json:"texts,omitempty" description:"A batch, in place of text: at most 1000."`
}

// Checked is the verdict on a text. Of a batch it is the strictest action, and results have the rest.
type Checked struct {
	Judgement
	Results []Judgement `json:"results,omitempty" description:"Of a batch: a verdict a text, in order."`
}

// Judgement is the verdict on one text.
type Judgement struct {
	Action   guardrails.Action `json:"action" enum:"allow,flag,redact,ask,review,block"`
	Text     string            `json:"text" description:"With placeholders where it was redacted; empty when it is blocked, and of a batch."`
	Findings []Finding         `json:"findings"`
	MS       float64           `json:"ms" description:"Milliseconds that it took."`
}

// Finding is something that a check found.
type Finding struct {
	Check    string            `json:"check"`
	Category string            `json:"category"`
	Start    int               `json:"start" description:"First byte in the text that was sent."`
	End      int               `json:"end" description:"The byte after it."`
	Score    float64           `json:"score" description:"How certain it is, from 0 to 1."`
	Reason   string            `json:"reason"`
	Action   guardrails.Action `json:"action" enum:"flag,redact,ask,review,block"`
}

// Routes are the endpoints.
func Routes(guard *guardrails.Guard, log *zap.Logger) []edge.Route {
	a := &api{guard, log}
	return []edge.Route{{
		Method: http.MethodPost, Path: "/v1/guard/check", Access: edge.Chat(chat.RoleMember), Handle: a.check, Op: edge.Op{
			Tag: "Guardrails", Summary: "Look for personal data, secrets and hidden text", Request: CheckRequest{}, Response: Checked{},
			Detail: "Nothing of the text is kept or logged. What is found is judged by the default policy for the place."}}}
}

func (a *api) check(c echo.Context) error {
	req, err := edge.Decode[CheckRequest](c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	switch {
	case !slices.Contains(guardrails.Places(), req.Place):
		return fault.Invalid("place must be one of %v, not %q", guardrails.Places(), req.Place).At("place")
	case (req.Text == nil) == (req.Texts == nil):
		return fault.Invalid("give either text or texts").At("text")
	case len(req.Texts) > mostTexts:
		return fault.Invalid("texts must be at most %d", mostTexts).At("texts")
	case req.Text != nil:
		one, err := a.judge(ctx, req.Place, *req.Text)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, Checked{Judgement: one})
	}
	out := Checked{Judgement: Judgement{Action: guardrails.Allow, Findings: []Finding{}}, Results: make([]Judgement, 0, len(req.Texts))}
	for _, text := range req.Texts {
		one, err := a.judge(ctx, req.Place, text)
		if err != nil {
			return err
		}
		out.Results = append(out.Results, one)
		out.MS += one.MS
		if one.Action.Stricter(out.Action) {
			out.Action = one.Action
		}
	}
	return c.JSON(http.StatusOK, out)
}

func (a *api) judge(ctx context.Context, place guardrails.Place, text string) (Judgement, error) {
	began := time.Now()
	v, err := a.guard.Judge(ctx, guardrails.DefaultPolicy(), place, text)
	if err != nil {
		return Judgement{}, err
	}
	if v.Failed != nil {
		a.log.Error("checks of the guardrails could not look", zap.Error(v.Failed))
	}
	j := Judgement{Action: v.Action, Text: v.Text, Findings: make([]Finding, 0, len(v.Findings)), MS: float64(time.Since(began).Microseconds()) / 1000}
	for _, f := range v.Findings {
		j.Findings = append(j.Findings, Finding(f))
	}
	return j, nil
}
