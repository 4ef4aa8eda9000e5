package toolcall

import (
	"encoding/json"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
)

// Write spells calls in this format, for prompts that tell of earlier ones.
func (f Format) Write(calls []chat.ToolCall) string {
	var b strings.Builder
	for i, call := range calls {
		first, last := i == 0, i == len(calls)-1
		if first || !f.List {
			b.WriteString(f.Opening())
		}
		before, after := f.Around(call.Name)
		b.WriteString(before + argumentsOf(call) + after)
		if last || !f.List {
			b.WriteString(f.Closing())
		}
		if !last {
			b.WriteString(f.Between)
		}
	}
	return b.String()
}

func argumentsOf(call chat.ToolCall) string {
	if strings.TrimSpace(call.Arguments) == "" {
		return "{}"
	}
	return call.Arguments
}

// Opening is what stands before a call, or before the list of calls.
func (f Format) Opening() string {
	switch {
	case f.List:
		return f.Open + "["
	case f.Close != "":
		return f.Open + "\n"
	}
	return f.Open
}

// Closing is what stands after a call, or after the list of calls.
func (f Format) Closing() string {
	switch {
	case f.List:
		return "]" + f.Close
	case f.Close != "":
		return "\n" + f.Close
	}
	return ""
}

// Around is what stands before and after the arguments of a call.
func (f Format) Around(name string) (before, after string) {
	if f.Named {
		return name + f.Middle, ""
	}
	quoted, _ := json.Marshal(name) // a string can always be written
	return `{"name": ` + string(quoted) + `, "` + f.Arguments + `": `, "}"
}
