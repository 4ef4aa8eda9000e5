package app_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

const weather = `"tools": [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city.", "parameters":
	{"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city", "days"]}}}]`

// scripted answers with these replies in turn.
func scripted(replies ...string) func(serving.Model) *servingtest.Scripted {
	return func(m serving.Model) *servingtest.Scripted { return &servingtest.Scripted{Model: m, Replies: replies} }
}

// rawStream reads the chunks of a streamed answer.
func (s *site) rawStream(t *testing.T, body string, each func(map[string]any)) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	seeded.on(req)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var c map[string]any
		if err := json.Unmarshal([]byte(data), &c); err != nil || c["choices"] == nil {
			t.Fatalf("chunk %s: %v", data, err)
		}
		each(c)
	}
}

type toolAnswer struct {
	Choices []struct {
		Message struct {
			Content   *string
			ToolCalls []struct {
				ID, Type string
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		FinishReason string `json:"finish_reason"`
	}
}

func TestJSONBySchema(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for format, want := range map[string]string{
		`{"type": "json_object"}`: `{}`,
		`{"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": {"type": "object", "properties": {"a": {"const": 7}}, "required": ["a"]}}}`: `{"a":7}`,
	} {
		var out toolAnswer
		s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}], "response_format": `+format+`}`).into(t, &out)
		if got := strings.Join(strings.Fields(*out.Choices[0].Message.Content), ""); got != want || out.Choices[0].FinishReason != "stop" {
			t.Errorf("%s: %s", format, got)
		}
	}
}

// What cannot be promised is refused by keyword and place; the shapes are checked.
func TestToolFieldsOfTheWrongKindAreRefused(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	schema := func(schema string) string {
		return `"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": ` + schema + `}}`
	}
	for extra, want := range map[string]string{
		`"response_format": {"type": "xml"}`:                                                                       "response_format.type|",
		`"response_format": {"type": "json_schema"}`:                                                               "response_format.json_schema|",
		schema(`{"type": "array", "items": {"type": "string"}, "uniqueItems": true, "minItems": 3}`):               `response_format|"uniqueItems" at the top`,
		schema(`{"properties": {"a": {"type": "object", "properties": {"b": {"$ref": "http://example.org/x"}}}}}`): "response_format|another document",
		schema(`{"type": "number", "minimum": 2, "maximum": 1}`):                                                   "response_format|contradict",
		`"tools": [{"type": "function", "function": {"name": ""}}]`:                                                "tools[0].function.name|",
		`"tools": [{"type": "web_search"}]`:                                                                        "tools[0].type|",
		`"tool_choice": "required"`:                                                                                "tool_choice|there are no tools",
		`"tool_choice": "sometimes"`:                                                                               "tool_choice|",
		weather + `, "tool_choice": {"type": "function", "function": {"name": "f"}}`:                               "tool_choice|",
		`"functions": [{"name": "f"}]`:                                                                             "functions|",
	} {
		a := s.call(t, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}], `+extra+`}`)
		var e struct {
			Error struct{ Param, Message string }
		}
		a.into(t, &e)
		param, says, _ := strings.Cut(want, "|")
		if a.status != http.StatusBadRequest || e.Error.Param != param || !strings.Contains(e.Error.Message, says) {
			t.Errorf("%s: %d %s", extra, a.status, a.body)
		}
	}
}

func TestToolCalls(t *testing.T) {
	t.Parallel()
	call := `<tool_call>{"name": "get_weather", "arguments": {"city": "Oslo", "days": 2}}</tool_call>`
	s := boot(t, "", scripted("Let me see. "+call+" "+call, "It rains.", call), nil)
	ask := `{"messages": [{"role": "user", "content": "Weather in Oslo?"}], ` + weather
	var out toolAnswer
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", ask+`}`).into(t, &out)
	m := out.Choices[0].Message
	if len(m.ToolCalls) != 2 || out.Choices[0].FinishReason != "tool_calls" || m.Content == nil || *m.Content != "Let me see." {
		t.Fatalf("%+v", out)
	}
	if c := m.ToolCalls[0]; c.Function.Name != "get_weather" || c.Type != "function" || c.ID == m.ToolCalls[1].ID || c.Function.Arguments != `{"city": "Oslo", "days": 2}` {
		t.Errorf("%+v", c)
	}

	// The result goes back in.
	var second toolAnswer
	calls, _ := json.Marshal(m.ToolCalls[:1])
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "Weather in Oslo?"},
		{"role": "assistant", "content": null, "tool_calls": `+strings.ToLower(string(calls))+`},
		{"role": "tool", "tool_call_id": "`+m.ToolCalls[0].ID+`", "content": "rain"}], `+weather+`}`).into(t, &second)
	if *second.Choices[0].Message.Content != "It rains." || second.Choices[0].FinishReason != "stop" {
		t.Errorf("%+v", second)
	}

	// As a stream: id, type and name once, arguments in parts.
	args, names, finish := "", 0, ""
	s.rawStream(t, ask+`, "tool_choice": "required", "stream": true}`, func(c map[string]any) {
		choice := c["choices"].([]any)[0].(map[string]any)
		if f, ok := choice["finish_reason"].(string); ok {
			finish = f
		}
		list, _ := choice["delta"].(map[string]any)["tool_calls"].([]any)
		for _, one := range list {
			d := one.(map[string]any)
			f := d["function"].(map[string]any)
			if f["name"] != nil {
				names++
				if d["id"] == nil || d["type"] != "function" || d["index"] != 0.0 {
					t.Errorf("first part %v", d)
				}
			} else if d["id"] != nil || d["type"] != nil {
				t.Errorf("later part %v", d)
			}
			args += f["arguments"].(string)
		}
	})
	if args != `{"city": "Oslo", "days": 2}` || names != 1 || finish != "tool_calls" {
		t.Errorf("arguments %q, %d names, finish %q", args, names, finish)
	}
}

// The engine hears what may be called.
func TestToolChoiceReachesTheEngine(t *testing.T) {
	t.Parallel()
	var engine *servingtest.Scripted
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		e := &servingtest.Scripted{Model: m}
		if m.Kind == serving.KindChat {
			engine = e
		}
		return e
	}, nil)
	for extra, want := range map[string]chat.ToolUse{
		``:                        {},
		`, "tool_choice": "auto"`: {},
		`, "tool_choice": "none"`: {Mode: chat.ToolsNone},
		`, "tool_choice": "required", "parallel_tool_calls": false`:                  {Mode: chat.ToolsRequired, Single: true},
		`, "tool_choice": {"type": "function", "function": {"name": "get_weather"}}`: {Mode: chat.ToolsRequired, Only: "get_weather"},
	} {
		s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}], `+weather+extra+`}`)
		asked := engine.Asked()
		got := asked[len(asked)-1].Tools
		if got.Mode != want.Mode || got.Only != want.Only || got.Single != want.Single || len(got.Tools) != 1 || got.Tools[0].Name != "get_weather" {
			t.Errorf("%s: %+v", extra, got)
		}
	}
}
