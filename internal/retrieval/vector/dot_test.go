package vector

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every kernel computes what the plain loop does, at the ends of the codes too.
func TestKernelsEqualThePlainLoop(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, k := range kernels() {
		for _, width := range []int{lane, 2 * lane, 3 * lane, 6 * lane, 16 * lane} {
			for _, n := range []int{1, 2, 7, 33} {
				rows, query := make([]uint8, n*width), make([]int8, width)
				for i := range rows {
					rows[i] = []uint8{1, 255, uint8(1 + r.IntN(255))}[r.IntN(3)]
				}
				for i := range query {
					query[i] = []int8{-127, 127, int8(r.IntN(255) - 127)}[r.IntN(3)]
				}
				p := probe{codes: query}
				for _, x := range query {
					p.lift += 128 * int32(x)
				}
				at := make([]*uint8, n)
				for i := range at {
					at[i] = &rows[(n-1-i)*width]
				}
				got, want := make([]int32, n), make([]int32, n)
				k.dots(got, at, p)
				dotsGo(want, at, p)
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("%s, %d rows of %d: row %d is %d, want %d", k.name, n, width, i, got[i], want[i])
					}
				}
			}
		}
	}
}

// The codes give the cosine to within two hundredths, also for lengths that fill no lane.
func TestCodesGiveTheCosine(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, dim := range []int{1, 3, 63, 65, 384, 385, 1023} {
		width := (dim + lane - 1) / lane * lane
		a, b := unit(r, dim), unit(r, dim)
		row, fine := make([]uint8, width), make([]uint8, width/2)
		scale, _ := encode(row, fine, a)
		p := newProbe(b, width)
		out := make([]int32, 1)
		fastest(out, []*uint8{&row[0]}, p)
		var want float64
		for i := range a {
			want += float64(a[i]) * float64(b[i])
		}
		if got := float64(p.score(out[0], scale)); math.Abs(got-want) > 0.02 {
			t.Errorf("%d numbers: the cosine is %.4f, want %.4f", dim, got, want)
		}
		again := make([]float32, dim)
		decode(again, row, fine, scale)
		if got := dot(again, b); math.Abs(got-want) > 0.002 {
			t.Errorf("%d numbers: the cosine by both codes is %.5f, want %.5f", dim, got, want)
		}
	}
}

func unit(r *rand.Rand, dim int) []float32 {
	v, sum := make([]float32, dim), 0.0
	for i := range v {
		x := r.NormFloat64()
		v[i], sum = float32(x), sum+x*x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}
