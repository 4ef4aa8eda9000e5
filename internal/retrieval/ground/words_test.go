package ground

import (
	"slices"
	"strings"
	"testing"
)

func TestSentences(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                 nil,
		"One. Two!  Three?":                {"One.", "Two!", "Three?"},
		"Es kostet 3.50 Euro. Mehr nicht.": {"Es kostet 3.50 Euro.", "Mehr nicht."},
		"# Head\n\n- a\n- b\n":             {"# Head", "- a", "- b"},
		"他来了。她走了。":                         {"他来了。", "她走了。"},
		"no end":                           {"no end"},
	} {
		var got []string
		for _, s := range sentences(text) {
			got = append(got, text[s.Start:s.End])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Café, CAFÉ & cafe 42": "42 cafe",
		"Ärger über Öl":        "arger ol uber",
		"他来了":                  "了 他 他来 来 来了",
		"第3课 ok":               "3 ok 第 课",
	} {
		var got []string
		for w := range words(text) {
			got = append(got, w)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
