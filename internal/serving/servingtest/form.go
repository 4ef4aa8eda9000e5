package servingtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/grammar"
	"github.com/parley-chat/parley/internal/serving/llama/toolcall"
)

// checkForm refuses what no engine can promise.
func checkForm(g serving.Generation) error {
	if g.Format != nil {
		if _, err := grammar.FromSchema(g.Format.Schema); err != nil {
			return named(err, "response_format")
		}
	}
	return nil
}

func named(err error, param string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.At(param)
	}
	return err
}

// formed makes a reply what the request asks for: JSON that fits, or a call of a tool. What fits already
// stays as it is.
func formed(g serving.Generation, reply string) string {
	if g.Tools.Forced() {
		tool := g.Tools.Tools[0]
		for _, t := range g.Tools.Tools {
			if t.Name == g.Tools.Only {
				tool = t
			}
		}
		if strings.Contains(reply, toolcall.Hermes.Open) {
			return reply
		}
		args := Sample(tool.Parameters)
		return toolcall.Hermes.Write([]chat.ToolCall{{Name: tool.Name, Arguments: args}})
	}
	if g.Format != nil && !json.Valid([]byte(reply)) {
		return Sample(g.Format.Schema)
	}
	return reply
}

// Sample writes JSON that fits a simple schema: constants, enums, and members that must be there.
func Sample(schema json.RawMessage) string {
	var s any
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return "{}"
	}
	out, _ := json.MarshalIndent(sample(s), "", " ") // made of what JSON gave
	return string(out)
}

func sample(schema any) any {
	s, _ := schema.(map[string]any)
	if v, ok := s["const"]; ok {
		return v
	}
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[0]
	}
	switch s["type"] {
	case "string":
		return "some words"
	case "integer", "number":
		return 1
	case "boolean":
		return true
	case "array":
		return []any{}
	case "null":
		return nil
	}
	out := map[string]any{}
	props, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, name := range required {
		out[fmt.Sprint(name)] = sample(props[fmt.Sprint(name)])
	}
	return out
}

// calls reads the calls that a scripted answer writes as Hermes does, and hands on all else.
type calls struct {
	parser *toolcall.Parser
	emit   func(serving.Piece) error
	any    bool
}

func newCalls(g serving.Generation, emit func(serving.Piece) error) *calls {
	c := &calls{emit: emit}
	if tools := g.Tools.Offered(); len(tools) > 0 {
		var names []string
		for _, t := range tools {
			names = append(names, t.Name)
		}
		c.parser = toolcall.New(toolcall.Hermes, slices.Clip(names))
	}
	return c
}

func (c *calls) piece(p serving.Piece) error {
	if c.parser == nil {
		return c.emit(p)
	}
	return c.events(c.parser.Push(p.Text))
}

func (c *calls) events(list []toolcall.Event) error {
	for _, e := range list {
		p := serving.Piece{Text: e.Text}
		if e.Call != nil {
			c.any = true
			d := chat.CallDelta{Index: e.Call.Index, Name: e.Call.Name, Arguments: e.Call.Arguments}
			if d.Name != "" {
				d.ID = chat.NewID("call")
			} else if d.Arguments == "" {
				continue
			}
			p = serving.Piece{Call: &d}
		}
		if err := c.emit(p); err != nil {
			return err
		}
	}
	return nil
}

func (c *calls) finish(out *serving.Outcome) error {
	if c.parser == nil {
		return nil
	}
	if err := c.events(c.parser.Flush()); err != nil {
		return err
	}
	if c.any && out.Finish == chat.FinishStop {
		out.Finish = chat.FinishToolCalls
	}
	return nil
}
