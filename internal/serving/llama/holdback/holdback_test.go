package holdback_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/serving/llama/holdback"
)

// run pushes the pieces and returns the whole text, and whether a stop string ended it.
func run(f *holdback.Filter, pieces ...string) (string, bool) {
	var out strings.Builder
	for _, p := range pieces {
		text, stopped := f.Push([]byte(p))
		out.WriteString(text)
		if stopped {
			return out.String(), true
		}
	}
	out.WriteString(f.Flush())
	return out.String(), false
}

func TestFilter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stops   []string
		pieces  []string
		want    string
		stopped bool
	}{
		"no stops":                    {nil, []string{"a", "b"}, "ab", false},
		"empty stop is ignored":       {[]string{""}, []string{"ab"}, "ab", false},
		"stop within a piece":         {[]string{"END"}, []string{"an END b"}, "an ", true},
		"stop over pieces":            {[]string{"END"}, []string{"an E", "N", "D b"}, "an ", true},
		"false beginning":             {[]string{"END"}, []string{"EN", "EN", "O"}, "ENENO", false},
		"beginning at the end":        {[]string{"END"}, []string{"text EN"}, "text EN", false},
		"overlapping beginnings":      {[]string{"aab"}, []string{"a", "a", "a", "b"}, "a", true},
		"first complete wins":         {[]string{"abcd", "bc"}, []string{"abcd"}, "a", true},
		"same end, longer wins":       {[]string{"bc", "abc"}, []string{"xabc"}, "x", true},
		"character over pieces":       {nil, []string{"\xf0\x9f", "\x98\x80!"}, "😀!", false},
		"broken byte":                 {nil, []string{"a\xffb"}, "a\uFFFDb", false},
		"character cut at the end":    {nil, []string{"a\xe2\x82"}, "a\uFFFD\uFFFD", false},
		"stop with a wide character":  {[]string{"é!"}, []string{"caf\xc3", "\xa9", "!"}, "caf", true},
		"stop that is a broken byte":  {[]string{"\uFFFD"}, []string{"a\xe2"}, "a", false},
		"newline stop, the usual one": {[]string{"\n\n"}, []string{"a\n", "b\n", "\nc"}, "a\nb", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, stopped := run(holdback.New(c.stops), c.pieces...)
			if got != c.want || stopped != c.stopped {
				t.Errorf("got %q, stopped %v; want %q, %v", got, stopped, c.want, c.stopped)
			}
		})
	}
}

// Text that cannot begin a stop string is given out at once: holding it would make the stream jerk.
func TestFilterHoldsNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	f := holdback.New([]string{"STOP"})
	if text, _ := f.Push([]byte("go on S")); text != "go on " {
		t.Errorf("first piece is %q", text)
	}
	if text, _ := f.Push([]byte("o")); text != "So" {
		t.Errorf("second piece is %q", text)
	}
	if f.Decoded() != 8 || f.Shown() != 8 {
		t.Errorf("decoded %d and shown %d, want 8 and 8", f.Decoded(), f.Shown())
	}
}

func FuzzFilter(f *testing.F) {
	f.Add([]byte("one STOP two"), "STOP", "TO", uint64(5))
	f.Add([]byte("caf\xc3\xa9 \xf0\x9f\x98\x80\xff"), "é", "\uFFFD", uint64(0xdeadbeef))
	f.Add([]byte("aaaaab"), "aab", "", uint64(1))
	f.Fuzz(func(t *testing.T, raw []byte, stop1, stop2 string, chops uint64) {
		stops := []string{stop1, stop2}
		whole, _ := run(holdback.New(stops), string(raw))
		var pieces []string
		for start, i := 0, 0; i < len(raw); i++ {
			if chops>>(i%64)&1 == 1 || i == len(raw)-1 {
				pieces = append(pieces, string(raw[start:i+1]))
				start = i + 1
			}
		}
		chopped, _ := run(holdback.New(stops), pieces...)
		if whole != chopped {
			t.Fatalf("at once %q, chopped %q", whole, chopped)
		}
		if !utf8.ValidString(whole) || !strings.HasPrefix(string([]rune(string(raw))), whole) {
			t.Fatalf("%q is not a beginning of %q", whole, raw)
		}
		for _, s := range stops {
			if s = string([]rune(s)); s != "" && strings.Contains(whole, s) {
				t.Fatalf("%q holds the stop string %q", whole, s)
			}
		}
	})
}
