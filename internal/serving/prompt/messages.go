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
	if strings.ContainsRune(m.Text, 0) {
		return nil, fault.Invalid("the text holds the character U+0000, which no model can read: remove it")
	}
	v := map[string]any{"role": string(m.Role), "content": c.hide(m.Text)}
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
