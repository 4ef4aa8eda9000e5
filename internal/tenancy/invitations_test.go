package tenancy

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
)

// here is where the requests of these tests come from.
var here = Client{IP: "192.0.2.1", UserAgent: "test"}

func (f *fixture) invite(t *testing.T, actor chat.Identity, n NewInvitation) (invitation.Invitation, string) {
	t.Helper()
	v, token, err := f.Invite(t.Context(), actor, n)
	if err != nil {
		t.Fatalf("invite %s: %v", n.Email, err)
	}
	return v, token
}

func (f *fixture) states(t *testing.T) map[string]invitation.State {
	t.Helper()
	list, err := f.Invitations(t.Context(), f.owner)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]invitation.State{}
	for _, v := range list {
		out[v.Email] = v.State
	}
	return out
}

func TestInvitationIsAccepted(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	v, token := f.invite(t, f.owner, NewInvitation{Email: " Ann@acme.test", Role: chat.RoleAdmin, Groups: []string{"ops", "eng"}})
	if v.Email != "Ann@acme.test" || v.Name != "" || v.State != invitation.Pending || v.InvitedBy != f.owner.User || !v.ExpiresAt.Equal(f.clock.Now().AddDate(0, 0, 7)) {
		t.Errorf("made %+v", v)
	}
	told, err := f.Invitation(ctx, token, here)
	if err != nil || told.Email != "Ann@acme.test" || told.Tenant != "Acme" || told.Role != chat.RoleAdmin || !told.ExpiresAt.Equal(v.ExpiresAt) {
		t.Errorf("told %+v, %v", told, err)
	}
	for what, r := range map[string]AcceptRequest{
		"no password":    {Name: "Ann"},
		"short password": {Name: "Ann", Password: "short"},
		"bad name":       {Name: "a\x00b", Password: goodPassword},
	} {
		_, err := f.AcceptInvitation(ctx, token, r)
		wantCode(t, what, err, fault.CodeInvalid)
	}
	g, err := f.AcceptInvitation(ctx, token, AcceptRequest{Name: "Ann A", Password: goodPassword, Client: here})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := f.Session(ctx, g.Token); err != nil || id.Role != chat.RoleAdmin || id.Operator || id.Name != "Ann A" || !slices.Equal(id.Groups, []string{"eng", "ops"}) {
		t.Errorf("signed in as %+v, %v", id, err)
	}
	f.login(t, "ann@acme.test", goodPassword, "")
	_, err = f.AcceptInvitation(ctx, token, AcceptRequest{Name: "Eve", Password: goodPassword})
	wantKind(t, "used again", err, "wrong_invitation")
	if got := f.states(t); got["Ann@acme.test"] != invitation.Accepted {
		t.Errorf("states = %v", got)
	}
	// What led to an account goes with it.
	if err := f.DeleteUser(ctx, f.owner, g.Identity.User); err != nil {
		t.Fatal(err)
	}
	if got := f.states(t); len(got) != 0 {
		t.Errorf("kept of a deleted user: %v", got)
	}
}

