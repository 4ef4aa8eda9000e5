package sharing_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/sharing"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/tenancytest"
	"github.com/parley-chat/parley/internal/testkit"
)

var ctx = context.Background()

var (
	alice = chat.Scope{Tenant: "t1", User: "alice"}
	bob   = chat.Scope{Tenant: "t1", User: "bob"}
	eve   = chat.Scope{Tenant: "t2", User: "alice"} // the same user id in another tenant
	guest = chat.Scope{}
)

// bench is a store over a conversation of alice's, c1, whose branch the tests set.
type bench struct {
	*sharing.Store
	db     *store.DB
	branch sharing.Branch
	closed map[string]bool // users
	now    time.Time
}

func (b *bench) Branch(_ context.Context, sc chat.Scope, id, _ string) (sharing.Branch, error) {
	if sc.Tenant != alice.Tenant || sc.User != alice.User || id != "c1" {
		return sharing.Branch{}, fault.NotFound("there is no conversation %s", id)
	}
	return b.branch, nil
}

func (b *bench) Person(_ context.Context, sc chat.Scope) (sharing.Person, error) {
	if b.closed[sc.User] {
		return sharing.Person{}, fault.NotFound("closed")
	}
	return sharing.Person{Name: strings.ToUpper(sc.User), Tenant: "Team " + sc.Tenant}, nil
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{db: testkit.Store(t), closed: map[string]bool{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	keys := tenancytest.Tenants(t, b.db, "t1", "t2")
	_, err := b.db.Exec(ctx, `INSERT INTO conversations (id, tenant_id, user_id, title, status, created_at, updated_at) VALUES ('c1', 't1', 'alice', ?, 'active', 0, 0)`, []byte{})
	if err != nil {
		t.Fatal(err)
	}
	b.branch = sharing.Branch{Title: "My plan", Messages: []sharing.SharedMessage{
		{Role: chat.System, Text: "instructions"}, {Role: chat.User, Text: "my secret question"}, {Role: chat.Assistant, Text: "an answer", Model: "m"},
		{Role: chat.Tool, Text: "raw result"}, {Role: chat.Assistant, Text: ""},
	}}
	redact := func(text string) (string, map[string]int) {
		return strings.ReplaceAll(text, "secret", "[x]"), map[string]int{"x": strings.Count(text, "secret")}
	}
	b.Store = sharing.New(b.db, keys, sharing.Config{PublicLinks: true}, b, b, redact)
	b.Now = func() time.Time { return b.now }
	return b
}

func (b *bench) share(t *testing.T, r sharing.Request) (sharing.Share, string) {
	t.Helper()
	r.Conversation = "c1"
	if r.Audience == "" {
		r.Audience = sharing.Tenant
	}
	r.Days = max(r.Days, 1)
	s, token, err := b.Create(ctx, alice, r)
	if err != nil {
		t.Fatal(err)
	}
	return s, token
}

func wantFault(t *testing.T, err error, code fault.Code, param string) {
	t.Helper()
	if f := fault.From(err); f == nil || f.Code != code || f.Param != param {
		t.Fatalf("got %v, want %s at %q", err, code, param)
	}
}

func TestShareHoldsWhatWasSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, token := b.share(t, sharing.Request{Redact: true, Days: 2})
	if s.Title != "My plan" || s.Messages != 2 || s.Redacted != 1 || s.ExpiresAt.Sub(s.CreatedAt) != 48*time.Hour {
		t.Errorf("share: %+v", s)
	}
	got, err := b.Open(ctx, token, bob)
	if err != nil || len(got.Messages) != 2 || got.Messages[0].Text != "my [x] question" || got.Messages[1].Model != "m" ||
		got.SharedBy != "ALICE" || got.Tenant != "Team t1" {
		t.Errorf("opened: %+v, %v", got, err)
	}
	list, err := b.List(ctx, alice)
	if err != nil || len(list) != 1 || list[0] != s {
		t.Errorf("list: %+v, %v", list, err)
	}
	for _, sc := range []chat.Scope{bob, eve} {
		if list, err := b.List(ctx, sc); err != nil || len(list) != 0 {
			t.Errorf("%v lists %v, %v", sc, list, err)
		}
		wantFault(t, b.Revoke(ctx, sc, s.ID), fault.CodeNotFound, "")
	}
}

// Neither the texts nor the token are in the database as they are, and no copy opens in another's place.
func TestShareIsSealed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, token := b.share(t, sharing.Request{})
	two, _ := b.share(t, sharing.Request{})
	var rows []struct {
		Title    []byte `db:"title"`
		Messages []byte `db:"messages"`
		Hash     string `db:"token_hash"`
	}
	if err := b.db.Select(ctx, &rows, `SELECT title, messages, token_hash FROM shares`); err != nil || len(rows) != 2 {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows {
		if bytes.Contains(r.Title, []byte("plan")) || bytes.Contains(r.Messages, []byte("secret")) || strings.Contains(token, r.Hash) {
			t.Errorf("in the clear: %+v", r)
		}
	}
	if _, err := b.db.Exec(ctx, `UPDATE shares SET messages = (SELECT messages FROM shares WHERE id = ?) WHERE id = ?`, two.ID, one.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Open(ctx, token, alice); !fault.Is(err, fault.CodeInternal) {
		t.Errorf("another's copy opens: %+v, %v", got, err)
	}
}

func TestWhoMayOpen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, team := b.share(t, sharing.Request{})
	_, link := b.share(t, sharing.Request{Audience: sharing.Link})
	for _, c := range []struct {
		name, token string
		reader      chat.Scope
		want        fault.Code
	}{
		{"team, owner", team, alice, ""}, {"team, colleague", team, bob, ""},
		{"team, guest", team, guest, fault.CodeUnauthenticated}, {"team, stranger", team, eve, fault.CodeNotFound},
		{"link, guest", link, guest, ""}, {"link, stranger", link, eve, ""},
		{"unknown", strings.Repeat("a", 43), alice, fault.CodeNotFound}, {"empty", "", guest, fault.CodeNotFound},
	} {
		if _, err := b.Open(ctx, c.token, c.reader); (c.want == "") != (err == nil) || (err != nil && fault.From(err).Code != c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	b.closed["alice"] = true
	_, err := b.Open(ctx, link, guest)
	wantFault(t, err, fault.CodeNotFound, "")
}

func TestSharesEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, short := b.share(t, sharing.Request{Days: 1})
	_, long := b.share(t, sharing.Request{Days: 3})
	b.now = b.now.AddDate(0, 0, 1)
	_, err := b.Open(ctx, short, alice)
	wantFault(t, err, fault.CodeNotFound, "")
	if list, err := b.List(ctx, alice); err != nil || len(list) != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
	if n, err := b.Sweep(ctx, b.now); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if _, err := b.Open(ctx, long, alice); err != nil {
		t.Error(err)
	}
	// With its user, and nobody else's goes with that.
	for _, sc := range []chat.Scope{bob, eve} {
		if err := b.db.WithTx(ctx, func(tx *store.Tx) error { return b.DeleteAll(ctx, tx, sc) }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Open(ctx, long, alice); err != nil {
		t.Error(err)
	}
	if err := b.db.WithTx(ctx, func(tx *store.Tx) error { return b.DeleteAll(ctx, tx, alice) }); err != nil {
		t.Fatal(err)
	}
	_, err = b.Open(ctx, long, alice)
	wantFault(t, err, fault.CodeNotFound, "")
	// With its conversation.
	_, last := b.share(t, sharing.Request{})
	if _, err := b.db.Exec(ctx, `DELETE FROM conversations WHERE id = 'c1'`); err != nil {
		t.Fatal(err)
	}
	_, err = b.Open(ctx, last, alice)
	wantFault(t, err, fault.CodeNotFound, "")
}

func TestWhatCannotBeShared(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := sharing.Request{Conversation: "c1", Audience: sharing.Tenant, Days: 1}
	_, err := b.Preview(ctx, bob, r)
	wantFault(t, err, fault.CodeNotFound, "")
	b.branch.Messages = []sharing.SharedMessage{{Role: chat.System, Text: "x"}}
	_, err = b.Preview(ctx, alice, r)
	wantFault(t, err, fault.CodeInvalid, "conversation_id")
	b.branch.Messages = []sharing.SharedMessage{{Role: chat.User, Text: strings.Repeat("x", 3<<20)}, {Role: chat.Assistant, Text: strings.Repeat("y", 2<<20)}}
	_, _, err = b.Create(ctx, alice, r)
	wantFault(t, err, fault.CodeTooLarge, "leaf_id")
	// A conversation that is deleted while it is shared leaves nothing.
	b.branch.Messages = []sharing.SharedMessage{{Role: chat.User, Text: "x"}}
	if _, err := b.db.Exec(ctx, `DELETE FROM conversations`); err != nil {
		t.Fatal(err)
	}
	if _, _, err = b.Create(ctx, alice, r); err == nil {
		t.Error("a share without a conversation")
	}
}
