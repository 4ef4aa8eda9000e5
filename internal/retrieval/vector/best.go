package vector

// candidate is a row with its likeness to what is searched, by the codes.
type candidate struct {
	row   uint32
	score float32
}

// heap has the candidate with the lowest score on top. It is written out, since the one of the standard library takes half
// of a search's time.
type heap []candidate

// keep adds a candidate, and lets the lowest go where there are more than most.
func (h *heap) keep(c candidate, most int) {
	switch {
	case len(*h) < most:
		h.push(c)
	case c.score > (*h)[0].score:
		(*h)[0] = c
		h.down()
	}
}

func (h *heap) push(c candidate) {
	*h = append(*h, c)
	a := *h
	i := len(a) - 1
	for i > 0 {
		up := (i - 1) / 2
		if a[up].score <= c.score {
			break
		}
		a[i], i = a[up], up
	}
	a[i] = c
}

// pop takes out the lowest.
func (h *heap) pop() candidate {
	a := *h
	top, last := a[0], len(a)-1
	a[0] = a[last]
	*h = a[:last]
	if last > 1 {
		h.down()
	}
	return top
}

// down brings the top to its place.
func (h *heap) down() {
	a := *h
	c, i := a[0], 0
	for {
		next := 2*i + 1
		if next >= len(a) {
			break
		}
		if right := next + 1; right < len(a) && a[right].score < a[next].score {
			next = right
		}
		if a[next].score >= c.score {
			break
		}
		a[i], i = a[next], next
	}
	a[i] = c
}
