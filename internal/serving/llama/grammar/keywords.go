package grammar

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// whole asks for an integer.
func (c *compiler) whole() *demand { return c.ratDemand("mul", big.NewRat(1, 1), `"type": integer`) }

func (c *compiler) ratDemand(kind string, v *big.Rat, at string) *demand {
	return c.demand(kind, v.RatString(), at, func(d *demand) { d.rat = v })
}

func (c *compiler) intDemand(kind string, n int, at string) *demand {
	return c.demand(kind, strconv.Itoa(n), at, func(d *demand) { d.n = n })
}

func (c *compiler) textDemand(kind, text, at string) *demand {
	return c.demand(kind, text, at, func(d *demand) { d.text = text })
}

// scalars adds what is asked of numbers and texts.
func (c *compiler) scalars(s *jsonschema.Schema, list []branch) []branch {
	for _, k := range []struct {
		kind, word string
		v          *big.Rat
	}{
		{"ge", "minimum", s.Minimum}, {"le", "maximum", s.Maximum},
		{"gt", "exclusiveMinimum", s.ExclusiveMinimum}, {"lt", "exclusiveMaximum", s.ExclusiveMaximum},
		{"mul", "multipleOf", s.MultipleOf},
	} {
		if k.v != nil {
			list = with(list, isNumber, c.ratDemand(k.kind, k.v, place(s, k.word)))
		}
	}
	for _, k := range []struct {
		word string
		n    *int
	}{{"minLength", s.MinLength}, {"maxLength", s.MaxLength}} {
		if k.n != nil {
			list = with(list, isText, c.intDemand(k.word, *k.n, place(s, k.word)))
		}
	}
	if s.Pattern != nil {
		list = with(list, isText, c.textDemand("pattern", s.Pattern.String(), place(s, "pattern")))
	}
	if s.Format != nil {
		list = with(list, isText, c.textDemand("format", s.Format.Name, place(s, "format")))
	}
	return list
}

// arrays adds what is asked of arrays.
func (c *compiler) arrays(s *jsonschema.Schema, list []branch) []branch {
	add := func(d *demand) { list = with(list, isArray, d) }
	if s.MinItems != nil {
		add(c.intDemand("minItems", *s.MinItems, place(s, "minItems")))
	}
	if s.MaxItems != nil {
		add(c.intDemand("maxItems", *s.MaxItems, place(s, "maxItems")))
	}
	if s.UniqueItems {
		add(c.demand("unique", "", place(s, "uniqueItems"), func(*demand) {}))
	}
	if s.Contains != nil {
		least, most := contained(s)
		if least > 0 || most >= 0 {
			add(c.contains(s, least, most))
		}
	}
	if r := c.rows(s); r != nil {
		add(c.demand("items", strconv.Itoa(c.id(s)), place(s, "items"), func(d *demand) { d.rows = r }))
	}
	return list
}

func (c *compiler) contains(s *jsonschema.Schema, least, most int) *demand {
	return c.demand("contains", fmt.Sprint(c.id(s.Contains), least, most), place(s, "contains"), func(d *demand) {
		d.lits, d.n, d.most = []literal{{s: s.Contains}}, least, most
	})
}

// rows reads the keywords of items, whose meaning changed between drafts.
func (c *compiler) rows(s *jsonschema.Schema) *rows {
	r := &rows{prefix: literals(s.PrefixItems, false), open: true}
	rest := func(v any) {
		switch v := v.(type) {
		case *jsonschema.Schema:
			if v != nil {
				r.rest, r.open = literal{s: v}, false
			}
		case bool:
			r.open = false
			if !v {
				r.rest = literal{s: never}
			}
		}
	}
	rest(s.Items2020)
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		rest(items)
	case []*jsonschema.Schema:
		r.prefix = literals(items, false)
		rest(s.AdditionalItems)
	}
	if len(r.prefix) == 0 && r.open {
		return nil
	}
	return r
}

// contained is how many items "contains" wants, at least and at most; -1 is any number.
func contained(s *jsonschema.Schema) (least, most int) {
	least, most = 1, -1
	if s.MinContains != nil {
		least = *s.MinContains
	}
	if s.MaxContains != nil {
		most = *s.MaxContains
	}
	return least, most
}

// never is the schema that nothing fits.
var never = &jsonschema.Schema{Bool: new(bool), Location: address}

