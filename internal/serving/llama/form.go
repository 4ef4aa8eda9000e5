package llama

import (
	"errors"
	"fmt"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/grammar"
	"github.com/parley-chat/parley/internal/serving/llama/toolcall"
)

// form is what holds an answer: a grammar, what the prompt says of the answer already, and checks of what
// came out.
type form struct {
	gbnf   string // "" for an answer without bounds
	opened string // the beginning of a call that is forced
	check  *grammar.Check
	calls  map[string]*grammar.Check // of calls that are forced, by tool
}

// mostCalls bounds the calls of one answer that is forced to call.
const mostCalls = 8

// formOf makes the form that a request asks for. Calls are written as f says.
func formOf(g serving.Generation, f toolcall.Format) (form, error) {
	if g.Format == nil && !g.Tools.Forced() {
		return form{}, nil
	}
	if g.Continue {
		return form{}, fault.Invalid("an answer that is JSON or a call cannot be continued: ask again").At("messages")
	}
	if len(g.Params.Stop) > 0 {
		return form{}, fault.Invalid("stop would cut the JSON that response_format or tool_choice asks for: leave one of them out").At("stop")
	}
	var out form
	var err error
	rules := grammar.New()
	var root grammar.Rule
	switch {
	case g.Tools.Forced():
		if root, err = out.force(rules, g.Tools, f); err != nil {
			return form{}, err
		}
	default:
		if root, out.check, err = rules.Schema(g.Format.Schema); err != nil {
			return form{}, at(err, "response_format")
		}
		if len(g.Tools.Offered()) > 0 {
			call, err := out.choice(rules, g.Tools, f)
			if err != nil {
				return form{}, err
			}
			root = rules.Choice(grammar.Row{root}, grammar.Row{f.Opening(), call})
		}
	}
	if out.gbnf, err = rules.Write(root); err != nil {
		return form{}, at(err, "response_format")
	}
	return out, nil
}

// force makes the rule of an answer that must call. The prompt opens the call, so that the model sees that
// it is in one.
func (o *form) force(rules *grammar.Grammar, use chat.ToolUse, f toolcall.Format) (grammar.Rule, error) {
	o.opened = f.Opening()
	return o.choice(rules, use, f)
}

// choice makes the rule of one or several calls, from after the opening to the end.
func (o *form) choice(rules *grammar.Grammar, use chat.ToolUse, f toolcall.Format) (grammar.Rule, error) {
	o.calls = map[string]*grammar.Check{}
	var rows []grammar.Row
	for i, tool := range use.Tools {
		if use.Only != "" && tool.Name != use.Only {
			continue
		}
		args, check, err := rules.Object(argumentSchema(tool))
		if err != nil {
			return grammar.Rule{}, at(err, fmt.Sprintf("tools[%d].function.parameters", i))
		}
		if !rules.Possible(args) {
			return grammar.Rule{}, fault.Invalid("no arguments fit the parameters of tool %q", tool.Name).
				At(fmt.Sprintf("tools[%d].function.parameters", i)).OfKind("schema_unsatisfiable")
		}
		o.calls[tool.Name] = check
		before, after := f.Around(tool.Name)
		rows = append(rows, grammar.Row{before, args, after})
	}
	if len(rows) == 0 {
		return grammar.Rule{}, fault.Invalid("tool_choice names %q, which is not among the tools", use.Only).At("tool_choice")
	}
	call := rules.Choice(rows...)
	between := f.Between
	if !f.List {
		between = f.Closing() + f.Between + f.Opening()
	}
	if !use.Single && use.Only == "" {
		call = rules.Repeat(call, between, mostCalls)
	}
	return rules.Choice(grammar.Row{call, f.Closing()}), nil
}

// argumentSchema is the schema of a tool's arguments.
func argumentSchema(tool chat.Function) []byte {
	if len(tool.Parameters) == 0 {
		return []byte("{}")
	}
	return tool.Parameters
}

// at names the field of the request that a fault is about.
func at(err error, param string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.At(param)
	}
	return err
}
