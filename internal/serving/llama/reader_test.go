package llama

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/toolcall"
)

// answered plays an answer through a reader and shows what came out: text, and calls in brackets.
func answered(t *testing.T, g serving.Generation, pieces ...string) (shown string, out serving.Outcome, err error) {
	t.Helper()
	f, err := formOf(g, toolcall.Hermes)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	r := newReader(g, f, toolcall.Hermes, func(p serving.Piece) error {
		if p.Call == nil {
			b.WriteString(p.Text)
			for _, l := range p.Logprobs {
				b.WriteString("'" + l.Token)
			}
			return nil
		}
		if p.Call.ID != "" {
			b.WriteString("[" + p.Call.Name + " ")
		}
		b.WriteString(p.Call.Arguments)
		return nil
	})
	for _, text := range pieces {
		if err = r.piece(serving.Piece{Text: text, Logprobs: []chat.TokenLogprob{{Token: text}}}); err != nil {
			break
		}
	}
	out, err = r.finish(serving.Outcome{Finish: chat.FinishStop}, err)
	return b.String(), out, err
}

func TestReader(t *testing.T) {
	t.Parallel()
	tools := chat.ToolUse{Tools: []chat.Function{{Name: "add", Parameters: json.RawMessage(`{"properties": {"a": {"type": "integer"}}, "required": ["a"]}`)}}}
	single, forced := tools, tools
	single.Single = true
	forced.Mode = chat.ToolsRequired
	one := "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1}}</tool_call>"
	format := &chat.Format{Schema: json.RawMessage(`{"type": "integer"}`)}
	for name, c := range map[string]struct {
		g      serving.Generation
		pieces []string
		shown  string
		finish chat.Finish
		fails  bool
	}{
		"text":                   {serving.Generation{Tools: tools}, []string{"a", "b"}, "a'ab'b", chat.FinishStop, false},
		"a call, then another":   {serving.Generation{Tools: tools}, []string{"x ", one, one}, "x'x [add {\"a\":1}[add {\"a\":1}", chat.FinishToolCalls, false},
		"one call and no more":   {serving.Generation{Tools: single}, []string{one, one}, "[add {\"a\":1}", chat.FinishToolCalls, false},
		"a call is its own text": {serving.Generation{Tools: tools}, []string{`<tool_call>{"name":"add","arguments":{"a":"x"}}</tool_call>`}, `[add {"a":"x"}`, chat.FinishToolCalls, false},
		"forced":                 {serving.Generation{Tools: forced}, []string{`{"name": "add", "arguments": {"a": 2}}`, "\n</tool_call>"}, `[add {"a": 2}`, chat.FinishToolCalls, false},
		"forced, does not fit":   {serving.Generation{Tools: forced}, []string{`{"name": "add", "arguments": {"a": "x"}}`}, `[add {"a": "x"}`, chat.FinishToolCalls, true},
		"JSON":                   {serving.Generation{Format: format}, []string{"4", "2"}, "4'42'2", chat.FinishStop, false},
		"JSON that does not fit": {serving.Generation{Format: format}, []string{"4.5"}, "4.5'4.5", chat.FinishStop, true},
		"JSON beside tools":      {serving.Generation{Format: format, Tools: tools}, []string{"4", "2"}, "4'42'2", chat.FinishStop, false},
		"a call beside JSON":     {serving.Generation{Format: format, Tools: tools}, []string{one}, `[add {"a":1}`, chat.FinishToolCalls, false},
	} {
		shown, out, err := answered(t, c.g, c.pieces...)
		if shown != c.shown || out.Finish != c.finish || (err != nil) != c.fails || (c.fails && !fault.Is(err, fault.CodeUnavailable)) {
			t.Errorf("%s: %q, finish %q, error %v", name, shown, out.Finish, err)
		}
	}
}

// What is cut off is not held to its form, and an error stays what it is.
func TestReaderLeavesTheRest(t *testing.T) {
	t.Parallel()
	g := serving.Generation{Format: &chat.Format{Schema: json.RawMessage(`{"type": "object"}`)}}
	f, err := formOf(g, toolcall.Hermes)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(g, f, toolcall.Hermes, func(serving.Piece) error { return nil })
	if err := r.piece(serving.Piece{Text: `{"a`}); err != nil {
		t.Fatal(err)
	}
	if out, err := r.finish(serving.Outcome{Finish: chat.FinishLength}, nil); err != nil || out.Finish != chat.FinishLength {
		t.Errorf("finish %q, error %v", out.Finish, err)
	}
	if _, err := r.finish(serving.Outcome{}, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFormsThatCannotBe(t *testing.T) {
	t.Parallel()
	format := &chat.Format{Schema: json.RawMessage(`{"type": "object"}`)}
	impossible := chat.ToolUse{Mode: chat.ToolsRequired, Tools: []chat.Function{{Name: "f", Parameters: json.RawMessage(`{"type": "string"}`)},
		{Name: "g", Parameters: json.RawMessage(`{"properties": {"a": false}, "required": ["a"]}`)}}}
	for param, g := range map[string]serving.Generation{
		"stop":                         {Format: format, Params: chat.Params{Stop: []string{"x"}}},
		"messages":                     {Format: format, Continue: true},
		"tools[0].function.parameters": {Tools: impossible},
		"tool_choice":                  {Tools: chat.ToolUse{Mode: chat.ToolsRequired, Only: "h", Tools: impossible.Tools[:1]}},
	} {
		if _, err := formOf(g, toolcall.Hermes); fault.From(err) == nil || fault.From(err).Code != fault.CodeInvalid || fault.From(err).Param != param {
			t.Errorf("%s: %v", param, err)
		}
	}
}

// An answer that begins within the model's thinking gets the mark that its prompt has, once, and an empty one none.
func TestThinkingGetsItsMark(t *testing.T) {
	t.Parallel()
	var text string
	emit := thinking(func(p serving.Piece) error { text += p.Text; return nil })
	for _, piece := range []string{"Hm.", "</think>", "Yes."} {
		if err := emit(serving.Piece{Text: piece}); err != nil {
			t.Fatal(err)
		}
	}
	if text != "<think>\nHm.</think>Yes." {
		t.Errorf("told was %q", text)
	}
}
