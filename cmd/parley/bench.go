package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/bench"
	"github.com/parley-chat/parley/internal/serving"
)

func newBenchCmd(o *options) *cobra.Command {
	b := bench.Options{Log: os.Stderr}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure start-up, memory and streams at once, with the installed model",
		Long: `bench starts this binary once more, with an empty data folder and the installed engine and models,
and measures it from outside. It sends its load to this machine only.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			models, err := o.catalogue(cmd)
			if err != nil {
				return err
			}
			engine, err := models.EngineLibraries()
			if err != nil {
				return err
			}
			if b.Binary, err = os.Executable(); err != nil {
				return err
			}
			b.Env = []string{"PARLEY_ENGINE_DIR=" + engine, "PARLEY_MODELS_DIR=" + models.ModelsDir()}
			report, err := bench.Run(cmd.Context(), b)
			if err != nil {
				return err
			}
			return show(cmd, report, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.Model, "model", "", "the model to ask (default: the default chat model)")
	f.IntVar(&b.Streams, "streams", 8, "streams at once")
	f.IntVar(&b.Tokens, "tokens", 128, "tokens of each answer")
	f.IntVar(&b.Rounds, "rounds", 5, "rounds; each measures one stream and many")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	cmd.AddCommand(newBenchEngineCmd(o), newBenchTraceCmd(o), newBenchIndexCmd())
	return cmd
}

func newBenchEngineCmd(o *options) *cobra.Command {
	b := bench.EngineOptions{Log: os.Stderr}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "engine FOLDER",
		Short: "Compare the engine with llama.cpp's own server, which lies in FOLDER",
		Long: `engine runs this binary and the llama-server in FOLDER with the same installed models, the libraries in
FOLDER and the same number of threads, asks both the same in turns, and prints the ratios.
In a checkout, "make bench-engine" builds FOLDER first.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := beside(cmd, o, &b, args[0]); err != nil {
				return err
			}
			report, err := bench.RunEngine(cmd.Context(), b)
			if err != nil {
				return err
			}
			return show(cmd, report, asJSON)
		},
	}
	f := cmd.Flags()
	f.IntVar(&b.Threads, "threads", runtime.NumCPU(), "threads of both")
	f.IntVar(&b.Rounds, "rounds", 5, "rounds; each measures both")
	f.StringVar(&b.Only, "only", "", "run only the cases whose name holds this")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newBenchTraceCmd(o *options) *cobra.Command {
	b := bench.TraceOptions{EngineOptions: bench.EngineOptions{Log: os.Stderr}}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "trace FOLDER FILE",
		Short: "Replay a trace of requests on this binary and on the llama-server in FOLDER",
		Long: `trace sends requests at the times and of the lengths in FILE, a table of the columns TIMESTAMP,
ContextTokens and GeneratedTokens, first to this binary and then to llama-server.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := beside(cmd, o, &b.EngineOptions, args[0]); err != nil {
				return err
			}
			b.Trace = args[1]
			report, err := bench.RunTrace(cmd.Context(), b)
			if err != nil {
				return err
			}
			return show(cmd, report, asJSON)
		},
	}
	f := cmd.Flags()
	f.IntVar(&b.Threads, "threads", runtime.NumCPU(), "threads of both")
	f.DurationVar(&b.Lasting, "for", 15*time.Minute, "how long, on each server")
	f.Float64Var(&b.Lengths, "lengths", 0.25, "multiplies the numbers of tokens")
	f.Float64Var(&b.Rate, "rate", 0.25, "divides the times between requests")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// beside fills in what both servers run with.
func beside(cmd *cobra.Command, o *options, b *bench.EngineOptions, folder string) error {
	models, err := o.catalogue(cmd)
	if err != nil {
		return err
	}
	if b.Rival, err = filepath.Abs(folder); err != nil {
		return err
	}
	for kind, into := range map[serving.Kind]*string{serving.KindChat: &b.Chat, serving.KindEmbed: &b.Embed} {
		m, ok, err := models.Default(kind)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("no %s model is installed: run `parley model pull`", kind)
		}
		if *into, err = filepath.Abs(m.Path); err != nil {
			return err
		}
	}
	b.Binary, err = os.Executable()
	return err
}

// show prints a report as a table or as JSON.
func show(cmd *cobra.Command, report interface{ Print(io.Writer) error }, asJSON bool) error {
	if !asJSON {
		return report.Print(cmd.OutOrStdout())
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}
