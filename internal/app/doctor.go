package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy"
)

// Check is one thing that was looked at, by doctor or for the health page.
type Check struct {
	Name    string
	Detail  string // what is so, when it is well
	Place   string // where that is, for who has a shell; "" when Detail says it
	Warning string
	Err     error
	Fix     string // the command that mends it, "" when there is none
}

const (
	// lowSpace is when a disk is called nearly full: the database, a snapshot of it and the log need room.
	lowSpace = 1 << 30
	// integrityFor is how long the verdict of reading the whole database holds for the health page.
	integrityFor = 10 * time.Minute
)

// Diagnose looks at everything the server needs and changes nothing.
func Diagnose(ctx context.Context, cfg Config, verify bool) []Check {
	if cfg.Database.URL == "" {
		if _, err := os.Stat(filepath.Join(cfg.DataDir, store.FileName)); errors.Is(err, os.ErrNotExist) {
			none := Check{Name: "database", Warning: "there is none yet; the first start makes it", Fix: "parley serve"}
			return diagnoseModels(ctx, cfg, verify, checkDataDir(cfg.DataDir), checkSpace(cfg.DataDir), none)
		}
	}
	p, err := Open(ctx, cfg, zap.NewNop())
	if err != nil {
		return diagnoseModels(ctx, cfg, verify, checkDataDir(cfg.DataDir), checkSpace(cfg.DataDir), Check{Name: "database", Err: err})
	}
	defer func() { _ = p.Close(ctx) }() // it was only read
	checks := p.checks(ctx)
	if verify {
		checks = append(checks, verifyModels(ctx, p.Models)...)
	}
	return checks
}

// diagnoseModels adds to the checks those of models and engine, which need no database.
func diagnoseModels(ctx context.Context, cfg Config, verify bool, checks ...Check) []Check {
	models, err := catalogue.Open(cfg.Models, cfg.Engine.Libraries, cfg.DataDir, configs.FS)
	if err != nil {
		return append(checks, Check{Name: "models", Err: err})
	}
	checks = append(checks, checkModels(models, nil)...)
	if checks = append(checks, checkIsolation(isolation(cfg))); verify {
		checks = append(checks, verifyModels(ctx, models)...)
	}
	return checks
}

// checks looks at what an open install needs, whether it serves or not.
func (p *Parts) checks(ctx context.Context) []Check {
	checks := append([]Check{checkDataDir(p.Config.DataDir), checkSpace(p.Config.DataDir)}, p.checkDatabase(ctx)...)
	checks = append(checks, checkModels(p.Models, p.engineProblem())...)
	return append(checks, checkIsolation(isolation(p.Config)))
}

func checkDataDir(dir string) Check {
	c := Check{Name: "data folder", Detail: dir}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.Warning = dir + " is not there yet; the first start makes it"
		return c
	case err != nil:
		c.Err = fault.Unavailable("the data folder %s cannot be looked at", dir).Because(err)
		return c
	case info.Mode().Perm()&0o077 != 0:
		c.Fix = "chmod 700 " + dir
		c.Warning = fmt.Sprintf("%s can be read by other users of this machine; run: %s", dir, c.Fix)
		return c
	}
	probe, err := os.CreateTemp(dir, "doctor-*")
	if err != nil {
		c.Err = fault.Unavailable("the data folder %s cannot be written", dir).Because(err)
		return c
	}
	_ = probe.Close()
	c.Err = os.Remove(probe.Name())
	if served(dir) {
		c.Detail += " (a server is running)"
	}
	return c
}

// served tells whether a server runs on a data folder that is there.
func served(dir string) bool {
	lock := flock.New(filepath.Join(dir, "server.lock"))
	held, err := lock.TryRLock()
	_ = lock.Unlock()
	return err == nil && !held
}

func checkSpace(dir string) Check {
	c := Check{Name: "disk space"}
	free, total, err := catalogue.Space(dir)
	if err != nil {
		c.Err = err
		return c
	}
	c.Detail = fmt.Sprintf("%.1f of %.1f GB are free", float64(free)/1e9, float64(total)/1e9)
	if free < lowSpace {
		c.Warning = c.Detail + "; remove a model that is not used, or old snapshots"
		c.Fix = "parley model rm NAME"
	}
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
		c.Err = fault.Unavailable("the schema is version %d, from a newer parley than this one, which knows %d", have, newest)
	case have < newest:
		c.Warning = fmt.Sprintf("the schema is version %d of %d; the next start upgrades it, after a snapshot", have, newest)
	}
	checks := []Check{c}
	if p.DB.Dialect == store.SQLite && have > 0 {
		checks = append(checks, p.integrity.check(ctx, p.DB))
	}
	if have == newest {
		checks = append(checks, p.checkMasterKey(ctx))
		if p.Keys != nil {
			checks = append(checks, p.checkDefaults(ctx))
		}
	}
	return checks
}

