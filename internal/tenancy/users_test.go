package tenancy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// TestWhoMayChangeWhom is the table of roles: actor, what is done, to whom, and the answer.
func TestWhoMayChangeWhom(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	n := 0
	target := func(t *testing.T, role chat.Role) string {
		n++
		u, err := f.CreateUser(ctx, Console(f.owner.Tenant), NewUser{Email: fmt.Sprintf("t%d@x.test", n), Role: role, Password: goodPassword})
		if err != nil {
			t.Fatal(err)
		}
		return u.ID
	}
	actors := map[chat.Role]chat.Identity{chat.RoleOwner: f.owner}
	for _, r := range []chat.Role{chat.RoleAdmin, chat.RoleMember, chat.RoleViewer} {
		actors[r] = f.user(t, string(r)+"@acme.test", r)
	}
	roles := func(role chat.Role) UserPatch { return UserPatch{Role: &role} }
	actions := map[string]func(a chat.Identity, id string) error{
		"name": func(a chat.Identity, id string) error {
			_, err := f.UpdateUser(ctx, a, id, UserPatch{Name: ptr("New")})
			return err
		},
		"groups": func(a chat.Identity, id string) error {
			_, err := f.UpdateUser(ctx, a, id, UserPatch{Groups: ptr([]string{"g"})})
			return err
		},
		"disable": func(a chat.Identity, id string) error {
			_, err := f.UpdateUser(ctx, a, id, UserPatch{Disabled: ptr(true)})
			return err
		},
		"password": func(a chat.Identity, id string) error {
			_, err := f.UpdateUser(ctx, a, id, UserPatch{Password: ptr("quiet-otter-9")})
			return err
		},
		"to member": func(a chat.Identity, id string) error {
			_, err := f.UpdateUser(ctx, a, id, roles(chat.RoleMember))
			return err
		},
		"to admin": func(a chat.Identity, id string) error {
			_, err := f.UpdateUser(ctx, a, id, roles(chat.RoleAdmin))
			return err
		},
		"to owner": func(a chat.Identity, id string) error {
			_, err := f.UpdateUser(ctx, a, id, roles(chat.RoleOwner))
			return err
		},
		"to nonsense": func(a chat.Identity, id string) error { _, err := f.UpdateUser(ctx, a, id, roles("king")); return err },
		"delete":      func(a chat.Identity, id string) error { return f.DeleteUser(ctx, a, id) },
		"read":        func(a chat.Identity, id string) error { _, err := f.User(ctx, a, id); return err },
	}
	for actorRole, actor := range actors {
		for name, do := range actions {
			for _, role := range chat.Roles() {
				var want fault.Code
				switch {
				case !actorRole.AtLeast(chat.RoleAdmin):
					want = fault.CodeForbidden
				case actorRole == chat.RoleAdmin && role == chat.RoleOwner && name != "read":
					want = fault.CodeForbidden
				case name == "to nonsense":
					want = fault.CodeInvalid
				case actorRole == chat.RoleAdmin && name == "to owner":
					want = fault.CodeForbidden
				}
				err := do(actor, target(t, role))
				if want == "" && err != nil || want != "" && !fault.Is(err, want) {
					t.Errorf("%s does %q to %s: %v, want %q", actorRole, name, role, err, want)
				}
			}
		}
	}
	for _, role := range []chat.Role{chat.RoleMember, chat.RoleOwner} {
		_, err := f.CreateUser(ctx, actors[chat.RoleMember], NewUser{Email: "n@x.test", Role: role})
		wantCode(t, "a member makes users", err, fault.CodeForbidden)
	}
	_, err := f.CreateUser(ctx, actors[chat.RoleAdmin], NewUser{Email: "n@x.test", Role: chat.RoleOwner})
	wantCode(t, "an admin makes an owner", err, fault.CodeForbidden)
}

