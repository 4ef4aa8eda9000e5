package conversation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/tenancytest"
	"github.com/parley-chat/parley/internal/testkit"
)

var ctx = context.Background()

// bench is a store with two tenants, a clock that moves a second at each look, and the keyring.
type bench struct {
	*conversation.Store
	db   *store.DB
	keys *secrets.Keyring
}

var (
	alice = chat.Scope{Tenant: "t1", User: "alice"}
	bob   = chat.Scope{Tenant: "t1", User: "bob"}
	eve   = chat.Scope{Tenant: "t2", User: "alice"} // the same user id in another tenant
)

func setup(t testing.TB) bench { return setupWith(t, conversation.DefaultConfig()) }

func setupWith(t testing.TB, cfg conversation.Config) bench {
	t.Helper()
	db := testkit.Store(t)
	keys := tenancytest.Tenants(t, db, "t1", "t2")
	s := conversation.New(db, keys, cfg)
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
	return bench{s, db, keys}
}

func ask(text string) []chat.Message { return []chat.Message{{Role: chat.User, Text: text}} }

func ptr[T any](v T) *T { return &v }

func (b bench) turn(t testing.TB, sc chat.Scope, turn conversation.Turn) conversation.Begun {
	t.Helper()
	begun, err := b.Begin(ctx, sc, turn)
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

// said is a whole turn: asked and answered.
func (b bench) said(t testing.TB, sc chat.Scope, conv, question, answer string) conversation.Begun {
	t.Helper()
	begun := b.turn(t, sc, conversation.Turn{Conversation: conv, Messages: ask(question), Model: "m"})
	b.finish(t, sc, begun.Answer.ID, answer)
	return begun
}

func (b bench) finish(t testing.TB, sc chat.Scope, id, text string) {
	t.Helper()
	f := conversation.Final{Status: conversation.Complete, Text: text, Finish: chat.FinishStop, Tokens: 3}
	if err := b.Finish(ctx, sc, id, f); err != nil {
		t.Fatal(err)
	}
}

func wantFault(t testing.TB, err error, code fault.Code, param string) {
	t.Helper()
	if f := fault.From(err); f == nil || f.Code != code || f.Param != param {
		t.Fatalf("got %v, want %s at %q", err, code, param)
	}
}

func texts(messages []conversation.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, string(m.Role)+":"+m.Text)
	}
	return strings.Join(all, " ")
}

func TestTurnIsStoredAndReadBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := b.turn(t, alice, conversation.Turn{Model: "m1", Messages: []chat.Message{
		{Role: chat.System, Text: "be brief"}, {Role: chat.User, Text: "héllo 😀"},
	}})
	if !begun.Created || texts(begun.Path) != "system:be brief user:héllo 😀" || begun.Question != begun.Path[1].ID {
		t.Fatalf("begun: %+v", begun)
	}
	a := begun.Answer
	if a.Status != conversation.Streaming || a.Model != "m1" || a.Parent != begun.Question || begun.Conversation.Leaf != a.ID {
		t.Fatalf("answer: %+v", a)
	}
	if err := b.Progress(ctx, alice, a.ID, "Hel", 1); err != nil {
		t.Fatal(err)
	}
	if m, err := b.Message(ctx, alice, a.ID); err != nil || m.Text != "Hel" || m.Tokens != 1 || m.Status != conversation.Streaming {
		t.Fatalf("after progress: %+v, %v", m, err)
	}
	f := conversation.Final{Status: conversation.Partial, Text: "Hello", Finish: chat.FinishLength, Tokens: 2, Model: "m2", SafetyFlags: []string{"pii"}}
	if err := b.Finish(ctx, alice, a.ID, f); err != nil {
		t.Fatal(err)
	}
	m, err := b.Message(ctx, alice, a.ID)
	if err != nil || m.Text != "Hello" || m.Status != conversation.Partial || m.Finish != chat.FinishLength || m.Tokens != 2 ||
		m.Model != "m2" || len(m.SafetyFlags) != 1 {
		t.Fatalf("after finish: %+v, %v", m, err)
	}
	wantFault(t, b.Progress(ctx, alice, a.ID, "late", 9), fault.CodeConflict, "")
	wantFault(t, b.Finish(ctx, alice, a.ID, f), fault.CodeConflict, "")
	all, err := b.Messages(ctx, alice, begun.Conversation.ID)
	if err != nil || texts(all) != "system:be brief user:héllo 😀 assistant:Hello" {
		t.Fatalf("tree: %s, %v", texts(all), err)
	}
	js, err := json.Marshal(m)
	if err != nil || !strings.Contains(string(js), `"status":"partial"`) || strings.Contains(string(js), `"t1"`) {
		t.Errorf("json %s, %v", js, err)
	}
}

