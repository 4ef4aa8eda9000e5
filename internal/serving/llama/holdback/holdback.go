// Package holdback turns the bytes that a model writes into text that may be shown. It keeps back
// incomplete UTF-8 characters and whatever could be the beginning of a stop string, and cuts the answer
// before the first stop string. How the bytes were chopped never changes the text. It is pure Go and
// knows nothing of models, so that every engine can share it.
package holdback

import (
	"bytes"
	"unicode/utf8"
)

// Filter is the state of one answer. The zero value has no stop strings.
type Filter struct {
	stops   [][]byte
	longest int    // bytes of the longest stop string
	raw     []byte // an incomplete character, at most three bytes
	held    []byte // whole characters that could be the beginning of a stop string
	decoded int    // bytes of text that came in as whole characters
	shown   int    // bytes of text that were given out
	stopped bool
}

// New returns a filter for these stop strings. Empty ones are ignored.
func New(stops []string) *Filter {
	f := &Filter{}
	for _, s := range stops {
		if s == "" {
			continue
		}
		// The text that is searched has U+FFFD for each broken byte, so a stop string must as well.
		s = string([]rune(s))
		f.stops = append(f.stops, []byte(s))
		f.longest = max(f.longest, len(s))
	}
	return f
}

// Push takes the next bytes and returns the text that is safe to show. When a stop string is complete,
// stopped is true and the text ends before it; later calls return nothing. A broken byte becomes U+FFFD.
func (f *Filter) Push(b []byte) (text string, stopped bool) {
	if f.stopped {
		return "", true
	}
	f.decode(b)
	if cut, found := f.find(); found {
		text = string(f.held[:cut])
		f.shown += cut
		f.held, f.raw, f.stopped = nil, nil, true
		return text, true
	}
	free := len(f.held) - f.suspicious()
	text = string(f.held[:free])
	f.held = append(f.held[:0], f.held[free:]...)
	f.shown += free
	return text, false
}

// Flush ends the answer and returns what was held back. The bytes of a character that never became
// whole are U+FFFD each.
func (f *Filter) Flush() string {
	if f.stopped {
		return ""
	}
	for range f.raw {
		f.held = utf8.AppendRune(f.held, utf8.RuneError)
	}
	f.raw = nil
	end := len(f.held)
	// A stop string that holds U+FFFD can become complete only now.
	if cut, found := f.find(); found {
		end = cut
	}
	text := string(f.held[:end])
	f.held, f.stopped = nil, true
	f.shown += len(text)
	f.decoded = f.shown
	return text
}

// Decoded counts the bytes of text that came in as whole characters, shown or not. Taken before a
// Push, it is the place in the text where the pushed token begins.
func (f *Filter) Decoded() int { return f.decoded }

// Shown counts the bytes of text that were given out.
func (f *Filter) Shown() int { return f.shown }

func (f *Filter) decode(b []byte) {
	before := len(f.held)
	f.raw = append(f.raw, b...)
	rest := f.raw
	for len(rest) > 0 && utf8.FullRune(rest) {
		r, size := utf8.DecodeRune(rest)
		f.held = utf8.AppendRune(f.held, r)
		rest = rest[size:]
	}
	f.raw = append(f.raw[:0], rest...)
	f.decoded += len(f.held) - before
}

// find returns where the text must be cut: before the stop string that is complete first and, of
// several that end at the same byte, before the one that begins first. Choosing by the end makes the
// result the same whether the text came byte by byte or at once.
func (f *Filter) find() (cut int, found bool) {
	end := len(f.held) + 1
	for _, s := range f.stops {
		i := bytes.Index(f.held, s)
		if i < 0 {
			continue
		}
		if e := i + len(s); e < end || (e == end && i < cut) {
			cut, end, found = i, e, true
		}
	}
	return cut, found
}

// suspicious is the length of the longest end of the held text with which a stop string could begin.
func (f *Filter) suspicious() int {
	for n := min(len(f.held), f.longest-1); n > 0; n-- {
		tail := f.held[len(f.held)-n:]
		for _, s := range f.stops {
			if len(s) > n && bytes.HasPrefix(s, tail) {
				return n
			}
		}
	}
	return 0
}
