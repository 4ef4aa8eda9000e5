// Package oidc signs people in through an OpenID provider: the authorization code flow with PKCE, state
// and nonce. It ends with a verified person; which account that is, is decided by tenancy. Begin at
// Logins.Begin, which sends the browser away, and Logins.Finish, to which it comes back.
//
// A sign-in belongs to the browser that began it (the sealed cookie), to one provider (named in the
// cookie and not in the address, and compared with the iss parameter of RFC 9207, so that the answer of
// one provider is never taken to another), and to one use.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/url"
	"regexp"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/maypok86/otter/v2"
	"golang.org/x/oauth2"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
)

const (
	// Lifetime is how long a person may take at the provider; the cookie needs no longer one.
	Lifetime = 10 * time.Minute
	leeway   = time.Minute
	usedMax  = 10_000
)

// Logins are the sign-ins through all configured providers. It is safe for many goroutines.
type Logins struct {
	providers []Provider
	sources   map[string]*issuer.Source // by provider name
	sealer    sealer
	used      *otter.Cache[string, time.Time] // states that came back
	now       func() time.Time
}

// Info is what the sign-in page shows of a provider.
type Info struct{ Name, Label string }

// Started is a sign-in under way: where the browser goes, and what its cookie holds meanwhile.
type Started struct{ URL, Cookie string }

// Finished is a sign-in that succeeded.
type Finished struct {
	Provider Provider
	Person   issuer.Person
	Next     string // a path of this server
}

// New makes the sign-ins of these providers. now is time.Now but in tests.
func New(providers []Provider, now func() time.Time) *Logins {
	l := &Logins{
		providers: providers, sources: map[string]*issuer.Source{}, sealer: newSealer(), now: now,
		used: otter.Must(&otter.Options[string, time.Time]{MaximumSize: usedMax, Executor: func(f func()) { f() }}),
	}
	for _, p := range providers {
		l.sources[p.Name] = issuer.NewSource(p.Issuer, "", now)
	}
	return l
}

// Providers lists the providers in the order of the configuration.
func (l *Logins) Providers() []Info {
	out := make([]Info, len(l.providers))
	for i, p := range l.providers {
		out[i] = Info{p.Name, p.label()}
	}
	return out
}

// Begin starts a sign-in. An empty name is the first provider. redirect is the callback's address for a
// provider that configures none. An unknown provider is fault.NotFound, one that does not answer
// fault.Unavailable.
func (l *Logins) Begin(ctx context.Context, name, next, redirect string) (Started, error) {
	p, ok := l.provider(name)
	if !ok {
		return Started{}, fault.NotFound("there is no sign-in provider %q", name)
	}
	found, err := l.sources[p.Name].Provider(ctx)
	if err != nil {
		return Started{}, err
	}
	if p.Redirect != "" {
		redirect = p.Redirect
	}
	st := state{
		Provider: p.Name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Next: LocalPath(next), Redirect: redirect, Expires: l.now().Add(Lifetime),
	}
	cookie, err := l.sealer.seal(st)
	if err != nil {
		return Started{}, err
	}
	to := p.client(found, redirect).AuthCodeURL(st.State, gooidc.Nonce(st.Nonce), oauth2.S256ChallengeOption(st.Verifier))
	return Started{URL: to, Cookie: cookie}, nil
}

// Finish ends a sign-in with the cookie of Begin and the query that the provider sent the browser back
// with. Anything that does not fit this browser's sign-in is fault.Invalid of kind login_state, a
// provider that says no is fault.Forbidden, a bad ID token fault.Unauthenticated.
func (l *Logins) Finish(ctx context.Context, cookie string, query url.Values) (Finished, error) {
	st, p, err := l.match(cookie, query)
	if err != nil {
		return Finished{}, fault.Invalid("this sign-in has expired or was begun in another browser; start again").OfKind("login_state").Because(err)
	}
	source := l.sources[p.Name]
	found, err := source.Provider(ctx)
	if err != nil {
		return Finished{}, err
	}
	if err := checkIssuer(found, p.Issuer, query); err != nil {
		return Finished{}, fault.Invalid("this sign-in came back from another provider than it went to; start again").OfKind("login_state").Because(err)
	}
	if code := query.Get("error"); code != "" {
		return Finished{}, refusal(p, code)
	}
	claims, err := l.exchange(ctx, p, source, found, st, query.Get("code"))
	if err != nil {
		return Finished{}, err
	}
	return Finished{Provider: p, Person: p.Person(claims), Next: st.Next}, nil
}

