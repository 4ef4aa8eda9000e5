package bearer_test

import (
	"crypto/x509"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/bearer"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/issuer/issuertest"
)

const audience = "https://parley.example"

func setting(p *issuertest.Provider) bearer.Issuer {
	return bearer.Issuer{Issuer: p.URL, Audience: audience, Leeway: 30 * time.Second, Accounts: issuer.Accounts{Tenant: "acme"}}
}

func claims(more map[string]any) map[string]any {
	c := map[string]any{"aud": audience, "sub": "robot", "email": "r@example.test"}
	maps.Copy(c, more)
	return c
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	byDiscovery := setting(p)
	byURL := setting(p)
	byURL.JWKSURL = p.URL + "/jwks"
	for name, s := range map[string]bearer.Issuer{"by discovery": byDiscovery, "by URL": byURL} {
		got, err := bearer.New([]bearer.Issuer{s}, time.Now).Verify(t.Context(), p.Token(claims(nil)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Tenant != "acme" || got.Person.Subject != "robot" || got.Person.Issuer != p.URL || got.Person.EmailVerified {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAudiences configures one issuer for two audiences, each with a tenant.
func TestAudiences(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	a, b := setting(p), setting(p)
	b.Audience, b.Tenant = "other", "beta"
	v := bearer.New([]bearer.Issuer{a, b}, time.Now)
	got, err := v.Verify(t.Context(), p.Token(claims(map[string]any{"aud": "other"})))
	if err != nil || got.Tenant != "beta" {
		t.Errorf("tenant = %q, err = %v", got.Tenant, err)
	}
}

func TestTenantClaim(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	s := setting(p)
	s.Tenant, s.TenantClaim = "", "org"
	v := bearer.New([]bearer.Issuer{s}, time.Now)
	if got, err := v.Verify(t.Context(), p.Token(claims(map[string]any{"org": "acme"}))); err != nil || got.Tenant != "acme" {
		t.Errorf("tenant = %q, err = %v", got.Tenant, err)
	}
	for _, org := range []any{nil, "", 7, []string{"acme"}} {
		if _, err := v.Verify(t.Context(), p.Token(claims(map[string]any{"org": org}))); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("org %v: %v", org, err)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	p, stranger := issuertest.Start(t), issuertest.Start(t)
	stranger.Rotate()
	priv, kid := p.Key()
	public := x509.MarshalPKCS1PublicKey(&priv.PublicKey)
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	own := func(c map[string]any) string { return p.Token(claims(c)) }
	good := own(nil)
	part := strings.Split(good, ".")
	strange, _ := stranger.Key()
	cases := map[string]string{
		"empty":                 "",
		"not a token":           "a.b.c",
		"signature cut":         part[0] + "." + part[1] + ".",
		"payload exchanged":     part[0] + "." + strings.Split(own(map[string]any{"sub": "king"}), ".")[1] + "." + part[2],
		"another audience":      own(map[string]any{"aud": "https://other.example"}),
		"no audience":           own(map[string]any{"aud": nil}),
		"unknown issuer":        own(map[string]any{"iss": "https://evil.example"}),
		"expired":               own(map[string]any{"exp": at(-time.Minute)}),
		"expiry is text":        own(map[string]any{"exp": "never"}),
		"no expiry":             own(map[string]any{"exp": nil}),
		"not valid yet":         own(map[string]any{"nbf": at(time.Minute)}),
		"nbf is text":           own(map[string]any{"nbf": "now"}),
		"no subject":            own(map[string]any{"sub": ""}),
		"alg none":              issuertest.Sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, p.Complete(claims(nil))),
		"HS256, public key":     issuertest.Sign(jwt.SigningMethodHS256, public, kid, p.Complete(claims(nil))),
		"algorithm not pinned":  issuertest.Sign(jwt.SigningMethodRS512, priv, kid, p.Complete(claims(nil))),
		"stranger's key":        issuertest.Sign(jwt.SigningMethodRS256, strange, kid, p.Complete(claims(nil))),
		"stranger's key no kid": issuertest.Sign(jwt.SigningMethodRS256, strange, "", p.Complete(claims(nil))),
		"much too long":         good + strings.Repeat("A", 20_000),
	}
	for name, token := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := bearer.New([]bearer.Issuer{setting(p)}, time.Now)
			if _, err := v.Verify(t.Context(), token); !fault.Is(err, fault.CodeUnauthenticated) {
				t.Errorf("err = %v, want unauthenticated", err)
			}
		})
	}
	v := bearer.New([]bearer.Issuer{setting(p)}, time.Now)
	for name, c := range map[string]map[string]any{
		"expired within the leeway":       {"exp": at(-10 * time.Second)},
		"not valid yet within the leeway": {"nbf": at(10 * time.Second)},
		"several audiences":               {"aud": []string{"x", audience}},
	} {
		if _, err := v.Verify(t.Context(), own(c)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	err := bearer.Issuer{
		Issuer: "x", JWKSURL: "y", Algorithms: []string{"none"}, Leeway: time.Hour, TenantClaim: "org",
		Accounts: issuer.Accounts{Tenant: "acme"},
	}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"issuer:", "audience:", "jwks_url:", "algorithms:", "leeway:", "tenant_claim:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

// FuzzVerify throws text at the part that reads a token before its signature is checked.
func FuzzVerify(f *testing.F) {
	f.Add("eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlIn0.")
	f.Add("..")
	// The key set is never reached: nothing listens there, and a token that would need it is unavailable.
	v := bearer.New([]bearer.Issuer{{Issuer: "https://idp.example", Audience: "a", JWKSURL: "http://127.0.0.1:1/jwks"}}, time.Now)
	f.Fuzz(func(t *testing.T, token string) {
		_, err := v.Verify(t.Context(), token)
		if !fault.Is(err, fault.CodeUnauthenticated) && !fault.Is(err, fault.CodeUnavailable) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
