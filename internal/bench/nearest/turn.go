package nearest

import (
	"math"
	"math/rand/v2"
)

// turn is a turning of the space by which every number of a vector depends on all: three rounds of changed signs, a Hadamard
// transform of parts, and another order.
type turn struct {
	signs [3][]float32
	order [3][]int
	part  int // a power of two that divides the length
	room  []float32
}

func newTurn(r *rand.Rand, dim int) *turn {
	t := &turn{part: dim & -dim, room: make([]float32, dim)}
	for round := range t.signs {
		t.order[round] = r.Perm(dim)
		t.signs[round] = make([]float32, dim)
		for i := range t.signs[round] {
			t.signs[round][i] = float32(2*r.IntN(2) - 1)
		}
	}
	return t
}

func (t *turn) do(v []float32) {
	for round := range t.signs {
		for i, from := range t.order[round] {
			t.room[i] = v[from] * t.signs[round][i]
		}
		for at := 0; at < len(v); at += t.part {
			hadamard(t.room[at : at+t.part])
		}
		copy(v, t.room)
	}
}

// hadamard is the fast transform, of a power of two, that keeps the length.
func hadamard(v []float32) {
	for step := 1; step < len(v); step *= 2 {
		for i := 0; i < len(v); i += 2 * step {
			for j := i; j < i+step; j++ {
				v[j], v[j+step] = v[j]+v[j+step], v[j]-v[j+step]
			}
		}
	}
	norm := float32(1 / math.Sqrt(float64(len(v))))
	for i := range v {
		v[i] *= norm
	}
}