// Whatever is wrong with a link, its holder is told the same.
func TestBadLinksTellNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	beta := f.tenant(t, "beta")
	_, expired := f.invite(t, f.owner, NewInvitation{Email: "old@acme.test", Days: 1})
	f.clock.Add(24 * time.Hour)
	gone, revoked := f.invite(t, f.owner, NewInvitation{Email: "gone@acme.test"})
	if err := f.RevokeInvitation(ctx, f.owner, gone.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "revoked twice", f.RevokeInvitation(ctx, f.owner, gone.ID), fault.CodeNotFound)
	_, first := f.invite(t, f.owner, NewInvitation{Email: "twice@acme.test"})
	_, second := f.invite(t, f.owner, NewInvitation{Email: "Twice@acme.test"})
	_, used := f.invite(t, f.owner, NewInvitation{Email: "used@acme.test"})
	if _, err := f.AcceptInvitation(ctx, used, AcceptRequest{Name: "U", Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	_, closed := f.invite(t, Console(beta.ID), NewInvitation{Email: "b@beta.test", Role: chat.RoleOwner})
	if err := f.DeleteTenant(ctx, f.owner, "beta"); err != nil {
		t.Fatal(err)
	}
	if list, err := f.Invitations(ctx, Console(beta.ID)); err != nil || len(list) != 0 {
		t.Errorf("kept of a closed tenant: %v, %v", list, err)
	}
	want := badInvitation().Error()
	for name, token := range map[string]string{
		"none": "", "unknown": newToken(), "expired": expired, "revoked": revoked, "superseded": first, "used": used, "of a closed tenant": closed,
		"long": string(make([]byte, maxBearer+1)),
	} {
		_, err := f.Invitation(ctx, token, here)
		if !fault.Is(err, fault.CodeNotFound) || fault.From(err).Message != want {
			t.Errorf("%s is read: %v", name, err)
		}
		_, err = f.AcceptInvitation(ctx, token, AcceptRequest{Name: "x", Password: goodPassword, Client: here})
		if !fault.Is(err, fault.CodeNotFound) || fault.From(err).Message != want {
			t.Errorf("%s is accepted: %v", name, err)
		}
	}
	if _, err := f.Invitation(ctx, second, here); err != nil {
		t.Errorf("the newest link: %v", err)
	}
	if got := f.states(t); got["old@acme.test"] != invitation.Expired || got["used@acme.test"] != invitation.Accepted || got["Twice@acme.test"] != invitation.Pending || len(got) != 3 {
		t.Errorf("states = %v", got)
	}
	_, _, err := f.Invite(ctx, Console(beta.ID), NewInvitation{Email: "c@beta.test"})
	wantCode(t, "into a closed tenant", err, fault.CodeNotFound)
	// A month after their links ended they are forgotten.
	f.clock.Add(38 * 24 * time.Hour)
	if err := f.Sweep(ctx); err != nil || len(f.states(t)) != 0 {
		t.Errorf("after the sweep: %v, %v", f.states(t), err)
	}
}

func TestWhoMayInviteWhom(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	actors := map[chat.Role]chat.Identity{chat.RoleOwner: f.owner}
	for _, r := range []chat.Role{chat.RoleAdmin, chat.RoleMember, chat.RoleViewer} {
		actors[r] = f.user(t, string(r)+"@acme.test", r)
	}
	for actorRole, actor := range actors {
		for _, role := range chat.Roles() {
			_, _, err := f.Invite(ctx, actor, NewInvitation{Email: fmt.Sprintf("%s-%s@x.test", actorRole, role), Role: role})
			if may := actorRole.AtLeast(chat.RoleAdmin) && actorRole.AtLeast(role); may != (err == nil) {
				t.Errorf("%s invites %s: %v", actorRole, role, err)
			} else if !may {
				wantCode(t, "above the own role", err, fault.CodeForbidden)
			}
		}
		_, err := f.Invitations(ctx, actor)
		if (err == nil) != actorRole.AtLeast(chat.RoleAdmin) {
			t.Errorf("%s lists: %v", actorRole, err)
		}
	}
	wantCode(t, "a member revokes", f.RevokeInvitation(ctx, actors[chat.RoleMember], "inv_x"), fault.CodeForbidden)
	for what, n := range map[string]NewInvitation{
		"address": {Email: "nobody"}, "role": {Email: "a@x.test", Role: "king"}, "days": {Email: "a@x.test", Days: 31}, "past": {Email: "a@x.test", Days: -1},
		"group": {Email: "a@x.test", Groups: []string{""}}, "name": {Email: "a@x.test", Name: "\x00"},
	} {
		_, _, err := f.Invite(ctx, f.owner, n)
		wantCode(t, what, err, fault.CodeInvalid)
	}
	_, _, err := f.Invite(ctx, f.owner, NewInvitation{Email: "ADMIN@acme.test"})
	wantKind(t, "has an account", err, "email_taken")

	// Another tenant's are not there.
	them := f.userIn(t, f.tenant(t, "beta").ID, "o@beta.test", chat.RoleOwner)
	v, token := f.invite(t, f.owner, NewInvitation{Email: "new@acme.test"})
	wantCode(t, "another tenant's", f.RevokeInvitation(ctx, them, v.ID), fault.CodeNotFound)
	if list, err := f.Invitations(ctx, them); err != nil || len(list) != 0 {
		t.Errorf("another tenant's: %v, %v", list, err)
	}
	// The address joined by another way meanwhile: the link makes no second account.
	f.user(t, "new@acme.test", chat.RoleMember)
	_, err = f.AcceptInvitation(ctx, token, AcceptRequest{Name: "N", Password: goodPassword})
	wantKind(t, "joined meanwhile", err, "email_taken")

	off := onto(t, f.db, func(c *Config) { c.PasswordLogin = false })
	_, _, err = off.Invite(ctx, f.owner, NewInvitation{Email: "y@acme.test"})
	wantCode(t, "without passwords", err, fault.CodeForbidden)
	_, token = f.invite(t, f.owner, NewInvitation{Email: "z@acme.test"})
	_, err = off.AcceptInvitation(ctx, token, AcceptRequest{Name: "Z", Password: goodPassword})
	wantCode(t, "accepted without passwords", err, fault.CodeForbidden)
}

// An invitation ends when its maker may not give its role any more.
func TestInvitationIsWorthNoMoreThanItsMaker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(f *fixture, id string) error
		left   []chat.Role
	}{
		"renamed":  {func(f *fixture, id string) error { return f.patch(id, UserPatch{Name: ptr("New")}) }, []chat.Role{chat.RoleOwner, chat.RoleMember}},
		"admin":    {func(f *fixture, id string) error { return f.patch(id, UserPatch{Role: ptr(chat.RoleAdmin)}) }, []chat.Role{chat.RoleMember}},
		"member":   {func(f *fixture, id string) error { return f.patch(id, UserPatch{Role: ptr(chat.RoleMember)}) }, nil},
		"disabled": {func(f *fixture, id string) error { return f.patch(id, UserPatch{Disabled: ptr(true)}) }, nil},
		"deleted":  {func(f *fixture, id string) error { return f.DeleteUser(context.Background(), f.owner, id) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setUp(t)
			maker := f.user(t, "maker@acme.test", chat.RoleOwner)
			tokens := map[chat.Role]string{}
			for _, role := range []chat.Role{chat.RoleOwner, chat.RoleMember} {
				_, tokens[role] = f.invite(t, maker, NewInvitation{Email: string(role) + "@new.test", Role: role})
			}
			_, others := f.invite(t, f.owner, NewInvitation{Email: "other@new.test", Role: chat.RoleOwner})
			if err := c.change(f, maker.User); err != nil {
				t.Fatal(err)
			}
			for role, token := range tokens {
				if _, err := f.Invitation(t.Context(), token, here); (err == nil) != slices.Contains(c.left, role) {
					t.Errorf("the invitation of an %s: %v", role, err)
				}
			}
			if _, err := f.Invitation(t.Context(), others, here); err != nil {
				t.Errorf("somebody else's: %v", err)
			}
		})
	}
}

