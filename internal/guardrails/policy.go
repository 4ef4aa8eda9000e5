package guardrails

import (
	"slices"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/guardrails/pii"
)

// Rule says what is done about findings. Empty fields count for all.
type Rule struct {
	Checks     []string
	Categories []string
	Places     []Place
	Least      float64 // score from which on it counts
	Action     Action
}

// Policy is a list of rules; the last one that fits a finding decides. What no rule fits is allowed, but for a check that
// could not look, which blocks.
type Policy struct {
	Rules []Rule
}

// DefaultPolicy keeps secrets from models, tools and readers, takes what is hidden out of what comes from elsewhere, and
// notes what is personal.
func DefaultPolicy() Policy {
	secret := []string{string(pii.Secret)}
	return Policy{Rules: []Rule{
		{Checks: []string{dataName}, Places: []Place{Input, ToolArguments, Answer}, Action: Flag},
		{Checks: []string{dataName}, Categories: secret, Action: Redact},
		{Checks: []string{dataName}, Categories: secret, Places: []Place{ToolArguments}, Action: Ask},
		{Checks: []string{hiddenName}, Action: Flag},
		{Checks: []string{hiddenName}, Places: []Place{Retrieved, ToolOutput}, Action: Redact},
	}}
}

// Validate is fault.Invalid for a rule that can never fit or says nothing.
func (p Policy) Validate() error {
	for i, r := range p.Rules {
		if !slices.Contains(Actions(), r.Action) {
			return fault.Invalid("rule %d: the action must be one of %v, not %q", i+1, Actions(), r.Action)
		}
		for _, place := range r.Places {
			if !slices.Contains(Places(), place) {
				return fault.Invalid("rule %d: the place must be one of %v, not %q", i+1, Places(), place)
			}
		}
		if r.Least < 0 || r.Least > 1 {
			return fault.Invalid("rule %d: least must be from 0 to 1", i+1)
		}
	}
	return nil
}

func fits[T comparable](list []T, one T) bool { return len(list) == 0 || slices.Contains(list, one) }

// wants tells whether any rule does something about what a check may find in a place.
func (p Policy) wants(check string, place Place) bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool {
		return r.Action != Allow && fits(r.Checks, check) && fits(r.Places, place)
	})
}

func (p Policy) action(f Finding, place Place) Action {
	action := Allow
	if f.Category == CheckFailed {
		action = Block
	}
	for _, r := range p.Rules {
		named := f.Category != CheckFailed || slices.Contains(r.Categories, CheckFailed) // a failure is meant by its name only
		if named && fits(r.Checks, f.Check) && fits(r.Categories, f.Category) && fits(r.Places, place) && f.Score >= r.Least {
			action = r.Action
		}
	}
	return action
}
