package app_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/config"
)

// The explained file names every key, with the default that the code has.
func TestExplainedConfigurationIsTheDefault(t *testing.T) {
	t.Parallel()
	text, err := configs.FS.ReadFile("parley.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "parley.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, _, err := app.LoadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := app.LoadConfig("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if g, w := settings(got), settings(want); !reflect.DeepEqual(g, w) {
		t.Errorf("the file says\n%+v\nand the code\n%+v", g, w)
	}
	for _, k := range config.Keys(app.Config{}) {
		if !keyStands(string(text), k.Path) {
			t.Errorf("parley.yaml does not explain %s", k.Path)
		}
	}
}

// settings makes empty lists equal to absent ones.
func settings(c app.Config) app.Config {
	if len(c.Server.Origins) == 0 {
		c.Server.Origins = nil
	}
	if len(c.Accounts.OIDC) == 0 {
		c.Accounts.OIDC = nil
	}
	if len(c.Accounts.Issuers) == 0 {
		c.Accounts.Issuers = nil
	}
	if len(c.Usage.Prices) == 0 {
		c.Usage.Prices = nil
	}
	if len(c.Engine.Run.GPUShares) == 0 {
		c.Engine.Run.GPUShares = nil
	}
	return c
}

// keyStands finds "a.b" as a line "b:" indented below a line "a:".
func keyStands(text, path string) bool {
	section, key, nested := strings.Cut(path, ".")
	if !nested {
		return strings.Contains("\n"+text, "\n"+section+":")
	}
	inside := false
	for _, line := range strings.Split(text, "\n") {
		if line != "" && line[0] != ' ' && line[0] != '#' {
			inside = strings.HasPrefix(line, section+":")
		}
		if inside && strings.HasPrefix(line, "  "+key+":") {
			return true
		}
	}
	return false
}

func TestEveryFaultOfTheConfigurationIsToldWithItsKey(t *testing.T) {
	t.Parallel()
	_, _, err := app.LoadConfig("", []string{
		"PARLEY_PORT=99999", "PARLEY_DATABASE_URL=mysql://x", "PARLEY_LOG_LEVEL=loud", "PARLEY_SERVING_QUEUE=0",
		"PARLEY_ADMIN_API_KEY=short", "PARLEY_ENGINE_SLOTS=0",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"port:", "database.url:", "log.level:", "serving.queue:", "admin.api_key:", "engine.slots:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}
