package conversation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var want []string
	for i := range 7 {
		c, err := b.Create(ctx, alice, fmt.Sprint("Größe ", i))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, c.ID)
	}
	slices.Reverse(want)
	if _, err := b.Update(ctx, alice, want[2], conversation.Patch{State: ptr(conversation.Archived), Pinned: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	list := func(f conversation.Filter) (ids []string) {
		for {
			page, err := b.List(ctx, alice, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.Data {
				ids = append(ids, c.ID)
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				return ids
			}
		}
	}
	// The pinned one comes first.
	want = slices.Concat(want[2:3], want[:2], want[3:])
	for name, c := range map[string]struct {
		f    conversation.Filter
		want []string
	}{
		"all":           {conversation.Filter{}, want},
		"pages":         {conversation.Filter{Limit: 2}, want},
		"exact pages":   {conversation.Filter{Limit: 7}, want},
		"active":        {conversation.Filter{State: conversation.Active, Limit: 3}, want[1:]},
		"archived":      {conversation.Filter{State: conversation.Archived}, want[:1]},
		"query":         {conversation.Filter{Query: "GROSSE 3"}, want[3:4]},
		"query, pages":  {conversation.Filter{Query: "grosse", Limit: 3}, want},
		"query, nought": {conversation.Filter{Query: "other"}, nil},
	} {
		if got := list(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	_, err := b.List(ctx, alice, conversation.Filter{Cursor: "bm9uc2Vuc2U"})
	wantFault(t, err, fault.CodeInvalid, "cursor")
	_, err = b.List(ctx, alice, conversation.Filter{Limit: 201})
	wantFault(t, err, fault.CodeInvalid, "limit")
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.said(t, alice, "", "q", "a")
	other := b.said(t, alice, "", "q", "a")
	id := first.Conversation.ID
	if err := b.SetTitle(ctx, alice, id, "  Made\n up "); err != nil {
		t.Fatal(err)
	}
	if c, _ := b.Get(ctx, alice, id); c.Title != "Made up" || c.TitleBy != conversation.TitleModel {
		t.Errorf("generated title: %+v", c)
	}
	c, err := b.Update(ctx, alice, id, conversation.Patch{Title: ptr("Mine"), Retention: ptr(conversation.Retention("days:30"))})
	if err != nil || c.Title != "Mine" || c.Retention != "days:30" {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := b.SetTitle(ctx, alice, id, "Made up again"); err != nil {
		t.Fatal(err)
	}
	if c, _ = b.Get(ctx, alice, id); c.Title != "Mine" {
		t.Errorf("the user's title became %q", c.Title)
	}
	for param, p := range map[string]conversation.Patch{
		"title":            {Title: ptr(strings.Repeat("ä", 201))},
		"status":           {State: ptr(conversation.State("deleted"))},
		"retention_policy": {Retention: ptr(conversation.Retention("days:0"))},
		"leaf_id":          {Leaf: &other.Answer.ID},
	} {
		_, err := b.Update(ctx, alice, id, p)
		if f := fault.From(err); f == nil || f.Param != param {
			t.Errorf("%s: %v", param, err)
		}
	}
	for text, ok := range map[string]bool{
		"keep": true, "days:1": true, "days:36500": true, "": false, "days:": false, "days:-1": false,
		"days:01": false, "days:36501": false, "days:1e3": false, "weeks:1": false, "Keep": false,
	} {
		if _, err := conversation.ParseRetention(text); (err == nil) != ok {
			t.Errorf("retention %q: %v", text, err)
		}
	}
}

func TestDeletionTakesTheMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone, kept := b.said(t, alice, "", "q", "a"), b.said(t, alice, "", "q", "a")
	others := b.said(t, bob, "", "q", "a")
	if err := b.Delete(ctx, alice, gone.Conversation.ID); err != nil {
		t.Fatal(err)
	}
	wantFault(t, second(b.Message(ctx, alice, gone.Answer.ID)), fault.CodeNotFound, "")
	wantFault(t, b.Delete(ctx, alice, gone.Conversation.ID), fault.CodeNotFound, "")
	if _, err := b.Message(ctx, alice, kept.Answer.ID); err != nil {
		t.Error(err)
	}
	if err := b.db.WithTx(ctx, func(tx *store.Tx) error { return b.DeleteAll(ctx, tx, alice) }); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.db.Get(ctx, &n, `SELECT COUNT(*) FROM messages`); err != nil || n != 2 {
		t.Errorf("%d messages are left, want bob's 2 (%v)", n, err)
	}
	if _, err := b.Message(ctx, bob, others.Answer.ID); err != nil {
		t.Error(err)
	}
}

func TestSweepFollowsEachPolicy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.Now = func() time.Time { return old }
	ids := map[string]string{}
	for _, policy := range []conversation.Retention{conversation.Keep, "days:1", "days:10"} {
		begun := b.said(t, alice, "", "q", "a")
		if _, err := b.Update(ctx, alice, begun.Conversation.ID, conversation.Patch{Retention: &policy}); err != nil {
			t.Fatal(err)
		}
		ids[string(policy)] = begun.Conversation.ID
	}
	for _, step := range []struct {
		after time.Duration
		left  string
	}{
		{24 * time.Hour, "days:1 days:10 keep"},
		{24*time.Hour + time.Millisecond, "days:10 keep"},
		{5000 * 24 * time.Hour, "keep"},
	} {
		if _, err := b.Sweep(ctx, old.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		var left []string
		for policy, id := range ids {
			if _, err := b.Get(ctx, alice, id); err == nil {
				left = append(left, policy)
			}
		}
		if slices.Sort(left); strings.Join(left, " ") != step.left {
			t.Errorf("after %s: %v, want %s", step.after, left, step.left)
		}
	}
}

func TestInterruptedAnswersBecomePartial(t *testing.T) {
	t.Parallel()
	b := setup(t)
	done := b.said(t, alice, "", "q", "a")
	cut := b.turn(t, bob, conversation.Turn{Messages: ask("q")})
	if err := b.Progress(ctx, bob, cut.Answer.ID, "half", 1); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Interrupted(ctx); err != nil || n != 1 {
		t.Fatalf("%d marked, %v", n, err)
	}
	if m, err := b.Message(ctx, bob, cut.Answer.ID); err != nil || m.Status != conversation.Partial || m.Text != "half" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, _ := b.Message(ctx, alice, done.Answer.ID); m.Status != conversation.Complete {
		t.Errorf("a finished answer became %s", m.Status)
	}
}

func TestExportIsWholeAndReadable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 3 {
		begun := b.said(t, alice, "", fmt.Sprint("q", i), fmt.Sprint(`a"`, i))
		b.turn(t, alice, conversation.Turn{Conversation: begun.Conversation.ID, Parent: &begun.Question})
	}
	b.said(t, bob, "", "not hers", "a")
	var out bytes.Buffer
	if err := b.Export(ctx, alice, &out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Conversations []struct {
			conversation.Conversation
			Messages []conversation.Message
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	if len(got.Conversations) != 3 {
		t.Fatalf("%d conversations", len(got.Conversations))
	}
	for i, c := range got.Conversations {
		if want := fmt.Sprintf(`user:q%d assistant:a"%d assistant:`, i, i); texts(c.Messages) != want || c.ID == "" {
			t.Errorf("%d: %s", i, texts(c.Messages))
		}
	}
	out.Reset()
	if err := b.Export(ctx, eve, &out); err != nil || !json.Valid(out.Bytes()) {
		t.Errorf("empty export: %s, %v", &out, err)
	}
}

func TestShreddedTenantIsToldSoAndCanBeDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := b.said(t, alice, "", "q", "a")
	if err := b.keys.DestroyKey(ctx, b.db, "t1"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"get":      second(b.Get(ctx, alice, begun.Conversation.ID)),
		"list":     second(b.List(ctx, alice, conversation.Filter{})),
		"messages": second(b.Messages(ctx, alice, begun.Conversation.ID)),
		"search":   second(b.Search(ctx, alice, "q", 0, "")),
		"begin":    second(b.Begin(ctx, alice, conversation.Turn{Messages: ask("q")})),
		"export":   b.Export(ctx, alice, &bytes.Buffer{}),
	} {
		if f := fault.From(err); f == nil || f.Kind != secrets.KindDestroyed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.Delete(ctx, alice, begun.Conversation.ID); err != nil {
		t.Error(err)
	}
}
