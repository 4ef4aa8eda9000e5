package tenancy

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/bearer"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/issuer/issuertest"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
)

// f2provider and f2issuer are incomplete settings.
func f2provider(name string) oidc.Provider { return oidc.Provider{Name: name} }
func f2issuer() bearer.Issuer              { return bearer.Issuer{} }

func person(sub, email string, verified bool) issuer.Person {
	return issuer.Person{Issuer: "https://idp", Subject: sub, Email: email, EmailVerified: verified, Role: chat.RoleMember}
}

func TestAccountOfIdentity(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	get := func(a issuer.Accounts, p issuer.Person) (userRow, error) {
		u, _, err := f.account(ctx, a, p)
		return u, err
	}
	create, link := issuer.Accounts{AutoCreate: true}, issuer.Accounts{LinkByEmail: true}

	_, err := get(issuer.Accounts{}, person("s1", "new@x.test", true))
	wantKind(t, "nobody, no rule", err, "no_account")
	u, err := get(create, person("s1", "new@x.test", true))
	if err != nil || u.Email != "new@x.test" || u.Role != "member" || u.PasswordHash != "" || u.EmailVerified != 1 {
		t.Fatalf("created: %+v, %v", u, err)
	}
	again, err := get(issuer.Accounts{}, person("s1", "renamed@x.test", true))
	if err != nil || again.ID != u.ID {
		t.Errorf("the same subject by another address: %+v, %v", again, err)
	}

	// Linking by address needs the rule, a verified address on both sides and a free place.
	_, err = get(create, person("s2", "owner@acme.test", true))
	wantKind(t, "address taken, no linking", err, "not_linked")
	_, err = get(link, person("s2", "owner@acme.test", false))
	wantKind(t, "unverified", err, "not_linked")
	owner, err := get(link, person("s2", "OWNER@acme.test", true))
	if err != nil || owner.ID != f.owner.User || owner.Role != "owner" {
		t.Errorf("linked: %+v, %v", owner, err)
	}
	_, err = get(link, person("s3", "owner@acme.test", true))
	wantKind(t, "the address has passed to another subject", err, "not_linked")
	other := person("s3", "owner@acme.test", true)
	other.Issuer = "https://other"
	if u, err := get(link, other); err != nil || u.ID != f.owner.User {
		t.Errorf("a second issuer: %+v, %v", u, err)
	}
	squat, err := get(create, person("s4", "victim@x.test", false))
	if err != nil || squat.EmailVerified != 0 {
		t.Fatalf("unverified: %+v, %v", squat, err)
	}
	victim := person("v", "victim@x.test", true)
	victim.Issuer = "https://other"
	_, err = get(link, victim)
	wantKind(t, "an account made by somebody who never proved the address", err, "not_linked")

	// No address, or one that is none.
	for _, email := range []string{"", "not an address", "a@b\x00.test"} {
		u, err := get(create, person("robot "+strings.ToValidUTF8(shown(email, 20), ""), email, true))
		if err != nil || !strings.HasSuffix(u.Email, "@external.invalid") || u.EmailVerified != 0 {
			t.Errorf("%q: %+v, %v", email, u, err)
		}
	}
	for _, sub := range []string{"", "a\x00b", strings.Repeat("s", 300)} {
		_, err := get(create, person(sub, "z@x.test", true))
		wantCode(t, "subject", err, fault.CodeForbidden)
	}
	_, err = get(issuer.Accounts{Tenant: "nowhere", AutoCreate: true}, person("s9", "z@x.test", true))
	wantCode(t, "unknown tenant", err, fault.CodeForbidden)
	if _, err := f.UpdateUser(ctx, f.owner, u.ID, UserPatch{Disabled: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	_, err = get(create, person("s1", "new@x.test", true))
	wantKind(t, "disabled", err, "account_disabled")
}

func TestBeforeSetup(t *testing.T) {
	t.Parallel()
	f := bare(t)
	_, _, err := f.account(t.Context(), issuer.Accounts{AutoCreate: true}, person("s", "a@x.test", true))
	wantCode(t, "before set-up", err, fault.CodeUnavailable)
}

// TestClaimsRefresh has role and groups follow the issuer where it decides them, and only there.
func TestClaimsRefresh(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	a := issuer.Accounts{AutoCreate: true, LinkByEmail: true}
	p := person("s", "a@x.test", true)
	p.Groups, p.GroupsDecided, p.Role, p.RoleDecided = []string{"b", "a", "a", ""}, true, chat.RoleAdmin, true
	u, _, err := f.account(ctx, a, p)
	if err != nil || u.Groups != `["a","b"]` || u.Role != "admin" {
		t.Fatalf("%+v, %v", u, err)
	}
	p.Groups, p.Role = nil, chat.RoleViewer
	if u, _, err = f.account(ctx, a, p); err != nil || u.Groups != "[]" || u.Role != "viewer" {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := f.UpdateUser(ctx, f.owner, u.ID, UserPatch{Groups: ptr([]string{"own"}), Role: ptr(chat.RoleMember)}); err != nil {
		t.Fatal(err)
	}
	p.GroupsDecided, p.RoleDecided = false, false
	if u, _, err = f.account(ctx, a, p); err != nil || u.Groups != `["own"]` || u.Role != "member" {
		t.Errorf("undecided claims changed the account: %+v, %v", u, err)
	}
	// The last owner keeps its role whatever the issuer says.
	o := person("o", "owner@acme.test", true)
	o.Role, o.RoleDecided, o.Groups, o.GroupsDecided = chat.RoleViewer, true, []string{"g"}, true
	for range 2 {
		if u, _, err = f.account(ctx, a, o); err != nil || u.Role != "owner" || u.Groups != `["g"]` {
			t.Errorf("%+v, %v", u, err)
		}
	}
	f.user(t, "second@acme.test", chat.RoleOwner)
	if u, _, err = f.account(ctx, a, o); err != nil || u.Role != "viewer" {
		t.Errorf("with a second owner: %+v, %v", u, err)
	}
}

// TestFirstVisitsTogether makes one account of many first visits at once.
func TestFirstVisitsTogether(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			u, _, err := f.account(t.Context(), issuer.Accounts{AutoCreate: true}, person("s", "a@x.test", true))
			if err != nil {
				t.Error(err)
			}
			ids[i] = u.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Errorf("ids = %v", ids)
			break
		}
	}
}

func TestOIDCSession(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	f := setUp(t, func(c *Config) {
		c.OIDC = []oidc.Provider{{
			Name: "corp", Issuer: p.URL, ClientID: issuertest.ClientID, ClientSecret: issuertest.ClientSecret,
			Accounts: issuer.Accounts{AutoCreate: true, Tenant: "beta", DefaultRole: chat.RoleViewer},
		}}
	})
	// The service runs on the test's clock, and tokens on the true one.
	ctx := t.Context()
	beta := f.tenant(t, "beta")
	signIn := func() (Grant, error) {
		t.Helper()
		b, err := f.BeginOIDC(ctx, "corp", "/c/1", "http://127.0.0.1:1/cb")
		if err != nil {
			t.Fatal(err)
		}
		g, next, err := f.FinishOIDC(ctx, b.Cookie, p.Visit(t, b.URL), Client{UserAgent: "x"})
		if err == nil && next != "/c/1" {
			t.Errorf("next = %q", next)
		}
		return g, err
	}
	g, err := signIn()
	if err != nil {
		t.Fatal(err)
	}
	id, err := f.Session(ctx, g.Token)
	if err != nil || id.Tenant != beta.ID || id.Role != chat.RoleViewer || id.Email != "ada@example.test" || id.Via != chat.ViaSession {
		t.Errorf("identity = %+v, %v", id, err)
	}
	_, err = f.Login(ctx, LoginRequest{Email: "ada@example.test"})
	wantKind(t, "an account without a password", err, "wrong_login")
	_, err = f.UpdateMe(ctx, id, MePatch{NewPassword: ptr("quiet-otter-9")})
	wantCode(t, "sets a password by a session alone", err, fault.CodeForbidden)
	if e, err := f.Export(ctx, id); err != nil || len(e.Identities) != 1 || e.Identities[0].Subject != "sub-1" {
		t.Errorf("export = %+v, %v", e, err)
	}
	f.clock.Add(11 * time.Minute)
	wantKind(t, "deletes itself with an old session", f.DeleteMe(ctx, id, ""), "sign_in_again")
	f.clock.Add(-11 * time.Minute)
	if g, err = signIn(); err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteMe(ctx, g.Identity, ""); err != nil {
		t.Errorf("deletes itself with a fresh session: %v", err)
	}
	if o, err := f.Options(ctx); err != nil || len(o.Providers) != 1 || o.Providers[0].Label != "corp" {
		t.Errorf("options = %+v, %v", o, err)
	}
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	f := setUp(t, func(c *Config) {
		c.Issuers = []bearer.Issuer{{Issuer: p.URL, Audience: "parley", TenantClaim: "org", Accounts: issuer.Accounts{AutoCreate: true, GroupsClaim: "groups"}}}
	})
	ctx := t.Context()
	beta := f.tenant(t, "beta")
	token := func(org, sub string) string {
		return p.Token(map[string]any{"aud": "parley", "sub": sub, "org": org, "groups": []string{"eng"}, "name": "Robot"})
	}
	id, err := f.Bearer(ctx, token("beta", "robot"))
	if err != nil || id.Tenant != beta.ID || id.Via != chat.ViaToken || id.Credential != "" || id.Name != "Robot" || len(id.Groups) != 1 || !id.May(chat.MayChat) {
		t.Fatalf("identity = %+v, %v", id, err)
	}
	same, err := f.Bearer(ctx, token("beta", "robot"))
	if err != nil || same.User != id.User {
		t.Errorf("a second token: %+v, %v", same, err)
	}
	elsewhere, err := f.Bearer(ctx, token("acme", "robot"))
	if err != nil || elsewhere.User == id.User || elsewhere.Tenant != f.owner.Tenant {
		t.Errorf("the subject in another tenant: %+v, %v", elsewhere, err)
	}
	_, err = f.Bearer(ctx, token("nowhere", "robot"))
	wantCode(t, "unknown tenant", err, fault.CodeUnauthenticated)
	_, err = f.Bearer(ctx, p.Token(map[string]any{"aud": "another", "sub": "robot", "org": "beta"}))
	wantCode(t, "another audience", err, fault.CodeUnauthenticated)
	if _, err := f.UpdateUser(ctx, Console(beta.ID), id.User, UserPatch{Disabled: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	_, err = f.Bearer(ctx, token("beta", "robot"))
	wantCode(t, "disabled", err, fault.CodeUnauthenticated)
	if err := f.DeleteTenant(ctx, f.owner, "beta"); err != nil {
		t.Fatal(err)
	}
	_, err = f.Bearer(ctx, token("beta", "robot2"))
	wantCode(t, "closed tenant", err, fault.CodeUnauthenticated)
	none := setUp(t)
	_, err = none.Bearer(ctx, token("acme", "robot"))
	wantCode(t, "no issuer configured", err, fault.CodeUnauthenticated)
}
