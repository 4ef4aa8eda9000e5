package vector

import "math"

// A vector of unit length is kept in twelve bits a number. Eight are its code, round(x/scale)+128, with a scale of its own so
// that the largest number is 127: what the processor multiplies, off by about a thousandth as a product of two. Four
// more, its fine code, tell where within the step the number is, and are read for the best only.

const steps = 16 // of a fine code; the middle one is none

// encode writes the codes of v, whose rest stands for zeros, and returns the scale and the sum of the codes, each less 128.
func encode(codes, fine []uint8, v []float32) (scale float32, sum int32) {
	scale = step(v)
	clear(fine)
	for i, x := range v {
		whole := float32(math.RoundToEven(float64(x / scale)))
		codes[i] = uint8(int(whole) + 128)
		sum += int32(whole)
		part := min(steps-1, int((x/scale-whole)*steps+steps/2+0.5)) // below zero by nothing, since it is half a step at most
		fine[i/2] |= uint8(part << (i % 2 * 4))                      //nolint:gosec // four bits
	}
	for i := len(v); i < len(codes); i++ {
		codes[i] = 128
	}
	return scale, sum
}

// decode writes into v what the codes say.
func decode(v []float32, codes, fine []uint8, scale float32) {
	for i := range v {
		part := fine[i/2] >> (i % 2 * 4) & (steps - 1)
		v[i] = (float32(codes[i]) - 128 + (float32(part)-steps/2)/steps) * scale
	}
}

// step is the size of one step of a code.
func step(v []float32) float32 {
	var largest float32
	for _, x := range v {
		largest = max(largest, x, -x)
	}
	if largest == 0 {
		return 1
	}
	return largest / 127
}

// probe is a query as the kernels want it.
type probe struct {
	codes []int8
	scale float32
	lift  int32 // what a product is too large by where the codes of a row are not less 128
}

func newProbe(q []float32, width int) probe {
	p := probe{codes: make([]int8, width), scale: step(q)}
	for i, x := range q {
		p.codes[i] = int8(math.RoundToEven(float64(x / p.scale)))
		p.lift += 128 * int32(p.codes[i])
	}
	return p
}

// score turns a kernel's product with a row of this scale into the cosine.
func (p probe) score(product int32, scale float32) float32 {
	return float32(product) * p.scale * scale
}