func TestTwoWithOneLink(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	_, token := f.invite(t, f.owner, NewInvitation{Email: "ann@acme.test"})
	var wg sync.WaitGroup
	var won, lost atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			_, err := f.AcceptInvitation(t.Context(), token, AcceptRequest{Name: fmt.Sprint(i), Password: goodPassword})
			switch {
			case err == nil:
				won.Add(1)
			// Who comes a moment later finds the link used, or the address taken by the winner.
			case fault.Is(err, fault.CodeNotFound) || fault.Is(err, fault.CodeConflict):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	page, err := f.Users(t.Context(), f.owner, UserFilter{Query: "ann@"})
	if won.Load() != 1 || lost.Load() != 7 || err != nil || len(page.Users) != 1 {
		t.Errorf("%d won, %d lost, users %v, %v", won.Load(), lost.Load(), page.Users, err)
	}
}

// Guessing links is counted with guessing passwords; good links are not counted.
func TestLinksAreThrottled(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config) { c.Throttle.PerAddress = 5 })
	ctx := t.Context()
	_, token := f.invite(t, f.owner, NewInvitation{Email: "ann@acme.test"})
	for range 20 {
		if _, err := f.Invitation(ctx, token, here); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		_, err := f.Invitation(ctx, fmt.Sprint("guess", i), here)
		wantCode(t, "guess", err, fault.CodeNotFound)
	}
	_, err := f.Login(ctx, LoginRequest{Email: "owner@acme.test", Password: "wrong", Client: here})
	wantCode(t, "wrong password", err, fault.CodeUnauthenticated)
	_, err = f.AcceptInvitation(ctx, token, AcceptRequest{Name: "A", Password: goodPassword, Client: here})
	wantCode(t, "the right link from there", err, fault.CodeThrottled)
	_, err = f.Invitation(ctx, token, here)
	wantCode(t, "it is not even read", err, fault.CodeThrottled)
	if _, err := f.Invitation(ctx, token, Client{IP: "198.51.100.7"}); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

func TestInvitationsAreBounded(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	now := f.clock.Now().UnixMilli()
	for i := range maxInvitations {
		_, err := f.db.Exec(t.Context(), `INSERT INTO invitations (id, tenant_id, email, email_key, name, role, token_hash, invited_by, created_at, expires_at)
			VALUES (?, ?, ?, ?, '', 'member', ?, '', ?, ?)`, chat.NewID("inv"), f.owner.Tenant, "x", fmt.Sprint(i), fmt.Sprint(i), now, now+1000)
		if err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := f.Invite(t.Context(), f.owner, NewInvitation{Email: "one@more.test"})
	wantCode(t, "one too many", err, fault.CodeConflict)
	f.clock.Add(time.Second)
	f.invite(t, f.owner, NewInvitation{Email: "one@more.test"})
}
