package grammar

import "fmt"

// spell writes classes as they stand in a JSON text: what must be escaped is. Control characters that
// have no short escape are left out, unless there is nothing else.
func (t *texts) spell(classes []int) []string {
	var plain []span
	var out, rare []string
	for _, c := range classes {
		sp := t.spans[c]
		switch {
		case sp.lo == '"' || sp.lo == '\\':
			out = append(out, quote(`\`+string(sp.lo)))
		case sp.lo < 0x20 && sp.lo == sp.hi && short[sp.lo] != 0:
			out = append(out, quote(`\`+string(short[sp.lo])))
		case sp.lo < 0x20:
			for r := sp.lo; r <= sp.hi; r++ {
				rare = append(rare, quote(fmt.Sprintf(`\u%04x`, r)))
			}
		case sp.lo == 0x7f:
			rare = append(rare, quote(string(sp.lo)))
		default:
			if n := len(plain); n > 0 && plain[n-1].hi+1 == sp.lo {
				plain[n-1].hi = sp.hi
			} else {
				plain = append(plain, sp)
			}
		}
	}
	if len(plain) == 1 && plain[0].lo == plain[0].hi {
		out = append([]string{quote(string(plain[0].lo))}, out...)
	} else if len(plain) > 0 {
		out = append([]string{class(plain)}, out...)
	}
	if len(out) == 0 {
		return rare
	}
	return out
}

var short = [32]rune{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// class is a GBNF class of characters.
func class(list []span) string {
	b := []byte{'['}
	for _, s := range list {
		b = appendClassRune(b, s.lo)
		if s.hi != s.lo {
			b = append(b, '-')
			b = appendClassRune(b, s.hi)
		}
	}
	return string(append(b, ']'))
}

func appendClassRune(b []byte, r rune) []byte {
	switch {
	case r > 0xffff:
		return fmt.Appendf(b, `\U%08X`, r)
	case r > 0x7e:
		return fmt.Appendf(b, `\u%04X`, r)
	case r == '^' || r == '-' || r == '[' || r == ']' || r == '\\' || r < 0x21:
		return fmt.Appendf(b, `\x%02X`, r)
	}
	return append(b, byte(r))
}
