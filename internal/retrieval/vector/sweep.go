package vector

import "slices"

// A deleted vector's row stays in the graph at first, since ways lead over it. A sweep takes such rows out: whoever had one as a
// neighbour gets those that lie behind it to choose from, as FreshDiskANN does (Singh and others, arXiv 2105.09613, Algorithm 4).

// mend gives rows that lead to the buried other neighbours. It returns those that were left with less than half of
// what they had, which are better looked for anew.
func (g *graph) mend(d *desk, from, to uint32) (lost []uint32) {
	for row := from; row < to; row++ {
		if g.state(row) != linked {
			continue
		}
		for l := range level(row) + 1 {
			near := g.links(row, l)
			if !slices.ContainsFunc(near, g.isBuried) {
				continue
			}
			before := len(near)
			near = g.beyond(row, l)
			if len(near) > most(l) {
				near = g.choose(d, g.sorted(d, row, near), most(l))
			}
			if g.setLinks(row, l, near); 2*len(near) < before && l == 0 {
				lost = append(lost, row)
			}
		}
	}
	return lost
}

func (g *graph) isBuried(row uint32) bool { return g.state(row) == buried }

// beyond are a row's living neighbours, and those of its buried ones.
func (g *graph) beyond(row uint32, level int) []uint32 {
	var all []uint32
	for _, other := range g.links(row, level) {
		if g.state(other) == linked {
			all = append(all, other)
			continue
		}
		for _, behind := range g.links(other, level) {
			if behind != row && g.state(behind) == linked {
				all = append(all, behind)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// drop takes a buried row out, to which nothing leads any more.
func (g *graph) drop(row uint32) {
	for l := range level(row) + 1 {
		if l > 0 {
			delete(g.upper[l], row)
		} else {
			g.setLinks(row, 0, nil)
		}
	}
	g.setState(row, unused)
	g.size--
	g.buried--
}

// enter chooses the row that searches begin with anew: one of the highest level that has any.
func (g *graph) enter(rows uint32) {
	g.top = -1
	for row := range rows {
		if l := level(row); l > g.top && g.state(row) == linked {
			g.entry, g.top = row, l
		}
	}
}
