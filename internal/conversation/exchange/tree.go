package exchange

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// node is a message as a file has it. One that is not kept only links its parent and its children.
type node struct {
	Message
	parent string
	kept   bool
	rank   int // among its siblings, as far as the file tells
}

// source is the tree of a file.
type source struct {
	nodes []node
	ids   []string
	index map[string]int
	leaf  string
}

func newSource(n int) *source { return &source{index: make(map[string]int, n)} }

// add takes a node, unless there is one of this id.
func (s *source) add(id string, n node) bool {
	if _, taken := s.index[id]; taken {
		return false
	}
	s.index[id] = len(s.nodes)
	s.nodes, s.ids = append(s.nodes, n), append(s.ids, id)
	return true
}

// rank notes which child of its parent a node is.
func (s *source) rank(id, parent string, rank int) {
	if i, ok := s.index[id]; ok && s.nodes[i].parent == parent {
		s.nodes[i].rank = rank
	}
}

// draft is a message on its way into the document. A question that follows a question, or an answer an
// answer, goes on with its text: in between stood something that is not kept, such as a call of a tool.
type draft struct {
	Message
	goesOn int  // the draft whose text comes before this one's, -1 for none
	length int  // of the text with what comes before
	inner  bool // something stands below it
	longer bool // another goes on with its text
}

// sown is what a message of a document is made from: a place in the source and what stands above it.
type sown struct {
	node  int
	above int // the nearest draft above, -1 for none
}

// into writes the tree into the document. size is that of the file's entry; a file may not grow by what its
// branches share.
func (s *source) into(d *Document, l Limits, size int) error {
	d.CreatedAt = l.time(d.CreatedAt, time.Time{})
	drafts, at, err := s.drafts(l.time(d.CreatedAt, l.Now), l)
	if err != nil {
		return err
	}
	total := 0
	place := make([]int, len(drafts)) // of each draft in the document, -1 for those that are a part of others
	for i, m := range drafts {
		place[i] = -1
		if m.longer && !m.inner {
			continue
		}
		if m.length > l.TextBytes {
			return fault.TooLarge("one of its messages has %d bytes, and a message may have %d", m.length, l.TextBytes)
		}
		if total += m.length; total > 4*size+1<<16 {
			return fault.TooLarge("its branches repeat too much text")
		}
		if len(d.Messages) == l.Messages {
			return fault.TooLarge("it has more messages than the %d that a conversation may have", l.Messages)
		}
		out := m.Message
		out.Text = whole(drafts, i)
		if out.Parent >= 0 {
			out.Parent = place[out.Parent]
		}
		place[i] = len(d.Messages)
		d.Messages = append(d.Messages, out)
	}
	if len(d.Messages) == 0 {
		return fault.Invalid("it has no messages")
	}
	oldest, newest := 0, 0
	for i, m := range d.Messages {
		if m.CreatedAt.Before(d.Messages[oldest].CreatedAt) {
			oldest = i
		}
		if !m.CreatedAt.Before(d.Messages[newest].CreatedAt) {
			newest = i
		}
	}
	d.Leaf = newest
	if i, ok := s.index[s.leaf]; ok && at[i] >= 0 && place[at[i]] >= 0 {
		d.Leaf = place[at[i]]
	}
	if d.CreatedAt.IsZero() {
		d.CreatedAt = d.Messages[oldest].CreatedAt
	}
	if d.UpdatedAt = l.time(d.UpdatedAt, d.Messages[newest].CreatedAt); d.UpdatedAt.Before(d.CreatedAt) {
		d.UpdatedAt = d.CreatedAt
	}
	return nil
}

// whole joins the text of a draft with what comes before it.
func whole(drafts []draft, i int) string {
	var parts []string
	for ; i >= 0; i = drafts[i].goesOn {
		parts = append(parts, drafts[i].Text)
	}
	slices.Reverse(parts)
	return strings.Join(parts, between)
}

const between = "\n\n"

// drafts walks the tree from its roots. at tells for each node the draft that it is, or that is the nearest
// above it. A node whose parent is not in the file is a root; begun is its time, if it has none of its own.
func (s *source) drafts(begun time.Time, l Limits) (drafts []draft, at []int, err error) {
	children := make([][]int, len(s.nodes))
	var roots []int
	for i, n := range s.nodes {
		if p, ok := s.index[n.parent]; ok && n.parent != "" {
			children[p] = append(children[p], i)
		} else {
			roots = append(roots, i)
		}
	}
	at = make([]int, len(s.nodes))
	seen := 0
	var stack []sown
	push := func(all []int, above int) {
		slices.SortStableFunc(all, func(a, b int) int { // the last one first, since the stack turns them round
			return cmp.Or(s.nodes[b].CreatedAt.Compare(s.nodes[a].CreatedAt), s.nodes[b].rank-s.nodes[a].rank, b-a)
		})
		for _, n := range all {
			stack = append(stack, sown{n, above})
		}
	}
	for push(roots, -1); len(stack) > 0; {
		next := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		seen++
		n := s.nodes[next.node]
		if n.kept && fits(drafts, next.above, n.Role) {
			drafts = grow(drafts, next.above, n.Message, begun, l)
			next.above = len(drafts) - 1
		}
		at[next.node] = next.above
		push(children[next.node], next.above)
	}
	if seen < len(s.nodes) {
		return nil, nil, fault.Invalid("its messages form a circle")
	}
	return drafts, at, nil
}

// fits reports whether a message of the role may stand below the draft above.
func fits(drafts []draft, above int, role chat.Speaker) bool {
	switch role {
	case chat.System:
		return above < 0 || drafts[above].Role == chat.System
	case chat.Tool:
		return above >= 0 && (drafts[above].Role == chat.Assistant || drafts[above].Role == chat.Tool)
	}
	return true
}

// grow adds a message below the draft above, or makes it go on with that one's text.
func grow(drafts []draft, above int, m Message, begun time.Time, l Limits) []draft {
	next := draft{Message: m, goesOn: -1, length: len(m.Text)}
	next.Parent = above
	next.CreatedAt, next.EditedAt = l.time(m.CreatedAt, begun), l.time(m.EditedAt, time.Time{})
	if above < 0 {
		return append(drafts, next)
	}
	up := &drafts[above]
	if next.CreatedAt = l.time(m.CreatedAt, up.CreatedAt); next.CreatedAt.Before(up.CreatedAt) {
		next.CreatedAt = up.CreatedAt
	}
	if up.Role == m.Role && (m.Role == chat.User || m.Role == chat.Assistant) {
		up.longer = true
		next.goesOn, next.Parent = above, up.Parent
		next.length += up.length + len(between)
		next.Model = cmp.Or(m.Model, up.Model)
	} else {
		up.inner = true
	}
	return append(drafts, next)
}