func TestOwnAccountByAdministration(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	f.user(t, "second@acme.test", chat.RoleOwner)
	admin := f.user(t, "admin@acme.test", chat.RoleAdmin)
	// A stale identity still says owner; the row says admin, and the row counts.
	stale := admin
	stale.Role = chat.RoleOwner
	cases := map[string]struct {
		who   chat.Identity
		patch UserPatch
	}{
		"disables itself": {admin, UserPatch{Disabled: ptr(true)}}, "raises itself": {admin, UserPatch{Role: ptr(chat.RoleOwner)}},
		"raises itself by a stale identity": {stale, UserPatch{Role: ptr(chat.RoleOwner)}},
		"sets its password unasked":         {admin, UserPatch{Password: ptr("quiet-otter-9")}},
		"owner sets its password unasked":   {f.owner, UserPatch{Password: ptr("quiet-otter-9")}},
	}
	for name, c := range cases {
		_, err := f.UpdateUser(ctx, c.who, c.who.User, c.patch)
		wantCode(t, name, err, fault.CodeForbidden)
	}
	wantCode(t, "deletes itself unasked", f.DeleteUser(ctx, admin, admin.User), fault.CodeForbidden)
	if _, err := f.UpdateUser(ctx, admin, admin.User, UserPatch{Role: ptr(chat.RoleMember)}); err != nil {
		t.Errorf("stepping down: %v", err)
	}
}

