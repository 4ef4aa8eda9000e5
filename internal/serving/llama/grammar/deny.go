package grammar

import (
	"maps"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// deny lists the ways to not fit a schema: to break one of its keywords.
func (c *compiler) deny(s *jsonschema.Schema) ([]branch, error) {
	if asksNothing(s) {
		return nil, nil
	}
	d := denial{c: c, s: s}
	d.types()
	d.values()
	d.scalars()
	d.inPlace()
	d.arrays()
	d.objects()
	return d.list, d.err
}

// denial gathers the ways to break the keywords of one schema.
type denial struct {
	c    *compiler
	s    *jsonschema.Schema
	list []branch
	err  error
}

func (d *denial) either(list []branch, err error) {
	if d.err == nil {
		d.err = err
	}
	if d.err == nil {
		d.list, d.err = d.c.either(d.list, list)
	}
}

// one adds the values of a kind that meet a demand.
func (d *denial) one(k kind, demands ...*demand) {
	d.either([]branch{{kind: k, demands: join(nil, demands)}}, nil)
}

func (d *denial) refuse(keyword string) {
	if d.err == nil {
		d.err = d.c.refuse(d.s, keyword, "it stands within a negation")
	}
}

func (d *denial) types() {
	if d.s.Types == nil {
		return
	}
	words := d.s.Types.ToStrings()
	for k, word := range []string{"null", "boolean", "number", "string", "array", "object"} {
		switch {
		case slices.Contains(words, word):
		case word == "number" && slices.Contains(words, "integer"):
			d.one(isNumber, d.c.ratDemand("notmul", d.c.whole().rat, `"type": integer`))
		default:
			d.one(kind(k))
		}
	}
}

// values denies "enum" and "const": values of other types, and other texts and numbers. Other lists and
// objects are those of another size.
func (d *denial) values() {
	if d.s.Const != nil {
		d.unlike("const", []any{*d.s.Const})
	}
	if d.s.Enum != nil {
		d.unlike("enum", d.s.Enum.Values)
	}
}

func (d *denial) unlike(keyword string, values []any) {
	at := place(d.s, keyword)
	left := anything()
	most := map[kind]int{isArray: -1, isObject: -1}
	bools := map[bool]bool{}
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			left = slices.DeleteFunc(left, func(b branch) bool { return b.kind == isNull })
		case bool:
			bools[v] = true
		case string:
			left = with(left, isText, d.c.textDemand("isnot", v, at))
		case []any:
			most[isArray] = max(most[isArray], len(v))
		case map[string]any:
			most[isObject] = max(most[isObject], len(v))
		default:
			r, ok := rational(numberText(v))
			if !ok {
				d.refuse(keyword)
				return
			}
			left = with(left, isNumber, d.c.ratDemand("ne", r, at))
		}
	}
	if len(bools) > 0 {
		left = slices.DeleteFunc(left, func(b branch) bool { return b.kind == isBool })
		for _, v := range []bool{true, false} {
			if !bools[v] {
				left = append(left, branch{kind: isBool, values: []any{v}})
			}
		}
	}
	if n := most[isArray]; n >= 0 {
		left = with(left, isArray, d.c.intDemand("minItems", n+1, at))
	}
	if n := most[isObject]; n >= 0 {
		left = with(left, isObject, d.c.intDemand("minProperties", n+1, at))
	}
	d.either(left, nil)
}

func (d *denial) scalars() {
	s, c := d.s, d.c
	if s.Minimum != nil {
		d.one(isNumber, c.ratDemand("lt", s.Minimum, place(s, "minimum")))
	}
	if s.Maximum != nil {
		d.one(isNumber, c.ratDemand("gt", s.Maximum, place(s, "maximum")))
	}
	if s.ExclusiveMinimum != nil {
		d.one(isNumber, c.ratDemand("le", s.ExclusiveMinimum, place(s, "exclusiveMinimum")))
	}
	if s.ExclusiveMaximum != nil {
		d.one(isNumber, c.ratDemand("ge", s.ExclusiveMaximum, place(s, "exclusiveMaximum")))
	}
	if s.MultipleOf != nil {
		d.one(isNumber, c.ratDemand("notmul", s.MultipleOf, place(s, "multipleOf")))
	}
	if s.MinLength != nil && *s.MinLength > 0 {
		d.one(isText, c.intDemand("maxLength", *s.MinLength-1, place(s, "minLength")))
	}
	if s.MaxLength != nil {
		d.one(isText, c.intDemand("minLength", *s.MaxLength+1, place(s, "maxLength")))
	}
	if s.Pattern != nil {
		d.one(isText, c.textDemand("notpattern", s.Pattern.String(), place(s, "pattern")))
	}
	if s.Format != nil {
		d.refuse("format")
	}
}

func (d *denial) inPlace() {
	s, c := d.s, d.c
	to, err := c.reference(s)
	if err != nil {
		d.either(nil, err)
	}
	if to != nil {
		d.either(c.expand(literal{to, true}))
	}
	d.either(c.any(literals(s.AllOf, true)))
	if len(s.AnyOf) > 0 {
		d.either(c.all(literals(s.AnyOf, true)))
	}
	if len(s.OneOf) > 0 { // none of them, or two
		d.either(c.all(literals(s.OneOf, true)))
		for i, a := range s.OneOf {
			for _, b := range s.OneOf[i+1:] {
				d.either(c.all([]literal{{s: a}, {s: b}}))
			}
		}
	}
	if s.Not != nil {
		d.either(c.expand(literal{s: s.Not}))
	}
	if s.If != nil {
		if s.Then != nil {
			d.either(c.all([]literal{{s: s.If}, {s.Then, true}}))
		}
		if s.Else != nil {
			d.either(c.all([]literal{{s.If, true}, {s.Else, true}}))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		d.dependent(name, literal{s.DependentSchemas[name], true})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Dependencies)) {
		switch on := s.Dependencies[name].(type) {
		case *jsonschema.Schema:
			d.dependent(name, literal{on, true})
		case []string:
			d.missing(name, on)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DependentRequired)) {
		d.missing(name, s.DependentRequired[name])
	}
}

