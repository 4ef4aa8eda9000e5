package toolcall_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/serving/llama/toolcall"
)

var tools = []string{"weather", "add"}

// read pushes an answer in pieces of n bytes and shows what came out: text, and calls in brackets.
func read(f toolcall.Format, text string, n int, begin bool) string {
	p := toolcall.New(f, tools)
	if begin {
		p.Begin(f.Opening())
	}
	var events []toolcall.Event
	for len(text) > 0 {
		size := min(n, len(text))
		events = append(events, p.Push(text[:size])...)
		text = text[size:]
	}
	events = append(events, p.Flush()...)
	var shown strings.Builder
	index := -1
	for _, e := range events {
		if e.Call == nil {
			shown.WriteString(e.Text)
			continue
		}
		if e.Call.Index != index {
			index = e.Call.Index
			fmt.Fprintf(&shown, "[%d %s ", index, e.Call.Name)
		} else if e.Call.Name != "" {
			shown.WriteString("NAME AGAIN")
		}
		shown.WriteString(e.Call.Arguments)
		if e.Call.Done {
			shown.WriteString("]")
		}
	}
	return shown.String()
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format toolcall.Format
		text   string
		want   string
	}{
		"text alone":                 {toolcall.Hermes, "Hello <tool> you < 3", "Hello <tool> you < 3"},
		"hermes":                     {toolcall.Hermes, "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>", `[0 weather {"city": "Oslo"}]`},
		"text before":                {toolcall.Hermes, "I look.\n<tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_call>", `I look.[0 add {}]`},
		"text after":                 {toolcall.Hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_call>\nDone.", `[0 add {}]Done.`},
		"two":                        {toolcall.Hermes, "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1}}</tool_call>\n<tool_call>\n{\"name\":\"weather\",\"arguments\":{}}\n</tool_call>", `[0 add {"a":1}][1 weather {}]`},
		"braces and quotes in texts": {toolcall.Hermes, `<tool_call>{"name":"add","arguments":{"a":"}\"]</tool_call>{"}}</tool_call>`, `[0 add {"a":"}\"]</tool_call>{"}]`},
		"arguments before the name":  {toolcall.Hermes, `<tool_call>{"arguments":{"a":1},"name":"add"}</tool_call>`, `[0 add {"a":1}]`},
		"arguments as text":          {toolcall.Hermes, `<tool_call>{"name":"add","arguments":"{\"a\": 1}"}</tool_call>`, `[0 add {"a": 1}]`},
		"no arguments":               {toolcall.Hermes, `<tool_call>{"name":"add"}</tool_call>`, `[0 add {}]`},
		"a list":                     {toolcall.SmolLM, `<tool_call>[{"name":"add","arguments":{}}, {"name": "weather", "arguments": {"x": [1, {}]} }]</tool_call>`, `[0 add {}][1 weather {"x": [1, {}]}]`},
		"an empty list":              {toolcall.SmolLM, `<tool_call>[]</tool_call>`, ``},
		"unknown tool":               {toolcall.Hermes, `<tool_call>{"name":"rm","arguments":{}}</tool_call>`, `<tool_call>{"name":"rm","arguments":{}}</tool_call>`},
		"not JSON":                   {toolcall.Hermes, `<tool_call>weather(Oslo)</tool_call>`, `<tool_call>weather(Oslo)</tool_call>`},
		"cut off before the name":    {toolcall.Hermes, `<tool_call>{"na`, `<tool_call>{"na`},
		"cut off after it":           {toolcall.Hermes, `<tool_call>{"name":"add","arguments":{"a":`, `[0 add {"a":`},
		"llama":                      {toolcall.Llama, `{"name": "add", "parameters": {"a": 1}}`, `[0 add {"a": 1}]`},
		"llama, two":                 {toolcall.Llama, `{"name": "add", "parameters": {}}; {"name": "weather", "parameters": {}}`, `[0 add {}][1 weather {}]`},
		"llama, tag":                 {toolcall.Llama, `<|python_tag|>{"name": "add", "parameters": {}}`, `[0 add {}]`},
		"llama, other JSON":          {toolcall.Llama, `{"answer": 42}`, `{"answer": 42}`},
		"llama, JSON later":          {toolcall.Llama, `It is {"name": "add", "parameters": {}}`, `It is {"name": "add", "parameters": {}}`},
		"mistral":                    {toolcall.Mistral, `[TOOL_CALLS] [{"name": "add", "arguments": {"a": 1}}, {"name": "weather", "arguments": {}}]`, `[0 add {"a": 1}][1 weather {}]`},
		"mistral, named":             {toolcall.MistralNamed, `[TOOL_CALLS]add[ARGS]{"a": {"b": "}"}}[TOOL_CALLS]weather[ARGS]{}`, `[0 add {"a": {"b": "}"}}][1 weather {}]`},
		"mistral, text":              {toolcall.MistralNamed, `[TOOL] no`, `[TOOL] no`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{1, 2, 3, 7, 1000} {
				if got := read(c.format, c.text, n, false); got != c.want {
					t.Errorf("in pieces of %d: %q, want %q", n, got, c.want)
				}
			}
		})
	}
}

