package grammar

import (
	"encoding/binary"
	"slices"
)

// machine is a lazy automaton: its states are found by walking. Characters are given as classes, which
// behave alike.
type machine interface {
	begin() string
	next(state string, class int) (string, bool)
	accepts(state string) bool
	classes() int
}

// edge leads to a state by a class of characters.
type edge struct{ class, to int }

// automaton is deterministic, and every state leads to an end. The first state is where it begins; there
// is none when nothing fits.
type automaton struct {
	edges  [][]edge
	accept []bool
}

// build walks a machine and makes it small.
func build(m machine, work *budget) (*automaton, error) {
	a := &automaton{}
	number := map[string]int{}
	var states []string
	visit := func(s string) int {
		n, ok := number[s]
		if !ok {
			n = len(states)
			number[s] = n
			states = append(states, s)
			a.edges = append(a.edges, nil)
			a.accept = append(a.accept, m.accepts(s))
		}
		return n
	}
	visit(m.begin())
	for at := 0; at < len(states); at++ {
		if len(states) > maxStates {
			return nil, errBudget
		}
		if err := work.spend(1 + m.classes()/2); err != nil {
			return nil, err
		}
		for class := range m.classes() {
			if to, ok := m.next(states[at], class); ok {
				a.edges[at] = append(a.edges[at], edge{class, visit(to)})
			}
		}
	}
	a.trim()
	a.merge()
	if len(a.edges) > maxSmall {
		return nil, errBudget
	}
	return a, nil
}

// trim drops states from which no end can be reached.
func (a *automaton) trim() {
	back := make([][]int, len(a.edges))
	for from, list := range a.edges {
		for _, e := range list {
			back[e.to] = append(back[e.to], from)
		}
	}
	alive := make([]bool, len(a.edges))
	var todo []int
	for s, end := range a.accept {
		if end {
			alive[s] = true
			todo = append(todo, s)
		}
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, from := range back[s] {
			if !alive[from] {
				alive[from] = true
				todo = append(todo, from)
			}
		}
	}
	if len(alive) == 0 || !alive[0] {
		a.edges, a.accept = nil, nil
		return
	}
	number := make([]int, len(alive))
	n := 0
	for s := range alive {
		if number[s] = n; alive[s] {
			n++
		}
	}
	edges, accept := make([][]edge, n), make([]bool, n)
	for s, list := range a.edges {
		if !alive[s] {
			continue
		}
		for _, e := range list {
			if alive[e.to] {
				edges[number[s]] = append(edges[number[s]], edge{e.class, number[e.to]})
			}
		}
		accept[number[s]] = a.accept[s]
	}
	a.edges, a.accept = edges, accept
}

// merge makes equal states one: it parts them by their ends, then again and again by where their
// edges lead.
func (a *automaton) merge() {
	group := make([]int, len(a.edges))
	groups := 0
	for {
		number := map[string]int{}
		next := make([]int, len(a.edges))
		key := []byte{}
		for s, list := range a.edges {
			key = append(key[:0], byte(0))
			if a.accept[s] {
				key[0] = 1
			}
			key = binary.AppendUvarint(key, uint64(group[s]))
			for _, e := range list {
				key = binary.AppendUvarint(key, uint64(e.class))
				key = binary.AppendUvarint(key, uint64(group[e.to]))
			}
			n, ok := number[string(key)]
			if !ok {
				n = len(number)
				number[string(key)] = n
			}
			next[s] = n
		}
		group = next
		if len(number) == groups {
			break
		}
		groups = len(number)
	}
	edges, accept := make([][]edge, groups), make([]bool, groups)
	for s := len(a.edges) - 1; s >= 0; s-- {
		g := group[s]
		edges[g], accept[g] = slices.Clone(a.edges[s]), a.accept[s]
		for i := range edges[g] {
			edges[g][i].to = group[edges[g][i].to]
		}
	}
	a.edges, a.accept = edges, accept
}

// empty reports whether nothing fits.
func (a *automaton) empty() bool { return len(a.edges) == 0 }

// longestInline bounds how many states become one literal.
const longestInline = 64

// automaton writes a rule a state. spell gives the GBNF elements of a set of classes that lead to one
// state; end is what follows the text.
func (g *rules) automaton(a *automaton, kind string, spell func(classes []int) []string, end []symbol) *rule {
	made := map[int]*rule{}
	var todo []int
	get := func(s int) *rule {
		r, ok := made[s]
		if !ok {
			r = g.add(kind)
			made[s] = r
			todo = append(todo, s)
		}
		return r
	}
	type step struct {
		to    int
		texts []string
	}
	steps := func(s int) []step {
		by := map[int][]int{}
		var order []int
		for _, e := range a.edges[s] {
			if _, ok := by[e.to]; !ok {
				order = append(order, e.to)
			}
			by[e.to] = append(by[e.to], e.class)
		}
		list := make([]step, 0, len(order))
		for _, to := range order {
			list = append(list, step{to, spell(by[to])})
		}
		return list
	}
	if a.empty() {
		return g.add(kind) // without alternatives: prune takes it out
	}
	first := get(0)
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		r := made[s]
		if a.accept[s] {
			r.alt(end...)
		}
		for _, st := range steps(s) {
			for _, t := range st.texts {
				row := []symbol{text(t)}
				// A chain of states with one way on becomes one alternative.
				at := st.to
				for range longestInline {
					if a.accept[at] || at == 0 {
						break
					}
					on := steps(at)
					if len(on) != 1 || len(on[0].texts) != 1 || on[0].to == at {
						break
					}
					row = append(row, text(on[0].texts[0]))
					at = on[0].to
				}
				if a.accept[at] && len(a.edges[at]) == 0 {
					row = append(row, end...)
				} else {
					row = append(row, ref(get(at)))
				}
				r.alt(row...)
			}
		}
	}
	return first
}
