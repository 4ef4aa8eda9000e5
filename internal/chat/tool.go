package chat

import "encoding/json"

// Function is a tool that a model may ask to be called.
type Function struct {
	Name        string
	Description string
	Parameters  json.RawMessage `json:",omitempty"` // JSON Schema of the arguments; nil is any object
}

// ToolMode says whether an answer may, must or must not call a tool.
type ToolMode string

// The modes. The zero value is ToolsAuto.
const (
	ToolsAuto     ToolMode = ""
	ToolsNone     ToolMode = "none"
	ToolsRequired ToolMode = "required"
)

// ToolUse is what an answer may do with tools.
type ToolUse struct {
	Tools  []Function
	Mode   ToolMode
	Only   string // with ToolsRequired: the one tool that must be called; "" is any
	Single bool   // no more than one call
}

// Forced reports whether the answer must be a call.
func (u ToolUse) Forced() bool { return u.Mode == ToolsRequired && len(u.Tools) > 0 }

// Offered are the tools that a model is told of.
func (u ToolUse) Offered() []Function {
	if u.Mode == ToolsNone {
		return nil
	}
	return u.Tools
}

// CallDelta is a part of a tool call as it is written. ID and Name come with the first part of each
// index; the Arguments of all parts join to JSON text.
type CallDelta struct {
	Index     int
	ID        string
	Name      string
	Arguments string
}

// Format is what an answer must be: JSON that fits a JSON Schema.
type Format struct {
	Schema json.RawMessage `json:",omitempty"`
}
