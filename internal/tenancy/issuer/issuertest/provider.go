// Package issuertest is an OpenID provider for tests: discovery, keys, authorization code with PKCE,
// token and userinfo, with true signatures. It says yes to everybody and can be told to misbehave.
package issuertest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ClientID and ClientSecret are those of the one client.
const (
	ClientID     = "parley"
	ClientSecret = "client secret"
)

// Provider is a running provider. Fields are set before it is used, methods are safe at any time.
type Provider struct {
	URL string
	// Claims are what ID tokens say besides the usual; UserInfo is the userinfo answer, by default the
	// subject alone.
	Claims, UserInfo map[string]any
	// Tamper changes an ID token's claims before they are signed; Sign replaces the signature.
	Tamper func(claims map[string]any)
	Sign   func(claims map[string]any) string
	// SendIssuer adds the iss parameter of RFC 9207 to the way back and announces it.
	SendIssuer bool

	mu      sync.Mutex
	keys    []key // the last one signs
	codes   map[string]grant
	down    bool
	fetches int
}

type key struct {
	id   string
	priv *rsa.PrivateKey
}

type grant struct{ nonce, challenge, redirect string }

// firstKey is made once a process, since making one takes time.
var firstKey = sync.OnceValue(newRSA)

func newRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

// Start runs a provider until the test ends.
func Start(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{keys: []key{{"key-1", firstKey()}}, codes: map[string]grant{}}
	p.Claims = map[string]any{"sub": "sub-1", "email": "ada@example.test", "email_verified": true, "name": "Ada"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks", p.jwks)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		down := p.down
		p.mu.Unlock()
		if down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p.URL = srv.URL
	return p
}

// SetDown makes every answer a 503, or ends that.
func (p *Provider) SetDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// Rotate replaces the signing key; the old one is withdrawn.
func (p *Provider) Rotate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = []key{{"key-" + rand.Text(), newRSA()}}
}

// Fetches is how often the keys were asked for.
func (p *Provider) Fetches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

// Key is the private key that signs now, and its id.
func (p *Provider) Key() (*rsa.PrivateKey, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.keys[len(p.keys)-1]
	return k.priv, k.id
}

// Token signs claims as the provider does; iss, iat and exp are added where they lack.
func (p *Provider) Token(claims map[string]any) string {
	priv, id := p.Key()
	return Sign(jwt.SigningMethodRS256, priv, id, p.Complete(claims))
}

// Complete adds iss, iat and exp where they lack.
func (p *Provider) Complete(claims map[string]any) map[string]any {
	out := map[string]any{"iss": p.URL, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(out, claims)
	return out
}

// Sign signs claims by any method with any key.
func Sign(method jwt.SigningMethod, priv any, kid string, claims map[string]any) string {
	tok := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	if kid != "" {
		tok.Header["kid"] = kid
	}
	s, err := tok.SignedString(priv)
	if err != nil {
		panic(err)
	}
	return s
}

// Visit does what a browser does at the provider: it opens the address and returns the query with which
// it is sent back.
func (p *Provider) Visit(t testing.TB, address string) url.Values {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("the provider answered %s without a way back", resp.Status)
	}
	return back.Query()
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/jwks", "userinfo_endpoint": p.URL + "/userinfo",
		"id_token_signing_alg_values_supported":          []string{"RS256", "HS256", "none"},
		"authorization_response_iss_parameter_supported": p.SendIssuer,
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetches++
	list := make([]map[string]any, 0, len(p.keys))
	for _, k := range p.keys {
		list = append(list, map[string]any{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id,
			"n": base64.RawURLEncoding.EncodeToString(k.priv.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.priv.E)).Bytes()),
		})
	}
	answer(w, http.StatusOK, map[string]any{"keys": list})
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = grant{nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri")}
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}}
	if p.SendIssuer {
		back.Set("iss", p.URL)
	}
	//nolint:gosec // G710: a provider for tests sends the browser wherever the test wants it
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	if !ok || id != ClientID || secret != ClientSecret {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	p.mu.Lock()
	g, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || g.redirect != r.FormValue("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := p.Complete(p.Claims)
	claims["aud"], claims["nonce"] = ClientID, g.nonce
	if p.Tamper != nil {
		p.Tamper(claims)
	}
	sign := p.Sign
	if sign == nil {
		priv, id := p.Key()
		sign = func(c map[string]any) string { return Sign(jwt.SigningMethodRS256, priv, id, c) }
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": "access", "token_type": "Bearer", "expires_in": 3600, "id_token": sign(claims),
	})
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer access" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	info := p.UserInfo
	if info == nil {
		info = map[string]any{"sub": p.Claims["sub"]}
	}
	answer(w, http.StatusOK, info)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
