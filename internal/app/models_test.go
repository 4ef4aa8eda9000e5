package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge/adminapi"
	"github.com/parley-chat/parley/internal/edge/openaiapi"
	"github.com/parley-chat/parley/internal/usage"
)

// withEngine has the engine libraries count as installed.
func withEngine(t *testing.T) func(*app.Config) {
	dir := t.TempDir()
	for _, name := range []string{"libllama.so", "libggml.so", "libggml-base.so"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(c *app.Config) { c.Engine.Libraries.Dir = dir }
}

// pulled is a model of the catalogue that the hub of the tests has.
const (
	pulled     = "smollm2-360m-instruct"
	pulledPath = "/HuggingFaceTB/SmolLM2-360M-Instruct-GGUF/resolve/main/smollm2-360m-instruct-q8_0.gguf"
)

// modelHub is a model hub with one small file. It sends the first half at once and the rest when it may.
type modelHub struct {
	url    string
	file   []byte
	goOn   chan struct{}
	mu     sync.Mutex
	ranges []string
}

func startHub(t *testing.T) *modelHub {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.gguf")
	tinyModel(t, path, "llama")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h := &modelHub{file: raw, goOn: make(chan struct{})}
	sum := sha256.Sum256(raw)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != pulledPath:
			http.NotFound(w, r)
			return
		case r.Method == http.MethodHead:
			w.Header().Set("X-Linked-Etag", `"`+hex.EncodeToString(sum[:])+`"`)
			w.Header().Set("X-Linked-Size", fmt.Sprint(len(raw)))
			return
		}
		h.mu.Lock()
		h.ranges = append(h.ranges, r.Header.Get("Range"))
		h.mu.Unlock()
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(&halting{w, r, h, len(raw) / 2}, r, "m.gguf", time.Time{}, bytes.NewReader(raw))
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	h.url = server.URL
	return h
}

// halting stops in the middle of a whole file until the hub may go on.
type halting struct {
	http.ResponseWriter
	r    *http.Request
	h    *modelHub
	left int
}

func (w *halting) Write(b []byte) (int, error) {
	if w.r.Header.Get("Range") != "" {
		return w.ResponseWriter.Write(b)
	}
	n, err := w.ResponseWriter.Write(b[:w.left])
	if err != nil {
		return n, err
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	select {
	case <-w.h.goOn:
	case <-w.r.Context().Done():
		return n, w.r.Context().Err()
	}
	m, err := w.ResponseWriter.Write(b[w.left:])
	return n + m, err
}

// model returns one of GET /v1/admin/models.
func (s *site) model(t *testing.T, id string) adminapi.ManagedModel {
	t.Helper()
	var all adminapi.ModelCatalogue
	s.must(t, http.StatusOK, seeded, "GET", "/v1/admin/models", nil).into(t, &all)
	if all.FreeBytes <= 0 {
		t.Errorf("the disk has %d bytes free", all.FreeBytes)
	}
	for _, m := range all.Data {
		if m.ID == id {
			return m
		}
	}
	return adminapi.ManagedModel{}
}

// reach polls as the page does, until the model is as it should be.
func (s *site) reach(t *testing.T, id string, what string, is func(adminapi.ManagedModel) bool) adminapi.ManagedModel {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		m := s.model(t, id)
		if is(m) {
			return m
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not %s: %+v, progress %+v", id, what, m, m.Progress)
		}
	}
}

func half(h *modelHub) func(adminapi.ManagedModel) bool {
	return func(m adminapi.ManagedModel) bool {
		return m.State == "downloading" && m.Progress != nil && m.Progress.DoneBytes == int64(len(h.file)/2) && m.Progress.TotalBytes == int64(len(h.file))
	}
}

