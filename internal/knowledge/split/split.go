// Package split cuts a document into passages: by its structure first, then by size. A passage is a range of the text, so
// that a citation can show the very place; passages overlap, so that what stands at a border is whole in one of them.
package split

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Config says how large passages are, in tokens as Tokens counts them.
type Config struct {
	Size    int `mapstructure:"passage_tokens"`
	Overlap int `mapstructure:"overlap_tokens"`
}

// DefaultConfig is the lower end of what is usual: a smaller passage says better where something stands.
func DefaultConfig() Config { return Config{Size: 512, Overlap: 64} }

// Piece is a passage: the bytes Start to End of the text.
type Piece struct {
	Start, End int
	Page       int    // on which it begins, from 1; 0 for a document without pages
	Heading    string // those above it, outermost first, parted by " > "
}

// unit is what is never cut: a block, or a part of one that is too large.
type unit struct {
	start, end, tokens int
	level              int // of a heading; 0 is none
	path               string
}

// Split cuts a Markdown text whose pages begin at these bytes. A heading begins a new passage unless the one before it is
// small yet.
func Split(text string, pages []int, cfg Config) (pieces []Piece) {
	all := units(text, cfg.Size)
	first, tokens := 0, 0 // of the passage that is being filled
	flush := func(to int) {
		p := Piece{Start: all[first].start, End: all[to-1].end, Heading: all[first].path}
		at, exact := slices.BinarySearch(pages, p.Start)
		if exact {
			at++
		}
		p.Page = at
		pieces = append(pieces, p)
	}
	for i, u := range all {
		switch {
		case tokens == 0:
		case u.level > 0 && tokens >= cfg.Size/4:
			flush(i)
			first, tokens = i, 0
		case tokens+u.tokens > cfg.Size:
			flush(i)
			first, tokens = back(all, first, i, min(cfg.Overlap, cfg.Size-u.tokens))
		}
		tokens += u.tokens
	}
	if first < len(all) {
		flush(len(all))
	}
	return pieces
}

// back is where a passage begins whose first new unit is i: as far before it as the overlap reaches, within its section
// and after the beginning of the passage before.
func back(all []unit, before, i, overlap int) (first, tokens int) {
	for first = i; first-1 > before && all[first-1].path == all[i].path && all[first-1].level == 0; first-- {
		if tokens+all[first-1].tokens > overlap {
			break
		}
		tokens += all[first-1].tokens
	}
	return first, tokens
}

// units are the blocks of a text; one of more than size tokens is cut at its lines, sentences or, at last, characters.
func units(text string, size int) (list []unit) {
	var path [7]string
	at := 0
	for block := range strings.SplitSeq(text, "\n\n") {
		start, end := at, at+len(block)
		at = end + len("\n\n")
		for start < end && (text[start] == '\n' || text[start] == ' ') {
			start++
		}
		for end > start && (text[end-1] == '\n' || text[end-1] == ' ') {
			end--
		}
		if start == end {
			continue
		}
		u := unit{start: start, end: end, tokens: Tokens(text[start:end])}
		if u.level = level(text[start:end]); u.level > 0 {
			path[u.level] = strings.TrimSpace(strings.TrimLeft(text[start:end], "#"))
			clear(path[u.level+1:])
		}
		u.path = strings.Join(slices.DeleteFunc(slices.Clone(path[:]), func(s string) bool { return s == "" }), " > ")
		if u.tokens <= size {
			list = append(list, u)
			continue
		}
		for _, part := range parts(text[start:end], size) {
			list = append(list, unit{start: start + part.start, end: start + part.end, tokens: part.tokens, path: u.path})
		}
	}
	return list
}

// level is that of a heading that is a block by itself.
func level(block string) int {
	n := len(block) - len(strings.TrimLeft(block, "#"))
	if n < 1 || n > 6 || !strings.HasPrefix(block[n:], " ") || strings.Contains(block, "\n") {
		return 0
	}
	return n
}

// parts cuts a block into lines and sentences, and those that are still too large into runs of characters.
func parts(block string, size int) (list []unit) {
	add := func(start, end int) {
		for start < end {
			stop := end
			if Tokens(block[start:end]) > size {
				stop = start + fit(block[start:end], size)
			}
			list = append(list, unit{start: start, end: stop, tokens: Tokens(block[start:stop])})
			start = stop
		}
	}
	at := 0
	for line := range strings.Lines(block) {
		if Tokens(line) <= size {
			add(at, at+len(line))
			at += len(line)
			continue
		}
		state := -1
		for rest := line; rest != ""; {
			var sentence string
			sentence, rest, state = uniseg.FirstSentenceInString(rest, state)
			add(at, at+len(sentence))
			at += len(sentence)
		}
	}
	return list
}

// fit is how many bytes of a text are about size tokens, up to a word's end where there is one.
func fit(text string, size int) int {
	c := counter{}
	space := 0
	for i, r := range text {
		if unicode.IsSpace(r) {
			space = i + utf8.RuneLen(r)
		}
		if c.add(r); c.tokens > size && i > 0 {
			if space > i/2 {
				return space
			}
			return i
		}
	}
	return len(text)
}

// Tokens estimates how many tokens a text is, from above for prose: a piece of four letters or three digits, any other
// sign, and a character of a script without spaces, is one. Tokenizers differ, and a document outlives the model in use.
func Tokens(text string) int {
	c := counter{}
	for _, r := range text {
		c.add(r)
	}
	return c.tokens
}

type counter struct {
	tokens int
	run    int // letters or digits of the piece that goes on
	digits bool
}

func (c *counter) add(r rune) {
	digit := unicode.IsDigit(r)
	switch {
	case unicode.IsSpace(r):
		c.run = 0
		return
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer),
		!digit && !unicode.IsLetter(r) && !unicode.IsMark(r):
		c.run = 0
		c.tokens++
		return
	}
	most := 4
	if digit {
		most = 3
	}
	if c.run == 0 || c.run >= most || digit != c.digits {
		c.tokens++
		c.run = 0
	}
	c.run++
	c.digits = digit
}
