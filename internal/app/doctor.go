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

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/store"
)

// Check is one thing that doctor looked at.
type Check struct {
	Name    string
	Detail  string // what is so, when it is well
	Warning string
	Err     error
}

// Diagnose looks at everything the server needs and changes nothing.
func Diagnose(ctx context.Context, cfg Config, verify bool) []Check {
	checks := append([]Check{checkDataDir(cfg.DataDir)}, diagnoseDatabase(ctx, cfg)...)
	models, err := catalogue.Open(cfg.Models, cfg.Engine.Libraries, cfg.DataDir, configs.FS)
	if err != nil {
		return append(checks, Check{Name: "models", Err: err})
	}
	dir, err := models.EngineLibraries()
	checks = append(checks, Check{Name: "engine", Detail: dir, Err: err})
	for _, kind := range []serving.Kind{serving.KindChat, serving.KindEmbed} {
		m, ok, err := models.Default(kind)
		if err == nil && !ok {
			err = fault.Unavailable("no %s model is installed; run: parley model pull", kind)
		}
		checks = append(checks, Check{Name: string(kind) + " model", Detail: m.ID, Err: err})
	}
	if verify {
		checks = append(checks, checkModels(ctx, models)...)
	}
	return checks
}

// diagnoseDatabase opens a database that is there, and makes none.
func diagnoseDatabase(ctx context.Context, cfg Config) []Check {
	if cfg.Database.URL == "" {
		if _, err := os.Stat(filepath.Join(cfg.DataDir, store.FileName)); errors.Is(err, os.ErrNotExist) {
			return []Check{{Name: "database", Warning: "there is none yet; the first start makes it"}}
		}
	}
	p, err := Open(ctx, cfg, zap.NewNop())
	if err != nil {
		return []Check{{Name: "database", Err: err}}
	}
	defer func() { _ = p.Close(ctx) }() // it was only read
	return p.checkDatabase(ctx)
}

func checkDataDir(dir string) Check {
	c := Check{Name: "data folder", Detail: dir}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.Warning = dir + " is not there yet; the first start makes it"
		return c
	case err != nil:
		c.Err = err
		return c
	case info.Mode().Perm()&0o077 != 0:
		c.Warning = fmt.Sprintf("%s can be read by other users of this machine; run: chmod 700 %s", dir, dir)
		return c
	}
	probe, err := os.CreateTemp(dir, "doctor-*")
	if err != nil {
		c.Err = fmt.Errorf("the data folder cannot be written: %w", err)
		return c
	}
	_ = probe.Close()
	c.Err = os.Remove(probe.Name())
	lock := flock.New(filepath.Join(dir, "server.lock"))
	if held, err := lock.TryRLock(); err == nil && !held {
		c.Detail += " (a server is running)"
	}
	_ = lock.Unlock()
	return c
}

func (p *Parts) checkDatabase(ctx context.Context) []Check {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	have, newest, err := p.DB.Version(ctx)
	c := Check{Name: "database", Detail: fmt.Sprintf("%s, schema %d", p.DB.Dialect, have), Err: err}
	switch {
	case err != nil:
		return []Check{c}
	case have > newest:
		c.Err = fmt.Errorf("the schema is version %d, from a newer parley than this one, which knows %d", have, newest)
	case have < newest:
		c.Warning = fmt.Sprintf("the schema is version %d of %d; the next start upgrades it, after a snapshot", have, newest)
	}
	checks := []Check{c}
	if p.DB.Dialect == store.SQLite && have > 0 {
		var verdict string
		err := p.DB.Get(ctx, &verdict, `PRAGMA quick_check`)
		if err == nil && verdict != "ok" {
			err = fmt.Errorf("the database file is damaged: %s; restore the last backup with: parley restore", verdict)
		}
		checks = append(checks, Check{Name: "integrity", Detail: verdict, Err: err})
	}
	if have == newest {
		err := p.OpenKeys(ctx)
		detail := ""
		if err == nil {
			fingerprint, source := p.Keys.Master()
			detail = fingerprint + " from " + source
		}
		checks = append(checks, Check{Name: "master key", Detail: detail, Err: err})
	}
	return checks
}

func checkModels(ctx context.Context, models *catalogue.Catalogue) []Check {
	found, err := models.Verify(ctx, catalogue.Silent{})
	if err != nil {
		return []Check{{Name: "models", Err: err}}
	}
	var checks []Check
	for _, f := range found {
		c := Check{Name: "verified", Detail: f.What + ": " + f.Note}
		if !f.OK {
			c.Err = fmt.Errorf("%s: %s", f.What, f.Note)
		}
		checks = append(checks, c)
	}
	return checks
}

// Missing tells a person at the terminal what to install, or "".
func (p *Parts) Missing() string {
	if _, err := p.Serving.Resolve(serving.KindChat, ""); err != nil {
		return fault.From(err).Message
	}
	if _, err := p.Models.EngineLibraries(); err != nil {
		return fault.From(err).Message
	}
	return ""
}
