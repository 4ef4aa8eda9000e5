package tenancy

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/password"
	"github.com/parley-chat/parley/internal/testkit"
)

// TestLoginTellsNothing has every failed sign-in answer with the same words and cost the same hashes.
func TestLoginTellsNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx, shell := t.Context(), Console(f.owner.Tenant)
	disabled := f.user(t, "gone@acme.test", chat.RoleMember)
	if _, err := f.UpdateUser(ctx, shell, disabled.User, UserPatch{Disabled: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateUser(ctx, shell, NewUser{Email: "sso@acme.test"}); err != nil {
		t.Fatal(err)
	}
	closed := f.tenant(t, "closed")
	f.userIn(t, closed.ID, "c@closed.test", chat.RoleOwner)
	if err := f.DeleteTenant(ctx, Console(""), closed.ID); err != nil {
		t.Fatal(err)
	}
	cases := map[string]LoginRequest{
		"wrong password":     {Email: "owner@acme.test", Password: "wrong-password"},
		"empty password":     {Email: "owner@acme.test"},
		"nobody":             {Email: "nobody@acme.test", Password: goodPassword},
		"not an address":     {Email: "nobody", Password: goodPassword},
		"nothing":            {},
		"disabled":           {Email: "gone@acme.test", Password: goodPassword},
		"no password set":    {Email: "sso@acme.test"},
		"closed tenant":      {Email: "c@closed.test", Password: goodPassword},
		"closed, by name":    {Email: "c@closed.test", Password: goodPassword, Tenant: "closed"},
		"unknown tenant":     {Email: "owner@acme.test", Password: goodPassword, Tenant: "nowhere"},
		"nonsense tenant":    {Email: "owner@acme.test", Password: goodPassword, Tenant: "\x00'--"},
		"NUL in the address": {Email: "owner@acme.test\x00", Password: goodPassword},
		"not UTF-8":          {Email: "\xff@acme.test", Password: "\xff"},
		"much too long":      {Email: strings.Repeat("a", 5000) + "@x.test", Password: strings.Repeat("a", 100_000)},
	}
	want := wrongLogin().Error()
	for name, r := range cases {
		_, err := f.Login(ctx, r)
		if err == nil || fault.From(err).Error() != want || fault.From(err).Code != fault.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
		_, hashes, err := f.candidates(ctx, loginKey(r.Email), r.Tenant)
		if err != nil || hashes != 1 {
			t.Errorf("%s: %d hashes, %v", name, hashes, err)
		}
	}
}

func TestChooseTenant(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	beta, gamma := f.tenant(t, "beta"), f.tenant(t, "gamma")
	f.userIn(t, beta.ID, "owner@acme.test", chat.RoleMember)
	if _, err := f.CreateUser(ctx, Console(gamma.ID), NewUser{Email: "Owner@acme.test", Password: "quiet-otter-9"}); err != nil {
		t.Fatal(err)
	}
	r := LoginRequest{Email: "owner@acme.test", Password: goodPassword}
	_, err := f.Login(ctx, r)
	wantCode(t, "in two tenants", err, fault.CodeConflict)
	wantKind(t, "in two tenants", err, "choose_tenant")
	var choose *ChooseTenant
	if !errors.As(err, &choose) || len(choose.Tenants) != 2 || choose.Tenants[0].Slug == "gamma" || choose.Tenants[1].Slug == "gamma" {
		t.Errorf("choices = %+v", choose)
	}
	r.Tenant = "beta"
	if g, err := f.Login(ctx, r); err != nil || g.Identity.Tenant != beta.ID || g.Identity.Role != chat.RoleMember {
		t.Errorf("by name: %+v, %v", g.Identity, err)
	}
	r.Tenant, r.Password = "", "quiet-otter-9"
	if g, err := f.Login(ctx, r); err != nil || g.Identity.Tenant != gamma.ID {
		t.Errorf("a password of one tenant alone: %+v, %v", g.Identity, err)
	}
	for _, email := range []string{"owner@acme.test", "nobody@acme.test", ""} {
		if _, hashes, err := f.candidates(ctx, loginKey(email), ""); hashes != 3 || err != nil {
			t.Errorf("%q costs %d hashes, %v", email, hashes, err)
		}
	}
}

func TestLoginThrottle(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config) {
		c.Throttle = ThrottleConfig{Window: 10 * time.Minute, PerAccount: 5, PerAccountTotal: 12, PerAddress: 8}
	})
	ctx := t.Context()
	try := func(email, pw, ip string) error {
		_, err := f.Login(ctx, LoginRequest{Email: email, Password: pw, Client: Client{IP: ip}})
		return err
	}
	for range 5 {
		wantCode(t, "a wrong password", try("owner@acme.test", "wrong", "192.0.2.7"), fault.CodeUnauthenticated)
	}
	err := try("OWNER@acme.test", goodPassword, "192.0.2.7")
	wantCode(t, "the right password, too late", err, fault.CodeThrottled)
	if after := fault.From(err).RetryAfter; after <= 0 || after > 2*time.Minute {
		t.Errorf("retry after %s", after)
	}
	if err := try("owner@acme.test", goodPassword, "192.0.2.8"); err != nil {
		t.Errorf("the owner from elsewhere: %v", err)
	}
	// What nobody's account answers is the same.
	for range 3 {
		wantCode(t, "nobody", try("nobody@acme.test", "wrong", "192.0.2.7"), fault.CodeUnauthenticated)
	}
	wantCode(t, "an address that tries many accounts", try("third@acme.test", "x", "192.0.2.7"), fault.CodeThrottled)
	f.clock.Add(3 * time.Minute)
	if err := try("owner@acme.test", goodPassword, "192.0.2.7"); err != nil {
		t.Errorf("after a while: %v", err)
	}
	// One account from everywhere, also from one /64 of IPv6.
	wait := func(ip string) bool { return fault.Is(try("target@acme.test", "x", ip), fault.CodeThrottled) }
	for i := range 5 {
		if wait(fmt.Sprintf("2001:db8::%d", i+1)) {
			t.Fatal("throttled too early")
		}
	}
	if !wait("2001:db8::ffff") {
		t.Error("a /64 counts as many addresses")
	}
	for i := range 7 {
		if wait(fmt.Sprintf("198.51.100.%d", i+1)) {
			t.Fatal("throttled too early")
		}
	}
	if !wait("203.0.113.1") {
		t.Error("an account can be tried from everywhere without end")
	}
}

