package grammar

import (
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

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
func (c *compiler) any(lits []literal) ([]branch, error) { return c.fold(nil, lits, c.either) }

// all lists the ways to fit all of the schemas.
func (c *compiler) all(lits []literal) ([]branch, error) { return c.fold(anything(), lits, c.both) }

func (c *compiler) fold(list []branch, lits []literal, join func(list, more []branch) ([]branch, error)) ([]branch, error) {
	for _, l := range lits {
		more, err := c.expand(l)
		if err != nil {
			return nil, err
		}
		if list, err = join(list, more); err != nil {
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
