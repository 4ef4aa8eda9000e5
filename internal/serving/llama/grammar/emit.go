package grammar

import (
	"fmt"
)

// emit writes the rule of a goal.
func (c *compiler) emit(g *goal) error {
	if len(g.lits) == 0 {
		g.rule.alt(ref(c.value()))
		return nil
	}
	list, err := c.ways(g)
	if err != nil {
		return err
	}
	for _, b := range list {
		row, err := c.branch(b)
		if err != nil {
			return err
		}
		if row != nil {
			g.rule.alts = append(g.rule.alts, row)
		}
	}
	return nil
}

// branch writes one alternative; nil when nothing fits.
func (c *compiler) branch(b branch) ([]symbol, error) {
	if b.values != nil {
		return c.list(b.values)
	}
	of := func(r *rule, err error) ([]symbol, error) {
		if r == nil || err != nil {
			return nil, err
		}
		return []symbol{ref(r)}, nil
	}
	switch b.kind {
	case isNull:
		return []symbol{verbatim("null")}, nil
	case isBool:
		return []symbol{text(`("true" | "false")`)}, nil
	case isNumber:
		return of(c.number(b))
	case isText:
		return c.text(b)
	case isArray:
		if len(b.demands) == 0 {
			return []symbol{ref(c.anyArray())}, nil
		}
		return of(c.array(b))
	default:
		if len(b.demands) == 0 {
			return []symbol{ref(c.anyObject())}, nil
		}
		return of(c.object(b))
	}
}

// fewValues is up to how many values are alternatives as they are; more become an automaton, because the
// engine looks at each alternative for each token.
const fewValues = 12

func (c *compiler) list(values []any) ([]symbol, error) {
	spelled := make([]string, len(values))
	for i, v := range values {
		spelled[i] = spell(v)
		if err := c.work.spend(1 + len(spelled[i])/16); err != nil {
			return nil, err
		}
	}
	if len(values) > fewValues {
		return []symbol{ref(c.grammar.rules.words(spelled))}, nil
	}
	r := c.grammar.rules.add("one")
	for _, s := range spelled {
		r.alt(verbatim(s))
	}
	return []symbol{ref(r)}, nil
}

// words writes a tree of texts by their beginnings.
func (g *rules) words(list []string) *rule {
	r := g.add("word")
	var order []rune
	by := map[rune][]string{}
	for _, s := range list {
		if s == "" {
			r.alt()
			continue
		}
		var first rune
		for _, first = range s {
			break
		}
		if by[first] == nil {
			order = append(order, first)
		}
		by[first] = append(by[first], s)
	}
	for _, first := range order {
		group := by[first]
		if len(group) == 1 {
			r.alt(verbatim(group[0]))
			continue
		}
		shared := prefix(group)
		rest := make([]string, len(group))
		for i, s := range group {
			rest[i] = s[len(shared):]
		}
		r.alt(verbatim(shared), ref(g.words(rest)))
	}
	return r
}

// prefix is what the texts begin with, in whole characters.
func prefix(list []string) string {
	shared := list[0]
	for _, s := range list[1:] {
		n := 0
		for i, r := range shared {
			if i >= len(s) || len(s[i:]) < len(string(r)) || s[i:i+len(string(r))] != string(r) {
				break
			}
			n = i + len(string(r))
		}
		shared = shared[:n]
	}
	return shared
}

func (c *compiler) number(b branch) (*rule, error) {
	rules := &c.grammar.rules
	if len(b.demands) == 0 {
		return rules.common("number", func(r *rule) {
			r.alt(text(fmt.Sprintf(`"-"? ("0" | [1-9] [0-9]{0,%d}) ("." [0-9]{1,%d})?`, intDigits-1, fracDigits)))
		}), nil
	}
	if len(b.demands) == 1 && b.demands[0] == c.whole() {
		return rules.common("integer", func(r *rule) {
			r.alt(text(fmt.Sprintf(`"-"? ("0" | [1-9] [0-9]{0,%d})`, intDigits-1)))
		}), nil
	}
	m, bad := newNumber(b.demands)
	if bad != nil {
		return nil, refusal(bad.at, "the number has too many digits")
	}
	a, err := build(m, c.work)
	if err != nil || a.empty() {
		return nil, err
	}
	return rules.automaton(a, "n", spellNumber, nil), nil
}

