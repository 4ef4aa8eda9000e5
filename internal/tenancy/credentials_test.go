package tenancy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

func TestSessionLifetime(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config) { c.Session = SessionConfig{Lifetime: 10 * time.Hour, Idle: time.Hour} })
	ctx := t.Context()
	g := f.login(t, "owner@acme.test", goodPassword, "")
	if len(g.Token) != 43 || !g.ExpiresAt.Equal(f.clock.Now().Add(10*time.Hour)) {
		t.Errorf("grant = %+v", g)
	}
	seen := func() time.Time {
		list, err := f.Sessions(ctx, g.Identity)
		if err != nil || len(list) == 0 || !list[0].Current || list[0].UserAgent != "test" || list[0].IP != "192.0.2.1" {
			t.Fatalf("sessions = %+v, %v", list, err)
		}
		return list[0].LastSeenAt
	}
	began := seen()
	use := func() error { _, err := f.Session(ctx, g.Token); return err }
	f.clock.Add(50 * time.Second)
	if err := use(); err != nil || !seen().Equal(began) {
		t.Errorf("a use within the minute is written down: %v, %v", seen(), err)
	}
	f.clock.Add(10 * time.Second)
	if err := use(); err != nil || seen().Equal(began) {
		t.Errorf("a use after a minute is not written down: %v", err)
	}
	for range 11 {
		f.clock.Add(50 * time.Minute)
		if err := use(); err != nil {
			t.Fatalf("in use at %v: %v", f.clock.Now(), err)
		}
	}
	f.clock.Add(50 * time.Minute)
	wantKind(t, "past its lifetime", use(), "session_ended")

	g = f.login(t, "owner@acme.test", goodPassword, "")
	f.clock.Add(time.Hour)
	wantKind(t, "idle", use(), "session_ended")
	if err := f.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := f.db.Get(ctx, &n, `SELECT COUNT(*) FROM sessions`); err != nil || n != 0 {
		t.Errorf("%d sessions after the sweep, %v", n, err)
	}
	for _, bad := range []string{"", "x", strings.Repeat("x", 100_000), "\x00"} {
		_, err := f.Session(ctx, bad)
		wantCode(t, "unknown token", err, fault.CodeUnauthenticated)
	}
}

// TestTokensAreHashed looks for tokens and keys in what is kept.
func TestTokensAreHashed(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	g := f.login(t, "owner@acme.test", goodPassword, "")
	_, secret, err := f.CreateKey(ctx, g.Identity, NewKey{Name: "k", Permissions: chat.Permissions()})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := f.db.Get(ctx, &n, `SELECT (SELECT COUNT(*) FROM sessions WHERE token_hash = ?) + (SELECT COUNT(*) FROM api_keys WHERE token_hash = ?)`,
		g.Token, secret); err != nil || n != 0 {
		t.Errorf("%d rows hold a secret, %v", n, err)
	}
	if err := f.db.Get(ctx, &n, `SELECT (SELECT COUNT(*) FROM sessions WHERE token_hash = ?) + (SELECT COUNT(*) FROM api_keys WHERE token_hash = ?)`,
		hashToken(g.Token), hashToken(secret)); err != nil || n != 2 {
		t.Errorf("%d rows hold a hash, want 2: %v", n, err)
	}
}

func TestOwnPassword(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	a, b := f.login(t, "owner@acme.test", goodPassword, ""), f.login(t, "owner@acme.test", goodPassword, "")
	_, err := f.UpdateMe(ctx, a.Identity, MePatch{NewPassword: ptr("quiet-otter-9"), CurrentPassword: "wrong"})
	wantKind(t, "wrong present password", err, "wrong_password")
	_, err = f.UpdateMe(ctx, a.Identity, MePatch{NewPassword: ptr("short"), CurrentPassword: goodPassword})
	wantCode(t, "weak password", err, fault.CodeInvalid)
	if fault.From(err).Param != "new_password" {
		t.Errorf("param = %q", fault.From(err).Param)
	}
	me, err := f.UpdateMe(ctx, a.Identity, MePatch{Name: ptr(" Olga II "), NewPassword: ptr("quiet-otter-9"), CurrentPassword: goodPassword})
	if err != nil || me.User.Name != "Olga II" {
		t.Fatalf("%+v, %v", me, err)
	}
	if _, err := f.Session(ctx, a.Token); err != nil {
		t.Errorf("the session that changed the password: %v", err)
	}
	_, err = f.Session(ctx, b.Token)
	wantCode(t, "another session", err, fault.CodeUnauthenticated)
	_, err = f.Login(ctx, LoginRequest{Email: "owner@acme.test", Password: goodPassword})
	wantCode(t, "the old password", err, fault.CodeUnauthenticated)
	f.login(t, "owner@acme.test", "quiet-otter-9", "")
	for range f.cfg.Throttle.PerAccount {
		if _, err = f.UpdateMe(ctx, a.Identity, MePatch{NewPassword: ptr("x"), CurrentPassword: "guess"}); err == nil {
			t.Fatal("a guess passed")
		}
	}
	_, err = f.UpdateMe(ctx, a.Identity, MePatch{NewPassword: ptr("x"), CurrentPassword: "guess"})
	wantCode(t, "guessing with a borrowed session", err, fault.CodeThrottled)
	_, err = f.UpdateMe(ctx, a.Identity, MePatch{Name: ptr("")})
	wantCode(t, "empty name", err, fault.CodeInvalid)
}

