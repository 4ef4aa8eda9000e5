package app_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/prompts"
	"github.com/parley-chat/parley/internal/sharing"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
)

// house is the site with its callers.
type house struct {
	*site
	n     int
	ids   map[string]chat.Identity // by caller; whom its own things belong to
	fixed map[string]credential    // keys and tokens by caller; sessions are opened anew each time
	// members are one of each tenant, by its slug, who are no callers.
	members map[string]chat.Identity
}

func furnish(t *testing.T) *house {
	t.Helper()
	h := &house{site: boot(t, "", nil, withEngine(t)), ids: map[string]chat.Identity{}, members: map[string]chat.Identity{}, fixed: map[string]credential{"nobody": {}}}
	ctx := context.Background()
	if _, err := h.Accounts.CreateTenant(ctx, tenancy.Console(""), tenancy.NewTenant{Slug: "b", Name: "B"}); err != nil {
		t.Fatal(err)
	}
	b, err := h.Accounts.Tenant(ctx, tenancy.Console(""), "b")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range chat.Roles() {
		u := h.user(t, "b", string(role)+"@b.test", role)
		h.ids[string(role)] = chat.Identity{Scope: chat.Scope{Tenant: b.ID, User: u.ID}, Role: role, Via: chat.ViaSession}
	}
	for caller, p := range map[string]chat.Permission{"chat key": chat.MayChat, "admin key": chat.MayAdmin} {
		h.ids[caller] = h.ids["owner"]
		_, secret, err := h.Accounts.CreateKey(ctx, h.ids["owner"], tenancy.NewKey{Name: caller, Permissions: []chat.Permission{p}})
		if err != nil {
			t.Fatal(err)
		}
		h.fixed[caller] = credential{bearer: secret}
	}
	h.fixed["JWT member"], h.fixed["JWT admin"] = h.token("member", "jwt-m"), h.token("admin", "jwt-a")
	h.fixed["operator key"] = seeded
	for _, caller := range []string{"JWT member", "JWT admin", "operator key"} {
		id, err := h.Accounts.Bearer(ctx, h.fixed[caller].bearer)
		if err != nil {
			t.Fatal(err)
		}
		h.ids[caller] = id
	}
	for slug, tenant := range map[string]string{"b": b.ID, "team": h.ids["operator key"].Tenant} {
		u := h.user(t, slug, "other@"+slug+".test", chat.RoleMember)
		h.members[slug] = chat.Identity{Scope: chat.Scope{Tenant: tenant, User: u.ID}, Role: chat.RoleMember, Via: chat.ViaSession}
	}
	return h
}

func (h *house) credential(t *testing.T, caller string) credential {
	if c, ok := h.fixed[caller]; ok {
		return c
	}
	return h.signIn(t, caller+"@b.test")
}

// document puts a file into a base, and waits until it was read if its text is asked for.
func (h *house) document(t *testing.T, sc chat.Scope, base, file string, text bool) (path string) {
	t.Helper()
	if _, err := h.Library.Add(t.Context(), sc, base, file, nil); err != nil {
		t.Fatal(err)
	}
	for d := (knowledge.Document{}); text && d.State != knowledge.Ready; time.Sleep(5 * time.Millisecond) {
		var err error
		if d, err = h.Library.Document(t.Context(), sc, base, file); err != nil || d.State == knowledge.Failed {
			t.Fatal(err, d)
		}
	}
	return base + "/files/" + file
}

