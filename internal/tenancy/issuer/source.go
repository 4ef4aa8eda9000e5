package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/parley-chat/parley/internal/fault"
)

// retryDiscovery is how long a failed discovery is remembered, so that a provider which is down is not
// asked again by each request.
const retryDiscovery = 3 * time.Second

// Algorithms lists the signature algorithms that may be configured. All are asymmetric: with HMAC
// everybody who can check a token could make one, and "none" checks nothing.
func Algorithms() []string {
	return []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}
}

// DefaultAlgorithms are pinned where the configuration names none.
func DefaultAlgorithms() []string { return []string{oidc.RS256, oidc.ES256} }

// Source is one trusted issuer. It is safe for many goroutines and touches the network when it is first
// used, not before: a provider that is down when the server starts is found later.
type Source struct {
	issuer  string
	jwksURL string
	now     func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider
	keys     *keySet
	failed   error
	failedAt time.Time
}

// NewSource makes a source. An empty jwksURL is taken from discovery. now is time.Now but in tests.
func NewSource(issuer, jwksURL string, now func() time.Time) *Source {
	return &Source{issuer: issuer, jwksURL: jwksURL, now: now}
}

// Provider returns the discovered provider, or fault.Unavailable while it cannot be reached.
func (s *Source) Provider(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider != nil {
		return s.provider, nil
	}
	if s.failed != nil && s.now().Sub(s.failedAt) < retryDiscovery {
		return nil, s.failed
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, Client()), s.issuer)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.failedAt = s.now()
		s.failed = fault.Unavailable("the identity provider %s does not answer; try again shortly, or ask the operator to check it", s.issuer).Because(err)
		return nil, s.failed
	}
	s.provider, s.failed = p, nil
	return p, nil
}

func (s *Source) keySet(ctx context.Context) (*keySet, error) {
	url := s.jwksURL
	if url == "" {
		p, err := s.Provider(ctx)
		if err != nil {
			return nil, err
		}
		var doc struct {
			JWKS string `json:"jwks_uri"`
		}
		if err := p.Claims(&doc); err != nil || doc.JWKS == "" {
			return nil, fault.Unavailable("the identity provider %s names no jwks_uri; set jwks_url", s.issuer).Because(err)
		}
		url = doc.JWKS
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = newKeySet(url, s.now)
	}
	return s.keys, nil
}

// Expect is what a token must show besides a good signature of the issuer.
type Expect struct {
	Audience   string
	Algorithms []string // empty means DefaultAlgorithms
	Leeway     time.Duration
}

// Verify checks signature, algorithm, issuer, audience, expiry and not-before, and returns the claims.
// A bad token is fault.Unauthenticated, whose message says no more than that; the reason is its cause.
// Keys that cannot be fetched are fault.Unavailable.
func (s *Source) Verify(ctx context.Context, raw string, e Expect) (Claims, error) {
	keys, err := s.keySet(ctx)
	if err != nil {
		return nil, err
	}
	if len(e.Algorithms) == 0 {
		e.Algorithms = DefaultAlgorithms()
	}
	// The times are checked below, with the configured leeway.
	cfg := &oidc.Config{ClientID: e.Audience, SupportedSigningAlgs: e.Algorithms, SkipExpiryCheck: true}
	seen := &witness{keys: keys}
	token, err := oidc.NewVerifier(s.issuer, seen, cfg).Verify(ctx, raw)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(seen.err, errUnreachable):
		return nil, fault.Unavailable("the keys of the issuer %s cannot be fetched; try again shortly", s.issuer).Because(err)
	case err != nil:
		return nil, rejected(err)
	}
	claims := Claims{}
	if err := token.Claims(&claims); err != nil {
		return nil, rejected(err)
	}
	if err := s.checkTimes(claims, e.Leeway); err != nil {
		return nil, rejected(err)
	}
	// A token for several parties names the one that asked for it.
	if azp := claims.text("azp"); azp != "" && len(token.Audience) > 1 && !slices.Contains(token.Audience, azp) {
		return nil, rejected(fmt.Errorf("authorized party %q is not in the audience", azp))
	}
	if token.Subject == "" {
		return nil, rejected(errors.New("no subject"))
	}
	return claims, nil
}

func (s *Source) checkTimes(c Claims, leeway time.Duration) error {
	now := float64(s.now().UnixMilli()) / 1000
	exp, ok := c["exp"].(float64)
	if !ok {
		return errors.New("no expiry")
	}
	if now >= exp+leeway.Seconds() {
		return errors.New("expired")
	}
	switch nbf := c["nbf"].(type) {
	case nil:
	case float64:
		if now < nbf-leeway.Seconds() {
			return errors.New("not valid yet")
		}
	default:
		return errors.New("nbf is not a number")
	}
	return nil
}

// rejected is the one answer to every bad token.
func rejected(err error) error {
	return fault.Unauthenticated("this token is not accepted; get a new one from its issuer").Because(err)
}

// witness keeps the error of the key set, which go-oidc turns to text.
type witness struct {
	keys oidc.KeySet
	err  error
}

// VerifySignature implements oidc.KeySet.
func (w *witness) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := w.keys.VerifySignature(ctx, jwt)
	w.err = err
	return payload, err
}

// Claims are what a token or a userinfo answer says.
type Claims map[string]any

// Merge adds what the receiver does not say itself.
func (c Claims) Merge(more Claims) {
	for k, v := range more {
		if _, ok := c[k]; !ok {
			c[k] = v
		}
	}
}

func (c Claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// UnmarshalJSON makes a claim set of any other JSON than an object an error.
func (c *Claims) UnmarshalJSON(b []byte) error {
	m := map[string]any{}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*c = m
	return nil
}