// integrity remembers for a while what reading the whole database has shown.
type integrity struct {
	mu   sync.Mutex
	at   time.Time
	last Check
}

func (i *integrity) check(ctx context.Context, db *store.DB) Check {
	i.mu.Lock()
	defer i.mu.Unlock()
	if time.Since(i.at) < integrityFor {
		return i.last
	}
	c := Check{Name: "integrity"}
	err := db.Get(ctx, &c.Detail, `PRAGMA quick_check`)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		c.Warning = "reading the whole database takes longer than this check may"
	case err != nil:
		c.Err = fault.Unavailable("the database file cannot be read; restore the last backup with: parley restore").Because(err)
	case c.Detail != "ok":
		c.Err = fault.Unavailable("the database file is damaged: %s; restore the last backup with: parley restore", c.Detail)
	}
	if c.Err != nil {
		c.Fix = "parley restore FILE"
	}
	if ctx.Err() == nil || c.Warning != "" { // else whoever asked has left
		i.at, i.last = time.Now(), c
	}
	return c
}

// checkMasterKey opens the keyring where the server has not done it already.
func (p *Parts) checkMasterKey(ctx context.Context) Check {
	c := Check{Name: "master key"}
	if p.Keys == nil {
		if c.Err = p.OpenKeys(ctx); c.Err != nil {
			return c
		}
		p.Build(newEngine(p.Config, p.Models, nil, "", p.Log))
	}
	c.Detail, c.Place = p.Keys.Master()
	return c
}

// checkDefaults tells which of the tenants' default models are not installed any more.
func (p *Parts) checkDefaults(ctx context.Context) Check {
	c := Check{Name: "model defaults", Detail: "every default model that a tenant has chosen is installed"}
	broken, err := p.Defaults.Broken(ctx)
	if err != nil || len(broken) == 0 {
		c.Err = err
		return c
	}
	tenants, err := p.Accounts.Tenants(ctx, tenancy.Console(""))
	if err != nil {
		c.Err = err
		return c
	}
	open := map[string]string{} // slugs by id, of tenants that somebody can sign in to
	for _, t := range tenants {
		if t.DeletedAt.IsZero() {
			open[t.ID] = t.Slug
		}
	}
	var said []string
	for _, b := range broken {
		if slug, ok := open[b.Tenant]; ok {
			who := "everybody"
			if b.Role != "" {
				who = "the role " + string(b.Role)
			}
			said = append(said, fmt.Sprintf("%s for %s in the tenant %s", b.Model, who, slug))
			c.Fix = "parley model pull " + b.Model
		}
	}
	if len(said) > 0 {
		c.Warning = "chosen as default and not installed, so that another model answers: " + strings.Join(said, "; ")
	}
	return c
}

// checkModels looks at the engine and at the default models. problem is why the engine could not be
// opened when it was needed, or nil.
func checkModels(models *catalogue.Catalogue, problem error) []Check {
	engine := Check{Name: "engine"}
	if engine.Detail, engine.Err = models.EngineLibraries(); engine.Err != nil {
		engine.Fix = "parley model pull --engine"
	} else if problem != nil {
		engine.Err = problem
	}
	kinds := []serving.Kind{serving.KindChat, serving.KindEmbed}
	checks := append(make([]Check, 0, 1+len(kinds)), engine)
	for _, kind := range kinds {
		m, ok, err := models.Default(kind)
		if err == nil && !ok {
			err = fault.Unavailable("no %s model is installed; run: parley model pull", kind)
		}
		c := Check{Name: string(kind) + " model", Detail: m.ID, Err: err}
		if ok {
			c.Detail = fmt.Sprintf("%s, %s, %d MB", m.ID, m.Quantization, m.Size/1e6)
			if t, err := models.TunedOf(m.ID); err == nil && t != nil {
				c.Detail += fmt.Sprintf("; as %s instead of %s %s", t.Type, t.From, t.Verdict)
			}
		}
		if err != nil {
			c.Fix = "parley model pull"
		}
		checks = append(checks, c)
	}
	return checks
}

func verifyModels(ctx context.Context, models *catalogue.Catalogue) []Check {
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

// engineProblem is why the engine could not be opened when it was last needed, or nil.
func (p *Parts) engineProblem() error {
	if e, ok := p.engine.(interface{ failure() error }); ok {
		return e.failure()
	}
	return nil
}

// Missing tells a person at the terminal what to install, or "".
func (p *Parts) Missing() string {
	if _, err := p.Serving.Resolve("", serving.KindChat, ""); err != nil {
		return fault.From(err).Message
	}
	if _, err := p.Models.EngineLibraries(); err != nil {
		return fault.From(err).Message
	}
	return ""
}
