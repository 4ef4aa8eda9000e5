package conversation

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/internal/fault"
)

// folded is text in the form in which it is compared: compatibility forms and case made equal, accents
// taken off, white space as single spaces. "Straße  Ⅳ Café" is "strasse iv cafe".
type folded string

// fold brings text to that form. Most of what is searched is ASCII and needs no tables.
func fold(s string) folded {
	if ascii(s) {
		return folded(squeeze(strings.ToLower(s)))
	}
	return folded(squeeze(foldRunes(s)))
}

// foldRunes works alike on a whole text and on each of its normalisation segments: snippet relies on it
// to find its way back.
func foldRunes(s string) string {
	return cases.Fold().String(strings.Map(bare, norm.NFKD.String(s)))
}

// bare drops accents: the combining marks that no single script owns. The vowel signs of, say,
// Devanagari or Thai are letters to their readers and stay.
func bare(r rune) rune {
	if unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r) {
		return -1
	}
	return r
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// squeeze makes each run of white space one space.
func squeeze(s string) string {
	space, clean := true, true // a leading space would need squeezing too
	for _, r := range s {
		is := unicode.IsSpace(r)
		if is && (space || r != ' ') {
			clean = false
			break
		}
		space = is
	}
	if clean && !strings.HasSuffix(s, " ") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// all reports whether every term occurs.
func (f folded) all(terms []folded) bool {
	for _, t := range terms {
		if !strings.Contains(string(f), string(t)) {
			return false
		}
	}
	return true
}

// Bounds of a query, which is compared with every message.
const (
	maxQueryBytes = 1000
	maxTerms      = 16
)

// parseQuery splits a query into its words and "quoted phrases". A quote that is not closed reaches to
// the end.
func parseQuery(q string) ([]folded, error) {
	if len(q) > maxQueryBytes {
		return nil, fault.Invalid("a search may have %d bytes", maxQueryBytes).At("q")
	}
	if !utf8.ValidString(q) {
		return nil, fault.Invalid("a search must be valid UTF-8").At("q")
	}
	var terms []folded
	for i, part := range strings.Split(q, `"`) {
		words := []string{part}
		if i%2 == 0 {
			words = strings.Fields(part)
		}
		for _, w := range words {
			if t := fold(w); t != "" {
				terms = append(terms, t)
			}
		}
	}
	if len(terms) > maxTerms {
		return nil, fault.Invalid("a search may have %d words", maxTerms).At("q")
	}
	return terms, nil
}

const (
	snippetBefore = 40  // bytes of text shown before the match, about
	snippetBytes  = 200 // in all, about
)

// snippet cuts the part of text around the first term that occurs, with its white space squeezed.
func snippet(text string, terms []folded) string {
	at := find(text, terms)
	from, to := max(0, at-snippetBefore), min(len(text), at-snippetBefore+snippetBytes)
	if at < snippetBefore {
		to = min(len(text), snippetBytes)
	}
	// The cuts move inwards to the next space, if there is one near, and else to the next character.
	if from > 0 {
		if i := strings.IndexFunc(text[from:at], unicode.IsSpace); i >= 0 {
			from += i
		}
		for from < at && !utf8.RuneStart(text[from]) {
			from++
		}
	}
	if to < len(text) {
		for to > from && !utf8.RuneStart(text[to]) {
			to--
		}
		if i := strings.LastIndexFunc(text[from:to], unicode.IsSpace); from+i > at+snippetBytes/2 {
			to = from + i
		}
	}
	out := strings.Join(strings.Fields(text[from:to]), " ")
	if from > 0 {
		out = "…" + out
	}
	if to < len(text) {
		out += "…"
	}
	return out
}

// find returns where in text the first match begins, or 0.
func find(text string, terms []folded) int {
	out, from := trace(text)
	first := -1
	for _, t := range terms {
		if i := strings.Index(out, string(t)); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	if first < 0 {
		return 0
	}
	return from[first]
}

// trace folds segment by segment and notes for each byte where in text it came from. It is slow, and
// done for hits only.
func trace(text string) (string, []int) {
	var out strings.Builder
	var from []int
	space := true
	for i := 0; i < len(text); {
		n := norm.NFKD.NextBoundaryInString(text[i:], true)
		if n <= 0 {
			n = len(text) - i
		}
		for _, r := range foldRunes(text[i : i+n]) {
			is := unicode.IsSpace(r)
			if is && space {
				continue
			}
			if space = is; is {
				r = ' '
			}
			out.WriteRune(r)
			for len(from) < out.Len() {
				from = append(from, i)
			}
		}
		i += n
	}
	return out.String(), from
}