// TestLoginThrottleTogether has many guesses at once pass no more than as many one by one.
func TestLoginThrottleTogether(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	var mu sync.Mutex
	looked := 0
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := f.Login(t.Context(), LoginRequest{Email: "owner@acme.test", Password: "wrong", Client: Client{IP: "192.0.2.1"}})
			mu.Lock()
			defer mu.Unlock()
			if fault.Is(err, fault.CodeUnauthenticated) {
				looked++
			} else if !fault.Is(err, fault.CodeThrottled) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if looked != f.cfg.Throttle.PerAccount {
		t.Errorf("%d passwords were looked at, want %d", looked, f.cfg.Throttle.PerAccount)
	}
}

// TestRehash hashes anew at a sign-in when the cost has changed since.
func TestRehash(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.cfg.Password.Iterations = 2
	f.hasher = password.NewHasher(f.cfg.Password)
	for range 2 {
		f.login(t, "owner@acme.test", goodPassword, "")
	}
	row, err := loadUser(t.Context(), f.db, f.owner.Tenant, f.owner.User)
	if err != nil || !strings.Contains(row.PasswordHash, "t=2") {
		t.Errorf("hash = %q, %v", row.PasswordHash, err)
	}
}

func TestPasswordLoginOff(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.cfg.PasswordLogin = false
	_, err := f.Login(t.Context(), LoginRequest{Email: "owner@acme.test", Password: goodPassword})
	wantCode(t, "switched off", err, fault.CodeForbidden)
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "x": "",
	} {
		if got := addressKey(in); got != want {
			t.Errorf("addressKey(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzEmail has whatever passes as an address be one that both databases keep and that folds to itself.
func FuzzEmail(f *testing.F) {
	f.Add("a@b.test")
	f.Add("\"x\"@b")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseEmail(s)
		if err != nil {
			return
		}
		if again, err := parseEmail(a); err != nil || again != a || !printable(a) || strings.Count(fold(a), "@") == 0 {
			t.Errorf("%q gives %q, then %q (%v)", s, a, again, err)
		}
		if fold(fold(a)) != fold(a) {
			t.Errorf("%q folds twice", a)
		}
	})
}

// After a change of the hash's cost, addresses without an account take as long as those with one: some as
// the old cost takes, some as the new one, and each always the same.
func TestUnknownAddressesCostWhatAccountsCost(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	old := onto(t, db)
	if none, err := old.nobody(t.Context(), "x@acme.test"); err != nil || none.PasswordHash != "" {
		t.Errorf("without accounts: %+v, %v", none, err)
	}
	if _, err := old.CreateTenant(t.Context(), Console(""), NewTenant{Slug: "acme", Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	acme, err := old.Tenant(t.Context(), Console(""), "acme")
	if err != nil {
		t.Fatal(err)
	}
	old.userIn(t, acme.ID, "a@acme.test", chat.RoleMember)
	dear := onto(t, db, func(c *Config) { c.Password.Iterations = 2 })
	cost := func(address string) string {
		t.Helper()
		c, err := dear.nobody(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		return c.PasswordHash[:len("$argon2id$v=19$m=64,t=1,p=1$")]
	}
	const before, after = "$argon2id$v=19$m=64,t=1,p=1$", "$argon2id$v=19$m=64,t=2,p=1$"
	for i := range 20 {
		if got := cost(fmt.Sprint(i, "@acme.test")); got != before {
			t.Fatalf("all accounts have the old cost, an unknown address %q", got)
		}
	}
	dear.userIn(t, acme.ID, "b@acme.test", chat.RoleMember)
	seen := map[string]int{}
	for i := range 64 {
		got := cost(fmt.Sprint(i, "@acme.test"))
		if seen[got]++; got != cost(fmt.Sprint(i, "@acme.test")) {
			t.Errorf("address %d costs now this and now that", i)
		}
	}
	if seen[before] == 0 || seen[after] == 0 || len(seen) != 2 {
		t.Errorf("half of the accounts have the new cost, unknown addresses %v", seen)
	}
	// Signing in brings an account to the new cost.
	dear.login(t, "a@acme.test", goodPassword, "acme")
	for i := range 20 {
		if got := cost(fmt.Sprint(i, "@acme.test")); got != after {
			t.Fatalf("all accounts have the new cost, an unknown address %q", got)
		}
	}
}
