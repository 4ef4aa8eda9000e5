package app_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/edge/adminapi"
)

func (s *site) health(t *testing.T) adminapi.HealthReport {
	t.Helper()
	var r adminapi.HealthReport
	s.must(t, http.StatusOK, seeded, "GET", "/v1/admin/health", nil).into(t, &r)
	return r
}

func check(t *testing.T, r adminapi.HealthReport, name string) adminapi.HealthCheck {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %q in %+v", name, r.Checks)
	return adminapi.HealthCheck{}
}

func TestHealthTellsWhatTheServerTakes(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, withEngine(t))
	s.must(t, http.StatusOK, seeded, "POST", "/v1/admin/models/tiny/load", nil)
	r := s.health(t)
	if r.Version != "test" || time.Since(r.StartedAt) > time.Minute || r.UptimeS < 0 {
		t.Errorf("version %s, started %s, %d s ago", r.Version, r.StartedAt, r.UptimeS)
	}
	if r.Process.Goroutines < 2 || r.Process.CPUCores < 1 || runtime.GOOS == "linux" && (r.Process.RSSBytes < 1<<20 || r.Process.OpenFiles < 3) {
		t.Errorf("the process: %+v", r.Process)
	}
	if runtime.GOOS == "linux" && (r.Memory.AvailableBytes < 1<<20 || r.Memory.TotalBytes < r.Memory.AvailableBytes) {
		t.Errorf("the memory: %+v", r.Memory)
	}
	if r.Disk.FreeBytes <= 0 || r.Disk.TotalBytes < r.Disk.FreeBytes || r.Database.SizeBytes < 1<<12 || r.Database.SchemaVersion < 1 {
		t.Errorf("disk %+v, database %+v", r.Disk, r.Database)
	}
	if !r.Engine.Ready || r.Engine.Path != s.cfg.Engine.Libraries.Dir || r.Engine.Error != "" {
		t.Errorf("the engine: %+v", r.Engine)
	}
	if len(r.Models) != 1 || r.Models[0].ID != "tiny" || r.Queue.Waiting != 0 || r.Queue.Running != 0 {
		t.Errorf("models %+v, queue %+v", r.Models, r.Queue)
	}
}

// The page shows what doctor says, by the same checks.
func TestHealthAndDoctorAgree(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	if err := os.Chmod(s.dir, 0o755); err != nil { //nolint:gosec // what the check is to find
		t.Fatal(err)
	}
	r := s.health(t)
	doctor := app.Diagnose(context.Background(), s.cfg, false)
	if len(doctor) != len(r.Checks) {
		t.Errorf("doctor has %d checks, the page %d", len(doctor), len(r.Checks))
	}
	for _, c := range doctor {
		want := "ok"
		switch {
		case c.Err != nil:
			want = "fail"
		case c.Warning != "":
			want = "warn"
		}
		if got := check(t, r, c.Name); got.State != want || got.Fix != c.Fix {
			t.Errorf("%s: %+v, doctor %+v", c.Name, got, c)
		}
	}
	if c := check(t, r, "data folder"); c.State != "warn" || c.Fix != "chmod 700 "+s.dir {
		t.Errorf("%+v", c)
	}
	if c := check(t, r, "engine"); c.State != "fail" || c.Fix != "parley model pull --engine" || !strings.Contains(c.Detail, "not installed") {
		t.Errorf("%+v", c)
	}
	if r.Engine.Ready || r.Engine.Error == "" {
		t.Errorf("the engine: %+v", r.Engine)
	}
}

// A report goes over the network and into screenshots: it holds no secret and no place of one.
func TestHealthHoldsNoSecret(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, func(c *app.Config) {
		c.Models.HubURL, c.Models.HubToken = "https://hub.test", "the-hub-token"
		c.Server.MetricsToken = "the-metrics-token"
	})
	body := string(s.must(t, http.StatusOK, seeded, "GET", "/v1/admin/health", nil).body)
	fingerprint, place := s.Keys.Master()
	if !strings.Contains(body, fingerprint) {
		t.Error("the fingerprint of the master key is not told")
	}
	for _, secret := range []string{place, filepath.Base(place), seedKey, "the-hub-token", "the-metrics-token", "postgres://"} {
		if strings.Contains(body, secret) {
			t.Errorf("the report tells %q: %s", secret, body)
		}
	}
}

// A default that was removed is told, and people go on with another model.
func TestHealthTellsOfARemovedDefault(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	file := filepath.Join(s.dir, "models", "zeta.gguf")
	tinyModel(t, file, "llama")
	s.must(t, http.StatusOK, seeded, "PUT", "/v1/admin/model-defaults", `{"chat": {"owner": "zeta"}}`)
	if c := check(t, s.health(t), "model defaults"); c.State != "ok" || c.Fix != "" {
		t.Errorf("%+v", c)
	}
	s.must(t, http.StatusNoContent, seeded, "DELETE", "/v1/admin/models/zeta", nil)
	c := check(t, s.health(t), "model defaults")
	if c.State != "warn" || !strings.Contains(c.Detail, "zeta for the role owner in the tenant team") || c.Fix != "parley model pull zeta" {
		t.Errorf("%+v", c)
	}
	var answer struct{ Model string }
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}]}`).into(t, &answer)
	if answer.Model != "tiny" {
		t.Errorf("%s answers", answer.Model)
	}
}

// Libraries that are there and cannot be opened are no engine.
func TestHealthTellsOfABrokenEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tinyModel(t, filepath.Join(dir, "models", "tiny.gguf"), "llama")
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Server.Port, cfg.Accounts.Admin.APIKey = dir, 0, seedKey
	withEngine(t)(&cfg)
	a, err := app.Start(context.Background(), app.Options{Config: cfg, Version: "test", Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{App: a, url: a.URL(), dir: dir, cfg: cfg}
	t.Cleanup(func() { _ = a.Close(context.Background()) })
	if r := s.health(t); !r.Engine.Ready {
		t.Errorf("before anybody has tried: %+v", r.Engine)
	}
	if got := s.call(t, seeded, "POST", "/v1/admin/models/tiny/load", nil); got.status != http.StatusServiceUnavailable {
		t.Errorf("loaded by an empty engine: %d %s", got.status, got.body)
	}
	r := s.health(t)
	if c := check(t, r, "engine"); r.Engine.Ready || r.Engine.Error == "" || c.State != "fail" {
		t.Errorf("%+v, %+v", r.Engine, c)
	}
	if i := slices.IndexFunc(r.Checks, func(c adminapi.HealthCheck) bool { return c.Name == "chat model" }); r.Checks[i].State != "ok" {
		t.Errorf("%+v", r.Checks[i])
	}
}
