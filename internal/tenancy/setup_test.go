package tenancy

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/testkit"
)

func TestSetup(t *testing.T) {
	t.Parallel()
	f := bare(t)
	ctx := t.Context()
	if o, err := f.Options(ctx); err != nil || !o.SetupNeeded || !o.Password {
		t.Fatalf("options = %+v, %v", o, err)
	}
	req := SetupRequest{Email: "Olga@Acme.test", Name: "Olga", Password: goodPassword, TenantName: "Acme & Söhne"}
	_, err := f.Setup(ctx, "", req)
	wantCode(t, "before a token is out", err, fault.CodeForbidden)
	old, err := f.SetupToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	token, err := f.SetupToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", old, token + "x", token[1:]} {
		_, err := f.Setup(ctx, wrong, req)
		wantCode(t, "wrong token", err, fault.CodeForbidden)
	}
	weak := req
	weak.Password = "password"
	_, err = f.Setup(ctx, token, weak)
	wantCode(t, "weak password", err, fault.CodeInvalid)
	none := req
	none.Password = ""
	_, err = f.Setup(ctx, token, none)
	wantCode(t, "no password", err, fault.CodeInvalid)

	g, err := f.Setup(ctx, token, req)
	if err != nil {
		t.Fatalf("the token was lost by a refused request: %v", err)
	}
	id, err := f.Session(ctx, g.Token)
	if err != nil || id.Role != chat.RoleOwner || !id.Operator || id.Email != "Olga@Acme.test" {
		t.Errorf("identity = %+v, %v", id, err)
	}
	me, err := f.Me(ctx, id)
	if err != nil || me.Tenant.Name != "Acme & Söhne" || me.Tenant.Slug != "acme-s-hne" || !me.Tenant.Operator {
		t.Errorf("me = %+v, %v", me, err)
	}
	if !f.ring.has(id.Tenant) {
		t.Error("the tenant has no data key")
	}
	_, err = f.Setup(ctx, token, req)
	wantCode(t, "a second time", err, fault.CodeConflict)
	if again, err := f.SetupToken(ctx); again != "" || err != nil {
		t.Errorf("a token after set-up: %q, %v", again, err)
	}
}

// TestSetupRace lets many use the link at once, in two processes on one database: one wins.
func TestSetupRace(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	a, b := onto(t, db), onto(t, db)
	ta, err := a.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tb, err := b.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		f, token := a, ta
		if i%2 == 1 {
			f, token = b, tb
		}
		wg.Go(func() {
			_, err := f.Setup(t.Context(), token, SetupRequest{Email: "o@x.test", Password: goodPassword})
			if err == nil {
				won.Add(1)
			} else if !fault.Is(err, fault.CodeConflict) {
				t.Errorf("a loser got: %v", err)
			}
		})
	}
	wg.Wait()
	list, err := a.Tenants(t.Context(), Console(""))
	if won.Load() != 1 || len(list) != 1 || err != nil {
		t.Errorf("%d won, tenants %+v, %v", won.Load(), list, err)
	}
}

