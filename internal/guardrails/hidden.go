package guardrails

import (
	"context"
	"unicode"
	"unicode/utf8"
)

const hiddenName = "hidden"

// Hidden finds characters that people do not see and models read: text in Unicode's tags, runs of characters without
// width, and marks that turn the direction of text that has none to turn.
type Hidden struct{}

// Name implements Check.
func (Hidden) Name() string { return hiddenName }

// Its categories.
const (
	hiddenText = "hidden_text" // tags, or many characters without width: something may be written in them
	invisible  = "invisible"   // a single one within a word, which keeps filters from seeing it
	turned     = "turned_text" // shows another order than the one that is read
)

// fewest is how many characters without width in a row can no longer be an accident of typesetting. Emoji have up to
// four joiners, but never next to each other.
const fewest = 3

// Find implements Check.
func (Hidden) Find(_ context.Context, text string) ([]Finding, error) {
	var found []Finding
	rightToLeft := containsRightToLeft(text)
	var before rune
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		end, count := run(text[at:])
		switch {
		case count == 0:
			if turns(r) && !rightToLeft {
				found = append(found, Finding{Category: turned, Start: at, End: at + size, Score: 0.8, Reason: "a mark that turns the order of the text, where nothing is written from the right"})
			}
			before = r
			at += size
			continue
		case tag(r) && before == '🏴': // a flag, such as Scotland's
		case tag(r) || count >= fewest:
			found = append(found, Finding{Category: hiddenText, Start: at, End: at + end, Score: 1, Reason: "characters that nobody sees, in which something can be written"})
		case ascii(before) && ascii(next(text[at+end:])):
			found = append(found, Finding{Category: invisible, Start: at, End: at + end, Score: 0.7, Reason: "a character that nobody sees, within a word"})
		}
		at += end
	}
	return found, nil
}

// run is how many bytes and characters without width, or tags, a text begins with.
func run(text string) (end, count int) {
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !tag(r) && !widthless(r) {
			break
		}
		end += size
		count++
	}
	return end, count
}

func next(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

func ascii(r rune) bool { return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// tag is a character of the block Tags, which repeats ASCII without showing it, or a variation selector of those that no
// ordinary text has.
func tag(r rune) bool { return r >= 0xE0000 && r <= 0xE01EF }

func widthless(r rune) bool {
	switch r {
	case 0x200B, 0x200C, 0x200D, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF, 0x180E, 0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0:
		return true
	}
	return false
}

// turns is an embedding, override or isolate of the bidirectional algorithm (UAX #9).
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

func containsRightToLeft(text string) bool {
	for _, r := range text {
		if unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			return true
		}
	}
	return false
}
