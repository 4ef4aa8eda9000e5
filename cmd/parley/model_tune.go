package main

import (
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/serving/catalogue"
)

// modelTools is what `parley model` needs besides its arguments.
type modelTools struct {
	// open reads the configuration when a command runs.
	open func(*cobra.Command) (*catalogue.Catalogue, error)
	// workshop opens the engine.
	workshop func(c *catalogue.Catalogue, within time.Duration) (catalogue.Workshop, error)
	accounts openAccounts
	// tuneApart tunes a model in a process of its own, so that an engine that dies takes nothing with it.
	tuneApart func(cmd *cobra.Command, id string, within time.Duration) error
}

func (o *options) modelTools() modelTools {
	return modelTools{open: o.catalogue, workshop: o.workshop, accounts: o.accounts, tuneApart: o.tuneApart}
}

func (o *options) workshop(c *catalogue.Catalogue, within time.Duration) (catalogue.Workshop, error) {
	cfg, log, err := o.load()
	if err != nil {
		return nil, err
	}
	return app.NewWorkshop(cfg, c, within, log)
}

func (o *options) tuneApart(cmd *cobra.Command, id string, within time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"model", "tune", "--within", within.String(), id}
	if o.config != "" {
		args = append(args, "--config", o.config)
	}
	child := exec.CommandContext(cmd.Context(), self, args...) //nolint:gosec // this very program
	child.Stdout, child.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.WaitDelay = 5 * time.Second
	return child.Run()
}

func newModelTuneCmd(tools modelTools) *cobra.Command {
	var kind string
	var undo bool
	var within time.Duration
	cmd := &cobra.Command{
		Use:   "tune NAME",
		Short: "Find out whether a model runs faster here as another type, and use it so",
		Long: `Make a model of another type of an installed one with the engine's own quantiser, compare how fast both read
prompts and write answers on this machine and what they say, and use the faster one from now on. Without --type that
is a type that loses nothing. The installed file stays; --undo uses it again and deletes the other.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := tools.open(cmd)
			if err != nil {
				return err
			}
			p := newPullProgress(cmd.ErrOrStderr())
			defer p.finish()
			if undo {
				if err := c.Untune(cmd.Context(), args[0], p); err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is used again as it was installed.\n", args[0])
				return err
			}
			w, err := tools.workshop(c, within)
			if err != nil {
				return err
			}
			t, err := c.Tune(cmd.Context(), args[0], kind, w, p)
			if err != nil {
				return err
			}
			p.finish()
			_, err = fmt.Fprintln(cmd.OutOrStdout(), tuned(args[0], t))
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&kind, "type", "", "the type to try, such as Q4_0; it may lose precision, and is used only where the answers stay the same")
	f.BoolVar(&undo, "undo", false, "use the installed file again")
	f.DurationVar(&within, "within", 0, "measure no longer than this (default: as long as three rounds take)")
	cmd.MarkFlagsMutuallyExclusive("undo", "type")
	return cmd
}

// tuned tells in a line what was chosen and why.
func tuned(id string, t catalogue.Tuned) string {
	if !t.Used() {
		return fmt.Sprintf("%s stays %s. As %s %s.", id, t.From, t.Type, t.Verdict)
	}
	return fmt.Sprintf("%s is now used as %s (%s) instead of %s (%s): %s. Undo it with: parley model tune --undo %s",
		id, t.Type, bytesText(t.Made.Size), t.From, bytesText(t.Of.Size), t.Verdict, id)
}

const (
	// mostToTune is how large a file may be to be tuned by the way; a larger one would take long.
	mostToTune = 1 << 30
	// leastTime is how long the end of a pull may measure a small model, and tunedPerSecond how many bytes of a
	// larger one for each second.
	leastTime      = 18 * time.Second
	tunedPerSecond = 5 << 20
)

// tuneNew tunes those of the named models that were installed just now. What goes wrong is a warning: a model is
// installed as well without.
func tuneNew(cmd *cobra.Command, tools modelTools, c *catalogue.Catalogue, names []string, before map[string]bool) error {
	if _, missing := c.EngineLibraries(); missing != nil {
		return nil //nolint:nilerr // which the end of the pull says
	}
	items, err := c.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		for _, i := range items {
			if i.ID != name || before[name] || !i.Tunable() || i.Size > mostToTune {
				continue
			}
			if err := tools.tuneApart(cmd, name, max(leastTime, time.Duration(i.Size/tunedPerSecond)*time.Second)); err != nil && cmd.Context().Err() == nil {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "warning: whether %s runs faster as another type could not be found out (%v); it is used as it is. Try again with: parley model tune %s\n",
					name, err, name)
			}
		}
	}
	return cmd.Context().Err()
}

// usable lists what is installed.
func usable(c *catalogue.Catalogue) (map[string]bool, error) {
	items, err := c.List()
	ids := map[string]bool{}
	for _, i := range items {
		ids[i.ID] = i.Usable()
	}
	return ids, err
}
