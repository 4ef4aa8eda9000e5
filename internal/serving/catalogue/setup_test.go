package catalogue

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
)

// model makes a small GGUF file. Files with another filling differ in hash only.
func model(t testing.TB, arch string, filling float32) []byte {
	t.Helper()
	w := gguf.NewWriter()
	w.Set("general.architecture", arch)
	w.Set("general.name", "Tiny")
	w.Set(arch+".context_length", uint32(131072))
	w.Set(arch+".embedding_length", uint32(32))
	w.Set(arch+".block_count", uint32(1))
	w.Set("tokenizer.ggml.tokens", []string{"a"})
	gguftest.Numbers(w, "token_embd.weight", filling, 32, 64)
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sum256(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

func integrity(b []byte) string {
	s := sha512.Sum512(b)
	return "sha512-" + base64.StdEncoding.EncodeToString(s[:])
}

func zipped(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, raw := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarball(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// clients plays pip and npm: it puts files where the real ones would.
type clients struct {
	mu    sync.Mutex
	files map[string][]byte // by package
	calls []command
	block func(ctx context.Context) error // when set, runs before the file is written
}

func (c *clients) run(ctx context.Context, cmd command) error {
	c.mu.Lock()
	c.calls = append(c.calls, cmd)
	block := c.block
	c.mu.Unlock()
	if block != nil {
		if err := block(ctx); err != nil {
			return err
		}
	}
	dest := func(flag string) string { return cmd.args[slices.Index(cmd.args, flag)+1] }
	if cmd.name == "npm" {
		name, _, _ := strings.Cut(strings.TrimPrefix(cmd.args[1], "@"), "@")
		return os.WriteFile(filepath.Join(dest("--pack-destination"), "p.tgz"), c.files["@"+name], 0o600)
	}
	wants, err := os.ReadFile(dest("--requirement"))
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(string(wants), "==")
	return os.WriteFile(filepath.Join(dest("--dest"), name+".whl"), c.files[name], 0o600)
}

func (c *clients) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// bench is a catalogue over a fresh folder with a chat and an embedding model from pip, two more of the
// hub, and an engine from npm.
type bench struct {
	*Catalogue
	*clients
	data  string
	chat  []byte // what the model "small" is
	embed []byte // what the model "vectors" is
	hubs  []byte // what the model "large" is
}

const (
	libsA = "package/bins/x/"
	entry = `
  - id: %s
    name: A model
    kind: %s
    description: For the tests.
    license: MIT
    context: 64
    memory_mb: 1
`
)

func setup(t testing.TB, change ...func(*Config, *EngineConfig)) *bench {
	t.Helper()
	b := &bench{data: t.TempDir(), chat: model(t, "llama", 1), embed: model(t, "bert", 2), hubs: model(t, "llama", 3)}
	wheelA := zipped(t, map[string][]byte{"a/m.gguf": b.chat, "a/other": []byte("x")})
	wheelB := zipped(t, map[string][]byte{"b/m.gguf": b.embed})
	engine := tarball(t, map[string]string{
		"package/LICENSE": "MIT", "package/index.js": "x", libsA + "addon.node": "x",
		libsA + "libllama.v1.2.so": "llama", libsA + "libggml.v1.2.so": "ggml", libsA + "libggml-base.so": "base", libsA + "libggml-cuda.so": "13",
		libsA + "deep/libnot.so": "x", libsA + "../../../../libescape.so": "x", "package/libtop.so": "x",
	})
	extra := tarball(t, map[string]string{"package/bins/x/fallback/libggml-cuda.so": "12"})
	b.clients = &clients{files: map[string][]byte{"wheel-a": wheelA, "wheel-b": wheelB, "@engine/x": engine, "@engine/ext": extra}}

	models := "defaults: {chat: small, embed: vectors}\nmodels:" +
		fmt.Sprintf(entry, "large", "chat") + "    size_approx: 9000\n    source: {kind: hf, repo: some/repo, revision: main, file: sub dir/m.gguf}\n" +
		fmt.Sprintf(entry, "small", "chat") + fmt.Sprintf("    size: %d\n    sha256: %s\n", len(b.chat), sum256(b.chat)) +
		fmt.Sprintf("    source: {kind: pip, package: wheel-a, version: 1.0, size: %d, sha256: %s, member: a/m.gguf}\n", len(wheelA), sum256(wheelA)) +
		fmt.Sprintf(entry, "vectors", "embed") + fmt.Sprintf("    size: %d\n    sha256: %s\n", len(b.embed), sum256(b.embed)) +
		fmt.Sprintf("    source: {kind: pip, package: wheel-b, version: 1.0, size: %d, sha256: %s, member: b/m.gguf}\n", len(wheelB), sum256(wheelB))
	pkg := func(name, folder string, raw []byte) string {
		return fmt.Sprintf("      - {name: %q, folder: %s, size: %d, integrity: %s}\n", name, folder, len(raw), integrity(raw))
	}
	build := "  - platform: %s\n    version: 1.2.3\n    llama: v1\n    license: MIT\n    packages:\n"
	engines := "builds:\n" + fmt.Sprintf(build, "test-cpu") + pkg("@engine/x", "bins/x", engine) +
		fmt.Sprintf(build, "test-cpu-gpu") + pkg("@engine/x", "bins/x", engine) + pkg("@engine/ext", "bins/x/fallback", extra)

	cfg, ec := DefaultConfig(), EngineConfig{Platform: "test-cpu"}
	for _, f := range change {
		f(&cfg, &ec)
	}
	c, err := Open(cfg, ec, b.data, fstest.MapFS{"models.yaml": {Data: []byte(models)}, "engines.yaml": {Data: []byte(engines)}})
	if err != nil {
		t.Fatal(err)
	}
	c.run, c.free = b.clients.run, func(string) (int64, error) { return 1 << 40, nil }
	b.Catalogue = c
	return b
}

// put lays a file into the models folder.
func (b *bench) put(t testing.TB, name string, raw []byte) string {
	t.Helper()
	path := filepath.Join(b.models, name)
	if err := errors.Join(os.MkdirAll(b.models, 0o700), os.WriteFile(path, raw, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// item returns a model as List shows it.
func (b *bench) item(t testing.TB, id string) Item {
	t.Helper()
	items, err := b.List()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(items, func(i Item) bool { return i.ID == id })
	if i < 0 {
		return Item{}
	}
	return items[i]
}

// left lists what lies in a folder besides locks.
func left(t testing.TB, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		if f.Name() != lockName {
			names = append(names, f.Name())
		}
	}
	return names
}

// steps is a Progress that keeps what it hears.
type steps struct {
	mu    sync.Mutex
	said  []string
	heard func(step string) // when set, hears each too
	at    func(bytes int64)
}

func (s *steps) Begin(_ Phase, step string, _ int64) {
	s.mu.Lock()
	s.said = append(s.said, step)
	s.mu.Unlock()
	if s.heard != nil {
		s.heard(step)
	}
}

func (s *steps) At(bytes int64) {
	if s.at != nil {
		s.at(bytes)
	}
}