// objects adds what is asked of objects.
func (c *compiler) objects(s *jsonschema.Schema, list []branch) []branch {
	add := func(d *demand) { list = with(list, isObject, d) }
	if s.MinProperties != nil {
		add(c.intDemand("minProperties", *s.MinProperties, place(s, "minProperties")))
	}
	if s.MaxProperties != nil {
		add(c.intDemand("maxProperties", *s.MaxProperties, place(s, "maxProperties")))
	}
	for _, name := range s.Required {
		add(c.needs(name))
	}
	if s.PropertyNames != nil {
		add(c.demand("names", strconv.Itoa(c.id(s.PropertyNames)), place(s, "propertyNames"), func(d *demand) {
			d.lits = []literal{{s: s.PropertyNames}}
		}))
	}
	if len(s.Properties) == 0 && len(s.PatternProperties) == 0 && s.AdditionalProperties == nil {
		return list
	}
	add(c.demand("members", strconv.Itoa(c.id(s)), place(s, "properties"), func(d *demand) {
		cols := &columns{props: map[string][]literal{}, open: true}
		for _, name := range c.orderOf(s) {
			cols.order = append(cols.order, name)
			cols.props[name] = []literal{{s: s.Properties[name]}}
		}
		cols.patterns = patternsOf(s)
		cols.asked = len(cols.patterns) > 0
		switch rest := s.AdditionalProperties.(type) {
		case bool:
			cols.open = false
			if !rest {
				cols.rest = []literal{{s: never}}
			}
			cols.asked = cols.asked || rest
		case *jsonschema.Schema:
			cols.open, cols.rest, cols.asked = false, []literal{{s: rest}}, true
		}
		d.cols = cols
	}))
	return list
}

func patternsOf(s *jsonschema.Schema) []pattern {
	list := make([]pattern, 0, len(s.PatternProperties))
	for re, p := range s.PatternProperties {
		list = append(list, pattern{re, []literal{{s: p}}})
	}
	slices.SortFunc(list, func(a, b pattern) int { return strings.Compare(a.re.String(), b.re.String()) })
	return list
}

// orderOf lists the members that a schema names, as they stand there.
func (c *compiler) orderOf(s *jsonschema.Schema) []string {
	var names []string
	if at, ok := strings.CutPrefix(s.Location, address); ok {
		names = slices.DeleteFunc(slices.Clone(c.order[at+"/properties"]), func(n string) bool { return s.Properties[n] == nil })
	}
	seen := map[string]bool{}
	names = slices.DeleteFunc(names, func(n string) bool { again := seen[n]; seen[n] = true; return again })
	for _, n := range slices.Sorted(maps.Keys(s.Properties)) {
		if !seen[n] {
			names = append(names, n)
		}
	}
	return names
}

// unevaluated adds the demands on what no other keyword of the schema has looked at. Of alternatives, only
// the one that was chosen counts, which asks for more than the schema does.
func (c *compiler) unevaluated(s *jsonschema.Schema, list []branch) ([]branch, error) {
	if s.UnevaluatedProperties == nil && s.UnevaluatedItems == nil {
		return list, nil
	}
	out := slices.Clone(list)
	for i, b := range out {
		if b.values != nil {
			continue
		}
		if b.kind == isObject && s.UnevaluatedProperties != nil {
			if d := c.unevaluatedMembers(s, b); d != nil {
				out[i].demands = join(b.demands, []*demand{d})
			}
		}
		if b.kind == isArray && s.UnevaluatedItems != nil {
			if d := c.unevaluatedRows(s, b); d != nil {
				out[i].demands = join(b.demands, []*demand{d})
			}
		}
	}
	return out, c.work.spend(len(out))
}

func (c *compiler) unevaluatedMembers(s *jsonschema.Schema, b branch) *demand {
	cols := &columns{props: map[string][]literal{}, rest: []literal{{s: s.UnevaluatedProperties}}}
	cols.asked = s.UnevaluatedProperties.Bool == nil || *s.UnevaluatedProperties.Bool
	for _, d := range b.of("members") {
		if d.cols.silent {
			continue
		}
		if !d.cols.open {
			return nil
		}
		for name := range d.cols.props {
			cols.props[name] = nil
		}
		for _, p := range d.cols.patterns {
			cols.patterns = append(cols.patterns, pattern{re: p.re})
		}
	}
	return c.demand("members", "left "+strconv.Itoa(c.id(s))+b.key(), place(s, "unevaluatedProperties"), func(d *demand) { d.cols = cols })
}

func (c *compiler) unevaluatedRows(s *jsonschema.Schema, b branch) *demand {
	r := &rows{rest: literal{s: s.UnevaluatedItems}}
	for _, d := range b.of("items") {
		if d.rows.silent {
			continue
		}
		if !d.rows.open {
			return nil
		}
		if n := len(d.rows.prefix); n > len(r.prefix) {
			r.prefix = make([]literal, n)
		}
	}
	return c.demand("items", "left "+strconv.Itoa(c.id(s))+b.key(), place(s, "unevaluatedItems"), func(d *demand) { d.rows = r })
}
