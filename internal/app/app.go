// Package app puts the parts together: Config gathers their settings, wire.go says who gets whom, and
// App starts and stops them in order. It imports everything and nothing but cmd imports it.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/serving"
)

// stopGrace is how long each part may take to stop. Running answers are ended at once, those in
// conversations are kept as partial ones; what waits for this long are requests without an answer.
const stopGrace = 5 * time.Second

// sweepEvery is how often what has expired is deleted.
const sweepEvery = 10 * time.Minute

// App is a running server.
type App struct {
	*Parts
	server *edge.Server
	lock   *flock.Flock
	ended  <-chan error
	// stopKnowledge ends the work on documents; nil before it began.
	stopKnowledge func()
	// SetupURL is the one-time link by which the first account is made; "" when there is one already.
	SetupURL string
}

// Options say what to start.
type Options struct {
	Config  Config
	Version string
	Log     *zap.Logger
	// Engine runs the models; nil is the embedded engine.
	Engine serving.Loader
}

// Start brings everything up in order: one server a data folder, the snapshot before an upgrade, the
// schema, what a crash left behind, the first account, and at last the listener.
func Start(ctx context.Context, o Options) (*App, error) {
	lock, err := LockData(o.Config.DataDir)
	if err != nil {
		return nil, err
	}
	a := &App{lock: lock}
	if err := a.start(ctx, o); err != nil {
		return nil, errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *App) start(ctx context.Context, o Options) error {
	log := o.Log
	var err error
	if a.Parts, err = Open(ctx, o.Config, log); err != nil {
		return err
	}
	if err := dropNote(o.Config.DataDir); err != nil {
		return err
	}
	if err := a.upgrade(ctx, o.Version); err != nil {
		return err
	}
	if err := a.OpenKeys(ctx); err != nil {
		return err
	}
	if o.Engine == nil {
		o.Engine = newEngine(o.Config, a.Models, a.Computed, o.Version, log)
	}
	a.Computed.Start()
	a.Build(o.Engine)
	if n, err := a.Conversations.Interrupted(ctx); err != nil {
		return err
	} else if n > 0 {
		log.Warn("answers were cut off when the server last ended; they are kept as partial", zap.Int64("answers", n))
	}
	if err := a.Accounts.EnsureAdmin(ctx); err != nil {
		return err
	}
	token, err := a.Accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	a.stopKnowledge = a.startKnowledge()
	a.server = a.newServer(o.Version)
	if a.ended, err = a.server.Start(ctx); err != nil {
		return err
	}
	if token != "" {
		a.SetupURL = a.server.URL() + "/setup?token=" + token
	}
	return nil
}

// LockData keeps two servers from writing one folder: the second would mark the first one's running
// answers as cut off. A command that no server may run beside takes it too.
func LockData(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "server.lock"))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if !held {
		return nil, fmt.Errorf("a parley serves the data folder %s already; stop it first, or set PARLEY_DATA_DIR", dir)
	}
	return lock, nil
}

// upgrade brings the schema up to date, after a snapshot that `parley rollback` goes back to.
func (a *App) upgrade(ctx context.Context, version string) error {
	file, err := backup.BeforeMigrate(ctx, a.DB, a.SnapshotDir(), version)
	if err != nil {
		return fmt.Errorf("snapshot before the upgrade: %w", err)
	}
	if file != "" {
		a.Log.Info("snapshot taken before the upgrade; `parley rollback` goes back to it", zap.String("file", file))
	}
	return a.DB.Migrate(ctx)
}

// Routes lists every endpoint.
func (a *App) Routes() []edge.Route { return a.server.Routes() }

// URL is the address to open in a browser.
func (a *App) URL() string { return a.server.URL() }

// Run serves until ctx ends or the listener fails, and then stops everything in the order in which it
// depends on each other: no new requests, running answers saved, models freed, database closed.
func (a *App) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var err error
	for err == nil {
		select {
		case <-tick.C:
			a.sweep(ctx)
			continue
		case err = <-a.ended:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, a.Close(context.WithoutCancel(ctx)))
}

func (a *App) sweep(ctx context.Context) {
	now := time.Now()
	_, err1 := a.Conversations.Sweep(ctx, now)
	_, err2 := a.Once.Sweep(ctx, now)
	_, err3 := a.Shares.Sweep(ctx, now)
	if err := errors.Join(err1, err2, err3, a.Accounts.Sweep(ctx), a.sweepKnowledge(ctx)); err != nil && ctx.Err() == nil {
		a.Log.Warn("expired rows not deleted; tried again later", zap.Error(err))
	}
}

// Close stops the server. It may be called twice.
func (a *App) Close(ctx context.Context) error {
	a.Log.Info("stopping")
	return a.close(ctx)
}

func (a *App) close(ctx context.Context) error {
	var errs []error
	// Each part has its own time, so that one that is late takes none from those that come after it.
	stop := func(part func(context.Context) error) {
		ctx, cancel := context.WithTimeout(ctx, stopGrace)
		defer cancel()
		errs = append(errs, part(ctx))
	}
	if a.stopKnowledge != nil {
		a.stopKnowledge()
	}
	if a.Parts != nil && a.Turns != nil {
		// What generates goes first: the requests that read it end when it does.
		stop(a.Turns.Stop)
		stop(a.Serving.Close)
	}
	if a.server != nil {
		stop(a.server.Stop)
	}
	if a.Parts != nil {
		stop(a.Parts.Close)
	}
	return errors.Join(append(errs, a.lock.Unlock())...)
}
