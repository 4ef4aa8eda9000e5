package tenancy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// member makes a user in these groups and returns its id.
func (f *fixture) member(t *testing.T, email string, groups ...string) string {
	t.Helper()
	u, err := f.CreateUser(t.Context(), Console(f.owner.Tenant), NewUser{Email: email, Groups: groups})
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}

// groupsOf tells the groups of a tenant as "name:members".
func (f *fixture) groupsOf(t *testing.T, actor chat.Identity) string {
	t.Helper()
	list, err := f.Groups(t.Context(), actor)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(list))
	for i, g := range list {
		out[i] = fmt.Sprintf("%s:%d", g.Name, g.Members)
		if g.CreatedAt.IsZero() {
			out[i] += "?"
		}
	}
	return strings.Join(out, " ")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	if list, err := f.Groups(ctx, f.owner); err != nil || list == nil {
		t.Errorf("of nothing: %#v, %v", list, err)
	}
	ann, bo := f.member(t, "ann@x.test", "eng", "claimed"), f.member(t, "bo@x.test", "eng")
	if got := f.groupsOf(t, f.owner); got != "claimed:1? eng:2?" {
		t.Errorf("of the lists alone: %s", got)
	}
	if g, err := f.CreateGroup(ctx, f.owner, " ops ", " Keeps it running "); err != nil || g.Name != "ops" || g.Description != "Keeps it running" || g.Members != 0 || g.CreatedAt.IsZero() {
		t.Errorf("made %+v, %v", g, err)
	}
	_, err := f.CreateGroup(ctx, f.owner, "ops", "")
	wantKind(t, "made twice", err, "group_taken")
	if g, err := f.CreateGroup(ctx, f.owner, "eng", "Builds it"); err != nil || g.Members != 2 || g.Description != "Builds it" {
		t.Errorf("adopted %+v, %v", g, err)
	}
	for what, name := range map[string]string{"empty": " ", "control": "a\nb", "long": strings.Repeat("x", maxGroup+1)} {
		_, err := f.CreateGroup(ctx, f.owner, name, "")
		wantCode(t, what, err, fault.CodeInvalid)
		_, err = f.UpdateGroup(ctx, f.owner, "ops", GroupPatch{Name: &name})
		wantCode(t, "renamed to "+what, err, fault.CodeInvalid)
	}
	_, err = f.CreateGroup(ctx, f.owner, "x", strings.Repeat("x", maxDescription+1))
	wantCode(t, "long description", err, fault.CodeInvalid)

	g, err := f.SetMembers(ctx, f.owner, "ops", []string{ann, bo, ann}, nil)
	if err != nil || g.Members != 2 {
		t.Errorf("%+v, %v", g, err)
	}
	if g, err = f.SetMembers(ctx, f.owner, "claimed", nil, []string{ann, bo}); err != nil || g.Members != 0 {
		t.Errorf("%+v, %v", g, err)
	}
	if got := f.groupsOf(t, f.owner); got != "claimed:0 eng:2 ops:2" {
		t.Errorf("after members changed: %s", got)
	}
	// Nothing changes when a part is refused.
	_, err = f.SetMembers(ctx, f.owner, "eng", nil, []string{ann, "usr_nobody"})
	wantCode(t, "unknown user", err, fault.CodeNotFound)
	if p := fault.From(err).Param; p != "remove" {
		t.Errorf("the field is %q", p)
	}
	_, err = f.SetMembers(ctx, f.owner, "eng", []string{ann}, []string{ann})
	wantCode(t, "both", err, fault.CodeInvalid)
	_, err = f.SetMembers(ctx, f.owner, "eng", make([]string, maxMemberChange+1), nil)
	wantCode(t, "too many", err, fault.CodeInvalid)
	_, err = f.SetMembers(ctx, f.owner, "none", []string{ann}, nil)
	wantCode(t, "no group", err, fault.CodeNotFound)

	// A new name goes into every list and invitation.
	_, token := f.invite(t, f.owner, NewInvitation{Email: "new@x.test", Groups: []string{"eng", "ops"}})
	_, err = f.UpdateGroup(ctx, f.owner, "eng", GroupPatch{Name: ptr("ops")})
	wantKind(t, "onto another", err, "group_taken")
	g, err = f.UpdateGroup(ctx, f.owner, "eng", GroupPatch{Name: ptr("a/b \"c\" <d> %_\\"), Description: ptr("")})
	if err != nil || g.Members != 2 || g.Description != "" {
		t.Errorf("renamed: %+v, %v", g, err)
	}
	if g, err = f.UpdateGroup(ctx, f.owner, g.Name, GroupPatch{Name: ptr("dev")}); err != nil || g.Members != 2 {
		t.Errorf("renamed again: %+v, %v", g, err)
	}
	if err := f.DeleteGroup(ctx, f.owner, "ops"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "deleted twice", f.DeleteGroup(ctx, f.owner, "ops"), fault.CodeNotFound)
	_, err = f.UpdateGroup(ctx, f.owner, "ops", GroupPatch{Description: ptr("x")})
	wantCode(t, "changed after", err, fault.CodeNotFound)
	joined, err := f.AcceptInvitation(ctx, token, AcceptRequest{Name: "N", Password: goodPassword})
	if err != nil || !slices.Equal(joined.Identity.Groups, []string{"dev"}) {
		t.Errorf("joined with %v, %v", joined.Identity.Groups, err)
	}
	if got := f.groupsOf(t, f.owner); got != "claimed:0 dev:3" {
		t.Errorf("in the end: %s", got)
	}
}