// A call that the prompt has opened goes on in the answer.
func TestBegin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format toolcall.Format
		text   string
	}{
		{toolcall.Hermes, "{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>"},
		{toolcall.SmolLM, `{"name": "add", "arguments": {"a": 1}}]</tool_call>`},
		{toolcall.Llama, `{"name": "add", "parameters": {"a": 1}}`},
		{toolcall.Mistral, `{"name": "add", "arguments": {"a": 1}}]`},
		{toolcall.MistralNamed, `add[ARGS]{"a": 1}`},
	} {
		for _, n := range []int{1, 5, 1000} {
			if got := read(c.format, c.text, n, true); got != `[0 add {"a": 1}]` {
				t.Errorf("%q in pieces of %d: %q", c.text, n, got)
			}
		}
	}
}

// Arguments are told as they come.
func TestStreams(t *testing.T) {
	t.Parallel()
	p := toolcall.New(toolcall.Hermes, tools)
	var parts []string
	for _, piece := range []string{"<tool_call>", `{"name": "weather", `, `"arguments": {"city": "`, "Os", "lo", `"}`, "}\n", "</tool_call>"} {
		for _, e := range p.Push(piece) {
			if e.Call == nil {
				t.Errorf("text %q", e.Text)
				continue
			}
			parts = append(parts, e.Call.Name+":"+e.Call.Arguments)
		}
	}
	want := []string{"weather:", `:{"city": "`, ":Os", ":lo", `:"}`, ":"}
	if fmt.Sprint(parts) != fmt.Sprint(want) || p.Calls() != 1 {
		t.Errorf("%q, want %q; %d calls", parts, want, p.Calls())
	}
}

func FuzzParser(f *testing.F) {
	f.Add("<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call> and", byte(0), byte(3))
	f.Add(`[TOOL_CALLS]add[ARGS]{"a": {"b": "}"}}[TOOL_CALLS]weather[ARGS]{}`, byte(4), byte(1))
	f.Add(`{"name": "add", "parameters": {}}; {"name": "weather", "parameters": {}}`, byte(2), byte(2))
	formats := []toolcall.Format{toolcall.Hermes, toolcall.SmolLM, toolcall.Llama, toolcall.Mistral, toolcall.MistralNamed}
	f.Fuzz(func(t *testing.T, text string, format, size byte) {
		if !utf8.ValidString(text) {
			return
		}
		f := formats[int(format)%len(formats)]
		for _, begin := range []bool{false, true} {
			whole, chopped := read(f, text, len(text)+1, begin), read(f, text, int(size)%9+1, begin)
			if whole != chopped && !strings.Contains(text, "[") && !strings.Contains(text, "{") {
				t.Fatalf("at once %q, in pieces %q", whole, chopped)
			}
			if strings.Contains(whole+chopped, "NAME AGAIN") {
				t.Fatalf("a name came twice: %q", whole+chopped)
			}
		}
	})
}
