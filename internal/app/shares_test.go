package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/tenancy"
)

// shareDesk is a site with two tenants, and a conversation of ann's in "b".
type shareDesk struct {
	*site
	ann        tenancy.User
	scope      chat.Scope
	cookie     credential
	conv, leaf string
}

func newShareDesk(t *testing.T, publicLinks bool) shareDesk {
	t.Helper()
	ctx := context.Background()
	d := shareDesk{site: boot(t, "", nil, func(c *app.Config) { c.Sharing.PublicLinks = publicLinks })}
	tn, err := d.Accounts.CreateTenant(ctx, tenancy.Console(""), tenancy.NewTenant{Slug: "b", Name: "Bee"})
	if err != nil {
		t.Fatal(err)
	}
	d.ann = d.user(t, "b", "ann@b.test", chat.RoleMember)
	d.scope = chat.Scope{Tenant: tn.ID, User: d.ann.ID}
	d.cookie = d.signIn(t, "ann@b.test")
	b, err := d.Conversations.Begin(ctx, d.scope, conversation.Turn{Model: "tiny", Messages: []chat.Message{
		{Role: chat.System, Text: "be brief"}, {Role: chat.User, Text: "I am ann@secret.org, who are you?"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Conversations.Finish(ctx, d.scope, b.Answer.ID, conversation.Final{Status: conversation.Complete, Text: "Call +49 30 1234567.", Finish: chat.FinishStop})
	if err != nil {
		t.Fatal(err)
	}
	d.conv, d.leaf = b.Conversation.ID, b.Answer.ID
	d.must(t, http.StatusOK, d.cookie, "PATCH", "/v1/conversations/"+d.conv, map[string]string{"title": "About ann@secret.org"})
	return d
}

type madeShare struct {
	ID       string    `json:"id"`
	URLPath  string    `json:"url_path"`
	Title    string    `json:"title"`
	Redacted int       `json:"redacted"`
	Messages int       `json:"messages"`
	Created  time.Time `json:"created_at"`
	Expires  time.Time `json:"expires_at"`
}

func (d shareDesk) share(t *testing.T, body string) (madeShare, string) {
	t.Helper()
	var s madeShare
	d.must(t, http.StatusCreated, d.cookie, "POST", "/v1/conversations/"+d.conv+"/shares", body).into(t, &s)
	token, ok := strings.CutPrefix(s.URLPath, "/share/")
	if !ok || len(token) != 43 {
		t.Fatalf("url_path %q", s.URLPath)
	}
	return s, "/v1/shared/" + token
}

func TestShareIsAFrozenRedactedCopy(t *testing.T) {
	t.Parallel()
	d := newShareDesk(t, false)
	var preview struct {
		Title      string
		Messages   []struct{ Role, Text string }
		Redactions []struct {
			Kind  string
			Count int
		}
	}
	d.must(t, http.StatusOK, d.cookie, "POST", "/v1/conversations/"+d.conv+"/shares/preview", `{}`).into(t, &preview)
	if preview.Title != "About [email]" || len(preview.Messages) != 2 || preview.Messages[1].Text != "Call [phone]." ||
		len(preview.Redactions) != 2 || preview.Redactions[0].Kind != "email" || preview.Redactions[0].Count != 2 {
		t.Errorf("preview: %+v", preview)
	}
	s, path := d.share(t, `{}`)
	if s.Redacted != 3 || s.Messages != 2 || s.Expires.Sub(s.Created).Round(time.Hour) != 30*24*time.Hour {
		t.Errorf("share: %+v", s)
	}
	a := d.must(t, http.StatusOK, d.cookie, "GET", path, nil)
	text := string(a.body)
	if !strings.Contains(text, `"I am [email], who are you?"`) || strings.Contains(text, "secret.org") || strings.Contains(text, "be brief") ||
		!strings.Contains(text, `"tenant":"Bee"`) || !strings.Contains(text, `"shared_by":"ann@b.test"`) || !strings.Contains(text, `"model":"tiny"`) {
		t.Errorf("shared: %s", text)
	}
	if a.header.Get("X-Robots-Tag") != "noindex" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", a.header)
	}
	// Another turn and another title leave the copy as it was.
	d.must(t, http.StatusOK, d.cookie, "PATCH", "/v1/conversations/"+d.conv, map[string]string{"title": "New"})
	d.must(t, http.StatusOK, d.cookie, "POST", "/v1/chat.completions",
		`{"conversation_id": "`+d.conv+`", "stream": false, "messages": [{"role": "user", "content": "more"}]}`)
	if again := d.must(t, http.StatusOK, d.cookie, "GET", path, nil); string(again.body) != text {
		t.Errorf("changed: %s", again.body)
	}
	// As it is, where the owner says so, and an earlier part.
	whole, wholePath := d.share(t, `{"redact": false, "leaf_id": "`+d.leaf+`", "expires_in_days": 1}`)
	if got := d.must(t, http.StatusOK, d.cookie, "GET", wholePath, nil); whole.Redacted != 0 || whole.Messages != 2 || !strings.Contains(string(got.body), "ann@secret.org") {
		t.Errorf("whole: %+v, %s", whole, got.body)
	}
	if log := d.log.String(); strings.Contains(log, strings.TrimPrefix(path, "/v1/shared/")) || strings.Contains(log, "secret.org") {
		t.Error("the log holds a token or a text")
	}
}

func TestSharesThatCannotBe(t *testing.T) {
	t.Parallel()
	d := newShareDesk(t, false)
	for body, want := range map[string]string{
		`{"audience": "link"}`:      "403 public_links_off",
		`{"audience": "all"}`:       "400 invalid_request",
		`{"expires_in_days": 0}`:    "400 invalid_request",
		`{"expires_in_days": 366}`:  "400 invalid_request",
		`{"leaf_id": "msg_nobody"}`: "404 not_found",
	} {
		for _, path := range []string{"/shares", "/shares/preview"} {
			a := d.call(t, d.cookie, "POST", "/v1/conversations/"+d.conv+path, body)
			if got := fmt.Sprint(a.status, " ", a.code()); got != want {
				t.Errorf("%s %s: %s, want %s", path, body, got, want)
			}
		}
	}
	var fleeting struct {
		ConversationID string `json:"conversation_id"`
	}
	d.must(t, http.StatusOK, d.cookie, "POST", "/v1/chat.completions",
		`{"temporary": true, "response": {"stream": false}, "messages": [{"role": "user", "content": "hi"}]}`).into(t, &fleeting)
	if a := d.call(t, d.cookie, "POST", "/v1/conversations/"+fleeting.ConversationID+"/shares", `{}`); a.status != http.StatusConflict || a.code() != "temporary" {
		t.Errorf("temporary: %d %s", a.status, a.code())
	}
	// An answer that is being written is not shared half.
	b, err := d.Conversations.Begin(context.Background(), d.scope, conversation.Turn{Conversation: d.conv, Messages: []chat.Message{{Role: chat.User, Text: "go on"}}})
	if err != nil {
		t.Fatal(err)
	}
	if a := d.call(t, d.cookie, "POST", "/v1/conversations/"+d.conv+"/shares", `{}`); a.status != http.StatusConflict || a.code() != "turn_running" {
		t.Errorf("while streaming: %d %s", a.status, a.code())
	}
	d.share(t, `{"leaf_id": "`+b.Question+`"}`)
	var list struct {
		Data        []madeShare
		PublicLinks bool `json:"public_links"`
	}
	d.must(t, http.StatusOK, d.cookie, "GET", "/v1/shares", nil).into(t, &list)
	if len(list.Data) != 1 || list.Data[0].Messages != 3 || list.PublicLinks {
		t.Errorf("list: %+v", list)
	}
}

// Whatever ends a share, its address answers as one that never was.
func TestEndedSharesAreGone(t *testing.T) {
	t.Parallel()
	d := newShareDesk(t, true)
	ctx := context.Background()
	never := string(d.must(t, http.StatusNotFound, credential{}, "GET", "/v1/shared/"+strings.Repeat("A", 43), nil).body)
	plain := func(body string) string { // without the request's id
		before, _, _ := strings.Cut(body, `"request_id"`)
		return before
	}
	gone := func(name string, who credential, path string) {
		t.Helper()
		a := d.call(t, who, "GET", path, nil)
		if a.status != http.StatusNotFound || plain(string(a.body)) != plain(never) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	team, teamPath := d.share(t, `{"redact": false}`)
	_, linkPath := d.share(t, `{"audience": "link"}`)
	if a := d.call(t, credential{}, "GET", teamPath, nil); a.status != http.StatusUnauthorized {
		t.Errorf("a guest reads the team's: %d", a.status)
	}
	d.must(t, http.StatusOK, credential{}, "GET", linkPath, nil)
	d.must(t, http.StatusOK, credential{cookie: "ended"}, "GET", linkPath, nil)
	d.must(t, http.StatusOK, seeded, "GET", linkPath, nil)
	gone("another tenant's", seeded, teamPath)

	// Revoked by its owner, and by nobody else.
	d.user(t, "b", "bob@b.test", chat.RoleMember)
	bob := d.signIn(t, "bob@b.test")
	d.must(t, http.StatusNotFound, bob, "DELETE", "/v1/shares/"+team.ID, nil)
	d.must(t, http.StatusOK, bob, "GET", teamPath, nil)
	d.must(t, http.StatusNoContent, d.cookie, "DELETE", "/v1/shares/"+team.ID, nil)
	gone("revoked", d.cookie, teamPath)

	// With the account closed, and open again.
	disable := func(is bool) {
		t.Helper()
		if _, err := d.Accounts.UpdateUser(ctx, tenancy.Console(d.scope.Tenant), d.ann.ID, tenancy.UserPatch{Disabled: &is}); err != nil {
			t.Fatal(err)
		}
	}
	disable(true)
	gone("of a disabled user", credential{}, linkPath)
	disable(false)
	d.must(t, http.StatusOK, credential{}, "GET", linkPath, nil)
	d.cookie = d.signIn(t, "ann@b.test")

	// With the conversation, whoever deletes it: here what sweeps up expired ones.
	d.must(t, http.StatusOK, d.cookie, "PATCH", "/v1/conversations/"+d.conv, `{"retention_policy": "days:1"}`)
	if n, err := d.Conversations.Sweep(ctx, time.Now().AddDate(0, 0, 2)); n != 1 || err != nil {
		t.Fatalf("swept %d, %v", n, err)
	}
	gone("of a deleted conversation", credential{}, linkPath)

	// With the tenant's key, and with the tenant.
	other := newShareDesk(t, true)
	_, path := other.share(t, `{"audience": "link"}`)
	if err := other.Keys.DestroyKey(ctx, other.DB, other.scope.Tenant); err != nil {
		t.Fatal(err)
	}
	d = other
	gone("of a shredded tenant", credential{}, path)
}

// Where the operator allows no public links any more, the old ones end at once.
func TestPublicLinksCanBeTakenBack(t *testing.T) {
	t.Parallel()
	d := newShareDesk(t, true)
	_, path := d.share(t, `{"audience": "link"}`)
	d.must(t, http.StatusOK, credential{}, "GET", path, nil)
	dir := d.dir
	cfg := d.cfg
	if err := d.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	again := boot(t, dir, nil, func(c *app.Config) { c.Database = cfg.Database })
	again.must(t, http.StatusNotFound, credential{}, "GET", path, nil)
	again.must(t, http.StatusNotFound, again.signIn(t, "ann@b.test"), "GET", path, nil)
}

// What one keeps here is in one's own copy, and goes with the account.
func TestSharesAndPromptsBelongToTheAccount(t *testing.T) {
	t.Parallel()
	d := newShareDesk(t, false)
	_, path := d.share(t, `{}`)
	d.must(t, http.StatusCreated, d.cookie, "POST", "/v1/prompts", `{"command": "ask", "title": "Ask", "text": "Hello {{name|you}}", "shared": true}`)
	d.user(t, "b", "bob@b.test", chat.RoleMember)
	bob := d.signIn(t, "bob@b.test")
	var list struct {
		Data []struct {
			Command   string
			OwnerName string `json:"owner_name"`
			Mine      bool
		}
	}
	d.must(t, http.StatusOK, bob, "GET", "/v1/prompts", nil).into(t, &list)
	if len(list.Data) != 1 || list.Data[0].OwnerName != "ann@b.test" || list.Data[0].Mine {
		t.Errorf("bob has %+v", list.Data)
	}
	var kept struct{ Shares, Prompts []struct{ Title string } }
	d.must(t, http.StatusOK, d.cookie, "GET", "/v1/me/export", nil).into(t, &kept)
	if len(kept.Shares) != 1 || len(kept.Prompts) != 1 || kept.Prompts[0].Title != "Ask" {
		t.Errorf("export: %+v", kept)
	}
	d.must(t, http.StatusOK, bob, "GET", "/v1/me/export", nil).into(t, &kept)
	if len(kept.Shares)+len(kept.Prompts) != 0 {
		t.Errorf("bob's export: %+v", kept)
	}
	d.must(t, http.StatusNoContent, d.cookie, "DELETE", "/v1/me", map[string]string{"password": password})
	d.must(t, http.StatusNotFound, bob, "GET", path, nil)
	list.Data = nil
	if d.must(t, http.StatusOK, bob, "GET", "/v1/prompts", nil).into(t, &list); len(list.Data) != 0 {
		t.Errorf("after the account: %+v", list.Data)
	}
}
