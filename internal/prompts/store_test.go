package prompts_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/prompts"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/tenancytest"
	"github.com/parley-chat/parley/internal/testkit"
)

var ctx = context.Background()

func member(tenant, user string) chat.Identity {
	return chat.Identity{Scope: chat.Scope{Tenant: tenant, User: user}, Role: chat.RoleMember, Via: chat.ViaSession}
}

var (
	alice, bob = member("t1", "alice"), member("t1", "bob")
	eve        = member("t2", "alice") // the same user id in another tenant
	admin      = chat.Identity{Scope: chat.Scope{Tenant: "t1", User: "root"}, Role: chat.RoleAdmin, Via: chat.ViaSession}
)

type names struct{}

func (names) Name(_ context.Context, sc chat.Scope) (string, error) {
	if sc.User == "bob" {
		return "", fault.NotFound("bob is gone")
	}
	return strings.ToUpper(sc.User), nil
}

type bench struct {
	*prompts.Store
	db *store.DB
}

func setup(t *testing.T) bench {
	t.Helper()
	db := testkit.Store(t)
	keys := tenancytest.Tenants(t, db, "t1", "t2")
	return bench{prompts.NewStore(db, keys, names{}), db}
}

func (b bench) make(t *testing.T, who chat.Identity, command string, shared bool) prompts.Prompt {
	t.Helper()
	p, err := b.Create(ctx, who.Scope, prompts.New{Command: command, Title: "Title of " + command, Text: "secret text", Shared: shared})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// listed are the commands that somebody has, with whose they are.
func (b bench) listed(t *testing.T, who chat.Identity) string {
	t.Helper()
	list, err := b.List(ctx, who.Scope)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range list {
		mine := ""
		if p.Mine {
			mine = "*"
		}
		all = append(all, p.Command+":"+p.OwnerName+mine)
	}
	return strings.Join(all, " ")
}

func wantFault(t *testing.T, err error, code fault.Code, param string) {
	t.Helper()
	if f := fault.From(err); f == nil || f.Code != code || f.Param != param {
		t.Fatalf("got %v, want %s at %q", err, code, param)
	}
}

func ptr[T any](v T) *T { return &v }

func TestLibrary(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.make(t, alice, "review", false)
	b.make(t, alice, "ask", true)
	b.make(t, bob, "review", true)
	b.make(t, eve, "review", true)
	if got, want := b.listed(t, alice), "ask:ALICE* review:ALICE* review:"; got != want {
		t.Errorf("alice has %q, want %q", got, want)
	}
	if got, want := b.listed(t, bob), "ask:ALICE review:*"; got != want {
		t.Errorf("bob has %q, want %q", got, want)
	}
	if got, want := b.listed(t, eve), "review:ALICE*"; got != want {
		t.Errorf("eve has %q, want %q", got, want)
	}
	got, err := b.Update(ctx, alice, p.ID, prompts.Patch{Title: ptr("  New \n title "), Text: ptr("Do {{this}} for {{whom|me}}")})
	if err != nil || got.Title != "New title" || got.Command != "review" || got.Shared ||
		!slices.Equal(got.Variables, []prompts.Variable{{Name: "this"}, {Name: "whom", Default: "me"}}) {
		t.Errorf("updated: %+v, %v", got, err)
	}
	if err := b.Delete(ctx, alice, p.ID); err != nil {
		t.Error(err)
	}
	wantFault(t, b.Delete(ctx, alice, p.ID), fault.CodeNotFound, "")
	if err := b.db.WithTx(ctx, func(tx *store.Tx) error { return b.DeleteAll(ctx, tx, bob.Scope) }); err != nil {
		t.Fatal(err)
	}
	if got, want := b.listed(t, alice), "ask:ALICE*"; got != want {
		t.Errorf("then alice has %q, want %q", got, want)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for text, want := range map[string][]prompts.Variable{
		"none {here} { {nor here} } {{}} {{|x}} {{a{b}}":  {},
		"{{ name }} and {{name|Ann}} and {{name|Bob}}":    {{Name: "name", Default: "Ann"}},
		"{{größe in cm| 10 }}{{x-1|}}":                    {{Name: "größe in cm", Default: "10"}, {Name: "x-1"}},
		"{{a|first\nsecond}} {{{{b}}}} {{b|with | pipe}}": {{Name: "a", Default: "first\nsecond"}, {Name: "b", Default: "with | pipe"}},
	} {
		p, err := b.Create(ctx, alice.Scope, prompts.New{Command: "v", Title: "t", Text: text})
		if err != nil || !slices.Equal(p.Variables, want) || p.Variables == nil {
			t.Errorf("%q has %+v, want %+v; %v", text, p.Variables, want, err)
		}
		if err := b.Delete(ctx, alice, p.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPromptsThatCannotBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine := b.make(t, alice, "one", false)
	b.make(t, bob, "team", true)
	for name, c := range map[string]struct {
		prompts.New
		code  fault.Code
		param string
	}{
		"no command":      {prompts.New{Title: "t", Text: "x"}, fault.CodeInvalid, "command"},
		"capitals":        {prompts.New{Command: "One", Title: "t", Text: "x"}, fault.CodeInvalid, "command"},
		"long command":    {prompts.New{Command: strings.Repeat("a", 41), Title: "t", Text: "x"}, fault.CodeInvalid, "command"},
		"no title":        {prompts.New{Command: "c", Title: " ", Text: "x"}, fault.CodeInvalid, "title"},
		"long title":      {prompts.New{Command: "c", Title: strings.Repeat("ü", 121), Text: "x"}, fault.CodeInvalid, "title"},
		"no text":         {prompts.New{Command: "c", Title: "t", Text: "\n"}, fault.CodeInvalid, "text"},
		"long text":       {prompts.New{Command: "c", Title: "t", Text: strings.Repeat("ü", 20_001)}, fault.CodeTooLarge, "text"},
		"not UTF-8":       {prompts.New{Command: "c", Title: "t", Text: "\xff"}, fault.CodeInvalid, "text"},
		"own twice":       {prompts.New{Command: "one", Title: "t", Text: "x"}, fault.CodeConflict, "command"},
		"shared by other": {prompts.New{Command: "team", Title: "t", Text: "x", Shared: true}, fault.CodeConflict, "command"},
	} {
		_, err := b.Create(ctx, alice.Scope, c.New)
		if f := fault.From(err); f == nil || f.Code != c.code || f.Param != c.param {
			t.Errorf("%s: %v, want %s at %q", name, err, c.code, c.param)
		}
	}
	if _, err := b.Create(ctx, alice.Scope, prompts.New{Command: "team", Title: "t", Text: strings.Repeat("ü", 20_000)}); err != nil {
		t.Errorf("a private one beside the shared: %v", err)
	}
	_, err := b.Update(ctx, alice, mine.ID, prompts.Patch{Command: ptr("team")})
	wantFault(t, err, fault.CodeConflict, "command")
}

func TestWhoMayChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	private, shared := b.make(t, alice, "private", false), b.make(t, alice, "shared", true)
	adminsKey := admin
	adminsKey.Via, adminsKey.Permissions = chat.ViaKey, []chat.Permission{chat.MayChat}
	for _, c := range []struct {
		name   string
		who    chat.Identity
		prompt string
		want   fault.Code
	}{
		{"a colleague, private", bob, private.ID, fault.CodeNotFound},
		{"a colleague, shared", bob, shared.ID, fault.CodeForbidden},
		{"an admin, private", admin, private.ID, fault.CodeNotFound},
		{"an admin's key for chatting, shared", adminsKey, shared.ID, fault.CodeForbidden},
		{"another tenant, shared", eve, shared.ID, fault.CodeNotFound},
	} {
		_, err := b.Update(ctx, c.who, c.prompt, prompts.Patch{Title: ptr("x")})
		if !fault.Is(err, c.want) || !fault.Is(b.Delete(ctx, c.who, c.prompt), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	// An admin mends a shared one, and it stays its owner's.
	got, err := b.Update(ctx, admin, shared.ID, prompts.Patch{Title: ptr("Better"), Shared: ptr(false)})
	if err != nil || got.Title != "Better" || got.Mine || got.OwnerName != "ALICE" {
		t.Errorf("by an admin: %+v, %v", got, err)
	}
	if got := b.listed(t, alice); got != "private:ALICE* shared:ALICE*" {
		t.Errorf("alice has %q", got)
	}
	wantFault(t, b.Delete(ctx, admin, shared.ID), fault.CodeNotFound, "")
}

func TestPromptsAreSealed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.make(t, alice, "one", false), b.make(t, alice, "two", false)
	var rows []struct {
		Title []byte `db:"title"`
		Text  []byte `db:"text"`
	}
	if err := b.db.Select(ctx, &rows, `SELECT title, text FROM prompts`); err != nil || len(rows) != 2 {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows {
		if bytes.Contains(r.Title, []byte("Title")) || bytes.Contains(r.Text, []byte("secret")) {
			t.Error("in the clear")
		}
	}
	if _, err := b.db.Exec(ctx, `UPDATE prompts SET text = (SELECT text FROM prompts WHERE id = ?) WHERE id = ?`, two.ID, one.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.List(ctx, alice.Scope); !fault.Is(err, fault.CodeInternal) {
		t.Errorf("another's text opens: %v", err)
	}
}