// match opens the cookie and compares it with what came back. A state is good for one return.
func (l *Logins) match(cookie string, query url.Values) (state, Provider, error) {
	st, err := l.sealer.open(cookie)
	if err != nil {
		return state{}, Provider{}, err
	}
	if subtle.ConstantTimeCompare([]byte(st.State), []byte(query.Get("state"))) != 1 {
		return state{}, Provider{}, errors.New("the state does not match the cookie")
	}
	if l.now().After(st.Expires) {
		return state{}, Provider{}, errors.New("the sign-in has expired")
	}
	if _, first := l.used.SetIfAbsent(st.State, st.Expires); !first {
		return state{}, Provider{}, errors.New("the sign-in was finished already")
	}
	p, ok := l.provider(st.Provider)
	if !ok {
		return state{}, Provider{}, errors.New("the provider is gone")
	}
	return st, p, nil
}

// checkIssuer follows RFC 9207: the iss parameter must be right when it is there, and must be there
// when the provider says that it sends it.
func checkIssuer(found *gooidc.Provider, want string, query url.Values) error {
	var doc struct {
		Sends bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&doc); err != nil {
		return err
	}
	if iss := query.Get("iss"); iss != want && (iss != "" || query.Has("iss") || doc.Sends) {
		return errors.New("the iss parameter names another issuer")
	}
	return nil
}

// exchange turns the code into verified claims.
func (l *Logins) exchange(ctx context.Context, p Provider, source *issuer.Source, found *gooidc.Provider, st state, code string) (issuer.Claims, error) {
	ctx = gooidc.ClientContext(ctx, issuer.Client())
	token, err := p.client(found, st.Redirect).Exchange(ctx, code, oauth2.VerifierOption(st.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			return nil, fault.Unauthenticated("%s did not confirm this sign-in; start again", p.label()).Because(err)
		}
		return nil, fault.Unavailable("%s does not answer; try again shortly", p.label()).Because(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fault.Unauthenticated("%s sent no ID token; its client needs the scope openid", p.label())
	}
	claims, err := source.Verify(ctx, raw, issuer.Expect{Audience: p.ClientID, Algorithms: p.Algorithms, Leeway: leeway})
	if err != nil {
		return nil, err
	}
	if nonce, _ := claims["nonce"].(string); subtle.ConstantTimeCompare([]byte(nonce), []byte(st.Nonce)) != 1 {
		return nil, fault.Unauthenticated("%s confirmed another sign-in than this one; start again", p.label())
	}
	if !p.Complete(claims) && found.UserInfoEndpoint() != "" {
		if err := addUserInfo(ctx, found, token, claims); err != nil {
			return nil, fault.Unavailable("%s did not tell who you are; try again shortly", p.label()).Because(err)
		}
	}
	return claims, nil
}

// addUserInfo asks for what the ID token leaves out. The answer is only taken for the same subject.
func addUserInfo(ctx context.Context, found *gooidc.Provider, token *oauth2.Token, claims issuer.Claims) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return err
	}
	if info.Subject == "" || info.Subject != claims["sub"] {
		return errors.New("userinfo speaks of another subject")
	}
	more := issuer.Claims{}
	if err := info.Claims(&more); err != nil {
		return err
	}
	claims.Merge(more)
	return nil
}

var errorForm = regexp.MustCompile(`^[a-z_]{1,40}$`)

// refusal tells what the provider said, as far as it is one of the protocol's own words: the rest of
// the address is anybody's text.
func refusal(p Provider, code string) error {
	if !errorForm.MatchString(code) {
		code = "an unknown error"
	}
	return fault.Forbidden("%s refused the sign-in (%s)", p.label(), code).OfKind("login_refused")
}

func (l *Logins) provider(name string) (Provider, bool) {
	for _, p := range l.providers {
		if p.Name == name || name == "" {
			return p, true
		}
	}
	return Provider{}, false
}

func (p Provider) client(found *gooidc.Provider, redirect string) *oauth2.Config {
	c := &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(), Endpoint: found.Endpoint(),
		RedirectURL: redirect, Scopes: p.scopes(),
	}
	if p.ClientSecret == "" {
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client only names itself
	}
	return c
}
