package grammar

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// mostPatterns bounds the patterns of names, of which every combination is a class.
const mostPatterns = 4

// frees are the classes of members that no keyword names, if the schema asks for such or needs them, and
// one class for each that must be there.
func (c *compiler) frees(o *object, names []string, cols int) (frees, must []free, err error) {
	wanted := cols == 0 || o.min > cols
	patterns := map[string]bool{}
	for _, l := range o.layers {
		wanted = wanted || l.cols.asked
		for _, p := range l.cols.patterns {
			patterns[p.re.String()] = true
		}
	}
	for _, d := range o.some {
		if d.text != "" {
			patterns[d.text] = true
		}
		for _, p := range d.cols.patterns {
			patterns[p.re.String()] = true
		}
	}
	if o.max == 0 || (!wanted && len(o.some) == 0) {
		return nil, nil, nil
	}
	names = append(slices.Clone(names), slices.Sorted(maps.Keys(o.forbidden))...)
	for _, d := range o.some {
		names = append(names, d.cols.order...)
	}
	list := slices.Sorted(maps.Keys(patterns))
	if len(list) > mostPatterns {
		return nil, nil, refusal(o.layers[0].at, "there are too many patterns of names")
	}
	for mask := range 1 << len(list) {
		one, err := c.class(o, names, list, mask, nil)
		if err != nil {
			return nil, nil, err
		}
		if one != nil && wanted {
			frees = append(frees, *one)
		}
	}
	for _, d := range o.some {
		found := false
		for mask := range 1 << len(list) {
			if !d.meets(list, mask) {
				continue
			}
			one, err := c.class(o, append(names, d.cols.order...), list, mask, d)
			if err != nil {
				return nil, nil, err
			}
			if one != nil {
				must, found = append(must, *one), true
				break
			}
		}
		if !found {
			return nil, nil, nil
		}
	}
	return frees, must, nil
}

// meets tells whether names that match just the patterns of mask are what d asks for.
func (d *demand) meets(patterns []string, mask int) bool {
	for i, p := range patterns {
		matches := mask>>i&1 == 1
		if p == d.text && !matches {
			return false
		}
		if matches && slices.ContainsFunc(d.cols.patterns, func(q pattern) bool { return q.re.String() == p }) {
			return false
		}
	}
	return true
}

// class makes the class of members whose names match just the patterns of mask, and meet d if it is not
// nil. It is nil when there is no such member.
func (c *compiler) class(o *object, names, patterns []string, mask int, d *demand) (*free, error) {
	var lits []literal
	var tests []*demand
	for i, p := range patterns {
		kind := "notpattern"
		if mask>>i&1 == 1 {
			kind = "pattern"
		}
		tests = append(tests, c.textDemand(kind, p, fmt.Sprintf("%q", "patternProperties")))
	}
	for _, l := range o.layers {
		matched := false
		for _, p := range l.cols.patterns {
			if at := slices.Index(patterns, p.re.String()); mask>>at&1 == 1 {
				lits, matched = append(lits, p.lits...), true
			}
		}
		if !matched {
			lits = append(lits, l.cols.rest...)
		}
	}
	nameLits := []literal{}
	for _, n := range o.names {
		nameLits = append(nameLits, n.lits...)
	}
	if d != nil {
		lits = append(lits, d.cols.rest...)
		nameLits = append(nameLits, d.lits...)
	}
	if ok, err := c.possible(lits, 1); !ok || err != nil {
		return nil, err
	}
	for _, n := range names {
		tests = append(tests, c.textDemand("isnot", n, ""))
	}
	g, err := c.goal(nameLits)
	if err != nil {
		return nil, err
	}
	ways, err := c.ways(g)
	if err != nil {
		return nil, err
	}
	ways = slices.DeleteFunc(slices.Clone(ways), func(b branch) bool { return b.kind != isText })
	key := func(from, to int) (*rule, error) {
		r := c.grammar.rules.add("name")
		for _, b := range ways {
			if b.values != nil {
				for _, v := range b.values {
					name, _ := v.(string)
					if nameMatches(name, names, patterns, mask) {
						r.alt(verbatim(spell(name)))
					}
				}
				continue
			}
			list := join(b.demands, tests)
			if len(b.of("pattern", "format", "maxLength")) == 0 && mask == 0 || from > 0 {
				list = join(list, []*demand{c.intDemand("minLength", from, ""), c.intDemand("maxLength", to, "")})
			}
			t, err := c.text(branch{kind: isText, demands: list})
			if err != nil {
				return nil, err
			}
			if t != nil {
				r.alt(t...)
			}
		}
		return r, nil
	}
	value, err := c.use(lits)
	if err != nil {
		return nil, err
	}
	return &free{key, value}, nil
}

func nameMatches(name string, names, patterns []string, mask int) bool {
	if slices.Contains(names, name) {
		return false
	}
	for i, p := range patterns {
		re, err := regexp.Compile(p)
		if err != nil || re.MatchString(name) != (mask>>i&1 == 1) {
			return false
		}
	}
	return true
}
