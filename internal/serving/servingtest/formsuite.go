package servingtest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/grammar"
)

// card is a schema that every engine can fill within some sixty tokens.
const card = `{"type": "object", "properties": {"kind": {"enum": ["note", "task"]}, "count": {"type": "integer", "minimum": 1, "maximum": 99},
	"done": {"type": "boolean"}}, "required": ["kind", "count", "done"], "additionalProperties": false}`

// fits checks JSON text against a schema.
func fits(t *testing.T, schema, text string) {
	t.Helper()
	_, check, err := grammar.New().Schema([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := check.Text(text); err != nil {
		t.Errorf("%q: %v", text, err)
	}
}

// warm asks at temperature 1 with a seed.
func warm(seed int64, tokens int) serving.Generation {
	one := 1.0
	return request(func(p *chat.Params) { p.Temperature, p.Seed, p.MaxTokens = &one, &seed, tokens })
}

func checkFormat(t *testing.T, e serving.Engine) {
	for seed := range int64(4) {
		g := warm(seed, 120)
		g.Format = &chat.Format{Schema: json.RawMessage(card)}
		a := ask(t, e, g)
		if a.out.Finish != chat.FinishStop {
			t.Errorf("finish is %q after %q", a.out.Finish, a.text)
		}
		fits(t, card, a.text)
	}
	g := request(func(p *chat.Params) { p.MaxTokens, p.Logprobs, p.TopLogprobs = 120, true, 2 })
	g.Format = &chat.Format{Schema: json.RawMessage(card)}
	a := ask(t, e, g)
	var joined []byte
	for _, tok := range a.tokens {
		joined = append(joined, tok.Bytes...)
	}
	if string(joined) != a.text {
		t.Errorf("logprobs spell %q, the answer is %q", joined, a.text)
	}
}

func checkFormatLength(t *testing.T, e serving.Engine) {
	g := warm(1, 1)
	g.Format = &chat.Format{Schema: json.RawMessage(card)}
	if a := ask(t, e, g); a.out.Finish != chat.FinishLength || !strings.HasPrefix(a.text, "{") {
		t.Errorf("finish %q with %q", a.out.Finish, a.text)
	}
}

func checkRefused(t *testing.T, e serving.Engine) {
	for schema, kind := range map[string]string{
		`false`: "schema_unsatisfiable",
		`{"type": "array", "items": {"type": "string"}, "uniqueItems": true, "minItems": 2}`: "schema_not_supported",
		`{"type": "text"}`: "",
	} {
		g := request(nil)
		g.Format = &chat.Format{Schema: json.RawMessage(schema)}
		for what, err := range map[string]error{"generate": try(t, e, g).err, "check": e.Check(g)} {
			if f := fault.From(err); f == nil || f.Code != fault.CodeInvalid || f.Kind != kind || f.Param != "response_format" {
				t.Errorf("%s: %s: %v", what, schema, err)
			}
		}
	}
}

// called gathers the calls of an answer and checks the order of their parts.
func called(t *testing.T, e serving.Engine, g serving.Generation) (calls []chat.ToolCall, a answer) {
	t.Helper()
	a = collect(t.Context(), t, e, g, func(p serving.Piece) error {
		if p.Call == nil {
			return nil
		}
		if p.Text != "" || p.Logprobs != nil {
			t.Errorf("a piece of a call has text %q", p.Text)
		}
		first := p.Call.Index == len(calls)
		if first {
			calls = append(calls, chat.ToolCall{ID: p.Call.ID, Name: p.Call.Name})
		}
		if first != (p.Call.ID != "") || first != (p.Call.Name != "") || p.Call.Index != len(calls)-1 {
			t.Errorf("part %+v of call %d", p.Call, len(calls))
		}
		calls[p.Call.Index].Arguments += p.Call.Arguments
		return nil
	})
	if a.err != nil {
		t.Fatal(a.err)
	}
	return calls, a
}

func offered() chat.ToolUse {
	return chat.ToolUse{Mode: chat.ToolsRequired, Tools: []chat.Function{
		{Name: "ping"}, {Name: "make_card", Description: "Makes a card.", Parameters: json.RawMessage(card)},
	}}
}

func checkForcedCall(t *testing.T, e serving.Engine) {
	for seed := range int64(3) {
		g := warm(seed, 160)
		g.Tools = offered()
		g.Tools.Only = "make_card"
		calls, a := called(t, e, g)
		if len(calls) != 1 || calls[0].Name != "make_card" || a.text != "" || a.out.Finish != chat.FinishToolCalls {
			t.Errorf("calls %+v, text %q, finish %q", calls, a.text, a.out.Finish)
			continue
		}
		fits(t, card, calls[0].Arguments)
	}
}

func checkRequiredCall(t *testing.T, e serving.Engine) {
	g := warm(5, 400)
	g.Tools = offered()
	g.Tools.Single = true
	calls, a := called(t, e, g)
	if a.out.Finish == chat.FinishLength {
		return
	}
	if len(calls) != 1 || calls[0].ID == "" || a.out.Finish != chat.FinishToolCalls || !json.Valid([]byte(calls[0].Arguments)) {
		t.Errorf("calls %+v, text %q, finish %q", calls, a.text, a.out.Finish)
	}
}
