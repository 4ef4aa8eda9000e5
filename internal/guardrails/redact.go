package guardrails

import (
	"fmt"
	"strings"
)

// redact puts placeholders such as <EMAIL_1> in the place of what is to be redacted: the same one for the same text. What
// is hidden has nothing to be named, and goes without one. It returns what each placeholder stands for.
func redact(text string, findings []Finding) (string, map[string]string) {
	originals := map[string]string{}
	names, counts := map[string]string{}, map[string]int{}
	own := map[string]bool{} // categories whose placeholders the text has itself
	var out strings.Builder
	at := 0
	for _, f := range findings {
		if f.Action != Redact || f.End <= at {
			continue // behind another one that begins earlier
		}
		start := max(f.Start, at)
		out.WriteString(text[at:start])
		at = f.End
		if f.Check == hiddenName {
			continue
		}
		original := text[start:f.End]
		key := f.Category + "\x00" + original
		name, known := names[key]
		label := strings.ToUpper(f.Category)
		if counts[f.Category] == 0 {
			own[f.Category] = strings.Contains(text, "<"+label+"_")
		}
		for !known {
			counts[f.Category]++
			name = fmt.Sprintf("<%s_%d>", label, counts[f.Category])
			known = !own[f.Category] || !strings.Contains(text, name) // else a reader would take the text's own for ours
		}
		names[key], originals[name] = name, original
		out.WriteString(name)
	}
	out.WriteString(text[at:])
	return out.String(), originals
}

// Restore puts the originals back where an answer has their placeholders.
func Restore(text string, originals map[string]string) string {
	for name, original := range originals {
		text = strings.ReplaceAll(text, name, original)
	}
	return text
}
