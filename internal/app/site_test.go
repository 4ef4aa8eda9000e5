package app_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/telemetry"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/tenancy/bearer"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/issuer/issuertest"
	"github.com/parley-chat/parley/internal/testkit"
)

const (
	password = "correct horse battery staple 9"
	seedKey  = "seeded-key-of-the-tests-0123456789"
)

// site is the true server on a free port, with a scripted engine, and who may call it.
type site struct {
	*app.App
	log      *syncBuffer
	url      string
	provider *issuertest.Provider
	engine   func(m serving.Model) *servingtest.Scripted
	dir      string
	cfg      app.Config
	contract *contract
	net      http.RoundTripper // nil is the default one
}

// boot starts the server in dir ("" is a fresh folder). change, which may be nil, alters the settings.
func boot(t *testing.T, dir string, engine func(m serving.Model) *servingtest.Scripted, change func(*app.Config)) *site {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
		tinyModel(t, filepath.Join(dir, "models", "tiny.gguf"), "llama")
		tinyModel(t, filepath.Join(dir, "models", "tiny-embed.gguf"), "bert")
	}
	s := &site{provider: issuertest.Start(t), dir: dir, engine: engine, log: &syncBuffer{}}
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Server.Port = dir, 0
	cfg.Database.URL = testkit.PostgresURL(t)
	cfg.Models.HubURL = "http://127.0.0.1:1" // nobody answers there
	cfg.Accounts.Admin.APIKey = seedKey
	cfg.Accounts.Issuers = []bearer.Issuer{{Issuer: s.provider.URL, Audience: "parley-api", Accounts: issuer.Accounts{
		Tenant: "b", AutoCreate: true, RoleClaim: "role", Roles: []issuer.RoleRule{
			{Value: "member", Role: chat.RoleMember}, {Value: "admin", Role: chat.RoleAdmin}},
	}}}
	// Cheap hashes: these tests sign in some hundred times and are not about the cost.
	cfg.Accounts.Password.MemoryKiB, cfg.Accounts.Password.Iterations = 8*1024, 1
	if change != nil {
		change(&cfg)
	}
	s.cfg = cfg
	loader := &servingtest.Loader{}
	if engine != nil {
		loader.Engine = func(m serving.Model) serving.Engine { return engine(m) }
	}
	a, err := app.Start(context.Background(), app.Options{Config: cfg, Version: "test", Engine: loader,
		Log: telemetry.NewLogger(telemetry.Config{Level: "info", Format: "json"}, s.log)})
	if err != nil {
		t.Fatal(err)
	}
	s.App, s.url = a, a.URL()
	if s.contract, err = newContract(a.Routes()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.Background()) })
	return s
}

// syncBuffer keeps the server's log.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func tinyModel(t testing.TB, path, arch string) {
	t.Helper()
	w := gguf.NewWriter()
	w.Set("general.architecture", arch)
	w.Set("general.name", "Tiny")
	w.Set(arch+".context_length", uint32(512))
	w.Set(arch+".embedding_length", uint32(32))
	w.Set(arch+".block_count", uint32(1))
	w.Set("tokenizer.ggml.tokens", []string{"a"})
	for _, name := range []string{"token_embd.weight", "blk.0.attn_q.weight"} {
		gguftest.Numbers(w, name, 1, 32, 32)
	}
	gguftest.Write(t, path, w)
}

// credential is how a request proves who sends it.
type credential struct{ cookie, bearer string }

func (c credential) on(r *http.Request) {
	if c.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "parley_session", Value: c.cookie})
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
}

var seeded = credential{bearer: seedKey}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// code is the error's code, or "".
func (a answer) code() string {
	var e struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(a.body, &e)
	return e.Error.Code
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("status %d, body %s: %v", a.status, a.body, err)
	}
}

// call sends a request; body is JSON, text as it is, or nil.
func (s *site) call(t testing.TB, who credential, method, path string, body any, header ...string) answer {
	t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, s.url+path, r)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	who.on(req)
	res, err := cmp.Or(s.net, http.DefaultTransport).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	a := answer{res.StatusCode, res.Header, text}
	s.contract.check(t, method, path, a)
	return a
}

func (s *site) must(t testing.TB, status int, who credential, method, path string, body any, header ...string) answer {
	t.Helper()
	a := s.call(t, who, method, path, body, header...)
	if a.status != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// scope is whose things a bearer sees.
func (s *site) scope(t testing.TB, who credential) chat.Scope {
	t.Helper()
	id, err := s.Accounts.Bearer(context.Background(), who.bearer)
	if err != nil {
		t.Fatal(err)
	}
	return id.Scope
}

// await waits until the metrics hold a line.
func (s *site) await(t testing.TB, line string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		metrics := string(s.must(t, http.StatusOK, credential{}, "GET", "/metrics", nil).body)
		if strings.Contains(metrics, line) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("/metrics never told %q: %s", line, metrics)
		}
	}
}

// signIn returns the cookie of a new session.
func (s *site) signIn(t testing.TB, email string) credential {
	t.Helper()
	a := s.must(t, http.StatusOK, credential{}, "POST", "/v1/session", map[string]string{"email": email, "password": password})
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "parley_session" {
			return credential{cookie: c.Value}
		}
	}
	t.Fatal("signing in set no cookie")
	return credential{}
}

// user makes an account in a tenant, by its slug.
func (s *site) user(t testing.TB, tenant, email string, role chat.Role) tenancy.User {
	t.Helper()
	tn, err := s.Accounts.Tenant(context.Background(), tenancy.Console(""), tenant)
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Accounts.CreateUser(context.Background(), tenancy.Console(tn.ID), tenancy.NewUser{Email: email, Name: email, Role: role, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (s *site) token(role, subject string) credential {
	return credential{bearer: s.provider.Token(map[string]any{"sub": subject, "aud": "parley-api", "role": role, "name": subject,
		"email": subject + "@jwt.test", "email_verified": true})}
}