func TestDeleteMe(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	id := f.user(t, "m@acme.test", chat.RoleMember)
	wantKind(t, "wrong password", f.DeleteMe(ctx, id, "wrong"), "wrong_password")
	wantKind(t, "no password", f.DeleteMe(ctx, id, ""), "wrong_password")
	if err := f.DeleteMe(ctx, id, goodPassword); err != nil {
		t.Fatal(err)
	}
	_, err := f.User(ctx, f.owner, id.User)
	wantCode(t, "deleted", err, fault.CodeNotFound)
}

func TestSessionsOfOthers(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	m := f.user(t, "m@acme.test", chat.RoleMember)
	wantCode(t, "another's session", f.RevokeSession(ctx, m, f.owner.Credential), fault.CodeNotFound)
	wantCode(t, "nonsense", f.RevokeSession(ctx, m, "x"), fault.CodeNotFound)
	g := f.login(t, "m@acme.test", goodPassword, "")
	if err := f.RevokeSession(ctx, g.Identity, m.Credential); err != nil {
		t.Error(err)
	}
	list, err := f.Sessions(ctx, g.Identity)
	if err != nil || len(list) != 1 || !list[0].Current {
		t.Errorf("sessions = %+v, %v", list, err)
	}
	if err := f.Logout(ctx, g.Identity); err != nil {
		t.Fatal(err)
	}
	_, err = f.Session(ctx, g.Token)
	wantCode(t, "after signing out", err, fault.CodeUnauthenticated)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	m, v := f.user(t, "m@acme.test", chat.RoleMember), f.user(t, "v@acme.test", chat.RoleViewer)
	both, chatOnly := chat.Permissions(), []chat.Permission{chat.MayChat}
	cases := []struct {
		name string
		who  chat.Identity
		key  NewKey
		want fault.Code
	}{
		{"a viewer", v, NewKey{Name: "k", Permissions: chatOnly}, fault.CodeForbidden},
		{"a member's admin key", m, NewKey{Name: "k", Permissions: both}, fault.CodeForbidden},
		{"no permission", m, NewKey{Name: "k"}, fault.CodeInvalid},
		{"unknown permission", m, NewKey{Name: "k", Permissions: []chat.Permission{"root"}}, fault.CodeInvalid},
		{"no name", m, NewKey{Permissions: chatOnly}, fault.CodeInvalid},
		{"expired", m, NewKey{Name: "k", Permissions: chatOnly, ExpiresAt: f.clock.Now()}, fault.CodeInvalid},
	}
	for _, c := range cases {
		_, _, err := f.CreateKey(ctx, c.who, c.key)
		wantCode(t, c.name, err, c.want)
	}
	k, secret, err := f.CreateKey(ctx, m, NewKey{Name: " ci ", Permissions: append(chatOnly, chatOnly...), ExpiresAt: f.clock.Now().Add(time.Hour)})
	if err != nil || k.Name != "ci" || len(k.Permissions) != 1 || !strings.HasPrefix(secret, k.Prefix) || len(secret) != len(keyMark)+43 || len(k.Prefix) > 16 {
		t.Fatalf("key = %+v, %d, %v", k, len(secret), err)
	}
	id, err := f.Bearer(ctx, secret)
	if err != nil || id.User != m.User || id.Via != chat.ViaKey || id.Credential != k.ID || id.May(chat.MayAdmin) || !id.May(chat.MayChat) {
		t.Errorf("identity = %+v, %v", id, err)
	}
	list, err := f.Keys(ctx, m)
	if err != nil || len(list) != 1 || !list[0].LastUsedAt.Equal(f.clock.Now()) {
		t.Errorf("keys = %+v, %v", list, err)
	}
	for _, bad := range []string{"", "x", secret[:len(secret)-1], secret + "x", strings.ToUpper(secret), " " + secret, "a.b.c", "\x00", strings.Repeat("x", 100_000)} {
		_, err := f.Bearer(ctx, bad)
		wantCode(t, fmt.Sprintf("%.20q", bad), err, fault.CodeUnauthenticated)
	}
	f.clock.Add(time.Hour)
	_, err = f.Bearer(ctx, secret)
	wantCode(t, "expired", err, fault.CodeUnauthenticated)

	_, secret, err = f.CreateKey(ctx, m, NewKey{Name: "k2", Permissions: chatOnly})
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.AllKeys(ctx, f.owner)
	if err != nil || len(all) != 2 || all[0].UserName != "N m@acme.test" || all[0].UserID != m.User {
		t.Errorf("all keys = %+v, %v", all, err)
	}
	_, err = f.AllKeys(ctx, m)
	wantCode(t, "a member lists all keys", err, fault.CodeForbidden)
	wantCode(t, "a member revokes anybody's", f.RevokeAnyKey(ctx, m, all[0].ID), fault.CodeForbidden)
	wantCode(t, "another's key", f.RevokeKey(ctx, v, all[0].ID), fault.CodeNotFound)
	if err := f.RevokeAnyKey(ctx, f.owner, all[0].ID); err != nil {
		t.Fatal(err)
	}
	_, err = f.Bearer(ctx, secret)
	wantCode(t, "revoked", err, fault.CodeUnauthenticated)

	ownerKey, _, err := f.CreateKey(ctx, f.owner, NewKey{Name: "o", Permissions: both})
	if err != nil {
		t.Fatal(err)
	}
	admin := f.user(t, "a@acme.test", chat.RoleAdmin)
	wantCode(t, "an admin revokes an owner's", f.RevokeAnyKey(ctx, admin, ownerKey.ID), fault.CodeForbidden)
	_, _, err = f.CreateKeyFor(ctx, f.owner, m.User, NewKey{Name: "k", Permissions: chatOnly})
	wantCode(t, "an owner makes another's key", err, fault.CodeForbidden)
	if _, _, err := f.CreateKeyFor(ctx, Console(m.Tenant), m.User, NewKey{Name: "k", Permissions: chatOnly}); err != nil {
		t.Errorf("the shell makes a key: %v", err)
	}
	for i := range maxUserKeys {
		if _, _, err = f.CreateKey(ctx, admin, NewKey{Name: fmt.Sprint(i), Permissions: chatOnly}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = f.CreateKey(ctx, admin, NewKey{Name: "one more", Permissions: chatOnly})
	wantCode(t, "too many", err, fault.CodeConflict)
}

// TestKeysMakeKeys has a key give away nothing that it lacks.
func TestKeysMakeKeys(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	chatOnly := []chat.Permission{chat.MayChat}
	ends := f.clock.Now().Add(time.Hour).Truncate(time.Millisecond).UTC()
	_, secret, err := f.CreateKey(ctx, f.owner, NewKey{Name: "k", Permissions: chatOnly, ExpiresAt: ends})
	if err != nil {
		t.Fatal(err)
	}
	id, err := f.Bearer(ctx, secret)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = f.CreateKey(ctx, id, NewKey{Name: "more", Permissions: chat.Permissions()})
	wantCode(t, "more permissions", err, fault.CodeForbidden)
	_, _, err = f.CreateKey(ctx, id, NewKey{Name: "longer", Permissions: chatOnly, ExpiresAt: ends.Add(time.Second)})
	wantCode(t, "longer life", err, fault.CodeForbidden)
	k, _, err := f.CreateKey(ctx, id, NewKey{Name: "same", Permissions: chatOnly})
	if err != nil || !k.ExpiresAt.Equal(ends) {
		t.Errorf("key = %+v, %v", k, err)
	}
	for name, do := range map[string]func() error{
		"users":   func() error { _, err := f.Users(ctx, id, UserFilter{}); return err },
		"keys":    func() error { _, err := f.AllKeys(ctx, id); return err },
		"tenants": func() error { _, err := f.Tenants(ctx, id); return err },
	} {
		wantCode(t, "an owner's chat key lists "+name, do(), fault.CodeForbidden)
	}
}
