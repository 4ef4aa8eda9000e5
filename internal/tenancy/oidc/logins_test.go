package oidc_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/issuer/issuertest"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
)

const callback = "http://127.0.0.1:1/v1/auth/oidc/callback"

func setting(p *issuertest.Provider) oidc.Provider {
	return oidc.Provider{
		Name: "corp", Label: "Corp", Issuer: p.URL, ClientID: issuertest.ClientID, ClientSecret: issuertest.ClientSecret,
		Accounts: issuer.Accounts{
			RoleClaim: "realm.roles", Roles: []issuer.RoleRule{{Value: "Boss", Role: chat.RoleAdmin}, {Value: "Guest", Role: chat.RoleViewer}},
			GroupsClaim: "groups",
		},
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	p.Claims["realm"] = map[string]any{"roles": []string{"Guest", "Boss"}}
	p.Claims["groups"] = []string{"eng"}
	p.SendIssuer = true
	l := oidc.New([]oidc.Provider{setting(p)}, time.Now)
	begun, err := l.Begin(t.Context(), "corp", "/c/1?x=y", callback)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := base64.RawURLEncoding.DecodeString(begun.Cookie)
	if err != nil || bytes.Contains(sealed, []byte(stateOf(t, begun.URL))) {
		t.Errorf("the cookie is not sealed (%v)", err)
	}
	done, err := l.Finish(t.Context(), begun.Cookie, p.Visit(t, begun.URL))
	if err != nil {
		t.Fatal(err)
	}
	got := done.Person
	if got.Issuer != p.URL || got.Subject != "sub-1" || got.Email != "ada@example.test" || !got.EmailVerified ||
		got.Name != "Ada" || got.Role != chat.RoleAdmin || !got.RoleDecided || len(got.Groups) != 1 || got.Groups[0] != "eng" {
		t.Errorf("person = %+v", got)
	}
	if done.Next != "/c/1?x=y" || done.Provider.Name != "corp" {
		t.Errorf("next = %q, provider = %q", done.Next, done.Provider.Name)
	}
}

// TestUserInfo has what the ID token leaves out told by the userinfo endpoint, for the same subject only.
func TestUserInfo(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	p.Claims = map[string]any{"sub": "s"}
	p.UserInfo = map[string]any{"sub": "s", "email": "bo@example.test", "email_verified": "true", "groups": "ops", "iss": "https://elsewhere"}
	l := oidc.New([]oidc.Provider{setting(p)}, time.Now)
	done, err := finish(t, l, p)
	if err != nil {
		t.Fatal(err)
	}
	if got := done.Person; got.Email != "bo@example.test" || !got.EmailVerified || got.Groups[0] != "ops" || got.Issuer != p.URL {
		t.Errorf("person = %+v", got)
	}
	p.UserInfo["sub"] = "somebody-else"
	if _, err := finish(t, l, p); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("userinfo of another subject: %v", err)
	}
}

func finish(t *testing.T, l *oidc.Logins, p *issuertest.Provider) (oidc.Finished, error) {
	t.Helper()
	begun, err := l.Begin(t.Context(), "corp", "/", callback)
	if err != nil {
		t.Fatal(err)
	}
	return l.Finish(t.Context(), begun.Cookie, p.Visit(t, begun.URL))
}