func TestEnsureAdmin(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := testkit.Store(t)
	with := func(email, pw, key string) *fixture {
		return onto(t, db, func(c *Config) {
			c.Admin = AdminConfig{Email: email, Password: secrets.Secret(pw), APIKey: secrets.Secret(key)}
		})
	}
	const key1, key2 = "first-key-of-20-characters", "second-key-of-20-characters"
	ensure := func(f *fixture) {
		t.Helper()
		for range 2 {
			if err := f.EnsureAdmin(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := with("", "", "")
	ensure(nothing)
	if needed, err := nothing.SetupNeeded(ctx); !needed || err != nil {
		t.Fatalf("needed = %v, %v", needed, err)
	}

	// A key alone works and leaves the set-up link in place.
	f := with("", "", key1)
	ensure(f)
	id, err := f.Bearer(ctx, key1)
	if err != nil || id.Role != chat.RoleOwner || !id.May(chat.MayAdmin) || !id.May(chat.MayChat) || !id.Operator || id.Via != chat.ViaKey {
		t.Fatalf("identity = %+v, %v", id, err)
	}
	if needed, err := f.SetupNeeded(ctx); !needed || err != nil {
		t.Errorf("a key alone ends the set-up: %v, %v", needed, err)
	}

	// Then an admin is configured too: it becomes the first owner, and the key's.
	f = with("admin@acme.test", goodPassword, key1)
	ensure(f)
	f.login(t, "Admin@Acme.test", goodPassword, "")
	if id, err := f.Bearer(ctx, key1); err != nil || id.Email != "admin@acme.test" {
		t.Errorf("key of %q, %v", id.Email, err)
	}

	// Another password there changes no account; another key replaces the first.
	f = with("admin@acme.test", "another-password", key2)
	ensure(f)
	f.login(t, "admin@acme.test", goodPassword, "")
	_, err = f.Bearer(ctx, key1)
	wantCode(t, "replaced key", err, fault.CodeUnauthenticated)
	if _, err := f.Bearer(ctx, key2); err != nil {
		t.Error(err)
	}

	// A key that was revoked comes back at the next start, and one no longer configured goes.
	if err := f.RevokeKey(ctx, f.login(t, "admin@acme.test", goodPassword, "").Identity, mustKeys(t, f)[0].ID); err != nil {
		t.Fatal(err)
	}
	_, err = f.Bearer(ctx, key2)
	wantCode(t, "revoked key", err, fault.CodeUnauthenticated)
	ensure(f)
	if _, err := f.Bearer(ctx, key2); err != nil {
		t.Error(err)
	}
	ensure(with("", "", ""))
	_, err = f.Bearer(ctx, key2)
	wantCode(t, "key no longer configured", err, fault.CodeUnauthenticated)
}

func mustKeys(t *testing.T, f *fixture) []OwnedKey {
	t.Helper()
	list, err := f.Tenants(t.Context(), Console(""))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := f.AllKeys(t.Context(), Console(list[0].ID))
	if err != nil || len(keys) == 0 {
		t.Fatalf("keys = %v, %v", keys, err)
	}
	return keys
}

func TestEnsureAdminRace(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	var wg sync.WaitGroup
	for range 4 {
		f := onto(t, db, func(c *Config) {
			c.Admin = AdminConfig{Email: "a@x.test", Password: goodPassword, APIKey: "a-key-of-twenty-characters"}
		})
		wg.Go(func() {
			if err := f.EnsureAdmin(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := onto(t, db).Bearer(t.Context(), "a-key-of-twenty-characters"); err != nil {
		t.Error(err)
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	var c Config
	c.Admin = AdminConfig{Email: "nobody", Password: "short", APIKey: "tiny"}
	c.OIDC = append(c.OIDC, f2provider("x"), f2provider("x"))
	c.Issuers = append(c.Issuers, f2issuer())
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"password.min_length:", "password.memory_kib:", "session.lifetime:", "session.idle:", "throttle.window:", "throttle.per_account:",
		"admin.email:", "admin.api_key:", "oidc[0].issuer:", "oidc[1].client_id:", "oidc[1].name: \"x\" is there twice", "issuers[0].audience:",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "tiny") {
		t.Error("a secret is in the error")
	}
	c = DefaultConfig()
	c.PasswordLogin = false
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "password_login:") {
		t.Errorf("nobody could sign in: %v", err)
	}
	c.OIDC = append(c.OIDC, f2provider("y"))
	c.OIDC[0].Issuer, c.OIDC[0].LinkByEmail = "http://idp.example", true
	if w := strings.Join(c.Warnings(), "\n"); !strings.Contains(w, "oidc[0].issuer:") || !strings.Contains(w, "oidc[0].link_by_email:") {
		t.Errorf("warnings = %q", w)
	}
}