func TestLastOwner(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx, shell := t.Context(), Console(f.owner.Tenant)
	try := func(what string) {
		t.Helper()
		for name, p := range map[string]UserPatch{"demote": {Role: ptr(chat.RoleAdmin)}, "disable": {Disabled: ptr(true)}} {
			_, err := f.UpdateUser(ctx, shell, f.owner.User, p)
			wantKind(t, what+": "+name, err, "last_owner")
		}
		wantKind(t, what+": delete", f.DeleteUser(ctx, shell, f.owner.User), "last_owner")
		wantKind(t, what+": delete self", f.DeleteMe(ctx, f.owner, goodPassword), "last_owner")
	}
	try("alone")
	// Owners who cannot sign in do not count: a disabled one, and one with neither password nor identity.
	second := f.user(t, "second@acme.test", chat.RoleOwner)
	if _, err := f.UpdateUser(ctx, shell, second.User, UserPatch{Disabled: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.CreateUser(ctx, shell, NewUser{Email: "empty@acme.test", Role: chat.RoleOwner}); err != nil {
		t.Fatal(err)
	}
	try("beside owners who cannot sign in")
	other := f.tenant(t, "other")
	f.userIn(t, other.ID, "x@other.test", chat.RoleOwner)
	try("beside an owner of another tenant")
	if _, err := f.UpdateUser(ctx, shell, second.User, UserPatch{Disabled: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteMe(ctx, f.owner, goodPassword); err != nil {
		t.Errorf("with a second owner: %v", err)
	}
}

// TestOwnersDemoteEachOther lets every owner demote another at once: one must stay.
func TestOwnersDemoteEachOther(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	owners := []chat.Identity{f.owner}
	for i := range 3 {
		owners = append(owners, f.user(t, fmt.Sprintf("o%d@acme.test", i), chat.RoleOwner))
	}
	var wg sync.WaitGroup
	for i, o := range owners {
		wg.Go(func() {
			_, err := f.UpdateUser(t.Context(), o, owners[(i+1)%len(owners)].User, UserPatch{Role: ptr(chat.RoleMember)})
			if err != nil && !fault.Is(err, fault.CodeConflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n, err := ownersLeft(t.Context(), f.db, f.owner.Tenant, "")
	if err != nil || n != 1 {
		t.Errorf("%d owners are left, %v", n, err)
	}
}

func TestEmailIsUnique(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	for _, same := range []string{"owner@acme.test", "OWNER@ACME.TEST", " Owner@Acme.Test "} {
		_, err := f.CreateUser(ctx, f.owner, NewUser{Email: same})
		wantKind(t, same, err, "email_taken")
	}
	for _, bad := range []string{"", "x", "a@", "@b", "Ann <a@b.test>", "a b@c.test", "a@b.test\x00", "a@b\n.test", "<a@b.test>", "\"a b\"@c.test", fmt.Sprintf("%0250d@b.test", 1)} {
		_, err := f.CreateUser(ctx, f.owner, NewUser{Email: bad})
		wantCode(t, fmt.Sprintf("%q", bad), err, fault.CodeInvalid)
	}
	other := f.tenant(t, "other")
	if _, err := f.CreateUser(ctx, Console(other.ID), NewUser{Email: "owner@acme.test"}); err != nil {
		t.Errorf("the same address in another tenant: %v", err)
	}
	for _, bad := range []NewUser{
		{Email: "n@x.test", Name: "a\x00b"}, {Email: "n@x.test", Name: fmt.Sprintf("%0200d", 1)}, {Email: "n@x.test", Role: "king"},
		{Email: "n@x.test", Password: "short"}, {Email: "n@x.test", Groups: []string{""}}, {Email: "n@x.test", Groups: make([]string, 600)},
	} {
		_, err := f.CreateUser(ctx, f.owner, bad)
		wantCode(t, fmt.Sprintf("%+v", bad), err, fault.CodeInvalid)
	}
	_, err := f.CreateUser(ctx, Console(chat.NewID("ten")), NewUser{Email: "n@x.test"})
	wantCode(t, "in a tenant that is not there", err, fault.CodeNotFound)
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx, shell := t.Context(), Console(f.owner.Tenant)
	for i := range 7 {
		if _, err := f.CreateUser(ctx, shell, NewUser{Email: fmt.Sprintf("u%d@x.test", i), Name: fmt.Sprintf("Zoë_%d 100%%", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.CreateUser(ctx, Console(f.tenant(t, "other").ID), NewUser{Email: "u9@x.test"}); err != nil {
		t.Fatal(err)
	}
	seen, filter, pages := map[string]bool{}, UserFilter{Limit: 3}, 0
	for {
		page, err := f.Users(ctx, f.owner, filter)
		if err != nil {
			t.Fatal(err)
		}
		if pages++; page.Total != 8 {
			t.Errorf("%d users in all, want 8", page.Total)
		}
		for _, u := range page.Users {
			if seen[u.ID] {
				t.Errorf("%s is listed twice", u.Email)
			}
			seen[u.ID] = true
		}
		if filter.Cursor = page.Next; filter.Cursor == "" {
			break
		}
	}
	if len(seen) != 8 || pages != 3 {
		t.Errorf("%d users on %d pages, want 8 on 3", len(seen), pages)
	}
	for q, want := range map[string]int{"": 8, "zoë_": 7, "ZOË": 7, "u3@": 1, "100%": 7, "%": 7, "_": 7, `\`: 0, "olga": 1, "u9": 0} {
		page, err := f.Users(ctx, f.owner, UserFilter{Query: q})
		if err != nil || len(page.Users) != want {
			t.Errorf("q=%q finds %d, %v; want %d", q, len(page.Users), err, want)
		}
	}
	for _, bad := range []UserFilter{{Limit: -1}, {Limit: 201}, {Cursor: "x"}, {Order: "password_hash"}, {Cursor: UserFilter{Order: ByName}.cursor("a", chat.NewID("usr")), Order: ByEmail}, {Query: "a\x00"}, {Query: "\xff"}} {
		_, err := f.Users(ctx, f.owner, bad)
		wantCode(t, fmt.Sprintf("%+v", bad), err, fault.CodeInvalid)
	}
}

// Pages of two, in each order and both directions, hold everybody once and in the order of the whole.
func TestUsersAreSorted(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	for i, name := range []string{"Émile", "anna", "Bert", "anna"} {
		role := []chat.Role{chat.RoleViewer, chat.RoleAdmin, chat.RoleMember, chat.RoleViewer}[i]
		if _, err := f.CreateUser(ctx, f.owner, NewUser{Email: fmt.Sprintf("%c@x.test", 'd'-i), Name: name, Role: role, Password: goodPassword, Groups: []string{"g"}}); err != nil {
			t.Fatal(err)
		}
	}
	f.login(t, "b@x.test", goodPassword, "")
	f.clock.Add(time.Hour)
	f.login(t, "d@x.test", goodPassword, "")
	read := func(filter UserFilter) (names []string) {
		for {
			page, err := f.Users(ctx, f.owner, filter)
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != 4 {
				t.Errorf("%d in all, want 4", page.Total)
			}
			for _, u := range page.Users {
				names = append(names, u.Email[:1])
			}
			if filter.Cursor = page.Next; filter.Cursor == "" {
				return names
			}
		}
	}
	for order, want := range map[UserOrder]string{"": "dcba", ByCreated: "dcba", ByName: "acbd", ByEmail: "abcd", ByRole: "dabc", ByLogin: "bdca"} {
		for _, down := range []bool{false, true} {
			whole := []rune(want)
			if down {
				slices.Reverse(whole)
			}
			if order == ByLogin && down {
				whole = []rune("dbac") // who never signed in stays behind
			}
			for _, limit := range []int{2, 50} {
				got := strings.Join(read(UserFilter{Order: order, Down: down, Limit: limit, Group: "g"}), "")
				if got != string(whole) {
					t.Errorf("by %q, down %t, %d a page: %s, want %s", order, down, limit, got, string(whole))
				}
			}
		}
	}
}

// TestChangesActAtOnce has what an admin does be true at the very next request.
func TestChangesActAtOnce(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	id := f.user(t, "m@acme.test", chat.RoleAdmin)
	g := f.login(t, "m@acme.test", goodPassword, "")
	_, secret, err := f.CreateKey(ctx, id, NewKey{Name: "k", Permissions: chat.Permissions()})
	if err != nil {
		t.Fatal(err)
	}
	patch := func(p UserPatch) {
		t.Helper()
		if _, err := f.UpdateUser(ctx, f.owner, id.User, p); err != nil {
			t.Fatal(err)
		}
	}
	patch(UserPatch{Role: ptr(chat.RoleViewer), Groups: ptr([]string{"b", "a", "a"})})
	for what, get := range map[string]func() (chat.Identity, error){
		"session": func() (chat.Identity, error) { return f.Session(ctx, g.Token) },
		"key":     func() (chat.Identity, error) { return f.Bearer(ctx, secret) },
	} {
		now, err := get()
		if err != nil || now.Role != chat.RoleViewer || fmt.Sprint(now.Groups) != "[a b]" {
			t.Errorf("%s: %+v, %v", what, now, err)
		}
	}
	patch(UserPatch{Disabled: ptr(true)})
	_, err = f.Session(ctx, g.Token)
	wantCode(t, "session of a disabled user", err, fault.CodeUnauthenticated)
	_, err = f.Bearer(ctx, secret)
	wantCode(t, "key of a disabled user", err, fault.CodeUnauthenticated)
	_, err = f.Login(ctx, LoginRequest{Email: "m@acme.test", Password: goodPassword})
	wantKind(t, "sign-in of a disabled user", err, "wrong_login")
	patch(UserPatch{Disabled: ptr(false)})
	_, err = f.Session(ctx, g.Token)
	wantCode(t, "old session after enabling", err, fault.CodeUnauthenticated)
	if _, err := f.Bearer(ctx, secret); err != nil {
		t.Errorf("key after enabling: %v", err)
	}
	g = f.login(t, "m@acme.test", goodPassword, "")
	patch(UserPatch{Password: ptr("quiet-otter-9")})
	_, err = f.Session(ctx, g.Token)
	wantCode(t, "session after a new password", err, fault.CodeUnauthenticated)
	f.login(t, "m@acme.test", "quiet-otter-9", "")
	if err := f.DeleteUser(ctx, f.owner, id.User); err != nil {
		t.Fatal(err)
	}
	_, err = f.Bearer(ctx, secret)
	wantCode(t, "key of a deleted user", err, fault.CodeUnauthenticated)
}

// TestDeleteHooks run in the transaction of the deletion: one that fails keeps the user.
func TestDeleteHooks(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	id := f.user(t, "m@acme.test", chat.RoleMember)
	var seen []chat.Scope
	broken := errors.New("broken")
	f.OnDelete(func(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
		seen = append(seen, sc)
		_, err := loadUser(ctx, tx, sc.Tenant, sc.User)
		return err
	})
	f.OnDelete(func(context.Context, *store.Tx, chat.Scope) error { return broken })
	if err := f.DeleteUser(ctx, f.owner, id.User); !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	if _, err := f.User(ctx, f.owner, id.User); err != nil {
		t.Errorf("a failed hook deleted the user: %v", err)
	}
	broken = nil
	if err := f.DeleteUser(ctx, f.owner, id.User); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0].User != id.User || seen[0].Tenant != id.Tenant {
		t.Errorf("hooks saw %+v", seen)
	}
	_, err := f.User(ctx, f.owner, id.User)
	wantCode(t, "deleted user", err, fault.CodeNotFound)
}