func TestEditAndRegenerateMakeSiblings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.said(t, alice, "", "q1", "a1")
	conv := first.Conversation.ID
	second := b.said(t, alice, conv, "q2", "a2")
	again := b.turn(t, alice, conversation.Turn{Conversation: conv, Parent: &second.Question})
	b.finish(t, alice, again.Answer.ID, "a2 again")
	edit := b.turn(t, alice, conversation.Turn{Conversation: conv, Parent: &first.Answer.ID, Messages: ask("q2 edited")})
	b.finish(t, alice, edit.Answer.ID, "a2 edited")
	root := b.turn(t, alice, conversation.Turn{Conversation: conv, Parent: ptr(""), Messages: ask("q1 edited")})
	b.finish(t, alice, root.Answer.ID, "a1 edited")
	for leaf, want := range map[string]string{
		second.Answer.ID: "user:q1 assistant:a1 user:q2 assistant:a2",
		again.Answer.ID:  "user:q1 assistant:a1 user:q2 assistant:a2 again",
		edit.Answer.ID:   "user:q1 assistant:a1 user:q2 edited assistant:a2 edited",
		first.Question:   "user:q1",
		"":               "user:q1 edited assistant:a1 edited",
	} {
		if path, err := b.Path(ctx, alice, conv, leaf); err != nil || texts(path) != want {
			t.Errorf("path to %s: %s, %v", leaf, texts(path), err)
		}
	}
	if _, err := b.Update(ctx, alice, conv, conversation.Patch{Leaf: &second.Answer.ID}); err != nil {
		t.Fatal(err)
	}
	on := b.turn(t, alice, conversation.Turn{Conversation: conv, Messages: ask("q3")})
	if texts(on.Path) != "user:q1 assistant:a1 user:q2 assistant:a2 user:q3" {
		t.Errorf("goes on at %s", texts(on.Path))
	}
	all, err := b.Messages(ctx, alice, conv)
	if err != nil || len(all) != 11 {
		t.Fatalf("%d messages, %v", len(all), err)
	}
	seen := map[string]bool{"": true}
	for _, m := range all {
		if !seen[m.Parent] {
			t.Errorf("%s comes before its parent", m.ID)
		}
		seen[m.ID] = true
	}
}

func TestTurnsThatCannotBe(t *testing.T) {
	t.Parallel()
	cfg := conversation.DefaultConfig()
	cfg.MaxTextBytes, cfg.MaxTurn, cfg.MaxMessages = 10, 3, 8
	b := setupWith(t, cfg)
	done := b.said(t, alice, "", "q", "a")
	conv := done.Conversation.ID
	other := b.said(t, alice, "", "other", "a")
	running := b.turn(t, alice, conversation.Turn{Messages: ask("q")})
	for name, c := range map[string]struct {
		turn  conversation.Turn
		code  fault.Code
		param string
	}{
		"nothing to answer":        {conversation.Turn{}, fault.CodeInvalid, "parent_id"},
		"answer below an answer":   {conversation.Turn{Conversation: conv}, fault.CodeInvalid, "parent_id"},
		"user below user":          {conversation.Turn{Conversation: conv, Parent: &done.Question, Messages: ask("x")}, fault.CodeInvalid, "messages"},
		"system below answer":      {conversation.Turn{Conversation: conv, Messages: []chat.Message{{Role: chat.System}}}, fault.CodeInvalid, "messages"},
		"ends with an answer":      {conversation.Turn{Messages: append(ask("x"), chat.Message{Role: chat.Assistant})}, fault.CodeInvalid, "messages"},
		"unknown role":             {conversation.Turn{Messages: []chat.Message{{Role: "robot"}}}, fault.CodeInvalid, "messages"},
		"too long":                 {conversation.Turn{Messages: ask("12345678901")}, fault.CodeTooLarge, "messages"},
		"not UTF-8":                {conversation.Turn{Messages: ask("\xff")}, fault.CodeInvalid, "messages"},
		"too many":                 {conversation.Turn{Messages: make([]chat.Message, 4)}, fault.CodeTooLarge, "messages"},
		"unknown conversation":     {conversation.Turn{Conversation: "conv_x", Messages: ask("x")}, fault.CodeNotFound, "conversation_id"},
		"unknown parent":           {conversation.Turn{Conversation: conv, Parent: ptr("msg_x"), Messages: ask("x")}, fault.CodeNotFound, "parent_id"},
		"parent elsewhere":         {conversation.Turn{Conversation: conv, Parent: &other.Answer.ID, Messages: ask("x")}, fault.CodeNotFound, "parent_id"},
		"parent without its home":  {conversation.Turn{Parent: &other.Answer.ID, Messages: ask("x")}, fault.CodeInvalid, "parent_id"},
		"below a streaming answer": {conversation.Turn{Conversation: running.Conversation.ID, Messages: ask("x")}, fault.CodeConflict, "parent_id"},
	} {
		_, err := b.Begin(ctx, alice, c.turn)
		f := fault.From(err)
		if f == nil || f.Code != c.code || f.Param != c.param {
			t.Errorf("%s: %v, want %s at %q", name, err, c.code, c.param)
		}
	}
	if page, err := b.List(ctx, alice, conversation.Filter{}); err != nil || len(page.Data) != 3 {
		t.Errorf("a refused turn left a conversation: %d, %v", len(page.Data), err)
	}
	for range 3 {
		b.said(t, alice, conv, "q", "a")
	}
	_, err := b.Begin(ctx, alice, conversation.Turn{Conversation: conv, Messages: ask("x")})
	wantFault(t, err, fault.CodeTooLarge, "conversation_id")
}

