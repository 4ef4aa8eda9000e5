package vector

import (
	"math"
	"math/bits"
	"slices"
)

// The graph is HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
// Navigable Small World graphs", arXiv 1603.09320, with its rule that picks neighbours in different directions (Algorithm 4).
const (
	linksMost = 16            // of a row, in each level above the lowest
	nearMost  = 2 * linksMost // in the lowest
	choice    = 100           // how many candidates the neighbours of a new row are chosen from
	levelMost = 12            // 16^12 rows are more than there are
	stride    = 1 + nearMost  // of a row's links in its block
)

// graph leads from any row to its neighbours. Rows are in it by their numbers; their vectors are those of the index.
type graph struct {
	*rows
	entry  uint32
	top    int                                // the highest level that has a row; -1 where the graph is empty
	upper  [levelMost + 1]map[uint32][]uint32 // links above the lowest level, by level and row
	size   int                                // rows in it, with the buried
	buried int
}

func newGraph(r *rows) *graph {
	g := &graph{rows: r, top: -1}
	for i := range g.upper {
		g.upper[i] = map[uint32][]uint32{}
	}
	return g
}

// level draws the highest level of a row: one of sixteen rows of a level is in the next too. It is always the same for a row.
func level(row uint32) int {
	x := uint64(row) + 0x9e3779b97f4a7c15 // splitmix64, public domain by Sebastiano Vigna
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return min(levelMost, bits.TrailingZeros64(x|1<<63)/4)
}

// links are a row's neighbours in a level.
func (g *graph) links(row uint32, level int) []uint32 {
	if level > 0 {
		return g.upper[level][row]
	}
	b, i := g.at(row)
	if b.links == nil {
		return nil
	}
	own := b.links[i*stride : (i+1)*stride]
	return own[1 : 1+own[0]]
}

// setLinks replaces them.
func (g *graph) setLinks(row uint32, level int, to []uint32) {
	if level > 0 {
		g.upper[level][row] = append(g.upper[level][row][:0], to...)
		return
	}
	b, i := g.at(row)
	if b.links == nil {
		b.links = g.newLinks()
	}
	own := b.links[i*stride : (i+1)*stride]
	own[0] = uint32(copy(own[1:], to)) //nolint:gosec // nearMost at most
}

// first is how many neighbours a new row begins with.
func first(level int) int {
	if level > 0 {
		return linksMost
	}
	return nearMost * 3 / 4
}

func most(level int) int {
	if level > 0 {
		return linksMost
	}
	return nearMost
}

// wide is how many rows of the level above the lowest a way goes on from. From the nearest one alone, more ways through a
// million vectors that lie in clusters ended in the wrong cluster.
const wide = 32

// descend walks from the entry to the rows that are nearest in a level, by the levels above it.
func (g *graph) descend(d *desk, p probe, to int) []candidate {
	d.next = append(d.next[:0], g.entry)
	at := candidate{g.entry, d.compare(g.rows, p, d.next)[0]}
	for l := g.top; l > max(1, to); l-- {
		for moved := true; moved; {
			moved = false
			near := g.links(at.row, l)
			for n, score := range d.compare(g.rows, p, near) {
				if score > at.score {
					at, moved = candidate{near[n], score}, true
				}
			}
		}
	}
	if to > 0 || g.top == 0 {
		return []candidate{at}
	}
	g.explore(d, p, []candidate{at}, 1, wide, unlimited, nil)
	return slices.Clone(d.best)
}

// explore fills d.best with the most rows that are nearest and that counts says yes to, from where it begins, and reports whether it came to
// its end before it had compared visits rows. The way leads over all rows.
func (g *graph) explore(d *desk, p probe, from []candidate, level, most, visits int, counts func(row uint32) bool) bool {
	d.forget(len(g.blocks) * rowsOf)
	d.open, d.best = d.open[:0], d.best[:0]
	for _, c := range from {
		d.first(c.row)
		d.open.push(candidate{c.row, -c.score})
		if counts == nil || counts(c.row) {
			d.best.keep(c, most)
		}
	}
	for len(d.open) > 0 {
		at := d.open.pop()
		if len(d.best) == most && -at.score < d.best[0].score {
			return true
		}
		d.next = d.next[:0]
		for _, row := range g.links(at.row, level) {
			if d.first(row) {
				d.next = append(d.next, row)
			}
		}
		if visits -= len(d.next); visits < 0 {
			return false
		}
		for n, score := range d.compare(g.rows, p, d.next) {
			if len(d.best) == most && score <= d.best[0].score {
				continue
			}
			row := d.next[n]
			d.open.push(candidate{row, -score})
			if counts == nil || counts(row) {
				d.best.keep(candidate{row, score}, most)
			}
		}
	}
	return true
}

// unlimited is more visits than there are rows.
const unlimited = math.MaxInt
