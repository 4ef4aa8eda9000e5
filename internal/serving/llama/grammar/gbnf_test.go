package grammar_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode/utf8"
)

// gbnf reads a grammar as the engine does, and writes random texts of it: what fits a grammar must fit its
// schema.
type gbnf struct {
	src   string
	rules map[string]choice
	cheap map[string]int // depth of the shortest way to the end
}

type choice []row
type row []item

type item struct {
	literal string
	class   []span
	except  bool
	name    string
	group   choice
	min     int
	max     int // -1 is none
}

type span struct{ lo, hi rune }

func readGBNF(src string) (g *gbnf, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bad grammar: %v", p)
		}
	}()
	g = &gbnf{rules: map[string]choice{}, cheap: map[string]int{}}
	for line := range strings.Lines(src) {
		name, body, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ::=")
		if !ok {
			panic("no rule: " + line)
		}
		g.src = body
		g.rules[name] = g.choice()
		if g.src != "" {
			panic("left over: " + g.src)
		}
	}
	g.weigh()
	return g, nil
}

func (g *gbnf) choice() choice {
	c := choice{row{}}
	for {
		g.src = strings.TrimLeft(g.src, " ")
		if g.src == "" || g.src[0] == ')' {
			return c
		}
		if g.src[0] == '|' {
			g.src = g.src[1:]
			c = append(c, row{})
			continue
		}
		c[len(c)-1] = append(c[len(c)-1], g.item())
	}
}

func (g *gbnf) char() rune {
	r, size := utf8.DecodeRuneInString(g.src)
	if r != '\\' {
		g.src = g.src[size:]
		return r
	}
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[g.src[1]]
	if n == 0 {
		r = map[byte]rune{'n': '\n', 'r': '\r', 't': '\t', '\\': '\\', '"': '"', '[': '[', ']': ']', '-': '-'}[g.src[1]]
		if r == 0 {
			panic("escape " + g.src[:2])
		}
		g.src = g.src[2:]
		return r
	}
	v, err := strconv.ParseInt(g.src[2:2+n], 16, 32)
	if err != nil {
		panic(err)
	}
	g.src = g.src[2+n:]
	return rune(v)
}

func (g *gbnf) item() item {
	it := item{min: 1, max: 1}
	switch g.src[0] {
	case '"':
		g.src = g.src[1:]
		for g.src[0] != '"' {
			it.literal += string(g.char())
		}
		g.src = g.src[1:]
	case '[':
		g.src = g.src[1:]
		if g.src[0] == '^' {
			it.except, g.src = true, g.src[1:]
		}
		for g.src[0] != ']' {
			s := span{}
			s.lo = g.char()
			s.hi = s.lo
			if g.src[0] == '-' {
				g.src = g.src[1:]
				s.hi = g.char()
			}
			it.class = append(it.class, s)
		}
		g.src = g.src[1:]
	case '(':
		g.src = g.src[1:]
		it.group = g.choice()
		g.src = g.src[1:]
	default:
		n := strings.IndexFunc(g.src, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", r)
		})
		if n < 0 {
			n = len(g.src)
		}
		if n == 0 {
			panic("at " + g.src)
		}
		it.name, g.src = g.src[:n], g.src[n:]
	}
	if g.src == "" {
		return it
	}
	switch g.src[0] {
	case '?':
		it.min, it.max, g.src = 0, 1, g.src[1:]
	case '*':
		it.min, it.max, g.src = 0, -1, g.src[1:]
	case '{':
		inner, rest, _ := strings.Cut(g.src[1:], "}")
		from, to, both := strings.Cut(inner, ",")
		it.min, _ = strconv.Atoi(from)
		it.max, g.src = it.min, rest
		if both {
			it.max, _ = strconv.Atoi(to)
		}
	}
	return it
}

const endless = 1 << 20

func (g *gbnf) weigh() {
	for name := range g.rules {
		g.cheap[name] = endless
	}
	for again := true; again; {
		again = false
		for name, c := range g.rules {
			if w := g.depth(c) + 1; w < g.cheap[name] {
				g.cheap[name], again = w, true
			}
		}
	}
}

func (g *gbnf) depth(c choice) int {
	least := endless
	for _, r := range c {
		most := 0
		for _, it := range r {
			if it.min > 0 {
				most = max(most, g.itemDepth(it))
			}
		}
		least = min(least, most)
	}
	return least
}

func (g *gbnf) itemDepth(it item) int {
	switch {
	case it.name != "":
		d, ok := g.cheap[it.name]
		if !ok {
			panic("no rule " + it.name)
		}
		return d
	case it.group != nil:
		return g.depth(it.group)
	}
	return 0
}

// longest bounds a text: a schema may ask for gigabytes.
const longest = 20_000

// random writes a text. When it has become long, it takes the shortest way to the end; when even that is
// too long, the text is "".
func (g *gbnf) random(r *rand.Rand) string {
	var b strings.Builder
	g.say(&b, r, item{name: "root", min: 1, max: 1}, 0)
	if b.Len() > longest {
		return ""
	}
	return b.String()
}

func (g *gbnf) say(b *strings.Builder, r *rand.Rand, it item, depth int) {
	hurry := b.Len() > 400 || depth > 60
	n := it.min
	for !hurry && (it.max < 0 || n < it.max) && r.IntN(3) > 0 {
		n++
	}
	if it.max == 1 && it.min == 0 && !hurry {
		n = r.IntN(2)
	}
	for range n {
		if b.Len() > longest {
			return
		}
		switch {
		case it.name != "":
			g.pick(b, r, g.rules[it.name], depth+1, hurry)
		case it.group != nil:
			g.pick(b, r, it.group, depth, hurry)
		case it.class != nil:
			b.WriteRune(it.rune(r))
		default:
			b.WriteString(it.literal)
		}
	}
}

func (g *gbnf) pick(b *strings.Builder, r *rand.Rand, c choice, depth int, hurry bool) {
	at := r.IntN(len(c))
	if hurry {
		at = 0
		for i := range c {
			if g.depth(c[i:i+1]) < g.depth(c[at:at+1]) {
				at = i
			}
		}
	}
	for _, it := range c[at] {
		g.say(b, r, it, depth)
	}
}

func (it item) rune(r *rand.Rand) rune {
	if !it.except {
		s := it.class[r.IntN(len(it.class))]
		return s.lo + rune(r.IntN(int(s.hi-s.lo)+1))
	}
	for {
		c := []rune{' ', 'a', 'Z', '7', 'é', '漢', '😀', ',', '}', ':', rune(32 + r.IntN(600))}[r.IntN(11)]
		out := false
		for _, s := range it.class {
			out = out || (s.lo <= c && c <= s.hi)
		}
		if !out {
			return c
		}
	}
}
