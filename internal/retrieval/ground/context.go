package ground

import (
	"fmt"
	"regexp"
	"strings"
)

// Context writes sources for a model, under the labels S1, S2, ... by which it is to cite them. It takes them in order,
// each as a whole or up to a sentence's end, as long as count, in tokens, stays within most, and returns how many it took.
func Context(sources []Source, most int, count func(string) int) (text string, taken int) {
	var out strings.Builder
	for i, s := range sources {
		block := labelled(i, s.Title, s.Text)
		if count(out.String()+block) > most {
			block = shortened(i, s, func(block string) bool { return count(out.String()+block) <= most })
			if block == "" {
				break
			}
			out.WriteString(block)
			return out.String(), i + 1
		}
		out.WriteString(block)
		taken = i + 1
	}
	return out.String(), taken
}

// shortened has as many of a source's first sentences as fit; "" when none does.
func shortened(i int, s Source, fits func(string) bool) (block string) {
	for _, sentence := range sentences(s.Text) {
		next := labelled(i, s.Title, s.Text[:sentence.End])
		if !fits(next) {
			return block
		}
		block = next
	}
	return block
}

func labelled(i int, title, text string) string {
	return fmt.Sprintf("<source id=\"S%d\" title=\"%s\">\n%s\n</source>\n", i+1, strings.ReplaceAll(inert(title), `"`, "'"), inert(text))
}

// inert keeps a text from ending its own frame or opening another, as a hostile document would.
func inert(text string) string { return frame.ReplaceAllString(text, "‹$1") }

var frame = regexp.MustCompile(`(?i)<(\s*/?\s*source)`)
