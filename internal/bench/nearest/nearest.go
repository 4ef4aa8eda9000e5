// Package nearest measures the index of vectors: how many of the truly nearest it finds, what that costs, and the same of other
// libraries on the same vectors. Begin at Run.
package nearest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/parley-chat/parley/internal/retrieval/vector"
)

// K is how many nearest a question asks for.
const K = 10

// Options say what to measure.
type Options struct {
	Set    Set
	Python string // with hnswlib and faiss; "" measures no rival
	Log    io.Writer
}

// Report is what was measured.
type Report struct {
	Set     string `json:"set"`
	Vectors int    `json:"vectors"`
	Numbers int    `json:"numbers"`
	Build   Build  `json:"build"`
	Ours    []Row  `json:"ours"`
	Changed []Row  `json:"changed"` // after 30 % were deleted, and then added again
	Filters []Row  `json:"filters"`
	Rivals  []Row  `json:"rivals,omitempty"`
	Shipped Row    `json:"shipped"` // by the settings that are shipped
}

// Build is what it took to make our index.
type Build struct {
	Clock    time.Duration `json:"clock_ns"`
	CPU      time.Duration `json:"cpu_ns"`
	Resident int64         `json:"resident_bytes"` // what the process grew by
}

// Row is one way to search. Times are per question, asked one after the other: what all threads took together, and the clock.
type Row struct {
	Name   string        `json:"name"`
	Reach  int           `json:"reach,omitempty"` // candidates of a search, elsewhere called ef
	Recall float64       `json:"recall"`
	CPU    time.Duration `json:"cpu_ns"`
	P95    time.Duration `json:"p95_ns,omitempty"`
}

// bench is a run under way.
type bench struct {
	Options
	x       *vector.Index
	classes []uint32
	filters []filter
	truth   [][]int // of each question, without a filter
	all     []uint32
}

// Run measures.
func Run(ctx context.Context, o Options) (r Report, err error) {
	b := bench{Options: o}
	r.Set, r.Vectors, r.Numbers = o.Set.Name, o.Set.Len(), o.Set.Dim
	b.say("looking at all of %d vectors for each of %d questions", r.Vectors, len(o.Set.Questions))
	b.classes, b.filters = o.Set.classify()
	b.all = b.filters[len(b.filters)-1].classes
	passes := make([]func(int) bool, len(b.filters))
	for i, f := range b.filters {
		passes[i] = f.passes
	}
	truths := o.Set.truth(passes)
	b.truth = truths[len(truths)-1]
	b.say("building")
	if r.Build, err = b.build(ctx); err != nil {
		return r, err
	}
	b.say("asking")
	if r.Ours, err = b.widths(); err != nil {
		return r, err
	}
	if r.Shipped, err = b.ask("as shipped", b.all, b.truth); err != nil {
		return r, err
	}
	for i, f := range b.filters {
		row, err := b.ask(f.String(), f.classes, truths[i])
		if err != nil {
			return r, err
		}
		r.Filters = append(r.Filters, row)
	}
	if o.Python != "" {
		b.say("asking others")
		if r.Rivals, err = b.rivals(ctx); err != nil {
			return r, err
		}
	}
	r.Changed, err = b.change(ctx)
	return r, err
}

func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(b.Log, format+"\n", args...) }

// build puts all vectors and brings the graph up to them.
func (b *bench) build(ctx context.Context) (made Build, err error) {
	before, began, cpu := resident(), time.Now(), processorTime()
	b.x = vector.New(b.Set.Dim)
	for i, class := range b.classes {
		if err := b.x.Put(uint64(i), class, b.Set.vector(i)); err != nil { //nolint:gosec // not negative
			return made, err
		}
	}
	limits := vector.Usual()
	limits.ScanMost = 0 // a graph for less than would have one, to measure it
	b.x.SetLimits(limits)
	err = b.x.Grow(ctx)
	b.x.SetLimits(vector.Usual())
	return Build{Clock: time.Since(began), CPU: processorTime() - cpu, Resident: resident() - before}, err
}

// widths measures the graph alone, at several widths of a search, and then no graph at all.
func (b *bench) widths() (rows []Row, err error) {
	defer b.x.SetLimits(vector.Usual())
	l := vector.Usual()
	l.ScanMost = 0
	for _, reach := range []int{20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600} {
		l.Reach = reach
		b.x.SetLimits(l)
		row, err := b.ask("parley, graph", b.all, b.truth)
		if err != nil {
			return nil, err
		}
		row.Reach = reach
		rows = append(rows, row)
	}
	l.ScanMost = b.Set.Len()
	b.x.SetLimits(l)
	row, err := b.ask("parley, all looked at", b.all, b.truth)
	return append(rows, row), err
}

// rounds is how often the questions are asked; the round in the middle counts.
const rounds = 3

// ask asks all questions and compares what is found with the truth.
func (b *bench) ask(name string, classes []uint32, truth [][]int) (row Row, err error) {
	var all []Row
	for range rounds {
		row = Row{Name: name}
		took := make([]time.Duration, 0, len(b.Set.Questions))
		right, want := 0, 0
		cpu := processorTime()
		for q, v := range b.Set.Questions {
			began := time.Now()
			hits, err := b.x.Search(v, classes, K)
			if err != nil {
				return row, err
			}
			took = append(took, time.Since(began))
			want += len(truth[q])
			for _, h := range hits {
				if slices.Contains(truth[q], int(h.ID)) { //nolint:gosec // an index
					right++
				}
			}
		}
		row.CPU = (processorTime() - cpu) / time.Duration(len(took))
		slices.Sort(took)
		row.P95 = took[len(took)*95/100]
		row.Recall = float64(right) / float64(max(1, want))
		all = append(all, row)
	}
	slices.SortFunc(all, func(a, b Row) int { return int(a.CPU - b.CPU) })
	return all[rounds/2], nil
}

// change deletes 30 %, asks, and adds them again.
func (b *bench) change(ctx context.Context) (rows []Row, err error) {
	defer b.x.SetLimits(vector.Usual())
	l := vector.Usual()
	l.ScanMost = 0
	b.x.SetLimits(l)
	gone := func(i int) bool { return i%10 < 3 }
	for i := range b.classes {
		if gone(i) {
			b.x.Delete(uint64(i)) //nolint:gosec // not negative
		}
	}
	left := b.Set.truth([]func(int) bool{func(i int) bool { return !gone(i) }})[0]
	step := func(name string, truth [][]int, grow bool) error {
		if grow {
			if err := b.x.Grow(ctx); err != nil {
				return err
			}
		}
		row, err := b.ask(name, b.all, truth)
		rows = append(rows, row)
		return err
	}
	if err := step("30 % deleted", left, false); err != nil {
		return nil, err
	}
	if err := step("30 % deleted and swept out", left, true); err != nil {
		return nil, err
	}
	for i, class := range b.classes {
		if gone(i) {
			if err := b.x.Put(uint64(i), class, b.Set.vector(i)); err != nil { //nolint:gosec // not negative
				return nil, err
			}
		}
	}
	return rows, step("added again", b.truth, true)
}
