package vector

import (
	"context"
	"runtime"
	"sync"
)

// sweepAt is the tenth of the graph's rows that may be buried before they are swept out.
const sweepAt = 3

// Grow brings the graph to where a search needs it: it begins one where there are many vectors, takes in those that came
// since, and sweeps out those that were deleted. It can take minutes, and holds up searches and changes for a few
// milliseconds at most. What it has not done yet is found all the same. It ends early with ctx.
func (x *Index) Grow(ctx context.Context) error {
	x.growing.Lock()
	defer x.growing.Unlock()
	x.mu.Lock()
	switch {
	case x.graph == nil && len(x.at) > x.limits.ScanMost:
		x.graph = newGraph(x.rows)
	case x.graph != nil && len(x.at) < x.limits.ScanMost/2:
		x.fell()
	}
	none := x.graph == nil
	x.mu.Unlock()
	if none {
		return nil
	}
	if err := x.sweep(ctx); err != nil {
		return err
	}
	return x.linkWaiting(ctx)
}

// fell gives the graph up.
func (x *Index) fell() {
	for row := range x.used {
		switch x.rows.state(row) {
		case linked:
			x.rows.setState(row, waiting)
			x.waiting.Add(row)
		case buried:
			x.rows.setState(row, unused)
			x.free = append(x.free, row)
		case unused, waiting:
		}
	}
	for _, b := range x.rows.blocks {
		clear(b.links)
	}
	x.graph = nil
}

// linkWaiting takes rows into the graph: some are planned at once, by two goroutines, and put in their place one by one.
func (x *Index) linkWaiting(ctx context.Context) error {
	const most, share = 16, 100 // planned at once, at most so many and this part of the graph: they do not see each other
	d := x.desk()
	defer x.desks.Put(d)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.mu.RLock()
		batch := make([]uint32, max(1, min(most, x.graph.size/share)))
		batch = batch[:x.waiting.ManyIterator().NextMany(batch)]
		plans := x.plan(batch)
		x.mu.RUnlock()
		if len(batch) == 0 {
			return nil
		}
		for _, pl := range plans {
			x.mu.Lock()
			if pl.lonely() && x.graph.size > 0 { // nothing living can be reached: it begins anew, with the next Grow
				x.fell()
				x.mu.Unlock()
				return nil
			}
			if x.rows.state(pl.row) == waiting && x.graph.link(d, pl) {
				x.waiting.Remove(pl.row)
			}
			x.mu.Unlock()
		}
	}
}

// plan finds the neighbours of rows.
func (x *Index) plan(of []uint32) []plan {
	plans := make([]plan, len(of))
	parts := min(2, runtime.GOMAXPROCS(0), len(of))
	var work sync.WaitGroup
	for part := range parts {
		work.Go(func() {
			d := x.desk()
			defer x.desks.Put(d)
			for i := part; i < len(of); i += parts {
				plans[i] = x.graph.find(d, of[i])
			}
		})
	}
	work.Wait()
	return plans
}

// sweep takes the buried out where they are many.
func (x *Index) sweep(ctx context.Context) error {
	x.mu.RLock()
	size, dead, rows := x.graph.size, x.graph.buried, x.used
	x.mu.RUnlock()
	if dead*10 <= size*sweepAt {
		return nil
	}
	d := x.desk()
	defer x.desks.Put(d)
	// What is buried meanwhile stays for the next sweep: rows that were mended may lead to it.
	var out, lost []uint32
	x.mu.RLock()
	for row := range rows {
		if x.graph.isBuried(row) {
			out = append(out, row)
		}
	}
	x.mu.RUnlock()
	const step = 16
	for from := uint32(0); from < rows; from += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.mu.Lock()
		lost = append(lost, x.graph.mend(d, from, min(from+step, rows))...)
		x.mu.Unlock()
	}
	x.mu.Lock()
	for _, row := range out {
		x.graph.drop(row)
	}
	x.free = append(x.free, out...)
	x.graph.enter(rows)
	x.mu.Unlock()
	for _, row := range lost {
		x.mu.Lock()
		if x.rows.state(row) == linked {
			x.graph.link(d, x.graph.find(d, row))
		}
		x.mu.Unlock()
	}
	return nil
}
