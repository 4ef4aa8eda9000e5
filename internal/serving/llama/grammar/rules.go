package grammar

import (
	"fmt"
	"strings"
)

// symbol is a part of an alternative: GBNF text as it is, or a reference to a rule.
type symbol struct {
	text string
	rule *rule // when not nil, text is what follows the name, such as "?" or "{2,5}"
}

// rule has a row of symbols for each alternative; an empty row is nothing at all.
type rule struct {
	name     string
	alts     [][]symbol
	fruitful bool // some text that ends fits it
}

// rules is a grammar under construction.
type rules struct {
	list   []*rule
	shared map[string]*rule
	work   *budget
}

func (g *rules) add(kind string) *rule {
	r := &rule{name: fmt.Sprintf("%s-%d", kind, len(g.list))}
	g.list = append(g.list, r)
	return r
}

// common returns a rule that is used in many places, and makes it at the first call.
func (g *rules) common(name string, build func(r *rule)) *rule {
	if r, ok := g.shared[name]; ok {
		return r
	}
	r := &rule{name: name}
	g.shared[name] = r
	g.list = append(g.list, r)
	build(r)
	return r
}

func (r *rule) alt(symbols ...symbol) { r.alts = append(r.alts, symbols) }

func text(s string) symbol            { return symbol{text: s} }
func ref(r *rule) symbol              { return symbol{rule: r} }
func some(r *rule, how string) symbol { return symbol{rule: r, text: how} }

// verbatim is a GBNF literal of this text.
func verbatim(s string) symbol { return symbol{text: quote(s)} }

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// prune takes out what no finite text fits, and reports whether root is left.
func (g *rules) prune(root *rule) bool {
	for again := true; again; {
		again = false
		for _, r := range g.list {
			if r.fruitful {
				continue
			}
			for _, alt := range r.alts {
				if fruitful(alt) {
					r.fruitful, again = true, true
					break
				}
			}
		}
	}
	for _, r := range g.list {
		kept := r.alts[:0]
		for _, alt := range r.alts {
			if fruitful(alt) {
				kept = append(kept, alt)
			}
		}
		r.alts = kept
	}
	return root.fruitful
}

func fruitful(alt []symbol) bool {
	for _, s := range alt {
		if s.rule != nil && !s.rule.fruitful && s.text != "?" && s.text != "*" {
			return false
		}
	}
	return true
}

// write gives the rules that root needs. Root itself is written as "root".
func (g *rules) write(root *rule) (string, error) {
	var b strings.Builder
	seen := map[*rule]bool{root: true}
	todo := []*rule{root}
	for len(todo) > 0 {
		r := todo[0]
		todo = todo[1:]
		name := r.name
		if r == root {
			name = "root"
		}
		b.WriteString(name + " ::=")
		for i, alt := range r.alts {
			if i > 0 {
				b.WriteString(" |")
			}
			if len(alt) == 0 && len(r.alts) == 1 {
				b.WriteString(` ""`)
			}
			for _, s := range alt {
				b.WriteByte(' ')
				if s.rule == nil {
					b.WriteString(s.text)
					continue
				}
				if s.rule == root {
					b.WriteString("root" + s.text)
				} else {
					b.WriteString(s.rule.name + s.text)
				}
				if !seen[s.rule] {
					seen[s.rule] = true
					todo = append(todo, s.rule)
				}
			}
		}
		b.WriteByte('\n')
		if b.Len() > maxGrammar {
			return "", errTooLarge()
		}
	}
	return b.String(), nil
}
