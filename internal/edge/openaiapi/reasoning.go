package openaiapi

import (
	"strings"

	"github.com/parley-chat/parley/internal/serving/prompt"
)

// thought parts an answer, as it comes, from the reasoning before it, which models put between two marks. The zero
// value is at the beginning of an answer.
type thought struct {
	place  place
	held   string // what may be the beginning of a mark, or space that nothing has followed
	pieces int    // in which there was reasoning
}

type place int

const (
	begins   place = iota // nothing but space has come
	opened                // behind the first mark, before the first word
	thinks                // between the marks
	ended                 // behind the second mark, before the first word
	answered              // from there on all is answer
)

// push takes the next text. What it returns was parted for certain.
func (t *thought) push(text string) (reasoning, answer string) {
	text, t.held = t.held+text, ""
	if t.place == begins {
		trimmed := strings.TrimLeft(text, " \n")
		switch {
		case strings.HasPrefix(trimmed, prompt.ThinkingBegin):
			t.place, text = opened, trimmed[len(prompt.ThinkingBegin):]
		case trimmed == prompt.ThinkingBegin[:min(len(trimmed), len(prompt.ThinkingBegin))]:
			t.held = text
			return "", ""
		default:
			t.place = answered
		}
	}
	if t.place == opened {
		if text = strings.TrimLeft(text, "\n"); text != "" {
			t.place = thinks
		}
	}
	if t.place == thinks {
		t.pieces++
		at := strings.Index(text, prompt.ThinkingEnd)
		if at < 0 {
			reasoning, t.held = cutMark(text)
			return reasoning, ""
		}
		reasoning, text, t.place = strings.TrimRight(text[:at], "\n"), text[at+len(prompt.ThinkingEnd):], ended
	}
	if t.place == ended {
		if text = strings.TrimLeft(text, " \n"); text == "" {
			return reasoning, ""
		}
		t.place = answered
	}
	return reasoning, text
}

// flush ends the answer and returns what was held back.
func (t *thought) flush() (reasoning, answer string) {
	if t.place == thinks {
		return t.held, ""
	}
	return "", t.held
}

// cutMark parts a text from what may be the beginning of the second mark, line ends before it included.
func cutMark(text string) (sure, held string) {
	end := len(text)
	for n := min(len(prompt.ThinkingEnd)-1, len(text)); n > 0; n-- {
		if strings.HasSuffix(text, prompt.ThinkingEnd[:n]) {
			end -= n
			break
		}
	}
	end = len(strings.TrimRight(text[:end], "\n"))
	return text[:end], text[end:]
}
