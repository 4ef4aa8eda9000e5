package ground

import (
	"math"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// sentences parts a text. A line's end ends a sentence too: headings, items of lists and rows of tables are lines.
func sentences(text string) (spans []Span) {
	add := func(start, end int) {
		part := text[start:end]
		start += len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
		end -= len(part) - len(strings.TrimRightFunc(part, unicode.IsSpace))
		if start < end {
			spans = append(spans, Span{Start: start, End: end})
		}
	}
	at, state := 0, -1
	for rest := text; rest != ""; {
		var sentence string
		sentence, rest, state = uniseg.FirstSentenceInString(rest, state)
		for line := range strings.Lines(sentence) {
			add(at, at+len(line))
			at += len(line)
		}
	}
	return spans
}

// words are what of a text is compared: without case and accents, each once.
func words(text string) map[string]bool {
	set := map[string]bool{}
	var word []rune
	var before rune // the character before, of a script without spaces
	flush := func() {
		if len(word) > 0 {
			set[string(word)] = true
			word = word[:0]
		}
	}
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r): // accents
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer):
			flush()
			set[string(r)] = true
			if before != 0 {
				set[string([]rune{before, r})] = true
			}
			before = r
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word = append(word, r)
		default:
			flush()
		}
		before = 0
	}
	flush()
	return set
}

// weights tell how much a word says: ln(1 + n/df), by how many of n texts have it (Sparck Jones 1972, smoothed).
type weights struct {
	texts  int
	having map[string]int
}

func weigh(texts []map[string]bool) weights {
	w := weights{texts: len(texts), having: map[string]int{}}
	for _, t := range texts {
		for word := range t {
			w.having[word]++
		}
	}
	return w
}

func (w weights) of(word string) float64 {
	return math.Log(1 + float64(w.texts)/float64(max(1, w.having[word])))
}

// share is the part of a question's words, by weight, that a text has: 0 to 1.
func (w weights) share(question, text map[string]bool) float64 {
	var had, all float64
	for word := range question {
		all += w.of(word)
		if text[word] {
			had += w.of(word)
		}
	}
	if all == 0 {
		return 0
	}
	return had / all
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
