package grammar

import (
	"encoding/binary"
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// texts is the machine of texts that pass a list of tests: patterns that they match or must not match,
// texts that they must not be, and a length in characters.
type texts struct {
	spans    []span // the classes of characters
	progs    []*program
	not      []string
	min, max int // max < 0 is none
	cap      int // lengths are counted up to here

	last    string // the state that was read last: a walk asks for all ways on from one
	decoded textState
}

type span struct{ lo, hi rune }

// program is a pattern that the text must match, or not. Whether a schema's pattern matches is told by
// the same library at the end, so that both understand it alike.
type program struct {
	not   bool
	prog  *syntax.Prog
	takes [][]span // by instruction
}

// compilePattern makes a program of a pattern, which may match anywhere in the text.
func compilePattern(source string, not bool) (*program, error) {
	re, err := syntax.Parse(`(?s:.*)(?:`+source+`)(?s:.*)`, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("read the pattern: %w", err)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, fmt.Errorf("compile the pattern: %w", err)
	}
	for _, in := range prog.Inst {
		const known = syntax.EmptyBeginText | syntax.EmptyEndText | syntax.EmptyBeginLine | syntax.EmptyEndLine
		if in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&^known != 0 {
			return nil, fmt.Errorf("the pattern asks for the edges of words")
		}
		if in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&(syntax.EmptyBeginLine|syntax.EmptyEndLine) != 0 {
			return nil, fmt.Errorf("the pattern asks for the edges of lines")
		}
	}
	p := &program{not: not, prog: prog, takes: make([][]span, len(prog.Inst))}
	for i := range prog.Inst {
		p.takes[i] = runes(&prog.Inst[i])
	}
	return p, nil
}

// newTexts makes the machine of these demands; the demand that it cannot express is returned.
func newTexts(list []*demand) (*texts, *demand) {
	t := &texts{max: -1}
	for _, d := range list {
		switch d.kind {
		case "minLength":
			t.min = max(t.min, d.n)
		case "maxLength":
			if t.max < 0 || d.n < t.max {
				t.max = d.n
			}
		case "pattern", "notpattern", "format":
			source := d.text
			if d.kind == "format" {
				source = `^(?:` + formats[d.text] + `)$`
			}
			p, err := compilePattern(source, d.kind == "notpattern")
			if err != nil {
				return nil, d
			}
			t.progs = append(t.progs, p)
		case "isnot":
			t.not = append(t.not, d.text)
		}
	}
	slices.Sort(t.not)
	t.not = slices.Compact(t.not)
	if t.cap = t.min; t.max >= 0 {
		t.cap = t.max
	}
	t.divide()
	return t, nil
}

// divide finds the classes: within a class, no test tells characters apart.
func (t *texts) divide() {
	cuts := map[rune]bool{0: true, 0x20: true, 0x7f: true, 0x80: true, 0xd800: true, 0xe000: true}
	one := func(lo, hi rune) { cuts[lo], cuts[hi+1] = true, true }
	for _, r := range []rune{'"', '\\', '\b', '\f', '\n', '\r', '\t'} {
		one(r, r)
	}
	for _, s := range t.not {
		for _, r := range s {
			one(r, r)
		}
	}
	for _, p := range t.progs {
		for _, list := range p.takes {
			for _, s := range list {
				one(s.lo, s.hi)
			}
		}
	}
	var sorted []rune
	for r := range cuts {
		if r <= unicode.MaxRune {
			sorted = append(sorted, r)
		}
	}
	slices.Sort(sorted)
	for i, lo := range sorted {
		hi := rune(unicode.MaxRune)
		if i+1 < len(sorted) {
			hi = sorted[i+1] - 1
		}
		if lo < 0xd800 || lo >= 0xe000 {
			t.spans = append(t.spans, span{lo, hi})
		}
	}
}

// runes lists the characters that an instruction takes.
func runes(in *syntax.Inst) []span {
	switch in.Op {
	case syntax.InstRuneAny:
		return []span{{0, unicode.MaxRune}}
	case syntax.InstRuneAnyNotNL:
		return []span{{0, '\n' - 1}, {'\n' + 1, unicode.MaxRune}}
	case syntax.InstRune, syntax.InstRune1:
		if len(in.Rune) != 1 {
			var list []span
			for i := 0; i+1 < len(in.Rune); i += 2 {
				list = append(list, span{in.Rune[i], in.Rune[i+1]})
			}
			return list
		}
		list := []span{{in.Rune[0], in.Rune[0]}}
		if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
			for r := unicode.SimpleFold(in.Rune[0]); r != in.Rune[0]; r = unicode.SimpleFold(r) {
				list = append(list, span{r, r})
			}
		}
		return list
	}
	return nil
}