func TestWhoMayChangeGroups(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	ann := f.member(t, "ann@x.test", "eng")
	admin, member := f.user(t, "admin@x.test", chat.RoleAdmin), f.user(t, "member@x.test", chat.RoleMember)
	them := f.userIn(t, f.tenant(t, "beta").ID, "o@beta.test", chat.RoleOwner)
	do := map[string]func(a chat.Identity) error{
		"list":   func(a chat.Identity) error { _, err := f.Groups(ctx, a); return err },
		"create": func(a chat.Identity) error { _, err := f.CreateGroup(ctx, a, "new", ""); return err },
		"update": func(a chat.Identity) error {
			_, err := f.UpdateGroup(ctx, a, "eng", GroupPatch{Description: ptr("x")})
			return err
		},
		"members": func(a chat.Identity) error { _, err := f.SetMembers(ctx, a, "eng", []string{ann}, nil); return err },
		"delete":  func(a chat.Identity) error { return f.DeleteGroup(ctx, a, "eng") },
	}
	for name, f := range do {
		wantCode(t, "a member: "+name, f(member), fault.CodeForbidden)
	}
	for _, name := range []string{"update", "members", "delete"} {
		wantCode(t, "another tenant's: "+name, do[name](them), fault.CodeNotFound)
	}
	if err := do["create"](them); err != nil {
		t.Fatal(err)
	}
	_, err := f.SetMembers(ctx, them, "new", []string{ann}, nil)
	wantCode(t, "another tenant's user", err, fault.CodeNotFound)
	if got := f.groupsOf(t, them); got != "new:0" {
		t.Errorf("the other tenant has %s", got)
	}
	_, err = f.SetMembers(ctx, admin, "eng", []string{f.owner.User}, nil)
	wantCode(t, "an admin moves an owner", err, fault.CodeForbidden)
	for _, name := range []string{"list", "create", "update", "members", "delete"} {
		if err := do[name](admin); err != nil {
			t.Errorf("an admin: %s: %v", name, err)
		}
	}
}

func TestUserGroupsAreBounded(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	many := make([]string, maxGroups)
	for i := range many {
		many[i] = fmt.Sprintf("g%d", i)
	}
	full := f.member(t, "full@x.test", many...)
	if _, err := f.CreateGroup(t.Context(), f.owner, "more", ""); err != nil {
		t.Fatal(err)
	}
	_, err := f.SetMembers(t.Context(), f.owner, "more", []string{full}, nil)
	wantCode(t, "one group too many", err, fault.CodeConflict)
	if _, err := f.SetMembers(t.Context(), f.owner, "g1", []string{full}, nil); err != nil {
		t.Errorf("a group that it is in: %v", err)
	}
}

