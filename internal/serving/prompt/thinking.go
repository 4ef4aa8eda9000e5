package prompt

import "strings"

// ThinkingBegin and ThinkingEnd stand around what a model thinks before it answers; all families that are known write
// these.
const (
	ThinkingBegin = "<think>"
	ThinkingEnd   = "</think>"
)

// Thinks tells whether a prompt has begun the model's thinking, as the templates of some models do. The answer then
// begins within it, and lacks the mark.
func Thinks(segments []Segment) bool {
	last := len(segments) - 1
	if last < 0 {
		return false
	}
	text := strings.TrimRight(segments[last].Text, " \n")
	// The mark is a control token in some vocabularies, which the template may put a line's end behind.
	if text == "" && last > 0 {
		text = segments[last-1].Text
	}
	return strings.HasSuffix(text, ThinkingBegin)
}