func (t *texts) classes() int { return len(t.spans) }

// state of a text: its length as far as it matters, which forbidden text it may still become, and where
// each program stands.
type textState struct {
	count int
	not   []int // the places of t.not that begin with the text so far
	pcs   [][]uint32
}

func (t *texts) encode(s textState) string {
	b := binary.AppendUvarint(nil, uint64(s.count))
	b = binary.AppendUvarint(b, uint64(len(s.not)))
	for _, n := range s.not {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, set := range s.pcs {
		b = binary.AppendUvarint(b, uint64(len(set)))
		for _, pc := range set {
			b = binary.AppendUvarint(b, uint64(pc))
		}
	}
	return string(b)
}

func (t *texts) decode(state string) textState {
	if state == t.last && t.last != "" {
		return t.decoded
	}
	b := []byte(state)
	get := func() int {
		n, size := binary.Uvarint(b)
		b = b[size:]
		return int(n)
	}
	var s textState
	s.count = get()
	for range get() {
		s.not = append(s.not, get())
	}
	for range t.progs {
		set := make([]uint32, get())
		for i := range set {
			set[i] = uint32(get())
		}
		s.pcs = append(s.pcs, set)
	}
	t.last, t.decoded = state, s
	return s
}

// begin follows what patterns ask for the beginning; no later state does.
func (t *texts) begin() string {
	s := textState{}
	for i := range t.not {
		s.not = append(s.not, i)
	}
	for _, p := range t.progs {
		s.pcs = append(s.pcs, closure(p.prog, []uint32{uint32(p.prog.Start)}, syntax.EmptyBeginText))
	}
	return t.encode(s)
}

// closure follows what takes no character. Ends of the text that are not allowed yet stay in the set.
func closure(prog *syntax.Prog, from []uint32, here syntax.EmptyOp) []uint32 {
	seen := map[uint32]bool{}
	var out []uint32
	todo := slices.Clone(from)
	for len(todo) > 0 {
		pc := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		in := &prog.Inst[pc]
		switch in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			todo = append(todo, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			todo = append(todo, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^here == 0 {
				todo = append(todo, in.Out)
			} else if syntax.EmptyOp(in.Arg)&syntax.EmptyEndText != 0 && syntax.EmptyOp(in.Arg)&^(here|syntax.EmptyEndText) == 0 {
				out = append(out, pc)
			}
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	slices.Sort(out)
	return out
}

func (t *texts) next(state string, class int) (string, bool) {
	s := t.decode(state)
	if t.max >= 0 && s.count >= t.max {
		return "", false
	}
	r := t.spans[class].lo
	next := textState{count: s.count}
	if s.count < t.cap {
		next.count++
	}
	next.not = t.stillLike(s, r)
	for i, p := range t.progs {
		var set []uint32
		matched := false
		for _, pc := range s.pcs[i] {
			if takes(p.takes[pc], r) {
				set = append(set, p.prog.Inst[pc].Out)
				matched = true
			}
		}
		if !matched && !p.not {
			return "", false
		}
		next.pcs = append(next.pcs, closure(p.prog, set, 0))
	}
	return t.encode(next), true
}

// takes finds a character in spans that ascend.
func takes(list []span, r rune) bool {
	if len(list) < 8 {
		return slices.ContainsFunc(list, func(s span) bool { return s.lo <= r && r <= s.hi })
	}
	at, _ := slices.BinarySearchFunc(list, r, func(s span, r rune) int { return int(s.hi) - int(r) })
	return at < len(list) && list[at].lo <= r
}

// stillLike keeps the forbidden texts that go on with r. How far the text is into them is part of their
// number: each place of each of them has its own.
func (t *texts) stillLike(s textState, r rune) []int {
	var out []int
	for _, n := range s.not {
		which, at := n%max(1, len(t.not)), n/max(1, len(t.not))
		rest := t.not[which][at:]
		got, size := utf8.DecodeRuneInString(rest)
		if size > 0 && got == r {
			out = append(out, which+(at+size)*len(t.not))
		}
	}
	return out
}

func (t *texts) accepts(state string) bool {
	s := t.decode(state)
	if s.count < t.min {
		return false
	}
	for _, n := range s.not {
		if which, at := n%len(t.not), n/len(t.not); at == len(t.not[which]) {
			return false
		}
	}
	for i, p := range t.progs {
		matched := false
		for _, pc := range closure(p.prog, s.pcs[i], syntax.EmptyEndText) {
			if p.prog.Inst[pc].Op == syntax.InstMatch {
				matched = true
			}
		}
		if matched == p.not {
			return false
		}
	}
	return true
}
