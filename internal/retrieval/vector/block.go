package vector

import (
	"runtime"
	"unsafe"
)

// rowsOf is how many rows a block has.
const rowsOf = 256

// block is some rows. Blocks never move, so an index grows without copying what it has.
type block struct {
	ids     [rowsOf]uint64
	classes [rowsOf]uint32
	scales  [rowsOf]float32
	sums    [rowsOf]int32 // of the codes, each less 128
	states  [rowsOf]state
	codes   []uint8  // width a row
	fine    []uint8  // half of it a row
	links   []uint32 // 1+nearMost a row: how many, and to which rows; nil without a graph
}

// state is what a row is used for.
type state uint8

const (
	unused  state = iota
	waiting       // it has a vector, and is not in the graph
	linked        // it has a vector, and is in the graph
	buried        // its vector was deleted, and the graph still leads over it
)

// rows is the vectors of an index, by row. What reads them holds the index's lock, which also keeps their memory from
// being given back meanwhile.
type rows struct {
	dim, width int
	blocks     []*block
	spare      []uint8 // memory that is reserved and not used
}

// slab is how much memory is reserved at once, but for the first blocks, so that few vectors take little.
const (
	slab      = 4 << 20
	fewBlocks = 16
)

// memory is n zeroed bytes, at a multiple of 64, that last as long as the rows. It lies outside of Go's heap: at a million
// vectors the collector would otherwise keep as much again free for them.
func (r *rows) memory(n int) []uint8 {
	n = (n + 63) / 64 * 64
	if len(r.spare) < n {
		size := n
		if len(r.blocks) >= fewBlocks {
			size = max(n, slab)
		}
		all, free := reserve(size)
		runtime.AddCleanup(r, free, all)
		r.spare = all
	}
	m := r.spare[:n:n]
	r.spare = r.spare[n:]
	return m
}

func (r *rows) grow() {
	n := rowsOf * r.width
	r.blocks = append(r.blocks, &block{codes: r.memory(n), fine: r.memory(n / 2)})
}

// newLinks is room for the links of a block's rows.
func (r *rows) newLinks() []uint32 {
	const n = rowsOf * stride
	all := r.memory(n * 4)
	return unsafe.Slice((*uint32)(unsafe.Pointer(&all[0])), n) //nolint:gosec // aligned
}

func (r *rows) at(row uint32) (*block, int) { return r.blocks[row/rowsOf], int(row % rowsOf) }

func (r *rows) state(row uint32) state {
	b, i := r.at(row)
	return b.states[i]
}

func (r *rows) setState(row uint32, s state) {
	b, i := r.at(row)
	b.states[i] = s
}

// set keeps a vector of unit length in a row.
func (r *rows) set(row uint32, v []float32) {
	b, i := r.at(row)
	half := r.width / 2
	b.scales[i], b.sums[i] = encode(b.codes[i*r.width:(i+1)*r.width], b.fine[i*half:(i+1)*half], v)
}

// get writes the vector of a row into v, as it is known by both codes.
func (r *rows) get(row uint32, v []float32) {
	b, i := r.at(row)
	half := r.width / 2
	decode(v, b.codes[i*r.width:(i+1)*r.width], b.fine[i*half:(i+1)*half], b.scales[i])
}

// probe makes of a row a query for its likes.
func (r *rows) probe(row uint32, codes []int8) probe {
	b, i := r.at(row)
	for j, c := range b.codes[i*r.width : (i+1)*r.width] {
		codes[j] = int8(c ^ 128) //nolint:gosec // a code less 128, by its bits
	}
	return probe{codes: codes, scale: b.scales[i], lift: 128 * b.sums[i]}
}
