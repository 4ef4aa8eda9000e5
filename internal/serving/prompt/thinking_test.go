package prompt

import "testing"

func TestThinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		segments []Segment
		want     bool
	}{
		{"nothing", nil, false},
		{"an answer begins", []Segment{{Text: "<|im_start|>", Special: true}, {Text: "assistant\n"}}, false},
		{"text", []Segment{{Text: "<|im_start|>", Special: true}, {Text: "assistant\n<think>\n"}}, true},
		{"a control token", []Segment{{Text: "assistant\n"}, {Text: "<think>", Special: true}}, true},
		{"a control token and a line's end", []Segment{{Text: "<think>", Special: true}, {Text: "\n"}}, true},
		{"thinking that is over", []Segment{{Text: "assistant\n<think>\n\n</think>\n\n"}}, false},
		{"a control token before the answer", []Segment{{Text: "<think>", Special: true}, {Text: "well"}}, false},
	} {
		if got := Thinks(c.segments); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
