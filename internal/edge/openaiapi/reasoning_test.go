package openaiapi

import (
	"strings"
	"testing"
)

// However an answer is chopped, it is parted alike.
func TestThought(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, reasoning, answer string }{
		{"", "", ""},
		{"Yes.", "", "Yes."},
		{"  Yes.", "", "  Yes."},
		{"<b> is a tag", "", "<b> is a tag"},
		{"<thi", "", "<thi"},
		{"see <think>this</think>", "", "see <think>this</think>"},
		{"<think>\nHm.\n\nSo.\n</think>\n\nYes.", "Hm.\n\nSo.", "Yes."},
		{"\n<think>Hm.</think>Yes.</think>", "Hm.", "Yes.</think>"},
		{"<think>\n\n</think>\n\nYes.", "", "Yes."},
		{"<think>\nHm </thin", "Hm </thin", ""},
		{"<think>\na </b> c", "a </b> c", ""},
		{"<think>a</think>\n\n", "a", ""},
	} {
		for size := 1; size <= len(c.text)+1; size++ {
			var state thought
			var reasoning, answer strings.Builder
			add := func(r, a string) { reasoning.WriteString(r); answer.WriteString(a) }
			for rest := c.text; rest != ""; {
				n := min(size, len(rest))
				add(state.push(rest[:n]))
				rest = rest[n:]
			}
			add(state.flush())
			if reasoning.String() != c.reasoning || answer.String() != c.answer {
				t.Errorf("%q by %d: %q and %q", c.text, size, reasoning.String(), answer.String())
			}
		}
	}
}
