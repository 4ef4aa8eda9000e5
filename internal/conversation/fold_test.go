package conversation

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What is found in the folded text must be found again on the way back to the original, or a snippet
// would show the wrong place.
func FuzzSnippet(f *testing.F) {
	for _, s := range []string{"", "Straße\n\nCafé", "ﬁve ①", "a\u0301\u0323b", "İ ǰ ŉ", "각 가", "  x", "हिन्दी", "\u2003x\u0085y"} {
		f.Add(s, "x")
		f.Add("some "+s+" text", s)
	}
	f.Fuzz(func(t *testing.T, text, query string) {
		if !utf8.ValidString(text) {
			t.Skip()
		}
		terms, err := parseQuery(query)
		if err != nil || len(terms) == 0 {
			t.Skip()
		}
		out, from := trace(text)
		if want := fold(text); strings.TrimSuffix(out, " ") != string(want) || len(from) != len(out) {
			t.Fatalf("%q is %q when searched and %q when traced", text, want, out)
		}
		s := snippet(text, terms)
		if !utf8.ValidString(s) || len(s) > snippetBytes+snippetBefore+2*len("…") {
			t.Errorf("snippet %q", s)
		}
		if fold(text).all(terms[:1]) && !fold(text[find(text, terms[:1]):]).all(terms[:1]) {
			t.Errorf("%q was found at %d of %q", terms[0], find(text, terms[:1]), text)
		}
	})
}
