package ground

import (
	"regexp"
	"strconv"
	"strings"
)

// Marks reads citations, such as [S1] or [S1, S3], out of an answer as it streams. However the answer is chopped, the
// pieces are the same text.
type Marks struct {
	sources int
	held    string // what may be the beginning of a mark
}

// Piece is text, or a citation of sources, by their places from 0.
type Piece struct {
	Text  string
	Cites []int
}

// NewMarks reads an answer that may cite so many sources.
func NewMarks(sources int) *Marks { return &Marks{sources: sources} }

// A mark names ten sources at most, so that little is held back.
var (
	mark    = regexp.MustCompile(`^[\[【] ?S\d{1,2}(?: ?[,;] ?S\d{1,2}){0,9} ?[\]】]`)
	begins  = regexp.MustCompile(`^[\[【] ?(?:S\d{0,2}(?: ?[,;] ?S\d{1,2}){0,9}(?: ?[,;] ?S?)? ?)?$`)
	numbers = regexp.MustCompile(`\d+`)
)

// Push takes the next text and returns what is certain.
func (m *Marks) Push(text string) (pieces []Piece) {
	text, m.held = m.held+text, ""
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			pieces = append(pieces, Piece{Text: plain.String()})
			plain.Reset()
		}
	}
	for text != "" {
		at := strings.IndexAny(text, "[【")
		if at < 0 {
			plain.WriteString(text)
			break
		}
		plain.WriteString(text[:at])
		text = text[at:]
		if found := mark.FindString(text); found != "" {
			if cites := m.cites(found); len(cites) > 0 { // what cites nothing that there is was made up, and is left out
				flush()
				pieces = append(pieces, Piece{Cites: cites})
			}
			text = text[len(found):]
			continue
		}
		if begins.MatchString(text) {
			m.held = text
			break
		}
		open := 1
		if strings.HasPrefix(text, "【") {
			open = len("【")
		}
		plain.WriteString(text[:open])
		text = text[open:]
	}
	flush()
	return pieces
}

// Flush ends the answer and returns what was held back.
func (m *Marks) Flush() (pieces []Piece) {
	if m.held != "" {
		pieces = append(pieces, Piece{Text: m.held})
		m.held = ""
	}
	return pieces
}

// Mark writes a citation; "" for none.
func Mark(cites []int) string {
	if len(cites) == 0 {
		return ""
	}
	labels := make([]string, len(cites))
	for i, c := range cites {
		labels[i] = "S" + strconv.Itoa(c+1)
	}
	return "[" + strings.Join(labels, ", ") + "]"
}

func (m *Marks) cites(found string) (cites []int) {
	for _, n := range numbers.FindAllString(found, -1) {
		if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= m.sources {
			cites = append(cites, i-1)
		}
	}
	return cites
}
