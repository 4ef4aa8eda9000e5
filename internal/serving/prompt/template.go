package prompt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ardanlabs/jinja"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving/llama/toolcall"
)

// ChatML is the template of models that have none.
const ChatML = `{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}`

// Vocabulary is what a template needs to know of the model's tokens.
type Vocabulary struct {
	BOS, EOS string
	// Specials are the spellings of the control tokens. Text of messages never becomes one of them.
	Specials []string
}

// Segment is a part of a prompt. A Special is one control token, to be looked up by its spelling; an Image is a
// picture, and has no text; the others are plain text in which nothing may be read as a control token.
type Segment struct {
	Text    string
	Special bool
	Image   *chat.Image
}

// Template is a compiled chat template. It is safe for many goroutines.
type Template struct {
	compiled *jinja.Template
	vocab    Vocabulary
	specials finder
	calls    toolcall.Format
	parts    bool // the content of a message must be a list of parts, since the template does not write a plain text
	now      func() time.Time
}

// New compiles the template of a model; an empty source means ChatML. A source that does not compile is
// fault.Unavailable: the model cannot chat until it has another one.
func New(source string, vocab Vocabulary) (*Template, error) {
	if strings.TrimSpace(source) == "" {
		source = ChatML
	}
	compiled, err := compile(source)
	if err != nil {
		return nil, fault.Unavailable("the model's chat template cannot be used: choose another model file").Because(err)
	}
	t := &Template{
		compiled: compiled, vocab: vocab, specials: newFinder(vocab.Specials), calls: toolcall.Detect(source), now: time.Now,
	}
	if !t.writes(probe) {
		t.parts = true
		t.parts = t.writes(probe)
	}
	return t, nil
}

const probe = "parley"

// writes tells whether a question's text comes out of the template.
func (t *Template) writes(text string) bool {
	segments, err := t.render([]chat.Message{{Role: chat.User, Text: text}}, nil, newCover(t.specials, false))
	return err == nil && slices.ContainsFunc(segments, func(s Segment) bool { return strings.Contains(s.Text, text) })
}

// compile guards against a panic of the parser: the source comes from a file that we did not write.
func compile(source string) (t *jinja.Template, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("template parser: %v", p)
		}
	}()
	return jinja.Compile(source)
}

// Render writes the prompt that asks for the next answer, and tells of tools if there are any. Messages that the template refuses, such as
// two questions in a row, are fault.Invalid with the template's own words.
func (t *Template) Render(messages []chat.Message, tools []chat.Function) ([]Segment, error) {
	if len(messages) == 0 {
		return nil, fault.Invalid("there must be at least one message").At("messages")
	}
	messages = t.adapted(messages, tools)
	open, err := t.render(messages, tools, newCover(t.specials, false))
	if err != nil {
		return nil, err
	}
	covered, err := t.render(messages, tools, newCover(t.specials, true))
	if err != nil {
		return nil, err
	}
	if slices.Equal(controls(open), controls(covered)) {
		return open, nil
	}
	return covered, nil
}

// Continue writes the prompt that goes on with the last message, an answer that is not finished: the prompt
// that asked for it, and then its text. No control token closes that text, and nothing in it is read as one.
// It is fault.Invalid when the last message is no answer.
func (t *Template) Continue(messages []chat.Message) ([]Segment, error) {
	last := len(messages) - 1
	if last < 0 || messages[last].Role != chat.Assistant {
		return nil, fault.Invalid("the last message must be an answer to go on with").At("messages")
	}
	segments, err := t.Render(messages[:last], nil)
	if err != nil {
		return nil, err
	}
	text := messages[last].Text
	if Thinks(segments) { // then the mark stands there already
		text = strings.TrimPrefix(strings.TrimPrefix(text, ThinkingBegin), "\n")
	}
	if n := len(segments); n > 0 && !segments[n-1].Special {
		// As one text with what the template wrote before it, as it stands in the prompts of later turns.
		text = segments[n-1].Text + text
		segments = segments[:n-1]
	}
	return append(segments, Segment{Text: text}), nil
}

// controls is the row of control tokens of a prompt.
func controls(segments []Segment) []string {
	var row []string
	for _, s := range segments {
		if s.Special {
			row = append(row, s.Text)
		}
	}
	return row
}

func (t *Template) render(messages []chat.Message, tools []chat.Function, c *cover) ([]Segment, error) {
	list := make([]any, len(messages))
	for i, m := range messages {
		one, err := variables(m, c)
		if err != nil {
			return nil, fault.From(err).At(fmt.Sprintf("messages[%d]", i))
		}
		if t.parts {
			one["content"] = []any{map[string]any{"type": "text", "text": one["content"]}}
		}
		list[i] = one
	}
	known := jinja.None()
	if len(tools) > 0 && t.calls.Told {
		var err error
		if known, err = described(tools, c); err != nil {
			return nil, err
		}
	}
	text, err := t.execute(list, known)
	if err != nil {
		return nil, err
	}
	return c.split(text), nil
}

func (t *Template) execute(messages []any, tools jinja.Value) (text string, err error) {
	raised := ""
	data := map[string]jinja.Value{
		"messages":              jinja.FromGoValue(messages),
		"tools":                 tools,
		"add_generation_prompt": jinja.NewBool(true),
		"bos_token":             jinja.NewString(t.vocab.BOS),
		"eos_token":             jinja.NewString(t.vocab.EOS),
		// The template's own complaint is told apart from a failure of the template.
		"raise_exception": jinja.NewCallable("raise_exception", func(args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
			raised = "not accepted"
			if len(args) > 0 && args[0].IsString() {
				raised = args[0].AsString()
			}
			return jinja.Undefined(), fmt.Errorf("raised: %s", raised)
		}),
		"strftime_now": jinja.NewCallable("strftime_now", func(args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
			format := "%Y-%m-%d"
			if len(args) > 0 && args[0].IsString() {
				format = args[0].AsString()
			}
			return jinja.NewString(t.now().Format(goLayout(format))), nil
		}),
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("template evaluator: %v", p)
		}
		switch {
		case err == nil:
		case raised != "":
			err = fault.Invalid("the model's chat template refuses these messages: %s", raised).At("messages").Because(err)
		default:
			err = fault.Unavailable("the model's chat template failed: choose another model file").Because(err)
		}
	}()
	return t.compiled.RenderValues(data)
}

// goLayout translates the strftime verbs that chat templates use.
func goLayout(format string) string {
	return strings.NewReplacer("%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05",
		"%B", "January", "%b", "Jan", "%A", "Monday", "%a", "Mon", "%p", "PM", "%I", "03", "%Z", "MST",
		"%%", "%").Replace(format)
}
