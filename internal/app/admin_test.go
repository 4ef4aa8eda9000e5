package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/tenancy/group"
	"github.com/parley-chat/parley/internal/usage"
)

// An admin invites somebody, who opens the link, joins and is signed in; the link is worth nothing after.
func TestInvitedPersonJoins(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	admin := h.signIn(t, "admin@b.test")
	above := map[string]any{"email": "boss@b.test", "role": "owner"}
	if a := h.must(t, http.StatusForbidden, admin, "POST", "/v1/admin/invitations", above); a.code() != "forbidden" {
		t.Errorf("above the own role: %s", a.body)
	}
	h.must(t, http.StatusConflict, admin, "POST", "/v1/admin/invitations", map[string]any{"email": "MEMBER@b.test"})
	h.must(t, http.StatusBadRequest, admin, "POST", "/v1/admin/invitations", map[string]any{"email": "a@b.test", "expires_in_days": 31})
	var made struct {
		ID, State string
		LinkPath  string `json:"link_path"`
	}
	h.must(t, http.StatusCreated, admin, "POST", "/v1/admin/invitations",
		map[string]any{"email": "ann@b.test", "name": "Ann", "role": "member", "groups": []string{"eng"}, "expires_in_days": 3}).into(t, &made)
	link, err := url.Parse(made.LinkPath)
	if err != nil || link.Path != "/join" || made.State != "pending" {
		t.Fatalf("made %+v, %v", made, err)
	}
	token := link.Query().Get("token")
	if list := h.must(t, http.StatusOK, admin, "GET", "/v1/admin/invitations", nil); strings.Contains(string(list.body), token) {
		t.Error("the list tells the link again")
	}
	told := h.must(t, http.StatusOK, credential{}, "GET", "/v1/invitations?token="+url.QueryEscape(token), nil)
	var offer struct{ Email, Name, Tenant, Role string }
	if told.into(t, &offer); offer.Email != "ann@b.test" || offer.Name != "Ann" || offer.Tenant != "B" || offer.Role != "member" || told.header.Get("Cache-Control") != "no-store" {
		t.Errorf("told %s", told.body)
	}
	accept := map[string]string{"token": token, "name": "Ann A", "password": password}
	h.must(t, http.StatusForbidden, credential{}, "POST", "/v1/invitations/accept", accept, "Origin", "https://evil.example")
	joined := h.must(t, http.StatusCreated, credential{}, "POST", "/v1/invitations/accept", accept)
	cookies := (&http.Response{Header: joined.header}).Cookies()
	i := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Name == "parley_session" })
	if i < 0 || !cookies[i].HttpOnly {
		t.Fatalf("cookies %v", cookies)
	}
	var me struct{ User tenancy.User }
	h.must(t, http.StatusOK, credential{cookie: cookies[i].Value}, "GET", "/v1/me", nil).into(t, &me)
	if me.User.Email != "ann@b.test" || me.User.Name != "Ann A" || !slices.Equal(me.User.Groups, []string{"eng"}) || me.User.LastLoginAt.IsZero() {
		t.Errorf("joined as %+v", me.User)
	}
	for _, bad := range []string{token, "guessed", ""} {
		if a := h.must(t, http.StatusNotFound, credential{}, "GET", "/v1/invitations?token="+bad, nil); a.code() != "wrong_invitation" {
			t.Errorf("%q: %s", bad, a.body)
		}
	}
	if strings.Contains(h.log.String(), token) {
		t.Error("the log holds the link's token")
	}
}

// Names of groups may hold what has a meaning in a path.
func TestGroupsOverHTTP(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	admin := h.signIn(t, "admin@b.test")
	name := "/eng/back end?100%"
	path := "/v1/admin/groups/" + url.PathEscape(name)
	h.must(t, http.StatusCreated, admin, "POST", "/v1/admin/groups", map[string]string{"name": name, "description": "Builds"})
	var g group.Group
	h.must(t, http.StatusOK, admin, "PUT", path+"/members", map[string]any{"add": []string{h.ids["member"].User, h.ids["viewer"].User}}).into(t, &g)
	if g.Name != name || g.Members != 2 {
		t.Errorf("%+v", g)
	}
	var page struct{ Data []tenancy.User }
	h.must(t, http.StatusOK, admin, "GET", "/v1/admin/users?status=active&role=member&group="+url.QueryEscape(name), nil).into(t, &page)
	if len(page.Data) != 1 || page.Data[0].ID != h.ids["member"].User {
		t.Errorf("filtered: %+v", page.Data)
	}
	h.must(t, http.StatusBadRequest, admin, "GET", "/v1/admin/users?status=gone", nil)
	h.must(t, http.StatusOK, admin, "PATCH", path, map[string]string{"name": "eng"}).into(t, &g)
	if g.Name != "eng" || g.Description != "Builds" || g.Members != 2 {
		t.Errorf("renamed: %+v", g)
	}
	h.must(t, http.StatusNotFound, admin, "DELETE", path, nil)
	h.must(t, http.StatusNoContent, admin, "DELETE", "/v1/admin/groups/eng", nil)
}

// Turns of two people of one tenant and one of another: each sees the own ones, an admin the tenant's.
func TestUsageOverHTTP(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	member, admin := h.signIn(t, "member@b.test"), h.signIn(t, "admin@b.test")
	ask := func(who credential, times int) {
		for range times {
			h.must(t, http.StatusOK, who, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}]}`)
		}
	}
	ask(member, 3)
	ask(admin, 1)
	ask(seeded, 2)
	report := func(who credential, path string) (r usage.Report) {
		h.must(t, http.StatusOK, who, "GET", path, nil).into(t, &r)
		return r
	}
	for _, c := range []struct {
		who      credential
		path     string
		requests int64
	}{
		{member, "/v1/usage", 3}, {admin, "/v1/usage", 1}, {seeded, "/v1/usage", 2}, {h.signIn(t, "viewer@b.test"), "/v1/usage", 0},
		{admin, "/v1/admin/usage", 4}, {admin, "/v1/admin/usage?by=model", 4}, {admin, "/v1/admin/usage?by=surface", 4},
		{admin, "/v1/admin/usage?by=day&to=2020-01-31T00:00:00%2B02:00", 0}, {seeded, "/v1/admin/usage?by=user", 2},
	} {
		r := report(c.who, c.path)
		if r.Total.Requests != c.requests || (len(r.Rows) == 0) != (c.requests == 0) || (r.Total.Output > 0) != (c.requests > 0) {
			t.Errorf("%s: %+v, want %d requests", c.path, r, c.requests)
		}
	}
	r := report(admin, "/v1/admin/usage?by=user")
	if len(r.Rows) != 2 || r.Rows[0].Key != h.ids["member"].User || r.Rows[0].Requests != 3 || r.Rows[0].Label != "member@b.test" {
		t.Errorf("by user: %+v", r.Rows)
	}
	h.must(t, http.StatusNoContent, admin, "DELETE", "/v1/admin/users/"+h.ids["member"].User, nil)
	if r = report(admin, "/v1/admin/usage?by=user"); len(r.Rows) != 2 || r.Rows[0].Key != "" || r.Rows[0].Label != "" || r.Rows[0].Requests != 3 {
		t.Errorf("after a user was deleted: %+v", r.Rows)
	}
	for _, bad := range []string{"by=hour", "from=yesterday", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"} {
		h.must(t, http.StatusBadRequest, admin, "GET", "/v1/admin/usage?"+bad, nil)
	}
}