// A model is downloaded with progress, paused, survives a restart, goes on, is loaded, answers, and goes.
func TestModelFromCatalogueToAnswerAndAway(t *testing.T) {
	t.Parallel()
	hub := startHub(t)
	configure := func(c *app.Config) { withEngine(t)(c); c.Models.HubURL = hub.url }
	s := boot(t, "", nil, configure)
	at := "/v1/admin/models/" + pulled
	m := s.model(t, pulled)
	if m.State != "available" || m.Installed || m.Progress != nil || !m.Resumable || m.SizeBytes < 1e8 || m.SizeExact || m.MemoryBytes < 1e8 ||
		m.Licence != "Apache-2.0" || m.Parameters < 3e8 || m.Quantisation != "Q8_0" || !strings.HasPrefix(m.Source, "hf HuggingFaceTB/") {
		t.Errorf("available: %+v", m)
	}
	if a := s.call(t, seeded, "POST", at+"/load", nil); a.status != http.StatusConflict || a.code() != "not_installed" {
		t.Errorf("loading what is not here: %d %s", a.status, a.body)
	}
	s.must(t, http.StatusAccepted, seeded, "POST", at+"/pull", nil)
	s.reach(t, pulled, "half here", half(hub))
	if a := s.call(t, seeded, "DELETE", at, nil); a.status != http.StatusConflict || a.code() != "downloading" {
		t.Errorf("removing what is on its way: %d %s", a.status, a.body)
	}
	s.must(t, http.StatusOK, seeded, "POST", at+"/pause", nil).into(t, &m)
	if m.State != "paused" || m.Progress == nil || m.Progress.DoneBytes != int64(len(hub.file)/2) {
		t.Errorf("paused: %+v %+v", m, m.Progress)
	}

	// A restart in the middle of a download keeps what has come.
	s.must(t, http.StatusOK, seeded, "POST", "/v1/admin/models/"+pulled+"/pause", nil)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = bootAgain(t, s, configure)
	if m = s.model(t, pulled); m.State != "paused" || m.Progress == nil || m.Progress.DoneBytes != int64(len(hub.file)/2) {
		t.Errorf("after a restart: %+v %+v", m, m.Progress)
	}
	s.must(t, http.StatusAccepted, seeded, "POST", at+"/pull", nil)
	m = s.reach(t, pulled, "installed", func(m adminapi.ManagedModel) bool { return m.State == "installed" })
	if !m.Installed || m.InstalledBytes != int64(len(hub.file)) || m.Progress != nil || m.Error != "" || m.Loaded {
		t.Errorf("installed: %+v", m)
	}
	if want := []string{"", fmt.Sprintf("bytes=%d-", len(hub.file)/2)}; fmt.Sprint(hub.ranges) != fmt.Sprint(want) {
		t.Errorf("the hub was asked for %q, want %q", hub.ranges, want)
	}

	s.must(t, http.StatusOK, seeded, "POST", at+"/load", nil).into(t, &m)
	if !m.Loaded {
		t.Errorf("loaded: %+v", m)
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"model": "`+pulled+`", "messages": [{"role": "user", "content": "hi"}]}`)
	s.must(t, http.StatusOK, seeded, "POST", at+"/unload", nil).into(t, &m)
	if m.Loaded {
		t.Error("it is still loaded")
	}
	s.must(t, http.StatusOK, seeded, "POST", at+"/load", nil)
	s.must(t, http.StatusNoContent, seeded, "DELETE", at, nil)
	if m = s.model(t, pulled); m.State != "available" || m.Loaded || m.Installed {
		t.Errorf("removed: %+v", m)
	}
	s.must(t, http.StatusNotFound, seeded, "DELETE", at, nil)
	s.must(t, http.StatusNotFound, seeded, "GET", "/v1/models/"+pulled, nil)
}

// A stop while bytes come is a pause.
func TestStopInTheMiddleOfADownload(t *testing.T) {
	t.Parallel()
	hub := startHub(t)
	configure := func(c *app.Config) { c.Models.HubURL = hub.url }
	s := boot(t, "", nil, configure)
	s.must(t, http.StatusAccepted, seeded, "POST", "/v1/admin/models/"+pulled+"/pull", nil)
	s.reach(t, pulled, "half here", half(hub))
	began := time.Now()
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
	s = bootAgain(t, s, configure)
	if m := s.model(t, pulled); m.State != "paused" || m.Progress == nil || m.Progress.DoneBytes != int64(len(hub.file)/2) {
		t.Errorf("after a restart: %+v %+v", m, m.Progress)
	}
	s.must(t, http.StatusNoContent, seeded, "DELETE", "/v1/admin/models/"+pulled, nil)
	if m := s.model(t, pulled); m.State != "available" || m.Progress != nil {
		t.Errorf("given up: %+v", m)
	}
}

func TestDownloadWithoutAHubSaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, func(c *app.Config) { c.Models.HubURL = "http://127.0.0.1:1" })
	s.must(t, http.StatusAccepted, seeded, "POST", "/v1/admin/models/"+pulled+"/pull", nil)
	m := s.reach(t, pulled, "failed", func(m adminapi.ManagedModel) bool { return m.State == "failed" })
	if !strings.Contains(m.Error, "http://127.0.0.1:1 cannot be reached") || !strings.Contains(m.Error, "Without a connection") {
		t.Errorf("it says %q", m.Error)
	}
	if a := s.call(t, seeded, "POST", "/v1/admin/models/none/pull", nil); a.status != http.StatusNotFound || a.code() != "model_not_found" {
		t.Errorf("no such model: %d %s", a.status, a.body)
	}
}

// The page learns that nothing can run without the engine.
func TestMissingEngineIsTold(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	var all adminapi.ModelCatalogue
	s.must(t, http.StatusOK, seeded, "GET", "/v1/admin/models", nil).into(t, &all)
	if e := all.Engine; e.Ready || e.State != "available" || e.Version == "" || e.SizeBytes == 0 || !strings.Contains(e.Error, "parley model pull --engine") {
		t.Errorf("missing: %+v", e)
	}
	s = boot(t, "", nil, withEngine(t))
	s.must(t, http.StatusAccepted, seeded, "POST", "/v1/admin/engine/pull", nil).into(t, &all.Engine)
	if e := all.Engine; !e.Ready || e.State != "installed" || e.Error != "" {
		t.Errorf("a folder of one's own: %+v", e)
	}
}

// The administrators of the first tenant look after the models, whoever owns it; those of others do not.
func TestModelsAreForAdminsOfTheFirstTenant(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	s.user(t, "team", "admin@a.test", chat.RoleAdmin)
	s.user(t, "team", "member@a.test", chat.RoleMember)
	s.must(t, http.StatusOK, s.signIn(t, "admin@a.test"), "GET", "/v1/admin/models", nil)
	s.must(t, http.StatusForbidden, s.signIn(t, "admin@a.test"), "GET", "/v1/admin/tenants", nil)
	if a := s.call(t, s.signIn(t, "member@a.test"), "GET", "/v1/admin/models", nil); a.status != http.StatusForbidden || a.code() != "missing_role" {
		t.Errorf("a member: %d %s", a.status, a.body)
	}
}

// Each role gets its own default, in both APIs, and the list tells which.
func TestModelDefaultsByRole(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, func(c *app.Config) {
		c.Usage.Prices = []usage.Price{{Model: "zeta", Input: 1, Cached: 0.5, Output: 2}}
	})
	tinyModel(t, filepath.Join(s.dir, "models", "zeta.gguf"), "llama")
	s.user(t, "team", "admin@a.test", chat.RoleAdmin)
	s.user(t, "team", "member@a.test", chat.RoleMember)
	admin, member := s.signIn(t, "admin@a.test"), s.signIn(t, "member@a.test")
	choice := `{"chat": {"default": "", "member": "zeta"}}`
	if a := s.must(t, http.StatusOK, admin, "PUT", "/v1/admin/model-defaults", choice); !strings.Contains(string(a.body), `"default":"","member":"zeta"`) {
		t.Errorf("kept %s", a.body)
	}
	for who, want := range map[credential]string{admin: "tiny", member: "zeta", seeded: "tiny"} {
		var status struct{ Chat struct{ Model string } }
		s.must(t, http.StatusOK, who, "GET", "/v1/status", nil).into(t, &status)
		if status.Chat.Model != want {
			t.Errorf("the status tells %s, want %s", status.Chat.Model, want)
		}
		var listed openaiapi.ModelList
		s.must(t, http.StatusOK, who, "GET", "/v1/models", nil).into(t, &listed)
		for _, m := range listed.Data {
			if m.Parley.Kind == "chat" && m.Parley.Default != (m.ID == want) {
				t.Errorf("%s is told that %s is the default: %v", want, m.ID, m.Parley.Default)
			}
			if m.Parley.Location != "here" || m.Parley.SizeBytes == 0 || m.Parley.Parameters == 0 || m.Parley.Quantisation == "" || m.Parley.Name == "" {
				t.Errorf("%+v", m.Parley)
			}
			if (m.Parley.Price != nil) != (m.ID == "zeta") {
				t.Errorf("the price of %s is %+v", m.ID, m.Parley.Price)
			}
		}
		var answer struct{ Model string }
		s.must(t, http.StatusOK, who, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}]}`).into(t, &answer)
		if answer.Model != want {
			t.Errorf("the OpenAI API answered with %s, want %s", answer.Model, want)
		}
		var turn struct{ Message struct{ Model string } }
		s.must(t, http.StatusOK, who, "POST", "/v1/chat.completions",
			`{"messages": [{"role": "user", "content": "hi"}], "response": {"stream": false}}`).into(t, &turn)
		if turn.Message.Model != want {
			t.Errorf("the turn was answered with %s, want %s", turn.Message.Model, want)
		}
	}
	a := s.call(t, admin, "PUT", "/v1/admin/model-defaults", `{"chat": {"default": "gone"}}`)
	if a.status != http.StatusBadRequest || !strings.Contains(string(a.body), `"param":"chat.default"`) {
		t.Errorf("a model that is not installed: %d %s", a.status, a.body)
	}
}

// bootAgain starts a server on what another has left.
func bootAgain(t *testing.T, s *site, change func(*app.Config)) *site {
	t.Helper()
	url := s.cfg.Database.URL
	return boot(t, s.dir, nil, func(c *app.Config) {
		change(c)
		if url != "" {
			c.Database.URL = url
		}
	})
}
