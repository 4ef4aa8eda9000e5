package llama

import (
	"errors"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama/toolcall"
)

// reader stands between the loop and the caller: it tells calls from text, and checks what was promised
// when the answer has ended by itself.
type reader struct {
	form   form
	single bool
	emit   func(serving.Piece) error
	parser *toolcall.Parser // nil when there are no tools

	text     strings.Builder
	args     []strings.Builder // of calls that are forced
	names    []string
	logprobs []chat.TokenLogprob // of text that the parser holds back
	called   bool
}

// errEnough ends an answer after the one call that it may have.
var errEnough = errors.New("the one call is complete")

func newReader(g serving.Generation, f form, calls toolcall.Format, emit func(serving.Piece) error) *reader {
	r := &reader{form: f, single: g.Tools.Single, emit: emit}
	if tools := g.Tools.Offered(); len(tools) > 0 {
		names := make([]string, 0, len(tools))
		for _, t := range tools {
			names = append(names, t.Name)
		}
		r.parser = toolcall.New(calls, names)
		if f.opened != "" || g.Tools.Forced() {
			r.parser.Begin(f.opened)
		}
	}
	return r
}

// piece takes a piece of the answer.
func (r *reader) piece(p serving.Piece) error {
	if r.parser == nil {
		if r.form.check != nil {
			r.text.WriteString(p.Text)
		}
		return r.emit(p)
	}
	r.logprobs = append(r.logprobs, p.Logprobs...)
	return r.events(r.parser.Push(p.Text))
}

func (r *reader) events(list []toolcall.Event) error {
	for _, e := range list {
		if e.Call == nil {
			r.text.WriteString(e.Text)
			logprobs := r.logprobs
			r.logprobs = nil
			if err := r.emit(serving.Piece{Text: e.Text, Logprobs: logprobs}); err != nil {
				return err
			}
			continue
		}
		r.logprobs, r.called = nil, true
		d := chat.CallDelta{Index: e.Call.Index, Name: e.Call.Name, Arguments: e.Call.Arguments}
		if d.Name != "" {
			d.ID = chat.NewID("call")
			r.names = append(r.names, d.Name)
			r.args = append(r.args, strings.Builder{})
		}
		r.args[d.Index].WriteString(d.Arguments)
		if d.Name != "" || d.Arguments != "" {
			if err := r.emit(serving.Piece{Call: &d}); err != nil {
				return err
			}
		}
		if e.Call.Done && r.single {
			return errEnough
		}
	}
	return nil
}

// finish ends the answer as the loop says.
func (r *reader) finish(out serving.Outcome, err error) (serving.Outcome, error) {
	if errors.Is(err, errEnough) {
		out.Finish, err = chat.FinishStop, nil
	}
	if err != nil {
		return out, err
	}
	if r.parser != nil {
		if err := r.events(r.parser.Flush()); err != nil && !errors.Is(err, errEnough) {
			return out, err
		}
	}
	if out.Finish != chat.FinishStop {
		return out, nil
	}
	if r.called {
		out.Finish = chat.FinishToolCalls
		for i, name := range r.names {
			if check := r.form.calls[name]; check != nil {
				if err := check.Text(r.args[i].String()); err != nil {
					return out, err
				}
			}
		}
		return out, nil
	}
	if r.form.check != nil {
		return out, r.form.check.Text(r.text.String())
	}
	return out, nil
}
