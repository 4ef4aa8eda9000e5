package tenancy

import (
	"context"
	"errors"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

func TestTenants(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	for _, slug := range []string{"", "A", "a b", "-a", "a-", "a_b", "ä", string(make([]byte, 3)), "0123456789012345678901234567890123456789012345678"} {
		_, err := f.CreateTenant(ctx, f.owner, NewTenant{Slug: slug, Name: "x"})
		wantCode(t, "slug "+slug, err, fault.CodeInvalid)
	}
	_, err := f.CreateTenant(ctx, f.owner, NewTenant{Slug: "acme", Name: "x"})
	wantCode(t, "taken", err, fault.CodeConflict)
	_, err = f.CreateTenant(ctx, f.owner, NewTenant{Slug: "x", Name: ""})
	wantCode(t, "no name", err, fault.CodeInvalid)
	_, err = f.CreateTenant(ctx, f.owner, NewTenant{Slug: "x", Name: "x", Owner: &NewUser{Email: "bad"}})
	wantCode(t, "bad owner", err, fault.CodeInvalid)

	beta, err := f.CreateTenant(ctx, f.owner, NewTenant{Slug: "beta", Name: "Beta", Owner: &NewUser{Email: "b@beta.test", Password: goodPassword}})
	if err != nil || beta.Operator || !f.ring.has(beta.ID) {
		t.Fatalf("%+v, %v", beta, err)
	}
	owner := f.login(t, "b@beta.test", goodPassword, "")
	if owner.Identity.Role != chat.RoleOwner || owner.Identity.Operator {
		t.Errorf("identity = %+v", owner.Identity)
	}
	if got, err := f.RenameTenant(ctx, f.owner, "beta", "Beta II"); err != nil || got.Name != "Beta II" || got.Slug != "beta" {
		t.Errorf("renamed: %+v, %v", got, err)
	}
	list, err := f.Tenants(ctx, f.owner)
	if err != nil || len(list) != 2 || list[0].Slug != "acme" || list[1].Name != "Beta II" {
		t.Errorf("list = %+v, %v", list, err)
	}
	// An owner of another tenant, and an admin of the first, manage none.
	for name, who := range map[string]chat.Identity{"another's owner": owner.Identity, "an admin of the first": f.user(t, "a@acme.test", chat.RoleAdmin)} {
		_, err := f.Tenants(ctx, who)
		wantCode(t, name+" lists", err, fault.CodeForbidden)
		_, err = f.CreateTenant(ctx, who, NewTenant{Slug: "y", Name: "y"})
		wantCode(t, name+" creates", err, fault.CodeForbidden)
		_, err = f.RenameTenant(ctx, who, beta.ID, "y")
		wantCode(t, name+" renames", err, fault.CodeForbidden)
		wantCode(t, name+" deletes", f.DeleteTenant(ctx, who, beta.ID), fault.CodeForbidden)
		wantCode(t, name+" shreds", shred(f, who, beta.ID, "beta"), fault.CodeForbidden)
	}
	if _, err := f.Tenant(ctx, owner.Identity, beta.ID); err != nil {
		t.Errorf("its own: %v", err)
	}
	_, err = f.Tenant(ctx, owner.Identity, f.owner.Tenant)
	wantCode(t, "another tenant", err, fault.CodeNotFound)
	wantCode(t, "the first is deleted", f.DeleteTenant(ctx, f.owner, "acme"), fault.CodeConflict)
	wantCode(t, "the first is shredded", shred(f, f.owner, "acme", "acme"), fault.CodeConflict)
	wantCode(t, "unknown", f.DeleteTenant(ctx, f.owner, "nowhere"), fault.CodeNotFound)
	wantCode(t, "nonsense", f.DeleteTenant(ctx, f.owner, "\x00"), fault.CodeNotFound)
}

func TestDeleteAndShred(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	beta := f.tenant(t, "beta")
	id := f.userIn(t, beta.ID, "b@beta.test", chat.RoleOwner)
	g := f.login(t, "b@beta.test", goodPassword, "beta")
	_, secret, err := f.CreateKey(ctx, id, NewKey{Name: "k", Permissions: chat.Permissions()})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteTenant(ctx, f.owner, beta.ID); err != nil {
		t.Fatal(err)
	}
	_, err = f.Session(ctx, g.Token)
	wantCode(t, "session", err, fault.CodeUnauthenticated)
	_, err = f.Bearer(ctx, secret)
	wantCode(t, "key", err, fault.CodeUnauthenticated)
	_, err = f.Login(ctx, LoginRequest{Email: "b@beta.test", Password: goodPassword, Tenant: "beta"})
	wantCode(t, "sign-in", err, fault.CodeUnauthenticated)
	if !f.ring.has(beta.ID) {
		t.Error("deleting destroyed the key")
	}
	_, err = f.CreateTenant(ctx, f.owner, NewTenant{Slug: "beta", Name: "x"})
	wantCode(t, "the slug of a deleted tenant", err, fault.CodeConflict)
	wantCode(t, "shred unconfirmed", shred(f, f.owner, beta.ID, ""), fault.CodeInvalid)
	wantCode(t, "shred with another slug", shred(f, f.owner, beta.ID, "acme"), fault.CodeInvalid)
	if err := shred(f, f.owner, beta.ID, "beta"); err != nil || f.ring.has(beta.ID) {
		t.Errorf("shredded: %v, key is there: %v", err, f.ring.has(beta.ID))
	}
	// An open tenant is closed with it, and one whose key cannot be destroyed stays open.
	gamma := f.tenant(t, "gamma")
	f.ring.fail = errors.New("broken")
	if err := shred(f, f.owner, gamma.ID, "gamma"); err == nil {
		t.Error("no error")
	}
	if got, err := f.Tenant(ctx, f.owner, "gamma"); err != nil || !got.DeletedAt.IsZero() {
		t.Errorf("closed without being shredded: %+v, %v", got, err)
	}
	if _, err := f.CreateTenant(ctx, f.owner, NewTenant{Slug: "delta", Name: "x"}); err == nil {
		t.Error("a tenant without a key was made")
	}
	_, err = f.Tenant(ctx, f.owner, "delta")
	wantCode(t, "a tenant without a key", err, fault.CodeNotFound)
}

// TestIsolation tries everything that takes an id with the ids of another tenant, as its owner: nothing
// is found and nothing changes.
func TestIsolation(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	beta := f.tenant(t, "beta")
	them := f.userIn(t, beta.ID, "b@beta.test", chat.RoleOwner)
	member := f.userIn(t, beta.ID, "m@beta.test", chat.RoleMember)
	key, secret, err := f.CreateKey(ctx, member, NewKey{Name: "k", Permissions: []chat.Permission{chat.MayChat}})
	if err != nil {
		t.Fatal(err)
	}
	// The owner of the first tenant is the operator, and so the strongest there is.
	us := f.owner
	for name, do := range map[string]func() error{
		"User":        func() error { _, err := f.User(ctx, us, member.User); return err },
		"UserByEmail": func() error { _, err := f.UserByEmail(ctx, us, "m@beta.test"); return err },
		"UpdateUser":  func() error { _, err := f.UpdateUser(ctx, us, member.User, UserPatch{Disabled: ptr(true)}); return err },
		"SetPassword": func() error {
			_, err := f.UpdateUser(ctx, us, member.User, UserPatch{Password: ptr("quiet-otter-9")})
			return err
		},
		"DeleteUser":    func() error { return f.DeleteUser(ctx, us, member.User) },
		"RevokeSession": func() error { return f.RevokeSession(ctx, us, member.Credential) },
		"RevokeKey":     func() error { return f.RevokeKey(ctx, us, key.ID) },
		"RevokeAnyKey":  func() error { return f.RevokeAnyKey(ctx, us, key.ID) },
		"CreateKeyFor": func() error {
			_, _, err := f.CreateKeyFor(ctx, Console(us.Tenant), member.User, NewKey{Name: "k", Permissions: key.Permissions})
			return err
		},
		// A scope that mixes two tenants reaches neither.
		"Me, mixed":       func() error { _, err := f.Me(ctx, mixed(us, member)); return err },
		"UpdateMe, mixed": func() error { _, err := f.UpdateMe(ctx, mixed(us, member), MePatch{Name: ptr("x")}); return err },
		"DeleteMe, mixed": func() error { return f.DeleteMe(ctx, mixed(us, member), goodPassword) },
		"Export, mixed":   func() error { _, err := f.Export(ctx, mixed(us, member)); return err },
		"Tenant":          func() error { _, err := f.Tenant(ctx, them, us.Tenant); return err },
	} {
		wantCode(t, name, do(), fault.CodeNotFound)
	}
	page, err := f.Users(ctx, us, UserFilter{Query: "beta"})
	if err != nil || len(page.Users) != 0 {
		t.Errorf("users = %+v, %v", page, err)
	}
	for name, n := range map[string]func() (int, error){
		"AllKeys":         func() (int, error) { l, err := f.AllKeys(ctx, us); return len(l), err },
		"Keys, mixed":     func() (int, error) { l, err := f.Keys(ctx, mixed(us, member)); return len(l), err },
		"Sessions, mixed": func() (int, error) { l, err := f.Sessions(ctx, mixed(us, member)); return len(l), err },
	} {
		if got, err := n(); got != 0 || err != nil {
			t.Errorf("%s lists %d rows of another tenant, %v", name, got, err)
		}
	}
	_, _, err = f.CreateKey(ctx, mixed(us, member), NewKey{Name: "k", Permissions: key.Permissions})
	if err == nil {
		t.Error("the database took a key that mixes two tenants")
	}
	if id, err := f.Bearer(ctx, secret); err != nil || id.Tenant != beta.ID {
		t.Errorf("after all attempts: %+v, %v", id, err)
	}
	f.login(t, "m@beta.test", goodPassword, "beta")
}

func mixed(tenant, user chat.Identity) chat.Identity {
	tenant.User, tenant.Credential = user.User, user.Credential
	return tenant
}

func TestExport(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	if _, _, err := f.CreateKey(ctx, f.owner, NewKey{Name: "k", Permissions: chat.Permissions()}); err != nil {
		t.Fatal(err)
	}
	got, err := f.Export(ctx, f.owner)
	if err != nil || got.User.Email != "owner@acme.test" || got.Tenant.Slug != "acme" || len(got.Sessions) != 1 || len(got.Keys) != 1 || got.Identities == nil {
		t.Errorf("export = %+v, %v", got, err)
	}
}

func shred(f *fixture, who chat.Identity, id, confirm string) error {
	_, err := f.ShredTenant(context.Background(), who, id, confirm)
	return err
}
