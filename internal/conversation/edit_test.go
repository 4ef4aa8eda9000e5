package conversation_test

import (
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
)

func TestEditInPlace(t *testing.T) {
	t.Parallel()
	cfg := conversation.DefaultConfig()
	cfg.MaxTextBytes = 20
	b := setupWith(t, cfg)
	first := b.turn(t, alice, conversation.Turn{Messages: []chat.Message{{Role: chat.System, Text: "be brief"}, {Role: chat.User, Text: "q1"}}})
	b.finish(t, alice, first.Answer.ID, "a1")
	conv := first.Conversation.ID
	b.said(t, alice, conv, "q2", "a2")
	judged := b.turn(t, alice, conversation.Turn{Messages: ask("judged")})
	f := conversation.Final{Status: conversation.Complete, Text: "a judged", Grounding: &chat.Grounding{Claims: []chat.Claim{{End: 2}}}}
	if err := b.Finish(ctx, alice, judged.Answer.ID, f); err != nil {
		t.Fatal(err)
	}
	if m, err := b.Message(ctx, alice, judged.Answer.ID); err != nil || m.Grounding == nil || len(m.Grounding.Claims) != 1 {
		t.Errorf("read back: %+v, %v", m, err)
	}
	if _, err := b.Edit(ctx, alice, judged.Answer.ID, "something else"); err != nil {
		t.Fatal(err)
	}
	if m, err := b.Message(ctx, alice, judged.Answer.ID); err != nil || m.Grounding != nil {
		t.Errorf("an edited answer is still judged: %+v, %v", m, err)
	}
	before, err := b.Get(ctx, alice, conv)
	if err != nil {
		t.Fatal(err)
	}
	for id, text := range map[string]string{first.Question: "q1 better", first.Answer.ID: "a1 better"} {
		m, err := b.Edit(ctx, alice, id, text)
		if err != nil || m.Text != text || m.EditedAt.IsZero() || m.Status != conversation.Complete {
			t.Fatalf("%+v, %v", m, err)
		}
		if again, err := b.Message(ctx, alice, id); err != nil || again.Text != text || !again.EditedAt.Equal(m.EditedAt) {
			t.Errorf("read back: %+v, %v", again, err)
		}
	}
	if path, err := b.Path(ctx, alice, conv, ""); err != nil || texts(path) != "system:be brief user:q1 better assistant:a1 better user:q2 assistant:a2" {
		t.Errorf("%s, %v", texts(path), err)
	}
	if after, err := b.Get(ctx, alice, conv); err != nil || !after.UpdatedAt.After(before.UpdatedAt) || after.Leaf != before.Leaf {
		t.Errorf("after the edit: %+v, %v", after, err)
	}
	if found, err := b.Search(ctx, alice, "better", 10, ""); err != nil || len(found.Data) != 2 {
		t.Errorf("found %+v, %v", found, err)
	}
	running := b.turn(t, alice, conversation.Turn{Conversation: conv, Messages: ask("q3")})
	_, err = b.Edit(ctx, alice, running.Answer.ID, "x")
	wantFault(t, err, fault.CodeConflict, "")
	if fault.From(err).Kind != "turn_running" {
		t.Errorf("kind of %v", err)
	}
	for name, c := range map[string]struct {
		sc       chat.Scope
		id, text string
		code     fault.Code
		param    string
	}{
		"empty question":   {alice, first.Question, " \n", fault.CodeInvalid, "text"},
		"too long":         {alice, first.Question, strings.Repeat("x", 21), fault.CodeTooLarge, "text"},
		"not UTF-8":        {alice, first.Question, "\xff", fault.CodeInvalid, "text"},
		"a system message": {alice, first.Path[0].ID, "x", fault.CodeInvalid, "message_id"},
		"another's":        {bob, first.Question, "x", fault.CodeNotFound, ""},
		"nobody's":         {alice, "msg_x", "x", fault.CodeNotFound, ""},
	} {
		_, err := b.Edit(ctx, c.sc, c.id, c.text)
		if f := fault.From(err); f == nil || f.Code != c.code || f.Param != c.param {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := b.said(t, alice, "", "q", "a")
	id := begun.Answer.ID
	if m, err := b.Message(ctx, alice, id); err != nil || m.Feedback != nil {
		t.Fatalf("%+v, %v", m, err)
	}
	m, err := b.Rate(ctx, alice, id, &conversation.Feedback{Rating: -1, Reason: "wrong", Comment: "The cap is Paris."})
	if err != nil || m.Feedback == nil || m.Feedback.Rating != -1 || m.Feedback.CreatedAt.IsZero() {
		t.Fatalf("%+v, %v", m, err)
	}
	all, err := b.Messages(ctx, alice, begun.Conversation.ID)
	if err != nil || all[0].Feedback != nil || all[1].Feedback == nil || *all[1].Feedback != *m.Feedback || all[1].Feedback.Comment != "The cap is Paris." {
		t.Errorf("read back: %+v, %v", all, err)
	}
	var sealed []byte
	if err := b.db.Get(ctx, &sealed, `SELECT rating_comment FROM messages WHERE id = ?`, id); err != nil || strings.Contains(string(sealed), "Paris") || len(sealed) == 0 {
		t.Errorf("the comment lies in the clear: %q, %v", sealed, err)
	}
	m, err = b.Rate(ctx, alice, id, &conversation.Feedback{Rating: 1})
	if err != nil || m.Feedback.Rating != 1 || m.Feedback.Reason != "" || m.Feedback.Comment != "" {
		t.Errorf("changed: %+v, %v", m.Feedback, err)
	}
	for range 2 { // taking back what is not there changes nothing
		if m, err = b.Rate(ctx, alice, id, nil); err != nil || m.Feedback != nil {
			t.Errorf("taken back: %+v, %v", m, err)
		}
	}
	running := b.turn(t, alice, conversation.Turn{Messages: ask("q")})
	good := conversation.Feedback{Rating: 1}
	for name, c := range map[string]struct {
		sc    chat.Scope
		id    string
		f     conversation.Feedback
		code  fault.Code
		param string
	}{
		"no rating":    {alice, id, conversation.Feedback{Reason: "wrong"}, fault.CodeInvalid, "rating"},
		"two thumbs":   {alice, id, conversation.Feedback{Rating: 2}, fault.CodeInvalid, "rating"},
		"other reason": {alice, id, conversation.Feedback{Rating: 1, Reason: "because"}, fault.CodeInvalid, "reason"},
		"long comment": {alice, id, conversation.Feedback{Rating: 1, Comment: strings.Repeat("ä", 2001)}, fault.CodeInvalid, "comment"},
		"bad comment":  {alice, id, conversation.Feedback{Rating: 1, Comment: "\xff"}, fault.CodeInvalid, "comment"},
		"a question":   {alice, begun.Question, good, fault.CodeInvalid, "message_id"},
		"streaming":    {alice, running.Answer.ID, good, fault.CodeConflict, ""},
		"another's":    {eve, id, good, fault.CodeNotFound, ""},
	} {
		_, err := b.Rate(ctx, c.sc, c.id, &c.f)
		if f := fault.From(err); f == nil || f.Code != c.code || f.Param != c.param {
			t.Errorf("%s: %v", name, err)
		}
	}
}
