package prompt

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// finder finds control tokens in text: leftmost first, and of several at one place the longest.
type finder struct {
	byFirst [256][]string
}

func newFinder(specials []string) finder {
	var f finder
	for _, s := range specials {
		if s != "" {
			f.byFirst[s[0]] = append(f.byFirst[s[0]], s)
		}
	}
	for _, list := range f.byFirst {
		slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	}
	return f
}

// next returns where the first control token of text begins and what it is; "" when there is none.
func (f *finder) next(text string) (int, string) {
	for i := range len(text) {
		for _, s := range f.byFirst[text[i]] {
			if strings.HasPrefix(text[i:], s) {
				return i, s
			}
		}
	}
	return -1, ""
}

// The placeholders begin and end with private-use characters, with digits between them: filters that
// change case, trim or escape for JSON leave them whole.
const (
	coverOpen  = "\uE000"
	coverClose = "\uE001"
)

// cover hides text and images of messages from a template and finds it again in what the template wrote.
type cover struct {
	specials finder
	whole    bool // hide each text as a whole, not only the control tokens that it spells
	mark     string
	hidden   []Segment
}

func newCover(specials finder, whole bool) *cover {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128)) // crypto/rand does not fail
	return &cover{specials: specials, whole: whole, mark: fmt.Sprintf("%s%039d.", coverOpen, n)}
}

// hide returns text with placeholders for what the template must not see. Outer white space stays, so
// that trimming works; empty text stays empty, so that a test for emptiness does.
func (c *cover) hide(text string) string {
	if c.whole {
		core := strings.TrimSpace(text)
		if core == "" {
			return text
		}
		before, after, _ := strings.Cut(text, core)
		return before + c.placeholder(Segment{Text: core}) + after
	}
	var out strings.Builder
	for {
		i, special := c.specials.next(text)
		if i < 0 {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:i])
		out.WriteString(c.placeholder(Segment{Text: special}))
		text = text[i+len(special):]
	}
}

func (c *cover) placeholder(hidden Segment) string {
	c.hidden = append(c.hidden, hidden)
	return c.mark + strconv.Itoa(len(c.hidden)-1) + coverClose
}

// split reads a rendered text: hidden text is plain, and control tokens outside of it are the template's.
func (c *cover) split(text string) []Segment {
	var segments []Segment
	var plain strings.Builder
	special := func(s string) {
		if plain.Len() > 0 {
			segments = append(segments, Segment{Text: plain.String()})
			plain.Reset()
		}
		if s != "" {
			segments = append(segments, Segment{Text: s, Special: true})
		}
	}
	visible := func(s string) {
		for {
			i, token := c.specials.next(s)
			if i < 0 {
				plain.WriteString(s)
				return
			}
			plain.WriteString(s[:i])
			special(token)
			s = s[i+len(token):]
		}
	}
	for {
		before, rest, found := strings.Cut(text, c.mark)
		visible(before)
		if !found {
			break
		}
		number, after, closed := strings.Cut(rest, coverClose)
		i, err := strconv.Atoi(number)
		if !closed || err != nil || i >= len(c.hidden) {
			// The template cut the placeholder short; what is left of it is no text of anyone.
			text = rest
			continue
		}
		if h := c.hidden[i]; h.Image != nil {
			special("")
			segments = append(segments, h)
		} else {
			plain.WriteString(h.Text)
		}
		text = after
	}
	special("")
	return segments
}
