package vector

// lane is what the length of a row of codes is a multiple of: the bytes that the widest kernel reads at once.
const lane = 64

// kernel computes the products of a query with len(out) rows of codes, each as long as the query. Neither may be
// empty, and the length is a multiple of lane.
type kernel struct {
	name string
	dots func(out []int32, rows []uint8, query []int8)
}

// fastest is chosen once, since a processor stays what it is.
var fastest = kernels()[0].dots

func dotsGo(out []int32, rows []uint8, query []int8) {
	for i := range out {
		row := rows[i*len(query) : (i+1)*len(query)]
		var sum int32
		for j, x := range query {
			sum += int32(row[j]) * int32(x)
		}
		out[i] = sum
	}
}
