package vector

import "container/heap"

// candidate is a row with its score by the bytes.
type candidate struct {
	row   int
	score float32
}

// best keeps the most best candidates; the worst of them is on top.
type best struct {
	most int
	heap candidates
}

func (b *best) offer(c candidate) {
	switch {
	case len(b.heap) < b.most:
		heap.Push(&b.heap, c)
	case c.score > b.heap[0].score:
		b.heap[0] = c
		heap.Fix(&b.heap, 0)
	}
}

type candidates []candidate

func (c candidates) Len() int           { return len(c) }
func (c candidates) Less(i, j int) bool { return c[i].score < c[j].score }
func (c candidates) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)        { *c = append(*c, x.(candidate)) } //nolint:forcetypeassert // offer's
func (c *candidates) Pop() any          { panic("nothing is taken out") }
