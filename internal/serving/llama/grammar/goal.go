package grammar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiler makes the rules of one schema.
type compiler struct {
	grammar *Grammar
	work    *budget
	order   map[string][]string
	dynamic int
	ids     map[*jsonschema.Schema]int
	demands map[string]*demand
	goals   map[string]*goal
	todo    []*goal // made, and their rules not yet written
	known   map[literal][]branch
	open    map[literal]bool // being expanded: to meet one again is a schema that refers to itself alone
	depth   int
}

// goal is a set of schemas that one value must fit.
type goal struct {
	lits     []literal
	rule     *rule
	branches []branch
	expanded bool
}

func (c *compiler) id(s *jsonschema.Schema) int {
	n, ok := c.ids[s]
	if !ok {
		n = len(c.ids)
		c.ids[s] = n
	}
	return n
}

// goal returns the goal of these schemas; equal ones are the same.
func (c *compiler) goal(lits []literal) (*goal, error) {
	lits = c.tidy(lits)
	var key strings.Builder
	for _, l := range lits {
		fmt.Fprintf(&key, "%d%t,", c.id(l.s), l.not)
	}
	if g, ok := c.goals[key.String()]; ok {
		return g, nil
	}
	if len(c.goals) >= maxGoals {
		return nil, errBudget
	}
	g := &goal{lits: lits}
	c.goals[key.String()] = g
	return g, nil
}

// use returns the rule of a goal; it is written later. Goals that are only looked at have none.
func (c *compiler) use(lits []literal) (*rule, error) {
	g, err := c.goal(lits)
	if err != nil {
		return nil, err
	}
	if g.rule == nil {
		g.rule = c.grammar.rules.add("v")
		c.todo = append(c.todo, g)
	}
	return g.rule, nil
}

// tidy sorts schemas, and drops those that ask nothing.
func (c *compiler) tidy(lits []literal) []literal {
	out := slices.DeleteFunc(slices.Clone(lits), func(l literal) bool { return l.s == nil || (!l.not && asksNothing(l.s)) })
	slices.SortFunc(out, func(a, b literal) int {
		if n := c.id(a.s) - c.id(b.s); n != 0 {
			return n
		}
		if a.not == b.not {
			return 0
		}
		if b.not {
			return -1
		}
		return 1
	})
	return slices.Compact(out)
}

// asksNothing reports whether every value fits s.
func asksNothing(s *jsonschema.Schema) bool {
	if s.Bool != nil {
		return *s.Bool
	}
	return s.Ref == nil && s.RecursiveRef == nil && s.DynamicRef == nil && s.Types == nil && s.Enum == nil && s.Const == nil &&
		s.Not == nil && len(s.AllOf) == 0 && len(s.AnyOf) == 0 && len(s.OneOf) == 0 && s.If == nil && s.Format == nil &&
		s.MaxProperties == nil && s.MinProperties == nil && len(s.Required) == 0 && s.PropertyNames == nil &&
		len(s.Properties) == 0 && len(s.PatternProperties) == 0 && s.AdditionalProperties == nil && len(s.Dependencies) == 0 &&
		len(s.DependentRequired) == 0 && len(s.DependentSchemas) == 0 && s.UnevaluatedProperties == nil &&
		s.MinItems == nil && s.MaxItems == nil && !s.UniqueItems && s.Contains == nil && s.Items == nil &&
		s.AdditionalItems == nil && len(s.PrefixItems) == 0 && s.Items2020 == nil && s.UnevaluatedItems == nil &&
		s.MinLength == nil && s.MaxLength == nil && s.Pattern == nil && s.Maximum == nil && s.Minimum == nil &&
		s.ExclusiveMaximum == nil && s.ExclusiveMinimum == nil && s.MultipleOf == nil
}

// ways expands a goal: the alternatives by which a value can fit it.
func (c *compiler) ways(g *goal) ([]branch, error) {
	if g.expanded {
		return g.branches, nil
	}
	list := anything()
	for _, l := range g.lits {
		more, err := c.expand(l)
		if err != nil {
			return nil, err
		}
		if list, err = c.both(list, more); err != nil {
			return nil, err
		}
	}
	out := list[:0:0]
	for _, b := range list {
		if b.values != nil {
			kept := []any{}
			for _, v := range b.values {
				ok, err := c.fits(v, g.lits)
				if err != nil {
					return nil, err
				}
				if ok {
					kept = append(kept, v)
				}
			}
			if b.values = kept; len(kept) == 0 {
				continue
			}
		}
		out = append(out, b)
	}
	g.branches, g.expanded = out, true
	return out, nil
}

// fits tries a value that the schema itself names.
func (c *compiler) fits(v any, lits []literal) (bool, error) {
	for _, l := range lits {
		if err := c.work.spend(int(min(cost(l.s, v), maxWork))); err != nil {
			return false, err
		}
		if (l.s.Validate(v) == nil) == l.not {
			return false, nil
		}
	}
	return true, nil
}

// possible is a quick look at whether any value fits a goal: false is certain. It looks at members that
// must be there, so deep.
func (c *compiler) possible(lits []literal, depth int) (bool, error) {
	g, err := c.goal(lits)
	if err != nil {
		return false, err
	}
	if depth == 0 || slices.ContainsFunc(g.lits, func(l literal) bool { return c.open[l] }) {
		return true, nil
	}
	list, err := c.ways(g)
	if err != nil {
		return false, err
	}
	for _, b := range list {
		ok, err := c.possibleBranch(b, depth)
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (c *compiler) possibleBranch(b branch, depth int) (bool, error) {
	if b.values != nil {
		return true, nil
	}
	switch b.kind {
	case isNumber:
		m, bad := newNumber(b.demands)
		if bad != nil || len(b.demands) == 0 {
			return true, nil //nolint:nilerr // it is refused when it is needed
		}
		a, err := build(m, c.work)
		return err != nil || !a.empty(), err
	case isText:
		m, bad := newTexts(b.demands)
		if bad != nil || len(b.demands) == 0 {
			return true, nil
		}
		if len(m.progs) == 0 && len(m.not) == 0 {
			return m.max < 0 || m.min <= m.max, nil
		}
		a, err := build(m, c.work)
		return err != nil || !a.empty(), err
	case isObject:
		o := newObject(b)
		for name := range o.required {
			if o.forbidden[name] {
				return false, nil
			}
			ok, err := c.possible(o.member(name), depth-1)
			if !ok || err != nil {
				return ok, err
			}
		}
	}
	return true, nil
}