// fill puts ids of things that belong to who into a path, making them first, and numbers into a body.
func (h *house) fill(t *testing.T, who chat.Identity, path, body string) (string, string) {
	t.Helper()
	ctx := context.Background()
	h.n++
	check := func(err error) {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	put := func(mark string, create func() string) {
		if strings.Contains(path+body, mark) {
			made := create()
			path, body = strings.ReplaceAll(path, mark, made), strings.ReplaceAll(body, mark, made)
		}
	}
	turn := func() conversation.Begun {
		b, err := h.Conversations.Begin(ctx, who.Scope, conversation.Turn{Messages: []chat.Message{{Role: chat.User, Text: "x"}}})
		check(err)
		check(h.Conversations.Finish(ctx, who.Scope, b.Answer.ID, conversation.Final{Status: conversation.Complete, Text: "y", Finish: chat.FinishStop}))
		return b
	}
	someone := func() tenancy.User {
		u, err := h.Accounts.CreateUser(ctx, tenancy.Console(who.Tenant), tenancy.NewUser{
			Email: fmt.Sprintf("someone%d@b.test", h.n), Name: "Someone", Password: password})
		check(err)
		return u
	}
	key := func(id chat.Identity) string {
		k, _, err := h.Accounts.CreateKey(ctx, id, tenancy.NewKey{Name: "k", Permissions: []chat.Permission{chat.MayChat}})
		check(err)
		return k.ID
	}
	share := func() (sharing.Share, string) {
		s, token, err := h.Shares.Create(ctx, who.Scope, sharing.Request{Conversation: turn().Conversation.ID, Audience: sharing.Tenant, Days: 1})
		check(err)
		return s, token
	}
	put("{share}", func() string { s, _ := share(); return s.ID })
	put("{token}", func() string { _, token := share(); return token })
	prompt := func(sc chat.Scope, shared bool) string {
		p, err := h.Prompts.Create(ctx, sc, prompts.New{Command: fmt.Sprintf("c-%d", h.n), Title: "t", Text: "x", Shared: shared})
		check(err)
		return p.ID
	}
	put("{prompt}", func() string { return prompt(who.Scope, false) })
	put("{teamprompt}", func() string { return prompt(chat.Scope{Tenant: who.Tenant, User: someone().ID}, true) })
	file := func() string {
		f, err := h.Library.AddFile(ctx, who.Scope, "rules.txt", "assistants", strings.NewReader("Ships need a pilot."))
		check(err)
		return f.ID
	}
	base := func() string {
		b, err := h.Library.Create(ctx, who.Scope, knowledge.NewBase{Name: "Rules"})
		check(err)
		return b.ID
	}
	put("{file}", file)
	put("{vs}", base)
	put("{base}/files/{doc}", func() string { return h.document(t, who.Scope, base(), file(), strings.HasSuffix(path, "/content")) })
	put("{base}/file_batches/{batch}", func() string {
		id := base()
		batch, err := h.Library.AddBatch(ctx, who.Scope, id, []knowledge.Addition{{File: file()}})
		check(err)
		return id + "/file_batches/" + batch
	})
	put("{conv}", func() string {
		b := turn()
		body = strings.ReplaceAll(body, "{leaf}", b.Answer.ID)
		return b.Conversation.ID
	})
	put("{msg}", func() string { return turn().Answer.ID })
	put("{folder}", func() string {
		f, err := h.Conversations.CreateFolder(ctx, who.Scope, "Work")
		check(err)
		return f.ID
	})
	put("{key}", func() string {
		if who.Role == chat.RoleViewer { // may have no keys, and finds nobody else's
			return key(h.ids["owner"])
		}
		return key(chat.Identity{Scope: who.Scope, Role: who.Role, Via: chat.ViaSession})
	})
	put("{user}", func() string { return someone().ID })
	put("{userkey}", func() string {
		return key(chat.Identity{Scope: chat.Scope{Tenant: who.Tenant, User: someone().ID}, Role: chat.RoleMember, Via: chat.ViaSession})
	})
	invite := func() (invitation.Invitation, string) {
		v, token, err := h.Accounts.Invite(ctx, tenancy.Console(who.Tenant), tenancy.NewInvitation{Email: fmt.Sprintf("invited%d@b.test", h.n)})
		check(err)
		return v, token
	}
	put("{invite}", func() string { _, token := invite(); return token })
	put("{invitation}", func() string { v, _ := invite(); return v.ID })
	put("{group}", func() string {
		g, err := h.Accounts.CreateGroup(ctx, tenancy.Console(who.Tenant), fmt.Sprintf("group%d", h.n), "")
		check(err)
		return g.Name
	})
	put("{tenant}", func() string { return who.Tenant })
	put("{newtenant}", func() string {
		tn, err := h.Accounts.CreateTenant(ctx, tenancy.Console(""), tenancy.NewTenant{Slug: fmt.Sprintf("extra%d", h.n), Name: "Extra"})
		check(err)
		body = strings.ReplaceAll(body, "{slug}", tn.Slug)
		return tn.ID
	})
	put("{spare}", func() string {
		name := fmt.Sprintf("spare%d", h.n)
		tinyModel(t, filepath.Join(h.dir, "models", name+".gguf"), "llama")
		return name
	})
	put("{session}", func() string {
		me, err := h.Accounts.Me(ctx, who)
		check(err)
		g, err := h.Accounts.Login(ctx, tenancy.LoginRequest{Email: me.User.Email, Password: password})
		check(err)
		return g.Identity.Credential
	})
	return path, strings.ReplaceAll(body, "{n}", fmt.Sprint(h.n))
}
