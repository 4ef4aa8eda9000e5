package vector

import "unsafe"

// lane is what the length of a row of codes is a multiple of: the bytes that the widest kernel reads at once.
const lane = 64

// kernel computes the products of a query with the rows of codes, each less 128, that begin at these places: there is one at
// least, each is as long as the query, that is a multiple of lane, and no code is 0.
type kernel struct {
	name string
	dots func(out []int32, rows []*uint8, p probe)
}

// fastest is chosen once, since a processor stays what it is.
var fastest = kernels()[0].dots

func dotsGo(out []int32, rows []*uint8, p probe) {
	for i, at := range rows {
		row := unsafe.Slice(at, len(p.codes))
		var sum int32
		for j, x := range p.codes {
			sum += (int32(row[j]) - 128) * int32(x)
		}
		out[i] = sum
	}
}
