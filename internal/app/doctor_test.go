package app_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
)

// find returns the check of a name.
func find(t *testing.T, checks []app.Check, name string) app.Check {
	t.Helper()
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %q in %+v", name, checks)
	return app.Check{}
}

func TestDoctorOnNothingMakesNothing(t *testing.T) {
	t.Parallel()
	cfg := app.DefaultConfig()
	cfg.DataDir = filepath.Join(t.TempDir(), "data")
	checks := app.Diagnose(context.Background(), cfg, true)
	for _, name := range []string{"data folder", "database"} {
		if c := find(t, checks, name); c.Err != nil || c.Warning == "" {
			t.Errorf("%+v", c)
		}
	}
	for _, name := range []string{"engine", "chat model", "embed model"} {
		if c := find(t, checks, name); c.Err == nil || !strings.Contains(c.Err.Error(), "parley model pull") {
			t.Errorf("%+v", c)
		}
	}
	if _, err := os.Stat(cfg.DataDir); !os.IsNotExist(err) {
		t.Errorf("doctor made the data folder: %v", err)
	}
}

func TestDoctorFindsTheDatabaseSound(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	if err := os.Chmod(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	checks := app.Diagnose(context.Background(), s.cfg, false)
	for _, name := range []string{"data folder", "database", "master key", "chat model", "embed model"} {
		if c := find(t, checks, name); c.Err != nil {
			t.Errorf("%+v", c)
		}
	}
	if c := find(t, checks, "data folder"); !strings.Contains(c.Detail, "a server is running") {
		t.Errorf("%+v", c)
	}
}

func TestDoctorTellsADamagedDatabase(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Skip("it damages a SQLite file")
	}
	s := boot(t, "", nil, nil)
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.dir, "parley.db")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(raw); i += 7 {
		raw[i] ^= 0x55
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	broken := 0
	for _, c := range app.Diagnose(context.Background(), s.cfg, false) {
		if c.Err != nil && c.Name != "engine" {
			broken++
		}
	}
	if broken == 0 {
		t.Error("doctor saw nothing wrong with a damaged database")
	}
}

// A start that fails says why, gives the folder free and leaves the data as it is.
func TestStartWithTheWrongMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	cfg := s.cfg
	cfg.Master.Key = secrets.NewMasterKey()
	for range 2 {
		_, err := app.Start(context.Background(), app.Options{Config: cfg, Version: "test", Log: zap.NewNop()})
		if err == nil || fault.From(err).Kind != secrets.KindWrongMaster {
			t.Fatalf("started with another master key: %v", err)
		}
	}
	a, err := app.Start(context.Background(), app.Options{Config: s.cfg, Version: "test", Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestSecondServerOnOneFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	_, err := app.Start(context.Background(), app.Options{Config: s.cfg, Version: "test", Log: zap.NewNop()})
	if err == nil || !strings.Contains(err.Error(), "PARLEY_DATA_DIR") {
		t.Errorf("a second server started: %v", err)
	}
	s.must(t, 200, seeded, "GET", "/readyz", nil)
}