func TestUsersByRoleGroupAndStatus(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	// Names that a pattern over the lists' text confuses with one another.
	odd := []string{`,`, `a,`, `","`, `A`, `a`, `a%`, `a_b`, `axb`, `\`, `<x>`, `ünï`}
	for i, g := range odd {
		f.member(t, fmt.Sprintf("u%d@x.test", i), g, "z")
		f.member(t, fmt.Sprintf("v%d@x.test", i), g, odd[(i+1)%len(odd)])
	}
	count := func(uf UserFilter) (emails []string) {
		uf.Limit = 3
		for {
			page, err := f.Users(ctx, f.owner, uf)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Users {
				emails = append(emails, u.Email)
			}
			if uf.Cursor = page.Next; uf.Cursor == "" {
				return emails
			}
		}
	}
	for i, g := range odd {
		last := (i + len(odd) - 1) % len(odd)
		want := []string{fmt.Sprintf("u%d@x.test", i), fmt.Sprintf("v%d@x.test", i), fmt.Sprintf("v%d@x.test", last)}
		got := count(UserFilter{Group: g})
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("group %q: %v, want %v", g, got, want)
		}
	}
	page, err := f.Users(ctx, f.owner, UserFilter{Query: "u3@"})
	if err != nil || len(page.Users) != 1 {
		t.Fatal(page, err)
	}
	if err := f.patch(page.Users[0].ID, UserPatch{Disabled: ptr(true), Role: ptr(chat.RoleAdmin)}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		f    UserFilter
		want int
	}{
		"all":               {UserFilter{}, 2*len(odd) + 1},
		"owners":            {UserFilter{Role: chat.RoleOwner}, 1},
		"members":           {UserFilter{Role: chat.RoleMember}, 2*len(odd) - 1},
		"disabled":          {UserFilter{Status: Disabled}, 1},
		"active":            {UserFilter{Status: Active}, 2 * len(odd)},
		"active admins":     {UserFilter{Status: Active, Role: chat.RoleAdmin}, 0},
		"disabled admins":   {UserFilter{Status: Disabled, Role: chat.RoleAdmin, Group: "A", Query: "u3"}, 1},
		"in z":              {UserFilter{Group: "z"}, len(odd)},
		"in z and active":   {UserFilter{Group: "z", Status: Active}, len(odd) - 1},
		"no such group":     {UserFilter{Group: "zz"}, 0},
		"of another status": {UserFilter{Group: "zz", Status: Disabled}, 0},
	} {
		if got := count(c.f); len(got) != c.want {
			t.Errorf("%s: %d, want %d: %v", name, len(got), c.want, got)
		}
	}
	for _, bad := range []UserFilter{{Role: "king"}, {Status: "gone"}, {Group: "\x00"}, {Group: strings.Repeat("x", maxGroup+1)}} {
		_, err := f.Users(ctx, f.owner, bad)
		wantCode(t, fmt.Sprintf("%+v", bad), err, fault.CodeInvalid)
	}
	text, err := json.Marshal(page.Users[0])
	if err != nil || !strings.Contains(string(text), `"disabled":false`) || strings.Contains(string(text), "last_login_at") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAdminSeesAndEndsSessions(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := t.Context()
	bo := f.user(t, "bo@x.test", chat.RoleMember)
	second := f.login(t, "bo@x.test", goodPassword, "")
	admin := f.user(t, "admin@x.test", chat.RoleAdmin)
	key, secret, err := f.CreateKey(ctx, bo, NewKey{Name: "k", Permissions: []chat.Permission{chat.MayChat}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.UserSessions(ctx, admin, bo.User)
	if err != nil || len(list) != 2 || list[0].Current || list[1].Current || list[0].IP != "192.0.2.1" {
		t.Errorf("%+v, %v", list, err)
	}
	if own, err := f.UserSessions(ctx, admin, admin.User); err != nil || len(own) != 1 || !own[0].Current {
		t.Errorf("one's own: %+v, %v", own, err)
	}
	them := f.userIn(t, f.tenant(t, "beta").ID, "o@beta.test", chat.RoleOwner)
	_, err = f.UserSessions(ctx, them, bo.User)
	wantCode(t, "another tenant lists", err, fault.CodeNotFound)
	wantCode(t, "another tenant ends", f.EndUserSessions(ctx, them, bo.User), fault.CodeNotFound)
	_, err = f.UserSessions(ctx, bo, admin.User)
	wantCode(t, "a member lists", err, fault.CodeForbidden)
	wantCode(t, "a member ends", f.EndUserSessions(ctx, bo, admin.User), fault.CodeForbidden)
	wantCode(t, "an admin ends an owner's", f.EndUserSessions(ctx, admin, f.owner.User), fault.CodeForbidden)
	if _, err := f.Session(ctx, second.Token); err != nil {
		t.Fatal(err)
	}
	if err := f.EndUserSessions(ctx, admin, bo.User); err != nil {
		t.Fatal(err)
	}
	_, err = f.Session(ctx, second.Token)
	wantCode(t, "ended", err, fault.CodeUnauthenticated)
	if id, err := f.Bearer(ctx, secret); err != nil || id.Credential != key.ID {
		t.Errorf("the key: %v", err)
	}
}
