package conversation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
)

func TestForkCopiesThePath(t *testing.T) {
	t.Parallel()
	b := setup(t)
	work := b.folder(t, "Work")
	first := b.said(t, alice, "", "q1", "a1")
	conv := first.Conversation.ID
	patch := conversation.Patch{Title: ptr("Mine"), Folder: &work.ID, Pinned: ptr(true), Retention: ptr(conversation.Retention("days:9"))}
	if _, err := b.Update(ctx, alice, conv, patch); err != nil {
		t.Fatal(err)
	}
	second := b.said(t, alice, conv, "q2", "a2")
	again := b.turn(t, alice, conversation.Turn{Conversation: conv, Parent: &second.Question, Model: "m"})
	f := conversation.Final{Status: conversation.Partial, Text: "a2 aga", Finish: chat.FinishStop, Tokens: 7, Latency: 321, SafetyFlags: []string{"pii"},
		Sources: []chat.Source{{Label: "S1", Quote: "a2"}}, Grounding: &chat.Grounding{Hallucination: 0.5, Claims: []chat.Claim{{End: 2, Cites: []string{"S1"}}}}}
	if err := b.Finish(ctx, alice, again.Answer.ID, f); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Rate(ctx, alice, again.Answer.ID, &conversation.Feedback{Rating: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Edit(ctx, alice, second.Question, "q2 edited"); err != nil {
		t.Fatal(err)
	}
	fork, err := b.Fork(ctx, alice, conv, again.Answer.ID, "")
	if err != nil || fork.ID == conv || fork.Title != "Mine" || fork.TitleBy != conversation.TitleUser || fork.Folder != work.ID ||
		fork.Pinned || fork.Retention != "days:9" {
		t.Fatalf("%+v, %v", fork, err)
	}
	old, err := b.Path(ctx, alice, conv, again.Answer.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Messages(ctx, alice, fork.ID)
	if err != nil || texts(got) != "user:q1 assistant:a1 user:q2 edited assistant:a2 aga" || fork.Leaf != got[3].ID {
		t.Fatalf("%s, %v", texts(got), err)
	}
	parent := ""
	for i, m := range got {
		want := old[i]
		if m.ID == want.ID || m.Parent != parent || m.Conversation != fork.ID || m.Feedback != nil {
			t.Errorf("copy %d: %+v", i, m)
		}
		parent = m.ID
		m.ID, m.Parent, m.Conversation = want.ID, want.Parent, want.Conversation
		m.Feedback, want.Feedback = nil, nil
		if !reflect.DeepEqual(m, want) {
			t.Errorf("copy %d is %+v, want %+v", i, m, want)
		}
	}
	on := b.turn(t, alice, conversation.Turn{Conversation: fork.ID, Messages: ask("q3")})
	if all, err := b.Messages(ctx, alice, conv); err != nil || len(all) != 5 || len(on.Path) != 5 {
		t.Errorf("the old one has %d messages, the new path %d, %v", len(all), len(on.Path), err)
	}
	if c, err := b.Fork(ctx, alice, conv, first.Question, " Of\nits own "); err != nil || c.Title != "Of its own" {
		t.Errorf("%+v, %v", c, err)
	}
	for name, c := range map[string]struct {
		sc            chat.Scope
		conv, message string
		title         string
		code          fault.Code
		param         string
	}{
		"no message":     {alice, conv, "", "", fault.CodeInvalid, "message_id"},
		"another's":      {bob, conv, first.Question, "", fault.CodeNotFound, "conversation_id"},
		"elsewhere":      {alice, fork.ID, first.Question, "", fault.CodeNotFound, "message_id"},
		"still streamed": {alice, fork.ID, on.Answer.ID, "", fault.CodeConflict, "message_id"},
		"long title":     {alice, conv, first.Question, strings.Repeat("x", 201), fault.CodeInvalid, "title"},
	} {
		_, err := b.Fork(ctx, c.sc, c.conv, c.message, c.title)
		if f := fault.From(err); f == nil || f.Code != c.code || f.Param != c.param {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is exported can be imported, and is the same tree.
func TestExportedConversationComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.said(t, alice, "", "q1", "a1")
	conv := first.Conversation.ID
	b.said(t, alice, conv, "q2", "a2")
	b.turn(t, alice, conversation.Turn{Conversation: conv, Parent: &first.Question, Model: "m"}) // still streaming
	if _, err := b.Update(ctx, alice, conv, conversation.Patch{Title: ptr("Tea"), Leaf: &first.Answer.ID, State: ptr(conversation.Archived)}); err != nil {
		t.Fatal(err)
	}
	tree, err := b.ExportOne(ctx, alice, conv)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	done, err := b.Import(ctx, bob, []json.RawMessage{raw, []byte(`{"title": "Nonsense"}`), raw})
	if err != nil || done.Imported != 2 || len(done.Skipped) != 1 || done.Skipped[0].Index != 1 || done.Skipped[0].Title != "Nonsense" || done.Skipped[0].Reason == "" {
		t.Fatalf("%+v, %v", done, err)
	}
	page, err := b.List(ctx, bob, conversation.Filter{})
	if err != nil || len(page.Data) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	for _, c := range page.Data {
		got, err := b.ExportOne(ctx, bob, c.ID)
		if err != nil || got.ID == conv || got.Title != "Tea" || got.Status != conversation.Archived ||
			!got.CreatedAt.Equal(tree.CreatedAt) || !got.UpdatedAt.Equal(tree.UpdatedAt) || len(got.Messages) != len(tree.Messages) {
			t.Fatalf("%+v, %v", got, err)
		}
		twin := map[string]string{}
		for i, m := range got.Messages {
			want := tree.Messages[i]
			twin[want.ID] = m.ID
			if want.Status == conversation.Streaming {
				want.Status = conversation.Partial
			}
			want.ID, want.Parent, want.Conversation, want.User = m.ID, twin[want.Parent], c.ID, "bob"
			if fmt.Sprint(m) != fmt.Sprint(want) {
				t.Errorf("message %d is %+v, want %+v", i, m, want)
			}
		}
		if got.Leaf != twin[tree.Leaf] {
			t.Error("another branch is chosen")
		}
		b.turn(t, bob, conversation.Turn{Conversation: c.ID, Messages: ask("goes on")})
	}
	if found, err := b.Search(ctx, bob, "q2", 10, ""); err != nil || len(found.Data) != 2 {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestImportLimits(t *testing.T) {
	t.Parallel()
	cfg := conversation.DefaultConfig()
	cfg.MaxMessages, cfg.MaxTextBytes = 120, 10
	b := setupWith(t, cfg)
	var long []string
	for i := range 121 {
		long = append(long, fmt.Sprintf(`{"id": "%d", "parent_id": "%d", "role": %q, "text": "x"}`, i, i-1, []string{"user", "assistant"}[i%2]))
	}
	entry := func(messages ...string) json.RawMessage {
		return []byte(`{"title": "` + strings.Repeat("t", 300) + `", "messages": [` + strings.Join(messages, ",") + `]}`)
	}
	done, err := b.Import(ctx, alice, []json.RawMessage{entry(long...), entry(long[:120]...), entry(`{"id": "a", "role": "user", "text": "01234567890"}`), []byte(`null`)})
	if err != nil || done.Imported != 1 || len(done.Skipped) != 3 || !strings.Contains(done.Skipped[0].Reason, "120") || len(done.Skipped[0].Title) != 200 {
		t.Fatalf("%+v, %v", done, err)
	}
	page, err := b.List(ctx, alice, conversation.Filter{})
	if err != nil || len(page.Data) != 1 || len(page.Data[0].Title) != 200 {
		t.Fatalf("%+v, %v", page, err)
	}
	if path, err := b.Path(ctx, alice, page.Data[0].ID, ""); err != nil || len(path) != 120 {
		t.Errorf("%d messages, %v", len(path), err)
	}
	_, err = b.Import(ctx, alice, make([]json.RawMessage, 1001))
	wantFault(t, err, fault.CodeTooLarge, "conversations")
	if done, err := b.Import(ctx, alice, nil); err != nil || done.Imported != 0 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestMarkdownTellsTheChosenBranch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.said(t, alice, "", "q1", "a1")
	conv := first.Conversation.ID
	again := b.turn(t, alice, conversation.Turn{Conversation: conv, Parent: &first.Question})
	if err := b.Finish(ctx, alice, again.Answer.ID, conversation.Final{Status: conversation.Partial, Text: "a1 ag"}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := b.Markdown(ctx, alice, conv, "Ada", &out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.HasPrefix(text, "# Untitled\n\n**Ada** · 2026-01-01 00:00 UTC\n\nq1\n\n---\n\n**Assistant** · ") ||
		!strings.HasSuffix(text, " · partial\n\na1 ag\n") || strings.Contains(text, "a1\n") {
		t.Errorf("got %s", text)
	}
	wantFault(t, second(b.Markdown(ctx, bob, conv, "Bob", &out)), fault.CodeNotFound, "conversation_id")
	wantFault(t, second(b.ExportOne(ctx, bob, conv)), fault.CodeNotFound, "conversation_id")
}

// A temporary conversation is there for who knows its id, and for a day.
func TestTemporaryConversation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.Now = func() time.Time { return now }
	begun := b.turn(t, alice, conversation.Turn{Temporary: true, Messages: ask("whispered")})
	b.finish(t, alice, begun.Answer.ID, "whispered too")
	id := begun.Conversation.ID
	if !begun.Conversation.Temporary {
		t.Fatalf("%+v", begun.Conversation)
	}
	b.said(t, alice, id, "whispered again", "a")
	if _, err := b.Update(ctx, alice, id, conversation.Patch{Title: ptr("whispered title")}); err != nil {
		t.Fatal(err)
	}
	kept := b.said(t, alice, "", "said aloud", "a")
	if all, err := b.Messages(ctx, alice, id); err != nil || len(all) != 4 {
		t.Errorf("its owner reads %d messages, %v", len(all), err)
	}
	for _, f := range []conversation.Filter{{}, {State: conversation.Active}, {Folder: conversation.NoFolder}, {Query: "whispered"}} {
		if page, err := b.List(ctx, alice, f); err != nil || strings.Contains(fmt.Sprint(page), id) {
			t.Errorf("%+v lists it: %v, %v", f, page, err)
		}
	}
	if found, err := b.Search(ctx, alice, "whispered", 10, ""); err != nil || len(found.Data) != 0 {
		t.Errorf("found %+v, %v", found, err)
	}
	var out bytes.Buffer
	if err := b.Export(ctx, alice, &out); err != nil || strings.Contains(out.String(), "whispered") || !strings.Contains(out.String(), "said aloud") {
		t.Errorf("exported %s, %v", &out, err)
	}
	work := b.folder(t, "Work")
	for name, err := range map[string]error{
		"file":     second(b.Update(ctx, alice, id, conversation.Patch{Folder: &work.ID})),
		"export":   second(b.ExportOne(ctx, alice, id)),
		"markdown": second(b.Markdown(ctx, alice, id, "Ada", &out)),
	} {
		if !fault.Is(err, fault.CodeConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.Begin(ctx, alice, conversation.Turn{Conversation: kept.Conversation.ID, Temporary: true, Messages: ask("x")})
	wantFault(t, err, fault.CodeInvalid, "temporary")
	fork, err := b.Fork(ctx, alice, id, begun.Answer.ID, "")
	if err != nil || fork.Temporary {
		t.Errorf("a fork is kept: %+v, %v", fork, err)
	}
	if n, err := b.Sweep(ctx, now.Add(24*time.Hour)); err != nil || n != 0 {
		t.Errorf("%d deleted after a day, %v", n, err)
	}
	if n, err := b.Sweep(ctx, now.Add(24*time.Hour+time.Millisecond)); err != nil || n != 1 {
		t.Errorf("%d deleted after more than a day, %v", n, err)
	}
	wantFault(t, second(b.Get(ctx, alice, id)), fault.CodeNotFound, "conversation_id")
}
