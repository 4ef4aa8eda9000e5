package search

import (
	"strings"
	"unicode"

	"github.com/parley-chat/parley/internal/chat"
)

// spare is how many times as many passages are read as are wanted where those that repeat others are left out.
const spare = 3

// same is from which part of all their words on, that two passages have in common, one says nearly the same as the other
// (the index of Jaccard): copies of a document with another date, another heading, a few words changed.
const same = 0.8

// distinct are the first most passages of which none says nearly the same as one before it.
func distinct(passages []chat.Passage, most int) []chat.Passage {
	var kept []chat.Passage
	var sets []map[string]bool
next:
	for _, p := range passages {
		if len(kept) == most {
			break
		}
		set := map[string]bool{}
		for _, word := range strings.FieldsFunc(strings.ToLower(p.Text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			set[word] = true
		}
		for _, other := range sets {
			common := 0
			for word := range set {
				if other[word] {
					common++
				}
			}
			if all := len(set) + len(other) - common; all > 0 && float64(common) >= same*float64(all) {
				continue next
			}
		}
		kept, sets = append(kept, p), append(sets, set)
	}
	return kept
}
