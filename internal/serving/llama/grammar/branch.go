package grammar

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// kind is a type of JSON values.
type kind byte

const (
	isNull kind = iota
	isBool
	isNumber
	isText
	isArray
	isObject
	kinds
)

// literal is a schema that a value must fit, or must not.
type literal struct {
	s   *jsonschema.Schema
	not bool
}

// demand is what one keyword asks of the values of one type. Equal demands are one, so that a branch is a
// set of them.
type demand struct {
	id   int
	kind string
	at   string // the keyword and its place in the schema, for a refusal
	rat  *big.Rat
	n    int
	text string
	lits []literal // of "contains" and "names"
	most int       // of "contains": most items that may fit, -1 is any number
	rows *rows
	cols *columns
}

// rows are demands on the items of an array.
type rows struct {
	prefix []literal // nil schema asks nothing
	rest   literal
	silent bool // they do not count as evaluated
	open   bool // nothing is said of the rest
}

// columns are demands on the members of an object.
type columns struct {
	order    []string
	props    map[string][]literal
	patterns []pattern
	rest     []literal
	open     bool // nothing is said of the rest
	silent   bool // they do not count as evaluated
	asked    bool // the schema asks for members that it does not name
}

type pattern struct {
	re   jsonschema.Regexp
	lits []literal
}

// branch is one way to fit a goal with a value of one type.
type branch struct {
	kind    kind
	values  []any     // when not nil: one of these, which are tried against the whole goal
	demands []*demand // by id
}

func (b branch) key() string {
	var s strings.Builder
	s.WriteString(strconv.Itoa(int(b.kind)))
	if b.values != nil {
		s.WriteString("=")
		for _, v := range b.values {
			s.WriteString(canonical(v) + "\x00")
		}
		return s.String()
	}
	for _, d := range b.demands {
		s.WriteString("," + strconv.Itoa(d.id))
	}
	return s.String()
}

// of returns the demands of these kinds.
func (b branch) of(kinds ...string) []*demand {
	var list []*demand
	for _, d := range b.demands {
		if slices.Contains(kinds, d.kind) {
			list = append(list, d)
		}
	}
	return list
}

// demand returns the one demand that key names, made by fill at the first call.
func (c *compiler) demand(kind, key, at string, fill func(d *demand)) *demand {
	key = kind + " " + key
	if d, ok := c.demands[key]; ok {
		return d
	}
	d := &demand{id: len(c.demands), kind: kind, at: at, most: -1}
	fill(d)
	c.demands[key] = d
	return d
}

func anything() []branch {
	list := make([]branch, kinds)
	for k := range list {
		list[k].kind = kind(k)
	}
	return list
}

// with adds demands to the branches of a kind.
func with(list []branch, k kind, demands ...*demand) []branch {
	out := slices.Clone(list)
	for i, b := range out {
		if b.kind == k && b.values == nil {
			out[i].demands = join(b.demands, demands)
		}
	}
	return out
}

func join(a, b []*demand) []*demand {
	out := append(slices.Clone(a), b...)
	slices.SortFunc(out, func(x, y *demand) int { return x.id - y.id })
	return slices.Compact(out)
}

// both are the ways to fit two sets of alternatives at once.
func (c *compiler) both(a, b []branch) ([]branch, error) {
	var out []branch
	seen := map[string]bool{}
	for _, x := range a {
		for _, y := range b {
			if x.kind != y.kind {
				continue
			}
			if err := c.work.spend(1 + (len(x.demands)+len(y.demands))/4); err != nil {
				return nil, err
			}
			z := branch{kind: x.kind}
			switch {
			case x.values == nil && y.values == nil:
				z.demands = join(x.demands, y.demands)
			case x.values == nil:
				z.values = y.values
			case y.values == nil:
				z.values = x.values
			default:
				z.values = common(x.values, y.values)
			}
			if z.values != nil && len(z.values) == 0 {
				continue
			}
			if k := z.key(); !seen[k] {
				seen[k] = true
				out = append(out, z)
			}
			if len(out) > maxBranches {
				return nil, errBudget
			}
		}
	}
	return out, nil
}

// either joins two sets of alternatives.
func (c *compiler) either(a, b []branch) ([]branch, error) {
	out := slices.Clone(a)
	seen := map[string]bool{}
	for _, x := range a {
		seen[x.key()] = true
	}
	for _, x := range b {
		if k := x.key(); !seen[k] {
			seen[k] = true
			out = append(out, x)
		}
	}
	if len(out) > maxBranches {
		return nil, errBudget
	}
	return out, c.work.spend(len(out))
}

func common(a, b []any) []any {
	in := map[string]bool{}
	for _, v := range b {
		in[canonical(v)] = true
	}
	out := []any{}
	for _, v := range a {
		if in[canonical(v)] {
			out = append(out, v)
		}
	}
	return out
}
