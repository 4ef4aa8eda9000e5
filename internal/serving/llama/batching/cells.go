package batching

// cells counts the cells of the key-value cache. Sequences that begin with the same tokens may hold the
// same cells, which then count once.
type cells struct {
	holders []uint16 // of each cell
	free    []int32
}

func newCells(n int) *cells {
	c := &cells{holders: make([]uint16, n), free: make([]int32, n)}
	for i := range c.free {
		c.free[i] = int32(n - 1 - i)
	}
	return c
}

// take gives n new cells.
func (c *cells) take(n int) []int32 {
	at := len(c.free) - n
	got := c.free[at:]
	c.free = c.free[:at]
	for _, cell := range got {
		c.holders[cell] = 1
	}
	return got
}

// share adds a holder.
func (c *cells) share(held []int32) []int32 {
	for _, cell := range held {
		c.holders[cell]++
	}
	return held
}

// drop takes a holder away.
func (c *cells) drop(held []int32) {
	for _, cell := range held {
		if c.holders[cell]--; c.holders[cell] == 0 {
			c.free = append(c.free, cell)
		}
	}
}
