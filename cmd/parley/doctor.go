package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/app"
)

func newDoctorCmd(o *options) *cobra.Command {
	var verify bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configuration, the data folder, the database, the engine and the models",
		Long:  "doctor looks at everything the server needs and changes nothing. It exits with 1 when something is broken.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, warnings, err := app.LoadConfig(o.config, os.Environ())
			checks := []app.Check{{Name: "configuration", Err: err, Detail: "valid"}}
			for _, w := range warnings {
				checks = append(checks, app.Check{Name: "configuration", Warning: w})
			}
			if err == nil {
				checks = append(checks, app.Diagnose(cmd.Context(), cfg, verify)...)
			}
			broken := 0
			for _, c := range checks {
				mark, text := "ok     ", c.Detail
				if c.Place != "" {
					text += " from " + c.Place
				}
				switch {
				case c.Err != nil:
					broken++
					mark, text = "BROKEN ", c.Err.Error()
				case c.Warning != "":
					mark, text = "warning", c.Warning
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-14s %s\n", mark, c.Name, text)
			}
			if broken > 0 {
				return fmt.Errorf("%d of %d checks failed", broken, len(checks))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&verify, "verify", false, "also read every model and compare its hash with the catalogue's")
	return cmd
}
