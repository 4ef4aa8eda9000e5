package main

import (
	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/app"
)

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
