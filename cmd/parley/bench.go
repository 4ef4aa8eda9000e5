package main

import (
	"encoding/json"
	"os"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/bench"
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
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(report)
			}
			return report.Print(cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.Model, "model", "", "the model to ask (default: the default chat model)")
	f.IntVar(&b.Streams, "streams", 8, "streams at once")
	f.IntVar(&b.Tokens, "tokens", 128, "tokens of each answer")
	f.IntVar(&b.Rounds, "rounds", 5, "rounds; each measures one stream and many")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
