package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/serving/catalogue"
)

// newModelCmd makes `parley model`.
func newModelCmd(tools modelTools) *cobra.Command {
	open := tools.open
	cmd := &cobra.Command{
		Use:   "model",
		Short: "List, install and remove models and the engine libraries",
	}
	cmd.AddCommand(newModelPullCmd(tools), newModelListCmd(open), newModelAddCmd(tools), newModelTuneCmd(tools), newModelRmCmd(open), newModelVerifyCmd(open))
	return cmd
}

func newModelPullCmd(tools modelTools) *cobra.Command {
	var defaults, engine, quiet, noTune bool
	cmd := &cobra.Command{
		Use:   "pull [NAME...]",
		Short: "Install models, or without a name the engine libraries and the default models",
		Long: `Install models of the catalogue. Without a name it installs what a first start needs: the engine
libraries, and the default chat and embedding models where none of the kind can be used yet. What is
installed already is left as it is, so that running it again costs nothing. An interrupted pull goes on or begins anew.
For a model of up to 1 GiB that is new it finds out whether it runs faster here as another type that loses nothing.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := tools.open(cmd)
			if err != nil {
				return err
			}
			if defaults || len(names) == 0 && !engine {
				wanted, err := c.Defaults()
				if err != nil {
					return err
				}
				engine, names = true, append(wanted, names...)
			}
			before, err := usable(c)
			if err != nil {
				return err
			}
			if err := pull(cmd, c, engine, names, quiet); err != nil || noTune {
				return err
			}
			return tuneNew(cmd, tools, c, names, before)
		},
	}
	cmd.Flags().BoolVar(&defaults, "defaults", false, "the engine libraries and the default models, besides any names")
	cmd.Flags().BoolVar(&engine, "engine", false, "the engine libraries")
	cmd.Flags().BoolVar(&noTune, "no-tune", false, "use every model as it is installed, without finding out which type is fastest")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "say nothing when there is nothing to do")
	return cmd
}

func pull(cmd *cobra.Command, c *catalogue.Catalogue, engine bool, names []string, quiet bool) error {
	p := newPullProgress(cmd.ErrOrStderr())
	defer p.finish()
	if engine {
		if err := c.PullEngine(cmd.Context(), p); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := c.Pull(cmd.Context(), name, p); err != nil {
			return err
		}
	}
	worked := p.finish()
	out := cmd.OutOrStdout()
	if !worked && quiet {
		return nil
	}
	what := strings.Join(names, ", ")
	if engine {
		what = strings.TrimSuffix("the engine, "+what, ", ")
	}
	if !worked {
		_, err := fmt.Fprintf(out, "Already installed: %s.\n", what)
		return err
	}
	_, err := fmt.Fprintf(out, "Installed: %s.\n", what)
	if _, missing := c.EngineLibraries(); missing != nil {
		_, err = fmt.Fprintln(out, "The engine libraries are still missing; add them with: parley model pull --engine")
	}
	return err
}

func newModelListCmd(open func(*cobra.Command) (*catalogue.Catalogue, error)) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the models that are installed and those that can be",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := open(cmd)
			if err != nil {
				return err
			}
			items, err := c.List()
			if err != nil {
				return err
			}
			if asJSON {
				return printModelsJSON(cmd.OutOrStdout(), items)
			}
			return printModels(cmd.OutOrStdout(), c.ModelsDir(), items)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// modelJSON is one line of `parley model list --json`. Scripts read it: fields are only ever added.
type modelJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	State       string `json:"state"`
	Default     bool   `json:"default"`
	Bytes       int64  `json:"bytes"` // of the file that serves
	Exact       bool   `json:"bytes_exact"`
	Type        string `json:"type,omitempty"` // of most weights
	MemoryMB    int    `json:"memory_mb,omitempty"`
	Context     int    `json:"context"`
	License     string `json:"license"`
	LicenseURL  string `json:"license_url,omitempty"`
	Description string `json:"description,omitempty"`
	Path        string `json:"path,omitempty"`
	Problem     string `json:"problem,omitempty"`

	Tuned   *catalogue.Tuned   `json:"tuned,omitempty"`
	Adapter *catalogue.Adapter `json:"adapter,omitempty"`
}

func printModelsJSON(w io.Writer, items []catalogue.Item) error {
	out := make([]modelJSON, 0, len(items))
	for _, i := range items {
		out = append(out, modelJSON{
			ID: i.ID, Name: i.Name, Kind: string(i.Kind), State: string(i.State), Default: i.Default,
			Bytes: max(i.Size, i.SizeApprox), Exact: i.Size > 0, Type: i.Quantization, MemoryMB: int(i.Memory() / 1e6), Context: i.Context,
			License: i.License, LicenseURL: i.LicenseURL, Description: i.Description, Path: i.Path, Problem: i.Problem,
			Tuned: i.Tuned, Adapter: i.Adapter,
		})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func printModels(w io.Writer, dir string, items []catalogue.Item) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tKIND\tSTATE\tTYPE\tSIZE\tMEMORY\tCONTEXT\tLICENCE")
	for _, i := range items {
		state := string(i.State)
		if i.Adapter != nil {
			state += ", adapter of " + i.Adapter.Base
		}
		if i.Default {
			state += ", default"
		}
		memory := "?"
		if i.Memory() > 0 {
			memory = fmt.Sprintf("%.1f GB", float64(i.Memory())/1e9)
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", i.ID, i.Kind, state, i.Quantization, size(i), memory, i.Context, i.License)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, i := range items {
		if i.Problem != "" {
			_, _ = fmt.Fprintf(w, "\n%s cannot be used: %s\n", i.ID, i.Problem)
		}
		if i.Tuned != nil {
			_, _ = fmt.Fprintf(w, "\n%s\nMeasured %s on %s with %s.\n", tuned(i.ID, *i.Tuned), i.Tuned.At.Format(time.DateOnly), i.Tuned.Machine, i.Tuned.Engine)
		}
	}
	_, err := fmt.Fprintf(w, "\nInstall one with: parley model pull ID. Any other GGUF file can be copied into %s.\n", dir)
	return err
}

// size is the size of a model as text, "~" before one that is not exact.
func size(i catalogue.Item) string {
	if i.Size == 0 {
		return "~" + bytesText(i.SizeApprox)
	}
	return bytesText(i.Size)
}

func bytesText(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%d MB", (n+5e5)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

func newModelRmCmd(open func(*cobra.Command) (*catalogue.Catalogue, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "rm NAME...",
		Short: "Remove installed models",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := open(cmd)
			if err != nil {
				return err
			}
			p := newPullProgress(cmd.ErrOrStderr())
			defer p.finish()
			for _, name := range names {
				if err := c.Remove(cmd.Context(), name, p); err != nil {
					return err
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "Removed: %s.\n", name); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func newModelVerifyCmd(open func(*cobra.Command) (*catalogue.Catalogue, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Read everything that is installed again and compare it with its recorded hash",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := open(cmd)
			if err != nil {
				return err
			}
			p := newPullProgress(cmd.ErrOrStderr())
			findings, err := c.Verify(cmd.Context(), p)
			p.finish()
			if err != nil {
				return err
			}
			var bad error
			for _, f := range findings {
				mark := "ok "
				if !f.OK {
					mark, bad = "BAD", errors.New("something that is installed is missing or damaged")
				}
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%s  %s: %s\n", mark, f.What, f.Note)
			}
			return bad
		},
	}
}