func (d *denial) dependent(name string, l literal) {
	list, err := d.c.expand(l)
	list = slices.DeleteFunc(slices.Clone(list), func(b branch) bool { return b.kind != isObject })
	d.either(with(list, isObject, d.c.needs(name)), err)
}

func (d *denial) missing(name string, others []string) {
	for _, o := range others {
		d.one(isObject, d.c.needs(name), d.c.lacks(o))
	}
}

func (d *denial) arrays() {
	s, c := d.s, d.c
	if s.MinItems != nil && *s.MinItems > 0 {
		d.one(isArray, c.intDemand("maxItems", *s.MinItems-1, place(s, "minItems")))
	}
	if s.MaxItems != nil {
		d.one(isArray, c.intDemand("minItems", *s.MaxItems+1, place(s, "maxItems")))
	}
	if s.UniqueItems {
		d.refuse("uniqueItems")
	}
	if s.Contains != nil {
		least, most := contained(s)
		if least > 0 {
			d.one(isArray, c.contains(s, 0, least-1))
		}
		if most >= 0 {
			d.one(isArray, c.contains(s, most+1, -1))
		}
	}
	if s.UnevaluatedItems != nil && !asksNothing(s.UnevaluatedItems) {
		d.refuse("unevaluatedItems")
	}
	r := c.rows(s)
	if r == nil {
		return
	}
	for i, l := range r.prefix {
		row := &rows{prefix: make([]literal, i+1), open: true, silent: true}
		row.prefix[i] = literal{l.s, true}
		if asksNothing(l.s) {
			continue
		}
		d.one(isArray, c.intDemand("minItems", i+1, place(s, "prefixItems")), c.demand("items", "deny "+strconv.Itoa(c.id(s))+" "+strconv.Itoa(i), place(s, "prefixItems"), func(d *demand) { d.rows = row }))
	}
	if r.rest.s == nil || asksNothing(r.rest.s) {
		return
	}
	// One of the items after the prefix does not fit.
	if len(r.prefix) == 0 {
		d.one(isArray, c.demand("contains", "deny "+strconv.Itoa(c.id(r.rest.s)), place(s, "items"), func(d *demand) {
			d.lits, d.n = []literal{{r.rest.s, true}}, 1
		}))
		return
	}
	row := &rows{prefix: make([]literal, len(r.prefix)+1), open: true, silent: true}
	row.prefix[len(r.prefix)] = literal{r.rest.s, true}
	d.one(isArray, c.intDemand("minItems", len(r.prefix)+1, place(s, "items")), c.demand("items", "deny rest "+strconv.Itoa(c.id(s)), place(s, "items"), func(d *demand) { d.rows = row }))
}

func (d *denial) objects() {
	s, c := d.s, d.c
	if s.MinProperties != nil && *s.MinProperties > 0 {
		d.one(isObject, c.intDemand("maxProperties", *s.MinProperties-1, place(s, "minProperties")))
	}
	if s.MaxProperties != nil {
		d.one(isObject, c.intDemand("minProperties", *s.MaxProperties+1, place(s, "maxProperties")))
	}
	for _, name := range s.Required {
		d.one(isObject, c.lacks(name))
	}
	for _, name := range c.orderOf(s) {
		l := literal{s.Properties[name], true}
		if asksNothing(l.s) {
			continue
		}
		cols := &columns{order: []string{name}, props: map[string][]literal{name: {l}}, open: true, silent: true}
		d.one(isObject, c.needs(name), c.demand("members", "deny "+strconv.Itoa(c.id(s))+" "+name, place(s, "properties"), func(d *demand) { d.cols = cols }))
	}
	if s.PropertyNames != nil && !asksNothing(s.PropertyNames) {
		d.member("propertyNames", nil, []literal{{s.PropertyNames, true}}, nil, nil)
	}
	for _, p := range patternsOf(s) {
		if !asksNothing(p.lits[0].s) {
			d.member("patternProperties", nil, nil, p.re, []literal{{p.lits[0].s, true}})
		}
	}
	switch rest := s.AdditionalProperties.(type) {
	case bool:
		if !rest {
			d.member("additionalProperties", s, nil, nil, nil)
		}
	case *jsonschema.Schema:
		if !asksNothing(rest) {
			d.member("additionalProperties", s, nil, nil, []literal{{rest, true}})
		}
	}
	if s.UnevaluatedProperties != nil && !asksNothing(s.UnevaluatedProperties) {
		d.refuse("unevaluatedProperties")
	}
}

// member asks for a member that a keyword forbids: with a name that beside does not know, that fits names,
// that matches re, and with a value that fits lits.
func (d *denial) member(keyword string, beside *jsonschema.Schema, names []literal, re jsonschema.Regexp, lits []literal) {
	s, c := d.s, d.c
	d.one(isObject, c.demand("some", keyword+strconv.Itoa(c.id(s))+patternText(re), place(s, keyword), func(d *demand) {
		one := &columns{props: map[string][]literal{}, silent: true}
		if beside != nil {
			one.order = c.orderOf(beside)
			one.patterns = patternsOf(beside)
		}
		if re != nil {
			d.text = re.String()
		}
		one.rest = lits
		d.lits, d.cols = names, one
	}))
}

func patternText(re jsonschema.Regexp) string {
	if re == nil {
		return ""
	}
	return " " + re.String()
}
