package openaiapi

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// ResponseFormat asks for text, for any JSON object, or for JSON that fits a schema.
type ResponseFormat struct {
	Type       string      `json:"type" enum:"text,json_object,json_schema"`
	JSONSchema *JSONSchema `json:"json_schema,omitempty"`
}

// JSONSchema names a schema. Strict is taken and not used: the answer always fits, or its finish reason is
// "length".
type JSONSchema struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Schema      Schema `json:"schema,omitempty"`
	Strict      *bool  `json:"strict,omitempty"`
}

// Schema is a JSON Schema as it was sent.
type Schema struct{ Raw json.RawMessage }

// UnmarshalJSON keeps the text: the order of members in it is that of the answer.
func (s *Schema) UnmarshalJSON(b []byte) error {
	s.Raw = bytes.Clone(b)
	return nil
}

// MarshalJSON writes it as it came.
func (s Schema) MarshalJSON() ([]byte, error) {
	if s.Raw == nil {
		return []byte("null"), nil
	}
	return s.Raw, nil
}

// JSONSchemaBytes describes a schema.
func (Schema) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"description": "A JSON Schema (draft 7, 2019-09 or 2020-12).", "anyOf": [{"type": "object"}, {"type": "boolean"}, {"type": "null"}]}`), nil
}

func (s Schema) empty() bool { return len(s.Raw) == 0 || bytes.Equal(s.Raw, []byte("null")) }

// format gives it its inner form; nil is text.
func (f *ResponseFormat) format() (*chat.Format, error) {
	if f == nil {
		return nil, nil
	}
	switch f.Type {
	case "text":
		return nil, nil
	case "json_object":
		return &chat.Format{Schema: json.RawMessage(`{"type": "object"}`)}, nil
	case "json_schema":
		if f.JSONSchema == nil || f.JSONSchema.Schema.empty() {
			return nil, fault.Invalid("response_format needs json_schema.schema").At("response_format.json_schema")
		}
		return &chat.Format{Schema: f.JSONSchema.Schema.Raw}, nil
	}
	return nil, fault.Invalid("response_format.type must be text, json_object or json_schema").At("response_format.type")
}

// Tool is a function that the model may ask to be called.
type Tool struct {
	Type     string       `json:"type" enum:"function"`
	Function FunctionTool `json:"function"`
}

// FunctionTool describes a function. Strict is taken and not used: the arguments of a forced call always
// fit, those of another are the model's own.
type FunctionTool struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Parameters  Schema `json:"parameters,omitempty"`
	Strict      *bool  `json:"strict,omitempty"`
}

// ToolChoice is a word or names a function.
type ToolChoice struct {
	Mode string
	Name string
}

// UnmarshalJSON reads both forms.
func (c *ToolChoice) UnmarshalJSON(b []byte) error {
	bad := fault.Invalid(`tool_choice must be "none", "auto", "required" or {"type": "function", "function": {"name": "..."}}`).At("tool_choice")
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &c.Mode); err != nil || !slices.Contains([]string{"none", "auto", "required"}, c.Mode) {
			return bad
		}
		return nil
	}
	var named struct {
		Type     string       `json:"type"`
		Function FunctionTool `json:"function"`
	}
	if err := json.Unmarshal(b, &named); err != nil || named.Type != "function" || named.Function.Name == "" {
		return bad
	}
	c.Mode, c.Name = "function", named.Function.Name
	return nil
}

// MarshalJSON writes it as it was read.
func (c ToolChoice) MarshalJSON() ([]byte, error) {
	if c.Name == "" {
		return json.Marshal(c.Mode)
	}
	return json.Marshal(map[string]any{"type": "function", "function": map[string]string{"name": c.Name}})
}

// JSONSchemaBytes describes both forms.
func (ToolChoice) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"anyOf": [{"enum": ["none", "auto", "required"]}, {"type": "object", "properties": {"type": {"const": "function"},
		"function": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}, "required": ["type", "function"]}]}`), nil
}

// ToolCall is a call that an answer asks for.
type ToolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function FunctionCall `json:"function"`
}

// FunctionCall names a function; Arguments is JSON text.
type FunctionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// ToolCallDelta is a part of a call: id, type and name come with the first one of each index.
type ToolCallDelta struct {
	Index    int               `json:"index"`
	ID       string            `json:"id,omitempty"`
	Type     string            `json:"type,omitempty"`
	Function FunctionCallDelta `json:"function"`
}

// FunctionCallDelta is a part of a function's name and arguments.
type FunctionCallDelta struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

func newCallDelta(d chat.CallDelta) ToolCallDelta {
	out := ToolCallDelta{Index: d.Index, ID: d.ID, Function: FunctionCallDelta{Name: d.Name, Arguments: d.Arguments}}
	if d.ID != "" {
		out.Type = "function"
	}
	return out
}

func addCall(list []ToolCall, d chat.CallDelta) []ToolCall {
	if d.Index == len(list) {
		list = append(list, ToolCall{ID: d.ID, Type: "function", Function: FunctionCall{Name: d.Name}})
	}
	list[d.Index].Function.Arguments += d.Arguments
	return list
}

// Bounds of the tools of a request.
const maxTools = 128

var toolName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// toolUse checks the tools and gives them their inner form.
func (r ChatRequest) toolUse() (chat.ToolUse, error) {
	var use chat.ToolUse
	if len(r.Tools) > maxTools {
		return use, fault.Invalid("there are %d tools, the most is %d", len(r.Tools), maxTools).At("tools")
	}
	seen := map[string]bool{}
	for i, t := range r.Tools {
		at := "tools[" + strconv.Itoa(i) + "]"
		switch {
		case t.Type != "function":
			return use, fault.Invalid("%s.type must be function", at).At(at + ".type")
		case !toolName.MatchString(t.Function.Name):
			return use, fault.Invalid("%s.function.name must have 1 to 64 letters, digits, or any of _.-", at).At(at + ".function.name")
		case seen[t.Function.Name]:
			return use, fault.Invalid("there are two tools with the name %q", t.Function.Name).At(at + ".function.name")
		}
		seen[t.Function.Name] = true
		one := chat.Function{Name: t.Function.Name, Description: t.Function.Description}
		if !t.Function.Parameters.empty() {
			if t.Function.Parameters.Raw[0] != '{' {
				return use, fault.Invalid("%s.function.parameters must be an object", at).At(at + ".function.parameters")
			}
			one.Parameters = t.Function.Parameters.Raw
		}
		use.Tools = append(use.Tools, one)
	}
	use.Single = r.ParallelToolCalls != nil && !*r.ParallelToolCalls
	if r.ToolChoice == nil || r.ToolChoice.Mode == "" {
		return use, nil
	}
	switch r.ToolChoice.Mode {
	case "none":
		use.Mode = chat.ToolsNone
	case "required", "function":
		if len(use.Tools) == 0 {
			return use, fault.Invalid("tool_choice asks for a call, but there are no tools").At("tool_choice")
		}
		if use.Only = r.ToolChoice.Name; use.Only != "" && !seen[use.Only] {
			return use, fault.Invalid("tool_choice names %q, which is not among the tools", use.Only).At("tool_choice")
		}
		use.Mode = chat.ToolsRequired
	}
	return use, nil
}