// text writes a JSON string, quotes and all; nil when none fits.
func (c *compiler) text(b branch) ([]symbol, error) {
	t, bad := newTexts(b.demands)
	if bad != nil {
		return nil, refusal(bad.at, "the pattern is not regular, or asks for the edges of words or lines")
	}
	rules := &c.grammar.rules
	if t.max >= 0 && t.min > t.max {
		return nil, nil
	}
	if len(t.progs) == 0 && len(t.not) == 0 {
		if t.min > longestText {
			return nil, refusal(firstPlace(b, "minLength"), "a text of so many characters takes too long to write")
		}
		char := rules.char()
		switch {
		case t.min == 0 && t.max < 0:
			return []symbol{ref(rules.common("string", func(r *rule) { r.alt(verbatim(`"`), some(char, "*"), verbatim(`"`)) }))}, nil
		case t.max < 0:
			return append(append([]symbol{verbatim(`"`)}, rules.times(char, t.min)...), some(char, "*"), verbatim(`"`)), nil
		}
		row := append([]symbol{verbatim(`"`)}, rules.times(char, t.min)...)
		return append(append(row, rules.upTo(char, min(t.max, longestText)-t.min)...), verbatim(`"`)), nil
	}
	a, err := build(t, c.work)
	if err != nil || a.empty() {
		return nil, err
	}
	return []symbol{verbatim(`"`), ref(rules.automaton(a, "t", t.spell, []symbol{verbatim(`"`)}))}, nil
}

func firstPlace(b branch, kind string) string {
	for _, d := range b.of(kind) {
		return d.at
	}
	return kind
}

// longestText bounds texts whose characters are counted; an answer has no room for more.
const longestText = 16_000

// block is how many repetitions the engine is given at once: it takes up to 2000, each of which is a rule.
const block = 500

// times repeats a rule exactly n times.
func (g *rules) times(r *rule, n int) []symbol {
	var row []symbol
	for ; n > 0; n -= block {
		row = append(row, some(r, fmt.Sprintf("{%d}", min(n, block))))
	}
	return row
}

// upTo repeats a rule up to n times.
func (g *rules) upTo(r *rule, n int) []symbol {
	if n <= 0 {
		return nil
	}
	if n <= block {
		return []symbol{some(r, fmt.Sprintf("{0,%d}", n))}
	}
	more := g.add("more")
	more.alt(some(r, fmt.Sprintf("{0,%d}", block-1)))
	more.alt(append([]symbol{some(r, fmt.Sprintf("{%d}", block))}, g.upTo(r, n-block)...)...)
	return []symbol{ref(more)}
}

// char is one character of a JSON string, as it stands there.
func (g *rules) char() *rule {
	return g.common("char", func(r *rule) {
		r.alt(text(`[^"\\\x00-\x1F\x7F]`))
		r.alt(text(`"\\" (["\\/bfnrt] | "u" ([0-9A-CEFa-cef] [0-9A-Fa-f]{3} | [Dd] [0-7] [0-9A-Fa-f]{2}))`))
	})
}

// space is what may stand between two parts: without a bound, a small model writes spaces to the end.
func (c *compiler) space() *rule {
	return c.grammar.rules.common("space", func(r *rule) { r.alt(text(`" "?`)) })
}

// value is any JSON value.
func (c *compiler) value() *rule {
	return c.grammar.rules.common("value", func(r *rule) {
		number, _ := c.number(branch{})
		str, _ := c.text(branch{})
		r.alt(ref(c.anyObject()))
		r.alt(ref(c.anyArray()))
		r.alts = append(r.alts, str)
		r.alt(ref(number))
		r.alt(text(`"true"`))
		r.alt(text(`"false"`))
		r.alt(verbatim("null"))
	})
}

func (c *compiler) anyArray() *rule {
	return c.grammar.rules.common("list", func(r *rule) {
		value, space := c.value(), c.space()
		more := c.grammar.rules.add("i")
		more.alt(verbatim(","), ref(space), ref(value))
		r.alt(verbatim("["), verbatim("]"))
		r.alt(verbatim("["), ref(value), some(more, "*"), verbatim("]"))
	})
}

func (c *compiler) anyObject() *rule {
	return c.grammar.rules.common("object", func(r *rule) {
		value, space := c.value(), c.space()
		rules := &c.grammar.rules
		member := rules.add("m")
		member.alt(append(append([]symbol{verbatim(`"`)}, rules.upTo(rules.char(), longestName)...), verbatim(`"`), verbatim(":"), ref(space), ref(value))...)
		more := rules.add("m")
		more.alt(verbatim(","), ref(space), ref(member))
		r.alt(verbatim("{"), verbatim("}"))
		r.alt(verbatim("{"), ref(member), some(more, "*"), verbatim("}"))
	})
}
