package grammar

import (
	"maps"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// expand lists the ways to fit one schema, or to not fit it.
func (c *compiler) expand(l literal) ([]branch, error) {
	if l.s == nil {
		return anything(), nil
	}
	if list, ok := c.known[l]; ok {
		return list, nil
	}
	if c.open[l] {
		return nil, c.refuse(l.s, "$ref", "it refers to itself without end")
	}
	if c.depth >= maxDepth {
		return nil, errBudget
	}
	if err := c.work.spend(8); err != nil {
		return nil, err
	}
	c.open[l] = true
	c.depth++
	defer func() { delete(c.open, l); c.depth-- }()
	var list []branch
	var err error
	switch {
	case l.s.Bool != nil:
		if *l.s.Bool != l.not {
			list = anything()
		}
	case l.not:
		list, err = c.deny(l.s)
	default:
		list, err = c.affirm(l.s)
	}
	if err != nil {
		return nil, err
	}
	c.known[l] = list
	return list, nil
}

// affirm joins the demands of all keywords of a schema.
func (c *compiler) affirm(s *jsonschema.Schema) ([]branch, error) {
	list := c.types(s)
	list = c.scalars(s, list)
	list = c.arrays(s, list)
	list = c.objects(s, list)
	var parts [][]branch
	add := func(more []branch, err error) error {
		parts = append(parts, more)
		return err
	}
	if s.Enum != nil {
		parts = append(parts, named(s.Enum.Values))
	}
	if s.Const != nil {
		parts = append(parts, named([]any{*s.Const}))
	}
	if err := c.inPlace(s, add); err != nil {
		return nil, err
	}
	for _, p := range parts {
		var err error
		if list, err = c.both(list, p); err != nil {
			return nil, err
		}
	}
	return c.unevaluated(s, list)
}

// types are the branches that "type" allows.
func (c *compiler) types(s *jsonschema.Schema) []branch {
	if s.Types == nil {
		return anything()
	}
	var list []branch
	words := s.Types.ToStrings()
	for _, w := range words {
		switch w {
		case "null":
			list = append(list, branch{kind: isNull})
		case "boolean":
			list = append(list, branch{kind: isBool})
		case "number":
			list = append(list, branch{kind: isNumber})
		case "integer":
			if !slices.Contains(words, "number") {
				list = append(list, branch{kind: isNumber, demands: []*demand{c.whole()}})
			}
		case "string":
			list = append(list, branch{kind: isText})
		case "array":
			list = append(list, branch{kind: isArray})
		case "object":
			list = append(list, branch{kind: isObject})
		}
	}
	return list
}

// named groups values by their type.
func named(values []any) []branch {
	var list []branch
	for k := range kinds {
		var of []any
		seen := map[string]bool{}
		for _, v := range values {
			if key := canonical(v); kindOf(v) == k && !seen[key] {
				seen[key] = true
				of = append(of, v)
			}
		}
		if of != nil {
			list = append(list, branch{kind: k, values: of})
		}
	}
	return list
}

// reference is the schema that a "$ref" of any sort leads to.
func (c *compiler) reference(s *jsonschema.Schema) (*jsonschema.Schema, error) {
	switch {
	case s.Ref != nil:
		return s.Ref, nil
	case s.RecursiveRef != nil:
		if s.RecursiveRef.RecursiveAnchor && c.dynamic > 1 {
			return nil, c.refuse(s, "$recursiveRef", "what it means depends on where it is used")
		}
		return s.RecursiveRef, nil
	case s.DynamicRef != nil:
		if s.DynamicRef.Anchor != "" && c.dynamic > 1 {
			return nil, c.refuse(s, "$dynamicRef", "what it means depends on where it is used")
		}
		return s.DynamicRef.Ref, nil
	}
	return nil, nil
}

// inPlace gives add what other schemas ask of the same value.
func (c *compiler) inPlace(s *jsonschema.Schema, add func([]branch, error) error) error {
	to, err := c.reference(s)
	if err != nil {
		return err
	}
	if to != nil {
		if err := add(c.expand(literal{s: to})); err != nil {
			return err
		}
	}
	for _, one := range s.AllOf {
		if err := add(c.expand(literal{s: one})); err != nil {
			return err
		}
	}
	if len(s.AnyOf) > 0 {
		if err := add(c.any(literals(s.AnyOf, false))); err != nil {
			return err
		}
	}
	if len(s.OneOf) > 0 {
		if err := add(c.oneOf(s)); err != nil {
			return err
		}
	}
	if s.Not != nil {
		list, err := c.expand(literal{s.Not, true})
		if err := add(c.quiet(list), err); err != nil {
			return err
		}
	}
	if s.If != nil && (s.Then != nil || s.Else != nil) {
		if err := add(c.condition(s)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		if err := add(c.dependent(name, literal{s: s.DependentSchemas[name]})); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Dependencies)) {
		switch d := s.Dependencies[name].(type) {
		case *jsonschema.Schema:
			if err := add(c.dependent(name, literal{s: d})); err != nil {
				return err
			}
		case []string:
			if err := add(c.dependentNames(name, d)); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentRequired)) {
		if err := add(c.dependentNames(name, s.DependentRequired[name])); err != nil {
			return err
		}
	}
	return nil
}

func literals(list []*jsonschema.Schema, not bool) []literal {
	out := make([]literal, len(list))
	for i, s := range list {
		out[i] = literal{s, not}
	}
	return out
}

// any lists the ways to fit one of the schemas.
func (c *compiler) any(lits []literal) ([]branch, error) {
	var list []branch
	for _, l := range lits {
		more, err := c.expand(l)
		if err != nil {
			return nil, err
		}
		if list, err = c.either(list, more); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// all lists the ways to fit all of the schemas.
func (c *compiler) all(lits []literal) ([]branch, error) {
	list := anything()
	for _, l := range lits {
		more, err := c.expand(l)
		if err != nil {
			return nil, err
		}
		if list, err = c.both(list, more); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// lookahead is how many levels of members tell alternatives of "oneOf" apart before negation must.
const lookahead = 2

// oneOf lists the ways to fit one schema and none of the others. Those that cannot both fit need no
// negation, which keeps the usual case, alternatives with a name of their own, small.
func (c *compiler) oneOf(s *jsonschema.Schema) ([]branch, error) {
	var list []branch
	for i, one := range s.OneOf {
		mine, err := c.expand(literal{s: one})
		if err != nil {
			return nil, err
		}
		for j, other := range s.OneOf {
			if i == j || len(mine) == 0 {
				continue
			}
			if i != j {
				together, err := c.possible([]literal{{s: one}, {s: other}}, lookahead)
				if err != nil {
					return nil, err
				}
				if !together {
					continue
				}
			}
			not, err := c.expand(literal{other, true})
			if err != nil {
				return nil, c.refuse(s, "oneOf", "its alternatives can fit at once; use anyOf")
			}
			if mine, err = c.both(mine, c.quiet(not)); err != nil {
				return nil, err
			}
		}
		if list, err = c.either(list, mine); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// condition is "if" with "then" and "else".
func (c *compiler) condition(s *jsonschema.Schema) ([]branch, error) {
	yes, err := c.all([]literal{{s: s.If}, {s: s.Then}})
	if err != nil {
		return nil, err
	}
	no, err := c.expand(literal{s.If, true})
	if err != nil {
		return nil, err
	}
	no = c.quiet(no)
	if s.Else != nil {
		other, err := c.expand(literal{s: s.Else})
		if err != nil {
			return nil, err
		}
		if no, err = c.both(no, other); err != nil {
			return nil, err
		}
	}
	return c.either(yes, no)
}

// dependent lists the ways to lack a member, or else to fit a schema.
func (c *compiler) dependent(name string, l literal) ([]branch, error) {
	more, err := c.expand(l)
	if err != nil {
		return nil, err
	}
	present := with(more, isObject, c.needs(name))
	return c.either(c.lacking(name), slices.DeleteFunc(present, func(b branch) bool { return b.kind != isObject }))
}

func (c *compiler) dependentNames(name string, others []string) ([]branch, error) {
	demands := make([]*demand, 0, 1+len(others))
	demands = append(demands, c.needs(name))
	for _, o := range others {
		demands = append(demands, c.needs(o))
	}
	return c.either(c.lacking(name), []branch{{kind: isObject, demands: join(nil, demands)}})
}

// lacking are all values without a member of this name.
func (c *compiler) lacking(name string) []branch {
	return with(anything(), isObject, c.lacks(name))
}

func (c *compiler) needs(name string) *demand {
	return c.demand("required", name, "", func(d *demand) { d.text = name })
}

func (c *compiler) lacks(name string) *demand {
	return c.demand("forbidden", name, "", func(d *demand) { d.text = name })
}

// quiet marks demands on members and items as such that do not count as evaluated: they come from a
// negation.
func (c *compiler) quiet(list []branch) []branch {
	out := slices.Clone(list)
	for i, b := range out {
		if !slices.ContainsFunc(b.demands, loud) {
			continue
		}
		var demands []*demand
		for _, d := range b.demands {
			if loud(d) {
				d = c.demand(d.kind, "quiet "+strconv.Itoa(d.id), d.at, func(q *demand) {
					if d.rows != nil {
						rows := *d.rows
						rows.silent = true
						q.rows = &rows
					}
					if d.cols != nil {
						cols := *d.cols
						cols.silent = true
						q.cols = &cols
					}
				})
			}
			demands = append(demands, d)
		}
		out[i].demands = join(nil, demands)
	}
	return out
}

func loud(d *demand) bool {
	return (d.rows != nil && !d.rows.silent) || (d.cols != nil && !d.cols.silent)
}
