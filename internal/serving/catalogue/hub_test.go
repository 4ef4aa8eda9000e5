package catalogue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// store is a model hub: the first answer names the facts and sends on to the storage, as the real one does.
type store struct {
	mu      sync.Mutex
	file    []byte
	digest  string
	noRange bool
	status  int // of the first answer, when not 0
	// cut says, for each transfer in turn, after how many bytes the connection breaks.
	cut    []int
	etag   string
	ranges []string // what the transfers asked for
	tokens []string // what reached the storage
	idle   bool     // hold a cut connection open, saying nothing
}

func (s *store) serve(t *testing.T) string {
	t.Helper()
	storage := httptest.NewServer(http.HandlerFunc(s.content))
	// The storage is another host to the client, since the same address has another name.
	elsewhere := strings.Replace(storage.URL, "127.0.0.1", "localhost", 1) + "/blob"
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/some/repo/"): // renamed
			http.Redirect(w, r, strings.Replace(r.URL.EscapedPath(), "/some/", "/new/", 1), http.StatusTemporaryRedirect)
		case r.URL.EscapedPath() != "/new/repo/resolve/main/sub%20dir/m.gguf":
			http.NotFound(w, r)
		case s.status != 0:
			w.WriteHeader(s.status)
		default:
			w.Header().Set("X-Linked-Etag", `"`+s.digest+`"`)
			w.Header().Set("X-Linked-Size", fmt.Sprint(len(s.file)))
			w.Header().Set("X-Repo-Commit", "abc123")
			http.Redirect(w, r, elsewhere, http.StatusFound)
		}
	}))
	t.Cleanup(func() { hub.CloseClientConnections(); hub.Close(); storage.CloseClientConnections(); storage.Close() })
	return hub.URL
}

func (s *store) content(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	cut := -1
	if len(s.cut) > 0 {
		cut, s.cut = s.cut[0], s.cut[1:]
	}
	s.mu.Unlock()
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	if s.noRange {
		r.Header.Del("Range")
	}
	if cut < 0 {
		http.ServeContent(w, r, "m.gguf", time.Time{}, bytes.NewReader(s.file))
		return
	}
	part := &cutting{ResponseWriter: w, left: cut}
	http.ServeContent(part, r, "m.gguf", time.Time{}, bytes.NewReader(s.file))
	_ = http.NewResponseController(w).Flush()
	if s.idle {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}

// cutting lets a number of bytes through.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(b []byte) (int, error) {
	n := min(len(b), c.left)
	c.left -= n
	if n > 0 {
		_, _ = c.ResponseWriter.Write(b[:n])
	}
	if n < len(b) {
		return n, errors.New("cut")
	}
	return n, nil
}

// withHub is a bench whose hub is s.
func withHub(t *testing.T, s *store, token Token) *bench {
	t.Helper()
	b := setup(t, func(c *Config, _ *EngineConfig) { c.HubURL, c.HubToken = s.serve(t), token })
	b.hub.pause, b.hub.idle = time.Millisecond, 10*time.Second
	if s.file == nil {
		s.file = b.hubs
	}
	if s.digest == "" {
		s.digest = sum256(s.file)
	}
	return b
}

func TestPullFromHub(t *testing.T) {
	t.Parallel()
	s := &store{etag: `"v1"`}
	b := withHub(t, s, "secret")
	if err := b.Pull(t.Context(), "large", Silent{}); err != nil {
		t.Fatal(err)
	}
	m, err := b.readManifest()
	if r := m.Models["large"]; err != nil || r.SHA256 != s.digest || r.Commit != "abc123" || r.Source != "hf some/repo sub dir/m.gguf" {
		t.Errorf("noted %+v, %v", r, err)
	}
	if b.item(t, "large").State != StateInstalled {
		t.Errorf("%+v", b.item(t, "large"))
	}
	if names := left(t, b.models); !slices.Equal(names, []string{"large.gguf", manifestName}) {
		t.Errorf("the folder holds %q", names)
	}
	if slices.Contains(s.tokens, "Bearer secret") {
		t.Error("the token was sent on to the storage")
	}
}

func TestTransferGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store  *store
		ranges []string
	}{
		"after two breaks":        {&store{etag: `"v1"`, cut: []int{5000, 1000}}, []string{"", "bytes=5000-", "bytes=6000-"}},
		"with a weak tag":         {&store{etag: `W/"v1"`, cut: []int{5000}}, []string{"", "bytes=5000-"}},
		"without a tag":           {&store{cut: []int{5000}}, []string{"", "bytes=5000-"}},
		"without ranges":          {&store{etag: `"v1"`, noRange: true, cut: []int{5000}}, []string{"", "bytes=5000-"}},
		"when nothing came yet":   {&store{etag: `"v1"`, cut: []int{0}}, []string{"", ""}},
		"when nothing comes more": {&store{etag: `"v1"`, cut: []int{5000}, idle: true}, []string{"", "bytes=5000-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := withHub(t, c.store, "")
			if c.store.idle {
				b.hub.idle = time.Second // well above the pauses of a busy machine
			}
			if err := b.Pull(t.Context(), "large", Silent{}); err != nil {
				t.Fatal(err)
			}
			if raw, err := os.ReadFile(filepath.Join(b.models, "large.gguf")); err != nil || !bytes.Equal(raw, b.hubs) {
				t.Errorf("the file is not the hub's: %v", err)
			}
			if !slices.Equal(c.store.ranges, c.ranges) {
				t.Errorf("asked for %q, want %q", c.store.ranges, c.ranges)
			}
		})
	}
}

// TestPullGoesOnLater has one pull give up, as a killed one would, and another take up its part.
func TestPullGoesOnLater(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between func(*testing.T, *bench, *store)
		resumes bool
		digest  bool // the second pull must end with the right file all the same
	}{
		"the same file":    {func(*testing.T, *bench, *store) {}, true, true},
		"another tag":      {func(_ *testing.T, _ *bench, s *store) { s.etag = `"v2"` }, true, true},
		"a new file there": {func(t *testing.T, _ *bench, s *store) { s.file = model(t, "llama", 9); s.digest = sum256(s.file) }, false, true},
		"a spoilt note":    {func(t *testing.T, b *bench, _ *store) { b.put(t, "large.gguf.part.json", []byte("{")) }, false, true},
		"too long a part":  {func(t *testing.T, b *bench, _ *store) { b.put(t, "large.gguf.part", make([]byte, 1<<16)) }, false, true},
		"a spoilt part":    {func(t *testing.T, b *bench, _ *store) { b.put(t, "large.gguf.part", make([]byte, 4000)) }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &store{etag: `"v1"`, cut: []int{4000}}
			b := withHub(t, s, "")
			ctx, cancel := context.WithCancel(t.Context())
			arrived := &steps{at: func(n int64) {
				if n == 4000 {
					cancel()
				}
			}}
			if err := b.Pull(ctx, "large", arrived); !errors.Is(err, context.Canceled) {
				t.Fatalf("the first pull: %v", err)
			}
			c.between(t, b, s)
			err := b.Pull(t.Context(), "large", Silent{})
			if c.digest && err != nil || !c.digest && !errors.Is(err, errWrongHash) {
				t.Fatalf("the second pull: %v", err)
			}
			if resumed := s.ranges[len(s.ranges)-1] == "bytes=4000-"; resumed != c.resumes {
				t.Errorf("asked for %q", s.ranges)
			}
			want := []string{"large.gguf", manifestName}
			if !c.digest {
				want = nil
			}
			if names := left(t, b.models); !slices.Equal(names, want) {
				t.Errorf("the folder holds %q", names)
			}
		})
	}
}

func TestHubRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store  *store
		change func(*bench)
		says   string
	}{
		"a wrong file":         {&store{digest: strings.Repeat("0", 64)}, nil, "another SHA-256"},
		"no digest at all":     {&store{digest: "not-a-digest"}, nil, "could not be checked"},
		"a digest of ours":     {&store{}, func(b *bench) { b.table.Models[0].SHA256 = strings.Repeat("1", 64) }, "now has another file"},
		"a licence to accept":  {&store{status: http.StatusUnauthorized}, nil, "HF_TOKEN"},
		"a forbidden one":      {&store{status: http.StatusForbidden}, nil, "accept the licence"},
		"no such file":         {&store{}, func(b *bench) { b.table.Models[0].Source.Revision = "gone" }, "no file sub dir/m.gguf in some/repo at revision gone"},
		"a broken hub":         {&store{status: http.StatusBadGateway}, nil, "status 502"},
		"it never gets on":     {&store{cut: []int{0, 0, 0, 0, 0, 0}}, nil, "cannot be reached"},
		"no hub":               {&store{}, func(b *bench) { b.hub.base = "http://127.0.0.1:1" }, "cannot be reached"},
		"what is no model":     {&store{file: []byte("<html>")}, nil, "cannot be used"},
		"a model of that kind": {&store{}, func(b *bench) { b.table.Models[0].Kind = "embed" }, "the catalogue says embed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := withHub(t, c.store, "")
			if c.change != nil {
				c.change(b)
			}
			err := b.Pull(t.Context(), "large", Silent{})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "Without a connection") {
				t.Errorf("want an error with %q, got %v", c.says, err)
			}
			if slices.Contains(left(t, b.models), "large.gguf") {
				t.Error("it was installed all the same")
			}
		})
	}
}

// TestFullDisk writes to the device that is always full.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full: ", err)
	}
	tr := &transfer{hub: newHub(DefaultConfig()), file: full, p: Silent{}}
	if err := tr.restart(); err == nil || !errors.Is(err, errDisk) {
		// A device cannot be cut, which stands for any other trouble with the file.
		t.Errorf("restart: %v", err)
	}
	err = tr.write([]byte("x"))
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, errDisk) {
		t.Fatalf("write: %v", err)
	}
	end := tr.hopeless(t.Context(), err)
	if fault.From(end).Kind != "disk_full" || !strings.Contains(end.Error(), "make room and pull again") {
		t.Errorf("ended with %v", end)
	}
	if err := tr.hopeless(t.Context(), errors.New("connection reset")); err != nil {
		t.Errorf("a broken connection is no reason to end: %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"the default":          {func(*Config) {}, ""},
		"a mirror":             {func(c *Config) { c.HubURL, c.HubToken = "https://mirror.example/hub", "t" }, ""},
		"a local hub":          {func(c *Config) { c.HubURL, c.HubToken = "http://127.0.0.1:9", "t" }, ""},
		"no address":           {func(c *Config) { c.HubURL = "mirror" }, "hub_url"},
		"a password in it":     {func(c *Config) { c.HubURL = "https://u:p@h" }, "hub_url"},
		"a token in the clear": {func(c *Config) { c.HubURL, c.HubToken = "http://mirror.example", "t" }, "https"},
		"a path as a model":    {func(c *Config) { c.Embed = "../x" }, "embed"},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		if err := cfg.Validate(); (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	env := map[string]string{"HF_ENDPOINT": "https://mirror.example", "HF_TOKEN": "secret"}
	cfg := DefaultConfig().WithEnvironment(func(k string) string { return env[k] })
	if cfg.HubURL != env["HF_ENDPOINT"] || cfg.HubToken != "secret" {
		t.Errorf("the environment gave %q", cfg.HubURL)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg.HubToken); strings.Contains(shown, "secret") {
		t.Errorf("the token shows in %s", shown)
	}
	if kept := (Config{HubURL: "https://own.example"}).WithEnvironment(func(k string) string { return env[k] }); kept.HubURL != "https://own.example" {
		t.Errorf("the environment overrode the settings with %q", kept.HubURL)
	}
}
