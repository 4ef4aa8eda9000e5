package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/config"
)

type engine struct {
	Threads int           `mapstructure:"threads"`
	Idle    time.Duration `mapstructure:"idle"`
}

type issuer struct {
	URL string `mapstructure:"url"`
}

type account struct {
	Email string `mapstructure:"email"`
}

type settings struct {
	Account account            `mapstructure:",squash"`
	Port    int                `mapstructure:"port"`
	Name    string             `mapstructure:"name"`
	Origins []string           `mapstructure:"origins"`
	Prices  map[string]float64 `mapstructure:"prices"`
	Engine  engine             `mapstructure:"engine"`
	Issuers []issuer           `mapstructure:"issuers"`
}

func load(t *testing.T, yaml string, environ ...string) (settings, []string, error) {
	t.Helper()
	file := ""
	if yaml != "" {
		file = filepath.Join(t.TempDir(), "parley.yaml")
		if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := settings{Port: 8080, Engine: engine{Threads: 4, Idle: time.Minute}}
	warnings, err := config.Load(&s, file, environ)
	return s, warnings, err
}

func TestEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	t.Parallel()
	s, _, err := load(t, "port: 1\nengine: {idle: 5s}\nname: file\nprices: {Big-Model: 2.5}",
		"PARLEY_PORT=2", "PARLEY_NAME=007", "PARLEY_ENGINE_THREADS=", `PARLEY_ISSUERS=[{url: "https://x"}]`,
		"PARLEY_EMAIL=a@b", "PARLEY_ORIGINS=a,b", "HOME=/x")
	if err != nil {
		t.Fatal(err)
	}
	if s.Port != 2 || s.Account.Email != "a@b" || s.Name != "007" || s.Engine.Idle != 5*time.Second || s.Engine.Threads != 4 ||
		s.Prices["Big-Model"] != 2.5 || len(s.Issuers) != 1 || s.Issuers[0].URL != "https://x" ||
		strings.Join(s.Origins, " ") != "a b" {
		t.Errorf("%+v", s)
	}
}

func TestFaultsAreReportedTogetherWithTheirPath(t *testing.T) {
	t.Parallel()
	_, _, err := load(t, "prot: 1\nengine: {treads: 2, idle: soon}", "PARLEY_PORT=many", "PARLEY_ISSUERS=[")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"prot", "engine", "treads", "engine.idle", "port", "PARLEY_ISSUERS"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestForeignVariablesAreWarnings(t *testing.T) {
	t.Parallel()
	_, warnings, err := load(t, "", "PARLEY_PORT_8080_TCP=tcp://10.0.0.1", "PARLEY_ENGINE_THREAD=2")
	if err != nil || len(warnings) != 2 || !strings.Contains(warnings[1], "PARLEY_ENGINE_THREADS?") {
		t.Errorf("%v, %v", warnings, err)
	}
}

func TestEmptyFileIsNoError(t *testing.T) {
	t.Parallel()
	if s, _, err := load(t, "# nothing\n"); err != nil || s.Port != 8080 {
		t.Errorf("%+v, %v", s, err)
	}
}
