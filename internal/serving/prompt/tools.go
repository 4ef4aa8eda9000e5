package prompt

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/ardanlabs/jinja"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving/llama/toolcall"
)

// Calls is the format in which the model writes calls of tools.
func (t *Template) Calls() toolcall.Format { return t.calls }

// Opened adds text of ours to a prompt, for the model to go on from. What spells a control token is one.
func (t *Template) Opened(segments []Segment, text string) []Segment {
	return append(segments, newCover(t.specials, false).split(text)...)
}

// described are the tools as templates know them. Their texts come from the caller and go through the
// cover as those of messages do.
func described(tools []chat.Function, c *cover) (jinja.Value, error) {
	list := make([]any, len(tools))
	for i, tool := range tools {
		var parameters any = map[string]any{"type": "object", "properties": map[string]any{}}
		if tool.Parameters != nil {
			dec := json.NewDecoder(bytes.NewReader(tool.Parameters))
			dec.UseNumber()
			if err := dec.Decode(&parameters); err != nil {
				return jinja.Value{}, fault.Invalid("the parameters of tool %q are not JSON", tool.Name).At("tools").Because(err)
			}
		}
		if strings.ContainsRune(tool.Name+tool.Description, 0) {
			return jinja.Value{}, fault.Invalid("the tool %q holds the character U+0000, which no model can read: remove it", tool.Name).At("tools")
		}
		list[i] = map[string]any{"type": "function", "function": map[string]any{
			"name": c.hide(tool.Name), "description": c.hide(tool.Description), "parameters": hideAll(parameters, c),
		}}
	}
	return jinja.FromGoValue(list), nil
}

// adapted tells a model of tools whose template does not: the tools in the system's message, calls in the
// text of answers, results as messages of the user.
func (t *Template) adapted(messages []chat.Message, tools []chat.Function) []chat.Message {
	tell := len(tools) > 0 && !t.calls.Told
	if !tell && t.calls.Shown {
		return messages
	}
	var out []chat.Message
	if tell {
		out = append(out, chat.Message{Role: chat.System, Text: instructions(t.calls, tools)})
	}
	for _, m := range messages {
		last := len(out) - 1
		switch {
		case m.Role == chat.System && tell && last == 0:
			out[0].Text = m.Text + "\n\n" + out[0].Text
		case m.Role == chat.Assistant && len(m.ToolCalls) > 0 && !t.calls.Shown:
			m.Text = strings.TrimLeft(m.Text+"\n"+t.calls.Write(m.ToolCalls), "\n")
			m.ToolCalls = nil
			out = append(out, m)
		case m.Role == chat.Tool && !t.calls.Shown:
			text := "<tool_response>\n" + m.Text + "\n</tool_response>"
			if last >= 0 && out[last].Role == chat.User && strings.HasSuffix(out[last].Text, "</tool_response>") {
				out[last].Text += "\n" + text
				continue
			}
			out = append(out, chat.Message{Role: chat.User, Text: text})
		default:
			out = append(out, m)
		}
	}
	return out
}

// instructions tell a model what tools there are and how to call them.
func instructions(f toolcall.Format, tools []chat.Function) string {
	var b strings.Builder
	b.WriteString("You can call functions. You have access to the following tools, each described by a JSON object:\n<tools>\n")
	for _, tool := range tools {
		var parameters bytes.Buffer
		if json.Compact(&parameters, tool.Parameters) != nil || parameters.Len() == 0 {
			parameters.Reset()
			parameters.WriteString(`{"type":"object","properties":{}}`)
		}
		b.WriteString(`{"name": ` + quoted(tool.Name) + `, "description": ` + quoted(tool.Description) + `, "parameters": ` + parameters.String() + "}\n")
	}
	b.WriteString("</tools>\n\nTo call functions, answer with nothing but this, with the name of a tool and its arguments:\n")
	b.WriteString(f.Write([]chat.ToolCall{{Name: "function_name", Arguments: `{"argument": "value"}`}}))
	b.WriteString("\nIts result comes within <tool_response></tool_response>. If no function helps, answer in words.")
	return b.String()
}

// quoted writes a JSON string without escapes for HTML, which would only take tokens.
func quoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be written
	return strings.TrimSuffix(b.String(), "\n")
}