// TestBadTokens has the provider hand out ID tokens that must not be taken.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	publicPEM := func(p *issuertest.Provider) []byte {
		priv, _ := p.Key()
		der, err := x509.MarshalPKIXPublicKey(&priv.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}
	set := func(name string, v any) func(*issuertest.Provider) {
		return func(p *issuertest.Provider) { p.Tamper = func(c map[string]any) { c[name] = v } }
	}
	other := issuertest.Start(t)
	other.Rotate()
	cases := map[string]func(p *issuertest.Provider){
		"another nonce":    set("nonce", "guessed"),
		"no nonce":         func(p *issuertest.Provider) { p.Tamper = func(c map[string]any) { delete(c, "nonce") } },
		"another issuer":   set("iss", "https://evil.example"),
		"another audience": set("aud", "another-client"),
		"not authorized": func(p *issuertest.Provider) {
			p.Tamper = func(c map[string]any) { c["aud"], c["azp"] = []string{issuertest.ClientID, "b"}, "x" }
		},
		"expired":         set("exp", time.Now().Add(-2*time.Minute).Unix()),
		"without expiry":  func(p *issuertest.Provider) { p.Tamper = func(c map[string]any) { delete(c, "exp") } },
		"not yet valid":   set("nbf", time.Now().Add(10*time.Minute).Unix()),
		"without subject": set("sub", ""),
		"alg none": func(p *issuertest.Provider) {
			p.Sign = func(c map[string]any) string {
				return issuertest.Sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "key-1", c)
			}
		},
		"HS256 with the public key": func(p *issuertest.Provider) {
			p.Sign = func(c map[string]any) string {
				return issuertest.Sign(jwt.SigningMethodHS256, publicPEM(p), "key-1", c)
			}
		},
		"an algorithm that is not pinned": func(p *issuertest.Provider) {
			p.Sign = func(c map[string]any) string {
				priv, id := p.Key()
				return issuertest.Sign(jwt.SigningMethodPS256, priv, id, c)
			}
		},
		"another's key under our key id": func(p *issuertest.Provider) {
			p.Sign = func(c map[string]any) string {
				priv, _ := other.Key()
				return issuertest.Sign(jwt.SigningMethodRS256, priv, "key-1", c)
			}
		},
		"no token at all": func(p *issuertest.Provider) { p.Sign = func(map[string]any) string { return "x" } },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := issuertest.Start(t)
			spoil(p)
			_, err := finish(t, oidc.New([]oidc.Provider{setting(p)}, time.Now), p)
			if !fault.Is(err, fault.CodeUnauthenticated) {
				t.Errorf("err = %v, want unauthenticated", err)
			}
		})
	}
}

// TestBadReturns has the browser come back with something else than it was sent away for.
func TestBadReturns(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	l := oidc.New([]oidc.Provider{setting(p)}, time.Now)
	begin := func(t *testing.T) (oidc.Started, url.Values) {
		begun, err := l.Begin(t.Context(), "corp", "/", callback)
		if err != nil {
			t.Fatal(err)
		}
		return begun, p.Visit(t, begun.URL)
	}
	refuse := func(t *testing.T, cookie string, q url.Values, code fault.Code, kind string) {
		t.Helper()
		_, err := l.Finish(t.Context(), cookie, q)
		if f := fault.From(err); f == nil || f.Code != code || f.Kind != kind {
			t.Errorf("err = %v, want %s %s", err, code, kind)
		}
	}
	t.Run("another state", func(t *testing.T) {
		b, q := begin(t)
		q.Set("state", "x")
		refuse(t, b.Cookie, q, fault.CodeInvalid, "login_state")
		q.Del("state")
		refuse(t, b.Cookie, q, fault.CodeInvalid, "login_state")
	})
	t.Run("another browser's return", func(t *testing.T) {
		_, theirs := begin(t)
		mine, _ := begin(t)
		refuse(t, mine.Cookie, theirs, fault.CodeInvalid, "login_state")
	})
	t.Run("no cookie and forged cookies", func(t *testing.T) {
		b, q := begin(t)
		for _, c := range []string{"", "!", "AAAA", strings.Repeat("A", 400), b.Cookie[:len(b.Cookie)-4] + "AAAA"} {
			refuse(t, c, q, fault.CodeInvalid, "login_state")
		}
		elsewhere := oidc.New([]oidc.Provider{setting(p)}, time.Now)
		foreign, err := elsewhere.Begin(t.Context(), "corp", "/", callback)
		if err != nil {
			t.Fatal(err)
		}
		refuse(t, foreign.Cookie, p.Visit(t, foreign.URL), fault.CodeInvalid, "login_state")
	})
	t.Run("the same return twice", func(t *testing.T) {
		b, q := begin(t)
		if _, err := l.Finish(t.Context(), b.Cookie, q); err != nil {
			t.Fatal(err)
		}
		refuse(t, b.Cookie, q, fault.CodeInvalid, "login_state")
	})
	t.Run("a code used before", func(t *testing.T) {
		b, q := begin(t)
		if _, err := l.Finish(t.Context(), b.Cookie, q); err != nil {
			t.Fatal(err)
		}
		b2, q2 := begin(t)
		q2.Set("code", q.Get("code"))
		refuse(t, b2.Cookie, q2, fault.CodeUnauthenticated, "")
	})
	t.Run("a code of another sign-in", func(t *testing.T) {
		_, theirs := begin(t)
		b, q := begin(t)
		q.Set("code", theirs.Get("code")) // PKCE binds a code to the browser that asked for it
		refuse(t, b.Cookie, q, fault.CodeUnauthenticated, "")
	})
	t.Run("another issuer in the address", func(t *testing.T) {
		b, q := begin(t)
		q.Set("iss", "https://evil.example")
		refuse(t, b.Cookie, q, fault.CodeInvalid, "login_state")
	})
	t.Run("refused by the provider", func(t *testing.T) {
		b, q := begin(t)
		q.Set("error", "access_denied")
		refuse(t, b.Cookie, q, fault.CodeForbidden, "login_refused")
		b, q = begin(t)
		q.Set("error", "<script>")
		_, err := l.Finish(t.Context(), b.Cookie, q)
		if err == nil || strings.Contains(err.Error(), "script") {
			t.Errorf("err = %v, which repeats foreign text", err)
		}
	})
}

