package nearest

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// parts are how much of the vectors a filter lets pass.
var parts = []float64{0.001, 0.01, 0.05, 0.1, 0.3, 0.7, 1}

// filter is a rule about rights, as classes of vectors.
type filter struct {
	name    string
	part    float64
	classes []uint32
	passes  func(i int) bool
}

// classify gives each vector a class, by which it belongs to the smallest part of two kinds that has it: a part at random,
// and one on one side of a plane, which is the hard case, since it has to do with what is asked.
func (s Set) classify() (classes []uint32, filters []filter) {
	r := rand.New(rand.NewPCG(2, 2)) //nolint:gosec // the same each time
	n := s.Len()
	plane := make([]float32, s.Dim)
	for i := range plane {
		plane[i] = float32(r.NormFloat64())
	}
	side := make([]float32, n)
	for i := range side {
		side[i] = dot(plane, s.vector(i))
	}
	sorted := slices.Clone(side)
	slices.Sort(sorted)
	classes = make([]uint32, n)
	for i := range classes {
		place, _ := slices.BinarySearch(sorted, side[i])
		classes[i] = smallest(r.Float64())*uint32(len(parts)) + smallest(float64(place)/float64(n))
	}
	for kind, name := range []string{"random", "region"} {
		for level, part := range parts {
			f := filter{name: name, part: part}
			in := func(class uint32) bool {
				levels := [...]uint32{class / uint32(len(parts)), class % uint32(len(parts))}
				return levels[kind] <= uint32(level) //nolint:gosec // small
			}
			for class := range uint32(len(parts) * len(parts)) {
				if in(class) {
					f.classes = append(f.classes, class)
				}
			}
			f.passes = func(i int) bool { return in(classes[i]) }
			filters = append(filters, f)
		}
	}
	return classes, filters
}

// smallest is the first part that a place between 0 and 1 is in.
func smallest(place float64) uint32 {
	return uint32(slices.IndexFunc(parts, func(p float64) bool { return place < p || p == 1 })) //nolint:gosec // small
}

func (f filter) String() string { return fmt.Sprintf("%s %g %%", f.name, 100*f.part) }
