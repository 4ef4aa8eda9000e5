package eval

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// Options say how to ask.
type Options struct {
	Seed     int64
	Tokens   int // of each answer, at most
	Progress func(done, total int)
}

// Report counts how answers ended.
type Report struct {
	Schemas Tally `json:"schemas"`
	Calls   Tally `json:"calls"`
	Seconds float64
	Tokens  int
}

// Tally counts answers of one sort. Refused are those that were not begun, by why.
type Tally struct {
	Asked   int            `json:"asked"`
	Fit     int            `json:"fit"`
	Length  int            `json:"length"`
	Refused map[string]int `json:"refused,omitempty"`
	Failed  []string       `json:"failed,omitempty"`
}

// Refusals counts the refused.
func (t Tally) Refusals() int {
	n := 0
	for _, c := range t.Refused {
		n += c
	}
	return n
}

// Structured asks for every case at temperature 1, and holds the answers against their schemas. When ctx
// ends before, the report has what was asked until then.
func Structured(ctx context.Context, e serving.Engine, cases []Case, o Options) (Report, error) {
	report := Report{Schemas: Tally{Refused: map[string]int{}}, Calls: Tally{Refused: map[string]int{}}}
	began := time.Now()
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := make(chan int)
	done := 0
	for range max(1, e.Info().Slots) {
		workers.Go(func() {
			for i := range next {
				r := try(ctx, e, cases[i], o, int64(i))
				if ctx.Err() != nil {
					continue
				}
				mu.Lock()
				tally := &report.Schemas
				if cases[i].Tool != "" {
					tally = &report.Calls
				}
				tally.add(cases[i], r)
				report.Tokens += r.tokens
				done++
				if o.Progress != nil {
					o.Progress(done, len(cases))
				}
				mu.Unlock()
			}
		})
	}
	for i := range cases {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	report.Seconds = time.Since(began).Seconds()
	slices.Sort(report.Schemas.Failed)
	slices.Sort(report.Calls.Failed)
	return report, ctx.Err()
}

// result is what became of a case.
type result struct {
	refused string
	wrong   string
	length  bool
	tokens  int
}

func (t *Tally) add(c Case, r result) {
	t.Asked++
	switch {
	case r.refused != "":
		t.Refused[r.refused]++
	case r.wrong != "":
		t.Failed = append(t.Failed, c.Name+": "+r.wrong)
	case r.length:
		t.Length++
	default:
		t.Fit++
	}
}

func try(ctx context.Context, e serving.Engine, c Case, o Options, number int64) result {
	g := c.ask
	one, seed := 1.0, o.Seed+number
	g.Params = chat.Params{Temperature: &one, Seed: &seed, MaxTokens: o.Tokens}
	var text, args strings.Builder
	called := ""
	out, err := e.Generate(ctx, g, func(p serving.Piece) error {
		text.WriteString(p.Text)
		if p.Call != nil {
			called += p.Call.Name
			args.WriteString(p.Call.Arguments)
		}
		return nil
	})
	r := result{tokens: out.Usage.OutputTokens}
	if f := fault.From(err); err != nil {
		if f.Code == fault.CodeInvalid {
			r.refused = reason(f)
		} else {
			r.wrong = err.Error()
		}
		return r
	}
	answer, want := text.String(), chat.FinishStop
	if c.Tool != "" {
		answer, want = args.String(), chat.FinishToolCalls
	}
	switch {
	case out.Finish == chat.FinishLength:
		r.length = true
	case out.Finish != want:
		r.wrong = fmt.Sprintf("finish is %q", out.Finish)
	case called != c.Tool:
		r.wrong = fmt.Sprintf("calls %q", called)
	default:
		if err := valid(c.Schema, answer); err != nil {
			r.wrong = fmt.Sprintf("%s: %v", answer, err)
		}
	}
	return r
}

// reason is a refusal without what is different for each.
func reason(f *fault.Error) string {
	kind := f.Kind
	if kind == "" {
		kind = "invalid"
	}
	text := f.Message
	if before, after, ok := strings.Cut(text, " at "); ok {
		if _, why, ok := strings.Cut(after, " cannot be promised"); ok {
			text = before + why
		}
	}
	if strings.Contains(text, "is another document") {
		text = "it refers to another document"
	}
	return kind + ": " + text
}

// valid is a check of its own: nothing of the engine takes part.
func valid(schema []byte, text string) error {
	s, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const here = "https://eval.invalid/schema"
	if err := c.AddResource(here, s); err != nil {
		return err
	}
	compiled, err := c.Compile(here)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return compiled.Validate(v)
}

// Print writes the figures.
func (r Report) Print(w io.Writer) error {
	for _, part := range []struct {
		name string
		t    Tally
	}{{"schemas", r.Schemas}, {"forced calls", r.Calls}} {
		t := part.t
		if _, err := fmt.Fprintf(w, "%-13s %4d asked, %4d parse and fit, %3d ended by length, %3d refused, %3d failed\n",
			part.name, t.Asked, t.Fit, t.Length, t.Refusals(), len(t.Failed)); err != nil {
			return err
		}
		var why []string
		for reason, n := range t.Refused {
			why = append(why, fmt.Sprintf("%5d refused: %s", n, reason))
		}
		slices.Sort(why)
		slices.Reverse(why)
		for _, line := range append(why, t.Failed...) {
			if _, err := fmt.Fprintln(w, "  "+line); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d tokens in %.0f s\n", r.Tokens, r.Seconds)
	return err
}
