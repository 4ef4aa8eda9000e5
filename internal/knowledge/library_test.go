package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/knowledge/extract"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/tenancytest"
	"github.com/parley-chat/parley/internal/testkit"
)

var (
	alice = chat.Scope{Tenant: "t1", User: "alice", Groups: []string{"pilots"}}
	bob   = chat.Scope{Tenant: "t1", User: "bob", Groups: []string{"pilots", "crane"}}
	eve   = chat.Scope{Tenant: "t2", User: "alice", Groups: []string{"pilots"}} // the same names in another tenant
)

type bench struct {
	*knowledge.Library
	db *store.DB
}

func setup(t *testing.T) bench {
	t.Helper()
	db := testkit.Store(t)
	keys := tenancytest.Tenants(t, db, "t1", "t2")
	return bench{knowledge.New(db, keys, knowledge.DefaultConfig(), zap.NewNop()), db}
}

// plain reads files as they are.
func plain(_ context.Context, name string, data []byte) (extract.Document, error) {
	if name == "locked" {
		return extract.Document{}, &extract.Refusal{Kind: extract.Password, Reason: "it is encrypted"}
	}
	return extract.Document{Title: name, Text: string(data), Pages: []int{0}}, nil
}

// lengths embeds a text as its length, in one window.
type lengths struct{ fail func() error }

func (l lengths) Windows(_ context.Context, _ chat.Scope, texts []string) ([]knowledge.Embedded, string, error) {
	if l.fail != nil {
		if err := l.fail(); err != nil {
			return nil, "", err
		}
	}
	out := make([]knowledge.Embedded, len(texts))
	for i, t := range texts {
		out[i].Windows = [][]float32{{float32(len(t)), 1}}
	}
	return out, "lengths", nil
}

// work runs Work until the test ends or the returned function is called.
func (b bench) work(t *testing.T, e knowledge.Embedder) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Work(ctx, plain, e)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (b bench) file(t *testing.T, sc chat.Scope, name, text string) knowledge.File {
	t.Helper()
	return must[knowledge.File](t)(b.AddFile(t.Context(), sc, name, "assistants", strings.NewReader(text)))
}

func (b bench) until(t *testing.T, sc chat.Scope, base, file string, want knowledge.State) knowledge.Document {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		d := must[knowledge.Document](t)(b.Document(t.Context(), sc, base, file))
		if d.State == want {
			return d
		}
		if time.Now().After(end) {
			t.Fatalf("%+v", d)
		}
	}
}

func (b bench) log(t *testing.T, tenant string, after uint64) []chat.PassageChange {
	t.Helper()
	return must[[]chat.PassageChange](t)(b.Changes(t.Context(), tenant, after, 3))
}

func TestDocumentBecomesPassages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.work(t, lengths{})
	base := must[knowledge.Base](t)(b.Create(t.Context(), alice, knowledge.NewBase{Name: " Harbour  rules "}))
	text := "# Rules\n\n" + strings.Repeat("Ships over eighty metres need a pilot. ", 200)
	f := b.file(t, alice, "rules.md", text)
	must[knowledge.Document](t)(b.Add(t.Context(), alice, base.ID, f.ID, map[string]any{"year": 2026.0}))
	d := b.until(t, alice, base.ID, f.ID, knowledge.Ready)
	if base.Name != "Harbour rules" || d.Title != "rules.md" || d.Passages < 3 || d.Done != d.Passages || d.Pages != 1 || d.Attributes["year"] != 2026.0 {
		t.Errorf("%+v", d)
	}
	if name, data, err := b.Content(t.Context(), alice, f.ID); err != nil || string(data) != text || name.Name != "rules.md" {
		t.Errorf("%v: %d bytes, %v", name, len(data), err)
	}
	// The log has all of them, however it is asked for in parts, and each is the range that it says.
	changes := b.log(t, "t1", 0)
	if len(changes) != d.Passages {
		t.Fatalf("%d lines, want %d", len(changes), d.Passages)
	}
	read, _, err := b.Text(t.Context(), alice, base.ID, f.ID)
	if err != nil || read != text {
		t.Fatal(err)
	}
	ids := make([]uint64, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
		if !c.Live || c.Lang != "en" || len(c.Vectors) != 1 || len(c.Vectors[0]) != 2 {
			t.Errorf("%+v", c)
		}
	}
	for _, p := range must[[]chat.Passage](t)(b.Passages(t.Context(), alice, ids)) {
		if text[p.Start:p.End] != p.Text || p.Heading != "Rules" || p.Page != 1 || p.File != f.ID || p.Base != base.ID {
			t.Errorf("%+v", p)
		}
	}
	// Read anew, the passages are others, and the old ones are gone from the log.
	must[knowledge.Document](t)(b.Add(t.Context(), alice, base.ID, f.ID, nil))
	b.until(t, alice, base.ID, f.ID, knowledge.Ready)
	live, dead := 0, 0
	for _, c := range must[[]chat.PassageChange](t)(b.Changes(t.Context(), "t1", changes[0].Seq, 1000)) {
		if c.Live {
			live++
		} else if dead++; !slices.Contains(ids, c.ID) {
			t.Errorf("%d is gone and was never there", c.ID)
		}
	}
	if live != d.Passages || dead != d.Passages {
		t.Errorf("%d live and %d dead, want %d each", live, dead, d.Passages)
	}
	if got := must[[]chat.Passage](t)(b.Passages(t.Context(), alice, ids)); len(got) != 0 {
		t.Errorf("%d passages of the old reading", len(got))
	}
}

func TestWhatFailsIsSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	failed := 0
	b.work(t, lengths{fail: func() error {
		if failed++; failed == 1 {
			return fault.Unavailable("there is no embedding model")
		}
		return nil
	}})
	base := must[knowledge.Base](t)(b.Create(t.Context(), alice, knowledge.NewBase{Name: "x"}))
	locked, good := b.file(t, alice, "locked", "x"), b.file(t, alice, "good", "Some text.")
	for _, f := range []knowledge.File{locked, good} {
		must[knowledge.Document](t)(b.Add(t.Context(), alice, base.ID, f.ID, nil))
	}
	if d := b.until(t, alice, base.ID, locked.ID, knowledge.Failed); d.Kind != "password" || d.Reason != "it is encrypted" {
		t.Errorf("%+v", d)
	}
	b.until(t, alice, base.ID, good.ID, knowledge.Ready) // at the second attempt
	got := must[knowledge.Base](t)(b.Base(t.Context(), alice, base.ID))
	if got.Files != (knowledge.Counts{Ready: 1, Failed: 1}) {
		t.Errorf("%+v", got.Files)
	}
}

// A server that ends in the midst of it goes on where it was: the text is not read again.
func TestWorkGoesOnAfterAnEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	base := must[knowledge.Base](t)(b.Create(t.Context(), alice, knowledge.NewBase{Name: "x"}))
	f := b.file(t, alice, "f", "Some text.")
	must[knowledge.Document](t)(b.Add(t.Context(), alice, base.ID, f.ID, nil))
	ctx, end := context.WithCancel(t.Context())
	b.Work(ctx, plain, lengths{fail: func() error {
		end()
		return errors.New("the server ends")
	}})
	if d := b.until(t, alice, base.ID, f.ID, knowledge.Embedding); d.Reason != "" {
		t.Errorf("%+v", d)
	}
	ctx, end = context.WithCancel(t.Context())
	defer end()
	go b.Work(ctx, func(context.Context, string, []byte) (extract.Document, error) {
		t.Error("the file is read again")
		return extract.Document{}, errors.New("no")
	}, lengths{})
	b.until(t, alice, base.ID, f.ID, knowledge.Ready)
}

func TestOthersSeeNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	base := must[knowledge.Base](t)(b.Create(t.Context(), alice, knowledge.NewBase{Name: "x", Grants: []knowledge.Grant{{Kind: knowledge.User, Subject: "alice", Access: knowledge.Read}}}))
	f := b.file(t, alice, "f", "text")
	must[knowledge.Document](t)(b.Add(t.Context(), alice, base.ID, f.ID, nil))
	for who, sc := range map[string]chat.Scope{"a colleague": bob, "another tenant": eve} {
		for what, err := range map[string]error{
			"base":     second(b.Base(t.Context(), sc, base.ID)),
			"update":   second(b.Update(t.Context(), sc, base.ID, knowledge.Patch{})),
			"delete":   b.Delete(t.Context(), sc, base.ID),
			"list":     second(b.Documents(t.Context(), sc, base.ID)),
			"document": second(b.Document(t.Context(), sc, base.ID, f.ID)),
			"remove":   b.Remove(t.Context(), sc, base.ID, f.ID),
			"add":      second(b.Add(t.Context(), sc, base.ID, f.ID, nil)),
			"file":     second(b.File(t.Context(), sc, f.ID)),
			"drop":     b.DeleteFile(t.Context(), sc, f.ID),
			"classes":  second(b.Classes(t.Context(), sc, []string{base.ID})),
		} {
			if !fault.Is(err, fault.CodeNotFound) {
				t.Errorf("%s of %s: %v", what, who, err)
			}
		}
		if list := must[[]knowledge.Base](t)(b.Bases(t.Context(), sc)); len(list) != 0 {
			t.Errorf("%s lists %v", who, list)
		}
	}
	// Somebody else's file cannot be read by putting it into a base of one's own.
	own := must[knowledge.Base](t)(b.Create(t.Context(), bob, knowledge.NewBase{Name: "y"}))
	if _, err := b.Add(t.Context(), bob, own.ID, f.ID, nil); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("a colleague's file is added: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// Whatever is granted, who may read is what the rule says: the owner, and whom some grant names and none denies.
func TestRandomRights(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's choice
	users, groups := []string{"a", "b", "c", "d"}, []string{"g", "h", "i"}
	member := map[string][]string{}
	for _, u := range users {
		for _, g := range groups {
			if r.IntN(2) == 0 {
				member[u] = append(member[u], g)
			}
		}
	}
	for range 150 {
		var grants []knowledge.Grant
		access := func() knowledge.Access {
			return []knowledge.Access{knowledge.Read, knowledge.Write, knowledge.Deny}[r.IntN(3)]
		}
		if r.IntN(4) == 0 {
			grants = append(grants, knowledge.Grant{Kind: knowledge.Everyone, Access: access()})
		}
		for _, u := range users {
			if r.IntN(3) == 0 {
				grants = append(grants, knowledge.Grant{Kind: knowledge.User, Subject: u, Access: access()})
			}
		}
		for _, g := range groups {
			if r.IntN(3) == 0 {
				grants = append(grants, knowledge.Grant{Kind: knowledge.Group, Subject: g, Access: access()})
			}
		}
		owner := users[r.IntN(len(users))]
		base := must[knowledge.Base](t)(b.Create(t.Context(), chat.Scope{Tenant: "t1", User: owner}, knowledge.NewBase{Name: "x", Grants: grants}))
		for _, u := range users {
			given, denied := false, false
			for _, g := range grants {
				if g.Kind == knowledge.Everyone || g.Kind == knowledge.User && g.Subject == u || g.Kind == knowledge.Group && slices.Contains(member[u], g.Subject) {
					given, denied = given || g.Access != knowledge.Deny, denied || g.Access == knowledge.Deny
				}
			}
			want := u == owner || given && !denied
			_, err := b.Classes(t.Context(), chat.Scope{Tenant: "t1", User: u, Groups: member[u]}, []string{base.ID})
			if (err == nil) != want {
				t.Fatalf("%s of %v, owner %s, %v: %v", u, member[u], owner, grants, err)
			}
			if _, err := b.Classes(t.Context(), chat.Scope{Tenant: "t2", User: u, Groups: member[u]}, []string{base.ID}); err == nil {
				t.Fatalf("another tenant reads %v", grants)
			}
		}
		if err := b.Delete(t.Context(), chat.Scope{Tenant: "t1", User: owner}, base.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSharedBasesOutliveTheirOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	own := must[knowledge.Base](t)(b.Create(t.Context(), alice, knowledge.NewBase{Name: "own"}))
	shared := must[knowledge.Base](t)(b.Create(t.Context(), alice, knowledge.NewBase{Name: "shared", Grants: []knowledge.Grant{{Kind: knowledge.Group, Subject: "crane", Access: knowledge.Write}}}))
	kept, lost := b.file(t, alice, "kept", "x"), b.file(t, alice, "lost", "x")
	must[knowledge.Document](t)(b.Add(t.Context(), alice, shared.ID, kept.ID, nil))
	must[knowledge.Document](t)(b.Add(t.Context(), alice, own.ID, lost.ID, nil))
	err := b.db.WithTx(t.Context(), func(tx *store.Tx) error { return b.DeleteAll(t.Context(), tx, alice) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.File(t.Context(), bob, kept.ID); err != nil {
		t.Errorf("the file of a shared base: %v", err)
	}
	for what, err := range map[string]error{"own base": second(b.Base(t.Context(), alice, own.ID)), "own file": second(b.File(t.Context(), alice, lost.ID))} {
		if !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestNothingIsReadableInTheDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.work(t, lengths{})
	const secret = "zanzibar"
	base := must[knowledge.Base](t)(b.Create(t.Context(), alice, knowledge.NewBase{Name: secret, About: secret, Metadata: map[string]string{secret: secret}}))
	f := b.file(t, alice, secret, "# "+secret+"\n\nThe "+secret+".")
	must[knowledge.Document](t)(b.Add(t.Context(), alice, base.ID, f.ID, map[string]any{secret: secret}))
	b.until(t, alice, base.ID, f.ID, knowledge.Ready)
	for _, table := range []string{"files", "file_parts", "knowledge_bases", "knowledge_grants", "documents", "passages"} {
		var rows []string
		if b.db.Dialect != store.SQLite {
			t.Skip("rows are read as text by SQLite only")
		}
		var columns []string
		if err := b.db.Select(t.Context(), &columns, fmt.Sprintf(`SELECT name FROM pragma_table_info('%s')`, table)); err != nil {
			t.Fatal(err)
		}
		for i := range columns {
			columns[i] = `CAST("` + columns[i] + `" AS TEXT)`
		}
		if err := b.db.Select(t.Context(), &rows, `SELECT COALESCE(`+strings.Join(columns, `, '') || COALESCE(`)+`, '') FROM `+table); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(rows, ""), secret) {
			t.Errorf("%s is readable in %s", secret, table)
		}
	}
}
