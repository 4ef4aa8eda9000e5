// Package pii finds personal data and secrets in a text and takes them out: addresses of mail and
// machines, telephone, card and account numbers, keys and passwords. What can be checked is checked (the
// sums of cards and accounts, the plans of telephone numbers), so that ordinary numbers stay. Names and
// postal addresses are not found: that takes a model and not rules.
//
// Its time grows with the length of the text alone, whatever the text: every pattern is RE2's, and what
// goes beyond a pattern looks at a bounded piece. Begin at Redact.
package pii

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Kind is what was found.
type Kind string

// The kinds, in the order in which they win when two of one length overlap.
const (
	Secret Kind = "secret" // a key, token or password
	IBAN   Kind = "iban"
	Card   Kind = "card"
	Email  Kind = "email"
	Phone  Kind = "phone"
	IP     Kind = "ip"
)

// Kinds lists every kind, the one that wins first.
func Kinds() []Kind { return []Kind{Secret, IBAN, Card, Email, Phone, IP} }

// Span is one thing that was found: the bytes from Start to before End.
type Span struct {
	Start, End int
	Kind       Kind
}

// Find returns what it finds in text, in order and without overlaps. Where two overlap they become one
// span of the longer one's kind, so that no part of either stays behind.
func Find(text string) []Span {
	spans := slices.Concat(secretSpans(text), ibanSpans(text), cardSpans(text), emailSpans(text), phoneSpans(text), ipSpans(text))
	return resolve(spans)
}

// Redact returns text with a mark such as "[email]" in the place of each span, and how many of each kind
// there were.
func Redact(text string) (string, map[Kind]int) {
	counts := map[Kind]int{}
	spans := Find(text)
	if len(spans) == 0 {
		return text, counts
	}
	var out strings.Builder
	at := 0
	for _, s := range spans {
		out.WriteString(text[at:s.Start])
		out.WriteString("[" + string(s.Kind) + "]")
		counts[s.Kind]++
		at = s.End
	}
	out.WriteString(text[at:])
	return out.String(), counts
}

// resolve joins spans that overlap. The longest of those joined gives its kind, and of two of one length
// the one that comes first in Kinds.
func resolve(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	var out []Span
	best := Span{} // of those that the last of out was made of
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.Start < out[last].End {
			if beats(s, best) {
				best = s
				out[last].Kind = s.Kind
			}
			out[last].End = max(out[last].End, s.End)
			continue
		}
		out, best = append(out, s), s
	}
	return out
}

func beats(a, b Span) bool {
	if a.End-a.Start != b.End-b.Start {
		return a.End-a.Start > b.End-b.Start
	}
	return slices.Index(Kinds(), a.Kind) < slices.Index(Kinds(), b.Kind)
}

// before and after give the character next to a span, or 0 at the text's ends. Bytes are enough: all
// that is asked of them is ASCII.
func before(text string, i int) byte {
	if i == 0 {
		return 0
	}
	return text[i-1]
}

func after(text string, i int) byte {
	if i >= len(text) {
		return 0
	}
	return text[i]
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func word(c byte) bool   { return digit(c) || letter(c) || c == '_' }

// eachLine calls each with the start and the end of every line.
func eachLine(text string, each func(from, to int)) {
	for from := 0; from < len(text); {
		to := len(text)
		if i := strings.IndexByte(text[from:], '\n'); i >= 0 {
			to = from + i + 1
		}
		each(from, to)
		from = to
	}
}

// eachNumber calls each with what form matches on the lines of text that have at least so many digits.
// Most lines have none, and counting is much cheaper than matching.
func eachNumber(text string, form *regexp.Regexp, least int, each func(start, end int)) {
	eachLine(text, func(from, to int) {
		have := 0
		for i := from; i < to && have < least; i++ {
			if digit(text[i]) {
				have++
			}
		}
		if have < least {
			return
		}
		for _, m := range form.FindAllStringIndex(text[from:to], -1) {
			each(from+m[0], from+m[1])
		}
	})
}

// digits are those of s alone.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// near is how many bytes before a number may hold the word that tells what it is.
const near = 48

// lead is the text just before i, in lower case and on the same few lines.
func lead(text string, i int) string { return strings.ToLower(text[max(0, i-near):i]) }
