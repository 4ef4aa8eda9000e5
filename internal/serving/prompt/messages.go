package prompt

import (
	"encoding/json"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// variables is a message as templates know it. Every text that did not come from us goes through the
// cover; roles are a closed set and need none.
func variables(m chat.Message, c *cover) (map[string]any, error) {
	switch m.Role {
	case chat.System, chat.User, chat.Assistant, chat.Tool:
	default:
		return nil, fault.Invalid("role %q is unknown: use system, user, assistant or tool", m.Role)
	}
	at := 0
	for _, image := range m.Images {
		if image.At < at || image.At > len(m.Text) {
			return nil, fault.Invalid("an image stands at byte %d of a text of %d bytes, or before the one that it follows", image.At, len(m.Text))
		}
		at = image.At
	}
	if strings.ContainsRune(m.Text, 0) {
		return nil, fault.Invalid("the text holds the character U+0000, which no model can read: remove it")
	}
	v := map[string]any{"role": string(m.Role), "content": content(m, c)}
	if m.Name != "" {
		v["name"] = c.hide(m.Name)
	}
	if m.ToolCallID != "" {
		v["tool_call_id"] = c.hide(m.ToolCallID)
	}
	if len(m.ToolCalls) > 0 {
		calls := make([]any, len(m.ToolCalls))
		for i, call := range m.ToolCalls {
			calls[i] = map[string]any{
				"id": c.hide(call.ID), "type": "function",
				"function": map[string]any{"name": c.hide(call.Name), "arguments": arguments(call.Arguments, c)},
			}
		}
		v["tool_calls"] = calls
	}
	return v, nil
}

// content is a message's text with a placeholder for each image. Templates are not told of images: those that know
// them write a marker of their own, which the engine would have to find again.
func content(m chat.Message, c *cover) string {
	var out strings.Builder
	at := 0
	for i := range m.Images {
		image := &m.Images[i]
		out.WriteString(c.hide(m.Text[at:image.At]))
		out.WriteString(c.placeholder(Segment{Image: image}))
		at = image.At
	}
	return out.String() + c.hide(m.Text[at:])
}

// arguments gives a template the object that it expects, since most write it with tojson. What is no
// JSON object stays the text that the model wrote.
func arguments(text string, c *cover) any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil || dec.More() {
		return c.hide(text)
	}
	return hideAll(object, c)
}

func hideAll(v any, c *cover) any {
	switch v := v.(type) {
	case string:
		return c.hide(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String() // too large for a float: JSON could not write it
	case []any:
		for i := range v {
			v[i] = hideAll(v[i], c)
		}
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[c.hide(key)] = hideAll(value, c)
		}
		return out
	}
	return v
}