// TestMixUp takes the answer of one provider to another, and hides the issuer of one that names it.
func TestMixUp(t *testing.T) {
	t.Parallel()
	good, evil := issuertest.Start(t), issuertest.Start(t)
	good.SendIssuer = true
	a, b := setting(good), setting(evil)
	b.Name = "evil"
	l := oidc.New([]oidc.Provider{a, b}, time.Now)
	atGood, err := l.Begin(t.Context(), "corp", "/", callback)
	if err != nil {
		t.Fatal(err)
	}
	atEvil, err := l.Begin(t.Context(), "evil", "/", callback)
	if err != nil {
		t.Fatal(err)
	}
	q := good.Visit(t, atGood.URL)
	mixed := url.Values{"code": {q.Get("code")}, "state": {stateOf(t, atEvil.URL)}, "iss": {q.Get("iss")}}
	if _, err := l.Finish(t.Context(), atEvil.Cookie, mixed); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a code of one provider was taken to another: %v", err)
	}
	q.Del("iss")
	if _, err := l.Finish(t.Context(), atGood.Cookie, q); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a provider that names itself came back without its name: %v", err)
	}
}

func stateOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("state")
}

func TestExpiredSignIn(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	now := time.Now()
	l := oidc.New([]oidc.Provider{setting(p)}, func() time.Time { return now })
	begun, err := l.Begin(t.Context(), "", "/", callback)
	if err != nil {
		t.Fatal(err)
	}
	q := p.Visit(t, begun.URL)
	now = now.Add(oidc.Lifetime + time.Second)
	if _, err := l.Finish(t.Context(), begun.Cookie, q); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("err = %v", err)
	}
}

// TestProviderDown has a provider that is down at first and found later, without a new start.
func TestProviderDown(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	p.SetDown(true)
	now := time.Now()
	l := oidc.New([]oidc.Provider{setting(p)}, func() time.Time { return now })
	if _, err := l.Begin(t.Context(), "corp", "/", callback); !fault.Is(err, fault.CodeUnavailable) {
		t.Fatalf("err = %v", err)
	}
	p.SetDown(false)
	if _, err := l.Begin(t.Context(), "corp", "/", callback); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("a failure is not remembered for a moment: %v", err)
	}
	now = now.Add(5 * time.Second)
	if _, err := l.Begin(t.Context(), "corp", "/", callback); err != nil {
		t.Errorf("the provider is not found again: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := oidc.New([]oidc.Provider{setting(p)}, time.Now).Begin(ctx, "corp", "/", callback); !fault.Is(err, fault.CodeCancelled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := l.Begin(t.Context(), "nobody", "/", callback); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("unknown provider: %v", err)
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/": "/", "/c/1?q=a%20b#x": "/c/1?q=a%20b#x", "": "/", "c": "/", "//evil.example": "/", "/\\evil.example": "/",
		"https://evil.example/": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "/\n/evil": "/", "\\\\evil": "/",
		"/ok\\..\\x": "/", "http:/evil": "/", "/" + strings.Repeat("a", 2000): "/",
	} {
		if got := oidc.LocalPath(in); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("/c/1")
	f.Add("//evil")
	base, err := url.Parse("https://parley.example/v1/auth/oidc/callback")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		to, err := base.Parse(oidc.LocalPath(next))
		if err != nil || to.Host != "parley.example" || to.Scheme != "https" {
			t.Errorf("%q leads to %v (%v)", next, to, err)
		}
	})
}

func TestProviderValidate(t *testing.T) {
	t.Parallel()
	bad := oidc.Provider{
		Name: "Bad Name", Issuer: "ftp://x", Redirect: "/callback", Algorithms: []string{"HS256"},
		Accounts: issuer.Accounts{DefaultRole: "king", Roles: []issuer.RoleRule{{Role: "king"}}},
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"name:", "issuer:", "client_id:", "redirect:", "algorithms:", "default_role:", "roles: needs", "roles[0].value", "roles[0].role"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if err := setting(&issuertest.Provider{URL: "https://idp.example"}).Validate(); err != nil {
		t.Errorf("a good provider: %v", err)
	}
}
