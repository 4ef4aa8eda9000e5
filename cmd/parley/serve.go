package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/telemetry"
)

func newServeCmd(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Start the server",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, warnings, err := app.LoadConfig(o.config, os.Environ())
			if err != nil {
				return err
			}
			log := telemetry.NewLogger(cfg.Log, os.Stderr)
			for _, w := range warnings {
				log.Warn("configuration", zap.String("warning", w))
			}
			a, err := app.Start(cmd.Context(), app.Options{Config: cfg, Version: buildVersion(), Log: log})
			if err != nil {
				return err
			}
			log.Info("ready", zap.String("url", a.URL()), zap.String("version", buildVersion()), zap.String("data", cfg.DataDir))
			// For the person at the terminal; the log goes to stderr.
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "\n  Parley is ready:  %s\n", a.URL())
			if a.SetupURL != "" {
				fmt.Fprintf(out, "  Make the first account (this link works once):\n  %s\n", a.SetupURL)
			}
			if problem := a.Missing(); problem != "" {
				fmt.Fprintf(out, "  %s\n", problem)
			}
			fmt.Fprintln(out)
			return a.Run(cmd.Context())
		},
	}
}
