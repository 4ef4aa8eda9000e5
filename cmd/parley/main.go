// Command parley is the server and its tools in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/telemetry"
	"github.com/parley-chat/parley/internal/tenancy"
)

func main() { os.Exit(run()) }

// run is main without os.Exit, so that the tests of the command line can call it in their process.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "parley: "+err.Error())
		return 1
	}
	return 0
}

// version is set by the linker in a release.
var version = ""

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// options are the flags of every command.
type options struct{ config string }

func newRoot() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:           "parley",
		Short:         "A private chat assistant for a team, in one binary",
		Version:       buildVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVarP(&o.config, "config", "c", os.Getenv(app.FileVariable),
		"configuration file (YAML); every key can also come from the environment")
	root.AddCommand(
		newServeCmd(o), newModelCmd(o.modelTools()),
		newBackupCmd(o.vault), newRestoreCmd(o.vault), newRollbackCmd(o.vault), newMasterKeyCmd(o.vault),
		newUserCmd(o.accounts, o.address), newTenantCmd(o.accounts), newKeyCmd(o.accounts), newIngestCmd(o),
		newDoctorCmd(o), newReadyCmd(o), newConfigCmd(o), newBenchCmd(o), newEvalCmd(o), newEngineCmd(), newExtractCmd())
	return root
}

// load reads the configuration and makes the logger of a command: warnings and errors only, for people.
func (o *options) load() (app.Config, *zap.Logger, error) {
	cfg, _, err := app.LoadConfig(o.config, os.Environ())
	log := telemetry.NewLogger(telemetry.Config{Level: "warn", Format: "console"}, os.Stderr)
	return cfg, log, err
}

// open opens the parts that commands of the shell use, beside a running server or without one. It does
// not upgrade the schema: that is the server's to do, with its snapshot.
func (o *options) open(ctx context.Context) (*app.Parts, func(), error) {
	cfg, log, err := o.load()
	if err != nil {
		return nil, nil, err
	}
	p, err := app.Open(ctx, cfg, log)
	if err != nil {
		return nil, nil, err
	}
	return p, func() {
		if err := p.Close(context.WithoutCancel(ctx)); err != nil {
			log.Warn("close", zap.Error(err))
		}
	}, nil
}

// address is where people reach the server that runs with this configuration.
func (o *options) address() (string, error) {
	cfg, _, err := o.load()
	return cfg.Server.URL(cfg.Server.Host, strconv.Itoa(cfg.Server.Port)), err
}

// catalogue opens the models and libraries on disk, and no database.
func (o *options) catalogue(*cobra.Command) (*catalogue.Catalogue, error) {
	cfg, _, err := o.load()
	if err != nil {
		return nil, err
	}
	return catalogue.Open(cfg.Models, cfg.Engine.Libraries, cfg.DataDir, configs.FS)
}

// accounts opens the accounts. On a new install it makes the schema, so that the first user can be
// added before the first start.
func (o *options) accounts(ctx context.Context) (*tenancy.Service, func(), error) {
	p, done, err := o.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := p.OpenInstall(ctx); err != nil {
		done()
		return nil, nil, err
	}
	return p.Accounts, done, nil
}

// vault opens the database as it is, with what backups and keys need.
func (o *options) vault(ctx context.Context) (*vault, func(), error) {
	p, done, err := o.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &vault{
		DB: p.DB, Master: p.Config.Master.In(p.Config.DataDir), Snapshots: p.SnapshotDir(), Indexes: p.IndexDir(), Log: p.Log,
		Alone: func() (func() error, error) {
			lock, err := app.LockData(p.Config.DataDir)
			if err != nil {
				return nil, err
			}
			return lock.Unlock, nil
		},
	}, done, nil
}
