package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/eval"
	"github.com/parley-chat/parley/internal/serving/llama"
)

func newEvalCmd(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "eval", Short: "Hold what Parley promises against public test data"}
	cmd.AddCommand(newEvalStructuredCmd(o), newEvalGroundingCmd(o), newEvalCitationsCmd(o), newEvalRetrievalCmd(o))
	return cmd
}

func newEvalStructuredCmd(o *options) *cobra.Command {
	var dir, model string
	var schemas, calls int
	var asJSON bool
	e := eval.Options{}
	cmd := &cobra.Command{
		Use:   "structured --data DIR",
		Short: "Ask for JSON by random schemas and for calls of functions, and count what fits",
		Long: `structured draws JSON Schemas from DIR/json-schema-test-suite and DIR/bfcl, asks the model for an answer
by each, and for a call of each of the simple functions in DIR/bfcl, all at temperature 1. Every answer must
parse and fit its schema, or end with "length"; the command fails when one does neither.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cases, err := eval.Cases(dir, schemas, calls, uint64(e.Seed))
			if err != nil {
				return err
			}
			engine, err := o.engine(cmd, serving.KindChat, model)
			if err != nil {
				return err
			}
			defer func() { _ = engine.Close() }()
			e.Progress = func(done, total int) {
				if done%25 == 0 || done == total {
					_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d\n", done, total)
				}
			}
			report, err := eval.Structured(cmd.Context(), engine, cases, e)
			err = errors.Join(err, show(cmd, report, asJSON))
			if len(report.Schemas.Failed)+len(report.Calls.Failed) > 0 {
				return errors.Join(err, errors.New("some answers do not fit their schemas"))
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "data", "", "the folder with the test data")
	f.StringVar(&model, "model", "", "the model to ask (default: the default chat model)")
	f.IntVar(&schemas, "schemas", 500, "how many schemas to draw")
	f.IntVar(&calls, "calls", 400, "how many of the simple functions to call")
	f.IntVar(&e.Tokens, "tokens", 256, "most tokens of an answer")
	f.Int64Var(&e.Seed, "seed", 1, "which schemas are drawn, and how the model draws its tokens")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("data") // fails for a flag that does not exist
	return cmd
}

// engine loads an installed model; "" is the default one of its kind.
func (o *options) engine(cmd *cobra.Command, kind serving.Kind, id string) (serving.Engine, error) {
	cfg, log, err := o.load()
	if err != nil {
		return nil, err
	}
	models, err := o.catalogue(cmd)
	if err != nil {
		return nil, err
	}
	m, found, err := models.Default(kind)
	if err != nil {
		return nil, err
	}
	if id != "" {
		installed, err := models.Installed()
		if err != nil {
			return nil, err
		}
		found = false
		for _, one := range installed {
			if one.ID == id && one.Kind == kind {
				m, found = one, true
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("there is no %s model %q: run `parley model list`", kind, id)
	}
	engine := cfg.Engine.Run
	if engine.Dir, err = models.EngineLibraries(); err != nil {
		return nil, err
	}
	runtime, err := llama.Open(engine, nil, log)
	if err != nil {
		return nil, err
	}
	return runtime.Load(cmd.Context(), m)
}
