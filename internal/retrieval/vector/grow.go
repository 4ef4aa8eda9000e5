package vector

import (
	"cmp"
	"slices"
)

// plan is where a row will be linked to, found while others may read.
type plan struct {
	row  uint32
	near [][]uint32 // by level
}

func (p plan) lonely() bool { return len(p.near[0]) == 0 }

// find looks for the neighbours of a row. The graph is only read.
func (g *graph) find(d *desk, row uint32) plan {
	own := level(row)
	pl := plan{row: row, near: make([][]uint32, own+1)}
	if g.top < 0 {
		return pl
	}
	p := g.probe(row, d.codes[0])
	at := g.descend(d, p, own)
	var living func(other uint32) bool // nil where all do
	if g.buried > 0 || g.state(row) == linked {
		living = func(other uint32) bool { return other != row && g.state(other) == linked }
	}
	for l := min(own, g.top); l >= 0; l-- {
		g.explore(d, p, at, l, choice, unlimited, living)
		found := slices.Clone(d.best)
		if len(found) == 0 {
			continue
		}
		nearest(found)
		at = found[:min(wide, len(found))]
		pl.near[l] = g.choose(d, found, first(l))
	}
	return pl
}

// nearest sorts candidates, the best first.
func nearest(c []candidate) {
	slices.SortFunc(c, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.row, b.row)) })
}

// choose picks most of the candidates, which are sorted, as neighbours: one only if it is nearer to the middle than to
// each that was picked before, so that they lie in different directions.
func (g *graph) choose(d *desk, from []candidate, most int) []uint32 {
	picked := make([]uint32, 0, most)
	for _, c := range from {
		if len(picked) == most {
			break
		}
		near := func(score float32) bool { return score > c.score }
		if len(from) <= most || !slices.ContainsFunc(d.compare(g.rows, g.probe(c.row, d.codes[1]), picked), near) {
			picked = append(picked, c.row)
		}
	}
	return picked
}

// link puts a row in its place, as it was planned. What was chosen and is gone since then is left out; where that is all,
// it does nothing and returns false, unless the row is the first.
func (g *graph) link(d *desk, pl plan) bool {
	for l, near := range pl.near {
		pl.near[l] = slices.DeleteFunc(near, func(row uint32) bool { return g.state(row) != linked })
	}
	if pl.lonely() && g.size > 0 {
		return false
	}
	for l, near := range pl.near {
		g.setLinks(pl.row, l, near)
		for _, other := range near {
			g.linkBack(d, other, pl.row, l)
		}
	}
	if g.state(pl.row) != linked {
		g.setState(pl.row, linked)
		g.size++
	}
	if own := len(pl.near) - 1; own > g.top {
		g.entry, g.top = pl.row, own
	}
	return true
}

// linkBack adds a neighbour to those of a row, and chooses among them where they are too many.
func (g *graph) linkBack(d *desk, row, other uint32, level int) {
	near := g.links(row, level)
	if slices.Contains(near, other) {
		return
	}
	all := append(append(make([]uint32, 0, nearMost+1), near...), other)
	if len(all) > most(level) {
		all = g.choose(d, g.sorted(d, row, all), most(level))
	}
	g.setLinks(row, level, all)
}

// sorted are rows by their nearness to one.
func (g *graph) sorted(d *desk, to uint32, of []uint32) []candidate {
	c := make([]candidate, 0, len(of))
	p := g.probe(to, d.codes[0])
	for part := range slices.Chunk(of, many) {
		for n, score := range d.compare(g.rows, p, part) {
			c = append(c, candidate{part[n], score})
		}
	}
	nearest(c)
	return c
}
