package guardrails

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Place is where a text stands in a turn.
type Place string

// The places.
const (
	Input         Place = "input"          // what a person or a program asks
	Retrieved     Place = "retrieved"      // passages of documents
	ToolArguments Place = "tool_arguments" // what a model sends to a tool
	ToolOutput    Place = "tool_output"    // what a tool sends back
	Answer        Place = "answer"         // what a model says
)

// Places lists every place, in the order of a turn.
func Places() []Place { return []Place{Input, Retrieved, ToolArguments, ToolOutput, Answer} }

// Action is what is done about a finding.
type Action string

// The actions, from the mildest to the strictest. Who acts by a verdict does at least what it says.
const (
	Allow  Action = "allow"
	Flag   Action = "flag"   // let it pass, and note it
	Redact Action = "redact" // put a placeholder in its place
	Ask    Action = "ask"    // let the person decide
	Review Action = "review" // hand it to a reviewer
	Block  Action = "block"
)

// Actions lists every action, the mildest first.
func Actions() []Action { return []Action{Allow, Flag, Redact, Ask, Review, Block} }

// Stricter tells whether a does more than b.
func (a Action) Stricter(b Action) bool {
	return slices.Index(Actions(), a) > slices.Index(Actions(), b)
}

// Finding is something that a check found in a text: the bytes from Start to before End.
type Finding struct {
	Check      string
	Category   string
	Start, End int
	Score      float64 // how certain it is, 0 to 1
	Reason     string  // for people; it does not repeat the text
	Action     Action  // by the policy
}

// Check looks for one sort of thing. It is safe for many goroutines.
type Check interface {
	Name() string
	// Find returns what it finds, in any order. An error says that it could not look.
	Find(ctx context.Context, text string) ([]Finding, error)
}

// Verdict is what a policy says of a text.
type Verdict struct {
	Action   Action
	Text     string // with placeholders where it was redacted; "" when it is blocked
	Findings []Finding
	// Originals are what the placeholders in Text stand for.
	Originals map[string]string
	// Failed tells why checks could not look, for the log.
	Failed error
}

// Guard judges texts by checks and a policy. It is safe for many goroutines.
type Guard struct {
	checks []Check
}

// New makes a guard with these checks, whose names differ.
func New(checks ...Check) *Guard { return &Guard{checks: checks} }

// CheckFailed is the category of the finding that takes the place of a check that could not look.
const CheckFailed = "check_failed"

// Judge looks at a text that stands in a place. A check that cannot look blocks the text, or does what the policy says for
// CheckFailed; so an error is never silent, and the only one that is returned is that of an ended ctx.
func (g *Guard) Judge(ctx context.Context, p Policy, place Place, text string) (Verdict, error) {
	v := Verdict{Action: Allow, Text: text}
	for _, c := range g.checks {
		if !p.wants(c.Name(), place) {
			continue
		}
		found, err := c.Find(ctx, text)
		if ctx.Err() != nil {
			return Verdict{}, ctx.Err()
		}
		if err != nil {
			v.Failed = errors.Join(v.Failed, fmt.Errorf("check %s: %w", c.Name(), err))
			found = []Finding{{Category: CheckFailed, Score: 1, Reason: "the check could not look at the text"}}
		}
		for _, f := range found {
			f.Check = c.Name()
			if f.Action = p.action(f, place); f.Action == Allow {
				continue
			}
			v.Findings = append(v.Findings, f)
			if f.Action.Stricter(v.Action) {
				v.Action = f.Action
			}
		}
	}
	slices.SortStableFunc(v.Findings, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	if v.Action == Block {
		v.Text = ""
		return v, nil
	}
	v.Text, v.Originals = redact(text, v.Findings)
	return v, nil
}
