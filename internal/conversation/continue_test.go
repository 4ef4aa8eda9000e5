package conversation_test

import (
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
)

// goOn is the turn that continues an answer.
func goOn(begun conversation.Begun) conversation.Turn {
	return conversation.Turn{Conversation: begun.Conversation.ID, Parent: &begun.Answer.ID, Continue: true, Model: "m"}
}

func TestContinuedAnswerStandsBesideTheOld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.said(t, alice, "", "q1", "a1")
	cut := b.turn(t, alice, conversation.Turn{Conversation: first.Conversation.ID, Messages: ask("q2"), Model: "m"})
	if err := b.Finish(ctx, alice, cut.Answer.ID, conversation.Final{Status: conversation.Partial, Text: "one two", Finish: chat.FinishStop, Tokens: 2}); err != nil {
		t.Fatal(err)
	}
	before, err := b.Message(ctx, alice, cut.Answer.ID)
	if err != nil {
		t.Fatal(err)
	}
	begun := b.turn(t, alice, goOn(cut))
	a := begun.Answer
	if a.ID == cut.Answer.ID || a.Parent != cut.Question || a.Text != "one two" || a.Status != conversation.Streaming || a.Tokens != 0 ||
		begun.Question != cut.Question || begun.Conversation.Leaf != a.ID || texts(begun.Path) != "user:q1 assistant:a1 user:q2" {
		t.Fatalf("%+v", begun)
	}
	// A process that dies now leaves the old answer, and a new one with its text.
	if _, err := b.Interrupted(ctx); err != nil {
		t.Fatal(err)
	}
	if m, err := b.Message(ctx, alice, a.ID); err != nil || m.Status != conversation.Partial || m.Text != "one two" {
		t.Errorf("%+v, %v", m, err)
	}
	// What was cut off twice can go on once more.
	third := b.turn(t, alice, goOn(begun))
	b.finish(t, alice, third.Answer.ID, "one two three")
	if after, err := b.Message(ctx, alice, cut.Answer.ID); err != nil || after.Text != before.Text || after.Status != before.Status || after.Tokens != 2 {
		t.Errorf("the old answer is %+v, %v", after, err)
	}
	if path, err := b.Path(ctx, alice, cut.Conversation.ID, ""); err != nil || texts(path) != "user:q1 assistant:a1 user:q2 assistant:one two three" {
		t.Errorf("%s, %v", texts(path), err)
	}
	// The old text may have been changed: it is what the reader wants to go on with.
	if _, err := b.Edit(ctx, alice, cut.Answer.ID, "uno dos"); err != nil {
		t.Fatal(err)
	}
	if again := b.turn(t, alice, goOn(cut)); again.Answer.Text != "uno dos" {
		t.Errorf("%+v", again.Answer)
	}
}

func TestAnswersThatCannotGoOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	done := b.said(t, alice, "", "q", "a")
	conv := done.Conversation.ID
	running := b.turn(t, alice, conversation.Turn{Conversation: conv, Messages: ask("q")})
	ended := func(f conversation.Final) conversation.Turn {
		begun := b.turn(t, alice, conversation.Turn{Messages: ask("q")})
		if err := b.Finish(ctx, alice, begun.Answer.ID, f); err != nil {
			t.Fatal(err)
		}
		return goOn(begun)
	}
	with := func(t conversation.Turn, edit func(*conversation.Turn)) conversation.Turn {
		edit(&t)
		return t
	}
	for name, c := range map[string]struct {
		turn  conversation.Turn
		code  fault.Code
		kind  string
		param string
	}{
		"with messages":       {with(goOn(done), func(t *conversation.Turn) { t.Messages = ask("x") }), fault.CodeInvalid, "", "messages"},
		"a question":          {with(goOn(done), func(t *conversation.Turn) { t.Parent = &done.Question }), fault.CodeInvalid, "", "parent_id"},
		"the root":            {with(goOn(done), func(t *conversation.Turn) { t.Parent = ptr("") }), fault.CodeInvalid, "", "parent_id"},
		"no conversation":     {with(goOn(done), func(t *conversation.Turn) { t.Conversation = "" }), fault.CodeInvalid, "", "parent_id"},
		"nothing at all":      {conversation.Turn{Continue: true}, fault.CodeInvalid, "", "parent_id"},
		"elsewhere":           {with(goOn(done), func(t *conversation.Turn) { t.Parent = ptr("msg_x") }), fault.CodeNotFound, "", "parent_id"},
		"still streaming":     {goOn(running), fault.CodeConflict, "turn_running", "parent_id"},
		"failed":              {ended(conversation.Final{Status: conversation.Failed, Text: "x"}), fault.CodeInvalid, "", "parent_id"},
		"stopped at once":     {ended(conversation.Final{Status: conversation.Partial, Finish: chat.FinishStop}), fault.CodeInvalid, "", "parent_id"},
		"ended by a filter":   {ended(conversation.Final{Status: conversation.Complete, Text: "x", Finish: chat.FinishFilter}), fault.CodeInvalid, "", "parent_id"},
		"ended by a call":     {ended(conversation.Final{Status: conversation.Complete, Text: "x", Finish: chat.FinishToolCalls}), fault.CodeInvalid, "", "parent_id"},
		"of another's thread": {goOn(b.said(t, bob, "", "q", "a")), fault.CodeNotFound, "", "conversation_id"},
	} {
		_, err := b.Begin(ctx, alice, c.turn)
		if f := fault.From(err); f == nil || f.Code != c.code || f.Param != c.param || f.Kind != c.kind {
			t.Errorf("%s: %v at %q", name, err, fault.From(err).Param)
		}
	}
	if all, err := b.Messages(ctx, alice, conv); err != nil || len(all) != 4 {
		t.Errorf("a refused turn left a message: %s, %v", texts(all), err)
	}
}

// An answer to what is not asked any more does not go on.
func TestContinuingBelowAnEditIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.said(t, alice, "", "q1", "a1")
	second := b.said(t, alice, first.Conversation.ID, "q2", "a2")
	refused := func(begun conversation.Begun) bool {
		_, err := b.Begin(ctx, alice, goOn(begun))
		f := fault.From(err)
		return f != nil && f.Code == fault.CodeConflict && f.Kind == "parent_changed"
	}
	if refused(second) {
		t.Error("refused before the edit")
	}
	if _, err := b.Edit(ctx, alice, first.Question, "q1 edited"); err != nil {
		t.Fatal(err)
	}
	if !refused(first) || !refused(second) {
		t.Error("an answer below an edited question goes on")
	}
	anew := b.turn(t, alice, conversation.Turn{Conversation: first.Conversation.ID, Parent: &first.Question})
	b.finish(t, alice, anew.Answer.ID, "a1 anew")
	if refused(anew) {
		t.Error("an answer to the edited question is refused")
	}
}