func TestTurnsAtOnceMakeSiblings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.said(t, alice, "", "q1", "a1")
	const n = 8
	var wg sync.WaitGroup
	ids, errs := make([]string, n), make([]error, n)
	for i := range n {
		wg.Go(func() {
			begun, err := b.Begin(ctx, alice, conversation.Turn{
				Conversation: first.Conversation.ID, Parent: &first.Answer.ID, Messages: ask(fmt.Sprint("q", i)),
			})
			if errs[i] = err; err != nil {
				return
			}
			ids[i] = begun.Answer.ID
			errs[i] = b.Finish(ctx, alice, begun.Answer.ID, conversation.Final{Status: conversation.Complete, Text: fmt.Sprint("a", i)})
		})
	}
	wg.Wait()
	for i := range n {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		path, err := b.Path(ctx, alice, first.Conversation.ID, ids[i])
		if want := fmt.Sprintf("user:q1 assistant:a1 user:q%d assistant:a%d", i, i); err != nil || texts(path) != want {
			t.Errorf("path %d: %s, %v", i, texts(path), err)
		}
	}
	// Without a parent named, of two at once one goes on from the leaf and the other finds it running.
	var won, lost int
	for i := range 2 {
		wg.Go(func() {
			_, errs[i] = b.Begin(ctx, alice, conversation.Turn{Conversation: first.Conversation.ID, Messages: ask("next")})
		})
	}
	wg.Wait()
	for _, err := range errs[:2] {
		switch {
		case err == nil:
			won++
		case fault.From(err).Kind == "turn_running":
			lost++
		}
	}
	if won != 1 || lost != 1 {
		t.Errorf("%d won, %d lost: %v", won, lost, errs[:2])
	}
}

// Whatever the method, another user's or tenant's rows are not there.
func TestScopesDoNotMeet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine := b.said(t, alice, "", "secret", "answer")
	open := b.turn(t, alice, conversation.Turn{Messages: ask("open secret")})
	conv, msg := mine.Conversation.ID, mine.Answer.ID
	for _, sc := range []chat.Scope{bob, eve, {}, {Tenant: "t1"}, {User: "alice"}} {
		for name, err := range map[string]error{
			"get":      second(b.Get(ctx, sc, conv)),
			"update":   second(b.Update(ctx, sc, conv, conversation.Patch{Pinned: ptr(true)})),
			"messages": second(b.Messages(ctx, sc, conv)),
			"path":     second(b.Path(ctx, sc, conv, "")),
			"message":  second(b.Message(ctx, sc, msg)),
			"begin":    second(b.Begin(ctx, sc, conversation.Turn{Conversation: conv, Messages: ask("x")})),
			"progress": b.Progress(ctx, sc, open.Answer.ID, "x", 1),
			"finish":   b.Finish(ctx, sc, open.Answer.ID, conversation.Final{Status: conversation.Failed}),
			"delete":   b.Delete(ctx, sc, conv),
		} {
			if !fault.Is(err, fault.CodeNotFound) && fault.From(err).Kind != secrets.KindDestroyed {
				t.Errorf("%+v %s: %v", sc, name, err)
			}
		}
		_ = b.SetTitle(ctx, sc, conv, "taken over")
		if page, err := b.List(ctx, sc, conversation.Filter{}); err == nil && len(page.Data) > 0 {
			t.Errorf("%+v lists %v", sc, page.Data)
		}
		if found, err := b.Search(ctx, sc, "secret", 10, ""); err == nil && len(found.Data) > 0 {
			t.Errorf("%+v finds %v", sc, found.Data)
		}
		var out bytes.Buffer
		if err := b.Export(ctx, sc, &out); err == nil && strings.Contains(out.String(), "secret") {
			t.Errorf("%+v exports %s", sc, &out)
		}
		if err := b.db.WithTx(ctx, func(tx *store.Tx) error { return b.DeleteAll(ctx, tx, sc) }); err != nil {
			t.Error(err)
		}
	}
	if c, err := b.Get(ctx, alice, conv); err != nil || c.Title != "" || c.Pinned {
		t.Errorf("changed by others: %+v, %v", c, err)
	}
}

func second[T any](_ T, err error) error { return err }
