package grammar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// array gathers the demands of a branch on an array.
type array struct {
	layers   []*rows
	contains []*demand
	unique   *demand
	min, max int // max < 0 is none
	at       string
}

func newArray(b branch) *array {
	a := &array{max: -1}
	for _, d := range b.demands {
		switch d.kind {
		case "items":
			a.layers = append(a.layers, d.rows)
		case "contains":
			a.contains = append(a.contains, d)
		case "unique":
			a.unique = d
		case "minItems":
			a.min, a.at = max(a.min, d.n), d.at
		case "maxItems":
			if a.max < 0 || d.n < a.max {
				a.max = d.n
			}
		}
	}
	return a
}

// item is what the item at place i must fit.
func (a *array) item(i int) []literal {
	var lits []literal
	for _, r := range a.layers {
		if i < len(r.prefix) {
			lits = append(lits, r.prefix[i])
		} else {
			lits = append(lits, r.rest)
		}
	}
	return lits
}

// array writes the rule of an array; nil when no array fits.
func (c *compiler) array(b branch) (*rule, error) {
	a := newArray(b)
	if a.max >= 0 && a.min > a.max {
		return nil, nil
	}
	if a.min > maxItems {
		return nil, refusal(a.at, "an array of so many items takes too long to write")
	}
	if len(a.contains) > 2 {
		return nil, refusal(a.contains[2].at, "it is asked too often of one array")
	}
	a.max = min(a.max, maxItems)
	w := &arrayWriter{c: c, a: a, made: map[string]*rule{}, still: max(1, a.min)}
	for _, r := range a.layers {
		w.still = max(w.still, len(r.prefix))
	}
	if w.still > maxItems {
		return nil, errBudget
	}
	if a.unique != nil && (a.max < 0 || a.max > 1) {
		if err := w.distinct(); err != nil {
			return nil, err
		}
	}
	body, err := w.from(0, make([]int, len(a.contains)), nil)
	if err != nil {
		return nil, err
	}
	r := c.grammar.rules.add("array")
	r.alt(verbatim("["), ref(body), verbatim("]"))
	return r, nil
}

// arrayWriter writes the items in order. Its rules are places in the array, with how many items fit each
// "contains", and which values of those that must differ are taken.
type arrayWriter struct {
	c      *compiler
	a      *array
	still  int // from this place on all items are alike; the first is never, since no comma is before it
	values [][]any
	sorted bool // values come in order, since there are too many to note which are taken
	made   map[string]*rule
}

func (w *arrayWriter) from(i int, hits []int, taken []string) (*rule, error) {
	a := w.a
	place := i
	if a.max < 0 {
		place = min(i, w.still)
	}
	key := fmt.Sprint(place, hits, taken)
	if r, ok := w.made[key]; ok {
		return r, nil
	}
	if err := w.c.work.spend(4); err != nil {
		return nil, err
	}
	r := w.c.grammar.rules.add("i")
	w.made[key] = r
	enough := i >= a.min
	for k, d := range a.contains {
		enough = enough && hits[k] >= d.n
	}
	if enough {
		r.alt()
	}
	if a.max >= 0 && i >= a.max {
		return r, nil
	}
	if w.values != nil {
		return r, w.choose(r, i, hits, taken)
	}
	for mask := range 1 << len(a.contains) {
		lits, next, ok := w.hit(i, hits, mask)
		if !ok {
			continue
		}
		if fit, err := w.c.possible(lits, 1); err != nil {
			return nil, err
		} else if !fit {
			continue
		}
		item, err := w.c.use(lits)
		if err != nil {
			return nil, err
		}
		rest, err := w.from(i+1, next, nil)
		if err != nil {
			return nil, err
		}
		r.alt(w.separator(i, ref(item), ref(rest))...)
	}
	return r, nil
}

func (w *arrayWriter) separator(i int, row ...symbol) []symbol {
	if i > 0 {
		row = append([]symbol{verbatim(","), ref(w.c.space())}, row...)
	}
	return row
}

// hit is what an item must fit that counts for the "contains" of mask, and for no other that is bounded.
func (w *arrayWriter) hit(i int, hits []int, mask int) (lits []literal, next []int, ok bool) {
	lits, next = w.a.item(i), slices.Clone(hits)
	for k, d := range w.a.contains {
		top := max(d.n, d.most)
		if mask>>k&1 == 1 {
			if d.most >= 0 && hits[k] >= d.most {
				return nil, nil, false
			}
			if d.most < 0 && hits[k] >= d.n {
				return nil, nil, false // any item is as good
			}
			lits = append(lits, d.lits...)
			next[k] = min(hits[k]+1, top)
		} else if d.most >= 0 {
			for _, l := range d.lits {
				lits = append(lits, literal{l.s, !l.not})
			}
		}
	}
	return lits, next, true
}

// mostTaken bounds the values of which every choice is noted.
const mostTaken = 6

// distinct prepares an array whose items must differ: they come from a list of values each.
func (w *arrayWriter) distinct() error {
	last := w.still
	total := map[string]bool{}
	for i := 0; i <= last; i++ {
		if w.a.max >= 0 && i >= w.a.max {
			break
		}
		g, err := w.c.goal(w.a.item(i))
		if err != nil {
			return err
		}
		ways, err := w.c.ways(g)
		if err != nil {
			return err
		}
		values := []any{}
		for _, b := range ways {
			switch {
			case b.values != nil:
				values = append(values, b.values...)
			case b.kind == isNull:
				values = append(values, nil)
			case b.kind == isBool:
				values = append(values, true, false)
			default:
				if i > 0 && w.a.min <= i { // the array can end before
					w.a.max = i
					w.values = append(w.values, nil)
					return w.settle(total)
				}
				return refusal(w.a.unique.at, "what was written before cannot be looked up; use an enum, or maxItems 1")
			}
		}
		for _, v := range values {
			total[canonical(v)] = true
		}
		w.values = append(w.values, values)
	}
	return w.settle(total)
}

func (w *arrayWriter) settle(total map[string]bool) error {
	w.sorted = len(total) > mostTaken
	if w.sorted && slices.ContainsFunc(w.a.layers, func(r *rows) bool { return len(r.prefix) > 0 }) {
		return refusal(w.a.unique.at, "there are too many values to choose from")
	}
	if w.a.max < 0 || w.a.max > len(total) {
		w.a.max = len(total)
	}
	return nil
}

func (w *arrayWriter) choose(r *rule, i int, hits []int, taken []string) error {
	values := w.values[min(i, len(w.values)-1)]
	from := 0
	if w.sorted && len(taken) > 0 {
		from, _ = strconv.Atoi(taken[0])
	}
	for at, v := range values {
		if err := w.c.work.spend(4); err != nil {
			return err
		}
		key := canonical(v)
		if at < from || slices.Contains(taken, key) {
			continue
		}
		next := slices.Clone(hits)
		fine := true
		for k, d := range w.a.contains {
			ok, err := w.c.fits(v, d.lits)
			if err != nil {
				return err
			}
			if ok {
				next[k] = min(hits[k]+1, max(d.n, d.most+1))
				fine = fine && (d.most < 0 || next[k] <= d.most)
			}
		}
		if !fine {
			continue
		}
		now := append(slices.Clone(taken), key)
		slices.SortFunc(now, strings.Compare)
		if w.sorted {
			now = []string{strconv.Itoa(at + 1)}
		}
		rest, err := w.from(i+1, next, now)
		if err != nil {
			return err
		}
		r.alt(w.separator(i, verbatim(spell(v)), ref(rest))...)
	}
	return nil
}
