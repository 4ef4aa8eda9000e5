package vector

import "math"

// A vector of unit length is kept as one byte a number: round(x/scale)+128, with a scale of its own so that the
// largest number is 127. The product of two such rows is then off by about a thousandth, which the float32
// vectors of the best correct; they stay on the disk.

// encode writes the codes of v into row, whose rest stands for zeros, and returns the scale.
func encode(row []uint8, v []float32) (scale float32) {
	scale = step(v)
	for i, x := range v {
		row[i] = uint8(int(math.RoundToEven(float64(x/scale))) + 128)
	}
	for i := len(v); i < len(row); i++ {
		row[i] = 128
	}
	return scale
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
	lift  int32 // what the 128 in each code of a row adds to every product
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
	return float32(product-p.lift) * p.scale * scale
}
