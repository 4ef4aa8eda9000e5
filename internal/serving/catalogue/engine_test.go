package catalogue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/fault"
)

func TestPullEngine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.EngineLibraries(); fault.From(err).Kind != "no_engine" || !strings.Contains(err.Error(), "parley model pull --engine") {
		t.Errorf("before: %v", err)
	}
	if err := b.PullEngine(t.Context(), Silent{}); err != nil {
		t.Fatal(err)
	}
	dir, err := b.EngineLibraries()
	if err != nil || dir != filepath.Join(b.data, "engine", "1.2.3-test-cpu") {
		t.Fatalf("%q, %v", dir, err)
	}
	want := []string{
		"LICENSE", "libggml-base.so", "libggml-cuda.so", "libggml.so", "libggml.v1.2.so", "libllama.so", "libllama.v1.2.so", manifestName,
	}
	if names := left(t, dir); !slices.Equal(names, want) {
		t.Errorf("the folder holds %q", names)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "libllama.so")); err != nil || string(raw) != "llama" {
		t.Errorf("libllama.so is %q, %v", raw, err)
	}
	said := &steps{}
	if err := b.PullEngine(t.Context(), said); err != nil || len(said.said) > 0 || b.count() != 1 {
		t.Errorf("the second pull said %q, %v", said.said, err)
	}
	// A library that is gone or cut is put right again.
	for _, harm := range []func(string) error{os.Remove, func(p string) error { return os.Truncate(p, 1) }} {
		if err := harm(filepath.Join(dir, "libggml-base.so")); err != nil {
			t.Fatal(err)
		}
		if err := b.PullEngine(t.Context(), Silent{}); err != nil || !unchanged(dir) {
			t.Errorf("after harm: %v", err)
		}
	}
	if names := left(t, b.engines); !slices.Equal(names, []string{"1.2.3-test-cpu"}) {
		t.Errorf("the engine folder holds %q", names)
	}
}

func TestLaterPackageReplacesFiles(t *testing.T) {
	t.Parallel()
	b := setup(t, func(_ *Config, e *EngineConfig) { e.Platform = "test-cpu-gpu" })
	if err := b.PullEngine(t.Context(), Silent{}); err != nil {
		t.Fatal(err)
	}
	dir, err := b.EngineLibraries()
	raw, _ := os.ReadFile(filepath.Join(dir, "libggml-cuda.so"))
	if err != nil || string(raw) != "12" || b.count() != 2 {
		t.Errorf("the GPU library is %q after %d packages, %v", raw, b.count(), err)
	}
}

func TestPullEngineRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*testing.T, *bench)
		says   string
	}{
		"another archive": {func(t *testing.T, b *bench) { b.files["@engine/x"] = tarball(t, nil) }, "has the integrity"},
		"a library missing": {func(t *testing.T, b *bench) {
			b.files["@engine/x"] = tarball(t, map[string]string{libsA + "libllama.v1.so": "x"})
			b.builds[0].Packages[0].Integrity = integrity(b.files["@engine/x"])
		}, "lack a library"},
		"no archive": {func(t *testing.T, b *bench) {
			b.files["@engine/x"] = []byte("x")
			b.builds[0].Packages[0].Integrity = integrity([]byte("x"))
		}, "open @engine/x"},
		"npm fails":           {func(_ *testing.T, b *bench) { b.block = func(context.Context) error { return errors.New("E404") } }, "E404\nWithout a connection"},
		"an unknown platform": {func(_ *testing.T, b *bench) { b.engine.Platform = "plan9-mips" }, "PARLEY_ENGINE_DIR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			c.change(t, b)
			if err := b.PullEngine(t.Context(), Silent{}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("want an error with %q, got %v", c.says, err)
			}
			if names := left(t, b.engines); len(names) > 0 {
				t.Errorf("it left %q", names)
			}
			if _, err := b.EngineLibraries(); fault.From(err).Kind != "no_engine" {
				t.Errorf("libraries: %v", err)
			}
		})
	}
}

func TestOwnEngineFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := setup(t, func(_ *Config, e *EngineConfig) { e.Dir = dir })
	put := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("libllama.cuda.v1.2.so")
	put("libggml.v1.2.so")
	if err := b.PullEngine(t.Context(), Silent{}); err == nil || !strings.Contains(err.Error(), "libggml-base") {
		t.Errorf("with a library missing: %v", err)
	}
	put("libggml-base.so")
	if err := b.PullEngine(t.Context(), Silent{}); err != nil || b.count() > 0 {
		t.Errorf("with all of them: %v, %d calls", err, b.count())
	}
	if got, err := b.EngineLibraries(); err != nil || got != dir {
		t.Errorf("got %q, %v", got, err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "libllama.so")); err != nil || to != "libllama.cuda.v1.2.so" {
		t.Errorf("libllama.so leads to %q, %v", to, err)
	}
}

// TestPlainEngineServesTheGPUMachine has the plain build installed before a GPU is found.
func TestPlainEngineServesTheGPUMachine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.PullEngine(t.Context(), Silent{}); err != nil {
		t.Fatal(err)
	}
	b.engine.Platform = ""
	if other, ok := b.plain(b.builds[1]); !ok || other.Platform != "test-cpu" {
		t.Errorf("got %q, %v", other.Platform, ok)
	}
	if _, ok := b.plain(b.builds[0]); ok {
		t.Error("the plain build has no plainer one")
	}
	b.engine.Platform = "test-cpu-gpu"
	if dir, err := b.EngineLibraries(); err == nil {
		t.Errorf("a chosen platform was replaced by %s", dir)
	}
}

func TestCUDASuffix(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"": "", "\tlibc.so.6": "", "libcudart.so.12 (libc6,x86-64)": "-cuda12", "libcudart.so.13\nlibcudart.so.12": "-cuda", "libcudart.so.11": "",
	} {
		if got := cudaSuffix([]byte(list)); got != want {
			t.Errorf("%q gives %q", list, got)
		}
	}
}
