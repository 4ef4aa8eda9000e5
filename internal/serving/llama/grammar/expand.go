package grammar

import (
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
