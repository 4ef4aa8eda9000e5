package grammar

import (
	"maps"
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
