package grammar

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// object gathers the demands of a branch on an object.
type object struct {
	layers    []*demand // each with demands on members; a member must meet those of all layers
	required  map[string]bool
	forbidden map[string]bool
	names     []*demand
	some      []*demand
	min, max  int // max < 0 is none
	at        string
}

func newObject(b branch) *object {
	o := &object{required: map[string]bool{}, forbidden: map[string]bool{}, max: -1}
	for _, d := range b.demands {
		switch d.kind {
		case "members":
			o.layers = append(o.layers, d)
		case "required":
			o.required[d.text] = true
		case "forbidden":
			o.forbidden[d.text] = true
		case "names":
			o.names = append(o.names, d)
		case "some":
			o.some = append(o.some, d)
		case "minProperties":
			o.min, o.at = max(o.min, d.n), d.at
		case "maxProperties":
			if o.max < 0 || d.n < o.max {
				o.max = d.n
			}
		}
	}
	return o
}

// member is what the value of a member must fit.
func (o *object) member(name string) []literal {
	lits := make([]literal, 0, len(o.layers))
	for _, l := range o.layers {
		lits = append(lits, l.cols.of(name)...)
	}
	return lits
}

func (c *columns) of(name string) []literal {
	own, known := c.props[name]
	lits := slices.Clone(own)
	for _, p := range c.patterns {
		if p.re.MatchString(name) {
			lits, known = append(lits, p.lits...), true
		}
	}
	if !known {
		return c.rest
	}
	return lits
}

// known lists the names that the schema speaks of: in its order, then what is only required.
func (o *object) known() []string {
	var names []string
	seen := map[string]bool{}
	add := func(list []string) {
		for _, n := range list {
			if !seen[n] {
				seen[n] = true
				names = append(names, n)
			}
		}
	}
	for _, l := range o.layers {
		add(l.cols.order)
	}
	add(slices.Sorted(maps.Keys(o.required)))
	return names
}

// free is a class of members that the schema does not name.
type free struct {
	key   func(from, to int) (*rule, error) // names of so many characters
	value *rule
}

// member of an object that is written: its name and value, or a class of them.
type column struct {
	name     string
	value    *rule
	required bool
}

// longestName bounds the names that a model makes up, and most the members: it would go on for ever.
const (
	longestName = 40
	mostFree    = 64
)

// object writes the rule of an object; nil when no object fits.
func (c *compiler) object(b branch) (*rule, error) {
	o := newObject(b)
	if o.max >= 0 && o.min > o.max {
		return nil, nil
	}
	var cols []column
	needed := 0
	names := o.known()
	for _, name := range names {
		ok := !o.forbidden[name]
		if ok {
			var err error
			if ok, err = c.nameFits(o, name); err != nil {
				return nil, err
			}
		}
		lits := o.member(name)
		if ok {
			list, err := c.possible(lits, 1)
			if err != nil {
				return nil, err
			}
			ok = list
		}
		if !ok {
			if o.required[name] {
				return nil, nil
			}
			continue
		}
		value, err := c.use(lits)
		if err != nil {
			return nil, err
		}
		if o.required[name] {
			needed++
		}
		cols = append(cols, column{name, value, o.required[name]})
	}
	if o.max >= 0 && needed+len(o.some) > o.max {
		return nil, nil
	}
	frees, must, err := c.frees(o, names, len(cols))
	if err != nil || (len(o.some) > 0 && must == nil) {
		return nil, err
	}
	if len(frees) == 0 && len(must) == 0 && o.min > len(cols) {
		return nil, nil
	}
	if o.min > len(cols)+mostFree {
		return nil, refusal(o.at, "an object of so many members takes too long to write")
	}
	w := &objectWriter{c: c, o: o, cols: cols, frees: frees, must: must, made: map[[2]int]*rule{}}
	w.most = max(1, o.min, o.max)
	body, err := w.from(0, 0)
	if err != nil {
		return nil, err
	}
	r := c.grammar.rules.add("object")
	r.alt(verbatim("{"), ref(body), verbatim("}"))
	return r, nil
}

// nameFits tries a name against the demands on names.
func (c *compiler) nameFits(o *object, name string) (bool, error) {
	for _, d := range o.names {
		ok, err := c.fits(name, d.lits)
		if !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

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

// objectWriter writes the members in order. Its rules are places in the list of members, with the number
// of those that are there already, as far as it matters.
type objectWriter struct {
	c     *compiler
	o     *object
	cols  []column
	frees []free
	must  []free
	most  int
	made  map[[2]int]*rule
}

// from is the rule of all that follows when n members are written and the next one is that at place i.
func (w *objectWriter) from(i, n int) (*rule, error) {
	if r, ok := w.made[[2]int{i, n}]; ok {
		return r, nil
	}
	if err := w.c.work.spend(2); err != nil {
		return nil, err
	}
	r := w.c.grammar.rules.add("m")
	w.made[[2]int{i, n}] = r
	if i == len(w.cols)+len(w.must) {
		return r, w.end(r, n)
	}
	if w.o.max < 0 || n < w.o.max {
		next, err := w.from(i+1, min(n+1, w.most))
		if err != nil {
			return nil, err
		}
		if i < len(w.cols) {
			r.alt(w.separator(n, verbatim(spell(w.cols[i].name)), ref(w.cols[i].value), ref(next))...)
		} else {
			f := w.must[i-len(w.cols)]
			// Each of them has names of its own length, so that they differ.
			at := i - len(w.cols)
			key, err := f.key(at*8+1, at*8+8)
			if err != nil {
				return nil, err
			}
			r.alt(w.separator(n, ref(key), ref(f.value), ref(next))...)
		}
	}
	if i < len(w.cols) && !w.cols[i].required {
		next, err := w.from(i+1, n)
		if err != nil {
			return nil, err
		}
		r.alt(ref(next))
	}
	return r, nil
}

func (w *objectWriter) separator(n int, key symbol, rest ...symbol) []symbol {
	space := w.c.space()
	row := []symbol{key, verbatim(":"), ref(space), rest[0], rest[1]}
	if n > 0 {
		row = append([]symbol{verbatim(","), ref(space)}, row...)
	}
	return row
}

// end is what follows the members that are named: others, at least so many as are missing.
func (w *objectWriter) end(r *rule, n int) error {
	missing := w.o.min - n
	if missing <= 0 {
		r.alt()
	}
	if len(w.frees) == 0 || (w.o.max >= 0 && n >= w.o.max) {
		return nil
	}
	next, err := w.from(len(w.cols)+len(w.must), min(n+1, w.most))
	if err != nil {
		return err
	}
	from, to := 0, longestName
	if missing > 0 && w.o.min > 1 {
		// Names of different lengths are different names.
		at := missing + len(w.must)
		from, to = at*8-7, at*8
	}
	for _, f := range w.frees {
		key, err := f.key(from, to)
		if err != nil {
			return err
		}
		r.alt(w.separator(n, ref(key), ref(f.value), ref(next))...)
	}
	return nil
}
