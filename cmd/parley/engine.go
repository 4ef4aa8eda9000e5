package main

import (
	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/app"
)

// newExtractCmd is for the server alone, which starts it for each file that it reads.
func newExtractCmd() *cobra.Command {
	return &cobra.Command{
		Use:    app.ExtractCommand + " TASK",
		Short:  "Read the file at the standard input for the server that starts this",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(_ *cobra.Command, args []string) error { return app.ServeExtract(args[0]) },
	}
}

// newEngineCmd is for the server alone, which starts it where engine.isolation says so.
func newEngineCmd() *cobra.Command {
	return &cobra.Command{
		Use:    app.EngineCommand + " TASK",
		Short:  "Run models for the server that starts this",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(_ *cobra.Command, args []string) error { return app.ServeEngine(args[0]) },
	}
}
