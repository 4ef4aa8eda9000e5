package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// vault is what the commands for backups and keys work on. Its schema is as it was found.
type vault struct {
	DB        *store.DB
	Master    secrets.Config // with its file filled in
	Snapshots string         // folder
	Indexes   string         // folder of what is made of the database again
	Log       *zap.Logger
	// Alone makes sure that no server runs, until release is called.
	Alone func() (release func() error, err error)
}

// openVault opens a vault; the function that it returns closes it.
type openVault func(ctx context.Context) (*vault, func(), error)

// with runs f on an open vault.
func (open openVault) with(f func(cmd *cobra.Command, v *vault, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		v, done, err := open(cmd.Context())
		if err != nil {
			return err
		}
		defer done()
		return f(cmd, v, args)
	}
}

const keyIsApart = "The master key is not in it, and without that key its texts can't be read: keep a copy of the key apart."

func newBackupCmd(open openVault) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the whole database into one file, while the server runs",
		Long: "Write the whole database into one file (- for the standard output), while the server runs.\n" +
			"The file restores into SQLite and PostgreSQL alike. Texts are encrypted in it.\n" + keyIsApart,
		Args: cobra.ExactArgs(1),
		RunE: open.with(func(cmd *cobra.Command, v *vault, args []string) error {
			var m backup.Manifest
			var err error
			if args[0] == "-" {
				m, err = backup.Write(cmd.Context(), v.DB, cmd.OutOrStdout(), buildVersion())
			} else {
				m, err = backup.WriteFile(cmd.Context(), v.DB, args[0], buildVersion())
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "backed up %s\n%s\n", describeBackup(m), keyIsApart)
			return nil
		}),
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "verify FILE",
		Short: "Read a backup to its end and check it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withFile(cmd, args[0], func(r io.Reader) error {
				m, err := backup.Verify(cmd.Context(), r)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "good: %s\n", describeBackup(m))
				return nil
			})
		},
	})
	return cmd
}

func describeBackup(m backup.Manifest) string {
	return fmt.Sprintf("%d rows of %d tables, schema version %d, from %s, made %s by parley %s",
		m.Rows(), len(m.Tables), m.Schema, m.Dialect, when(m.CreatedAt.Local()), m.Parley)
}

func withFile(cmd *cobra.Command, name string, f func(r io.Reader) error) error {
	if name == "-" {
		return f(cmd.InOrStdin())
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("open backup: %w", err)
	}
	defer func() { _ = file.Close() }()
	return f(file)
}

func newRestoreCmd(open openVault) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace everything in the database by a backup",
		Long: "Replace everything in the database by a backup (- for the standard input, with --yes), in one\n" +
			"transaction: when it fails, nothing has changed. The server may run meanwhile. A snapshot of what is\n" +
			"there now is taken first. Sessions and API keys come back as they were then, revoked ones included.\n" +
			"A tenant that was shredded here stays shredded.",
		Args: cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = open.with(func(cmd *cobra.Command, v *vault, args []string) error {
		if !yes && args[0] == "-" {
			return errors.New("a backup from the standard input can't be confirmed there too: give --yes")
		}
		have, _, err := v.DB.Version(cmd.Context())
		if err != nil {
			return err
		}
		if have == 0 {
			err = v.DB.Migrate(cmd.Context())
		} else if !yes {
			err = confirmWord(cmd, "This replaces everything in the database.", "restore")
		}
		if err != nil {
			return err
		}
		return withFile(cmd, args[0], func(r io.Reader) error { return restore(cmd, v, r, have > 0) })
	})
	return cmd
}

func restore(cmd *cobra.Command, v *vault, r io.Reader, keep bool) error {
	if keep {
		file, err := backup.Take(cmd.Context(), v.DB, v.Snapshots, buildVersion(), backup.Restoring)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "what was there before: %s\n", file)
	}
	m, err := backup.Restore(cmd.Context(), v.DB, r, v.Snapshots)
	if err = errors.Join(err, os.RemoveAll(v.Indexes)); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "restored %s\n", describeBackup(m))
	return checkMaster(cmd, v)
}

// checkMaster tells at once when the texts of a restored database can't be read with this master key.
func checkMaster(cmd *cobra.Command, v *vault) error {
	_, err := secrets.Open(cmd.Context(), v.DB, v.Master, v.Log)
	if f := fault.From(err); f != nil && f.Kind == secrets.KindWrongMaster {
		return fmt.Errorf("the database is restored, but its texts can't be read yet: %w", err)
	}
	return err
}

func newRollbackCmd(open openVault) *cobra.Command {
	var yes, list bool
	cmd := &cobra.Command{
		Use:   "rollback [FILE]",
		Short: "Go back to the snapshot that was taken before the last upgrade",
		Long: "Go back to a snapshot (the newest one from before an upgrade, or FILE: a snapshot or any backup), with\n" +
			"the schema of its time. Stop the server first. A snapshot of what is there now is taken, so that you can\n" +
			"go forth again. Then start the parley of that time; this one would upgrade again.\n" +
			"A tenant that was shredded here stays shredded.",
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&list, "list", false, "only list the snapshots")
	cmd.RunE = open.with(func(cmd *cobra.Command, v *vault, args []string) error {
		all, err := backup.Snapshots(v.Snapshots)
		if err != nil {
			return err
		}
		if list {
			return printSnapshots(cmd, all)
		}
		var file string
		if len(args) == 1 {
			file = args[0]
		} else if s, ok := backup.Newest(all, backup.Upgrade); ok {
			file = s.File
		} else {
			return fmt.Errorf("there is no snapshot of an upgrade in %s: name a backup file, or another snapshot of: parley rollback --list", v.Snapshots)
		}
		if !yes {
			err := confirmWord(cmd, "This replaces everything in the database by "+file+". The server must not run.", "rollback")
			if err != nil {
				return err
			}
		}
		release, err := v.Alone()
		if err != nil {
			return err
		}
		defer func() { _ = release() }() // the process ends with it anyway
		before, m, err := backup.Rollback(cmd.Context(), v.DB, file, v.Snapshots, buildVersion())
		err = errors.Join(err, os.RemoveAll(v.Indexes))
		if before != "" {
			fmt.Fprintf(cmd.ErrOrStderr(), "what was there before: %s\n", before)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "rolled back to %s\nStart parley %s now; a newer one upgrades again.\n", describeBackup(m), m.Parley)
		if err := checkMaster(cmd, v); err != nil && fault.From(err).Kind == secrets.KindWrongMaster {
			return err // whatever else is strange there is for the parley of that time
		}
		return nil
	})
	return cmd
}

func printSnapshots(cmd *cobra.Command, all []backup.Snapshot) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "TAKEN\tBEFORE\tSCHEMA\tFILE")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", when(s.Taken.Local()), s.Before, s.Schema, filepath.ToSlash(s.File))
	}
	return w.Flush()
}
