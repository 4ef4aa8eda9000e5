package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
)

// Every kind of answer has the headers that keep a browser from doing what the page never asks for.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	const strict = "default-src 'self'"
	for path, policy := range map[string]string{
		"/": strict, "/c/conv_0": strict, "/assets/none.js": strict, "/v1/models": strict, "/v1/nothing": strict, "/healthz": strict, "/docs": "default-src 'none'",
	} {
		h := s.call(t, seeded, "GET", path, nil).header
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, policy) || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "base-uri 'none'") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
		if scripts := strings.Contains(csp, "unsafe-eval") || policy == strict && strings.Contains(csp, "unsafe-inline"); scripts {
			t.Errorf("%s: the policy lets in what stands in the page: %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: Permissions-Policy %q", path, h.Get("Permissions-Policy"))
		}
	}
}

// certify writes a certificate for this machine and its key, and returns who trusts it.
func certify(t *testing.T, dir string) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, trust = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: bare}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trust.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key, trust
}

func TestHTTPSHardensCookieAndTransport(t *testing.T) {
	t.Parallel()
	cert, key, trust := certify(t, t.TempDir())
	s := boot(t, "", nil, func(c *app.Config) { c.Server.TLSCert, c.Server.TLSKey = cert, key })
	if !strings.HasPrefix(s.url, "https://") {
		t.Fatalf("the address is %s", s.url)
	}
	s.net = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}}
	s.user(t, "team", "ada@a.test", chat.RoleMember)
	a := s.must(t, http.StatusOK, credential{}, "POST", "/v1/session", map[string]string{"email": "ada@a.test", "password": password})
	if got := a.header.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=31536000") {
		t.Errorf("Strict-Transport-Security %q", got)
	}
	cookie := (&http.Response{Header: a.header}).Cookies()[0]
	if cookie.Name != "__Host-parley_session" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie: %+v", cookie)
	}
	s.must(t, http.StatusOK, credential{}, "GET", "/v1/me", nil, "Cookie", cookie.Name+"="+cookie.Value)
	// The name of plain HTTP, which another host of the same domain could set, is not taken.
	s.must(t, http.StatusUnauthorized, credential{}, "GET", "/v1/me", nil, "Cookie", "parley_session="+cookie.Value)
	out := s.must(t, http.StatusNoContent, credential{}, "DELETE", "/v1/session", nil, "Cookie", cookie.Name+"="+cookie.Value)
	if gone := (&http.Response{Header: out.header}).Cookies(); len(gone) != 1 || gone[0].Name != cookie.Name || gone[0].MaxAge >= 0 || !gone[0].Secure {
		t.Errorf("signing out leaves %+v", gone)
	}
}

// The address of a client is that of its connection, and a proxy's word is taken only where it is trusted.
func TestProxyIsTrustedWhenTold(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{false, true} {
		s := boot(t, "", nil, func(c *app.Config) { c.Server.TrustProxy = trusted })
		s.user(t, "team", "ada@a.test", chat.RoleMember)
		a := s.must(t, http.StatusOK, credential{}, "POST", "/v1/session", map[string]string{"email": "ada@a.test", "password": password},
			"X-Forwarded-For", "198.51.100.1, 203.0.113.7")
		var list struct{ Data []struct{ IP string } }
		me := credential{cookie: (&http.Response{Header: a.header}).Cookies()[0].Value}
		s.must(t, http.StatusOK, me, "GET", "/v1/me/sessions", nil).into(t, &list)
		want := map[bool]string{false: "127.0.0.1", true: "203.0.113.7"}[trusted]
		if len(list.Data) != 1 || list.Data[0].IP != want {
			t.Errorf("trusted %v: %+v, want %s", trusted, list.Data, want)
		}
	}
}

func TestMetricsAreForTheTokenOrThisMachine(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	s.must(t, http.StatusOK, credential{}, "GET", "/metrics", nil)
	s.must(t, http.StatusForbidden, credential{}, "GET", "/metrics", nil, "X-Forwarded-For", "203.0.113.7")
	s = boot(t, "", nil, func(c *app.Config) { c.Server.MetricsToken = "metrics-token-of-the-tests" })
	s.must(t, http.StatusUnauthorized, credential{}, "GET", "/metrics", nil)
	s.must(t, http.StatusUnauthorized, seeded, "GET", "/metrics", nil)
	s.must(t, http.StatusOK, credential{bearer: "metrics-token-of-the-tests"}, "GET", "/metrics", nil, "X-Forwarded-For", "203.0.113.7")
}

// A socket is as good as its credential: a page of this origin opens it by the session's cookie, and
// what is revoked while it is open may nothing more.
func TestSocketsOfSessionsAndRevokedCredentials(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	me := h.signIn(t, "member@b.test")
	page := h.dial(t, "Cookie", "parley_session="+me.cookie, "Origin", h.url)
	page.say(`{"type": "ping", "ref": "1"}`)
	if m := page.next(); m.Type != "pong" || m.Ref != "1" {
		t.Errorf("ping: %+v", m)
	}
	if err := page.conn.Ping(page.conn.CloseRead(page.ctx)); err != nil {
		t.Errorf("ping of the protocol: %v", err)
	}
	page = h.dial(t, "Cookie", "parley_session="+me.cookie, "Origin", h.url)
	var key struct{ ID, Secret string }
	h.must(t, http.StatusCreated, me, "POST", "/v1/keys", bodies["POST /v1/keys"]).into(t, &key)
	program := h.dial(t, "Authorization", "Bearer "+key.Secret)
	program.say(`{"type": "ping"}`)
	if m := program.next(); m.Type != "pong" {
		t.Errorf("by key: %+v", m)
	}
	h.must(t, http.StatusNoContent, me, "DELETE", "/v1/keys/"+key.ID, nil)
	const turn = `{"type": "turn", "ref": "a", "messages": [{"role": "user", "content": "hi"}]}`
	program.say(turn)
	if m := program.next(); m.Error == nil || m.Error.Code != "invalid_api_key" {
		t.Errorf("after the key was revoked: %+v", m)
	}
	h.must(t, http.StatusNoContent, me, "DELETE", "/v1/session", nil)
	page.say(turn)
	if m := page.next(); m.Error == nil || m.Error.Code != "session_ended" {
		t.Errorf("after signing out: %+v", m)
	}
	var kept int
	if err := h.DB.Get(context.Background(), &kept, `SELECT COUNT(*) FROM messages`); err != nil || kept != 0 {
		t.Errorf("%d messages were kept, %v", kept, err)
	}
}
