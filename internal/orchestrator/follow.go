package orchestrator

import (
	"context"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
)

// Cancel stops a running answer; what it had said is kept. It is fault.NotFound for an answer that is
// not the caller's, and does nothing for one that has ended.
func (t *Turns) Cancel(ctx context.Context, sc chat.Scope, message string) error {
	if l := t.find(sc, message); l != nil {
		l.cancel(errCancelled)
		return nil
	}
	m, err := t.store.Message(ctx, sc, message)
	if err != nil {
		return err
	}
	_, err = t.settle(ctx, sc, m)
	return err
}

// Edit changes the text of a question or of an answer that has ended. The log of an answer that is still in
// memory is forgotten, since the places in it are those of the old text.
func (t *Turns) Edit(ctx context.Context, sc chat.Scope, message, text string) (conversation.Message, error) {
	if t.find(sc, message) == nil { // or else it is its turn's to settle
		m, err := t.store.Message(ctx, sc, message)
		if err != nil {
			return m, err
		}
		if _, err := t.settle(ctx, sc, m); err != nil {
			return m, err
		}
	}
	m, err := t.store.Edit(ctx, sc, message, text)
	if err != nil {
		return m, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.live, message)
	return m, nil
}

func (t *Turns) find(sc chat.Scope, message string) *live {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.live[message]; l != nil && l.scope.Tenant == sc.Tenant && l.scope.User == sc.User {
		return l
	}
	return nil
}

// Follow tells the events of an answer from a place on, as they come, and returns after the last. An
// error of send, or the end of ctx, ends the following and not the turn.
func (t *Turns) Follow(ctx context.Context, sc chat.Scope, after chat.EventID, send func(chat.Event) error) error {
	if l := t.find(sc, after.Message); l != nil {
		return l.follow(ctx, after, send)
	}
	m, err := t.store.Message(ctx, sc, after.Message)
	if err != nil {
		return err
	}
	if m, err = t.settle(ctx, sc, m); err != nil {
		return err
	}
	return tellStored(m, after, send)
}

// tellStored tells an answer that is no longer in memory from its text.
func tellStored(m conversation.Message, after chat.EventID, send func(chat.Event) error) error {
	if m.Role != chat.Assistant {
		return fault.Invalid("only an answer can be followed; %s is a message of the %s", m.ID, m.Role).At("message_id")
	}
	if !m.EditedAt.IsZero() && after.Offset > 0 && after.Offset != len(m.Text) {
		return fault.Conflict("this answer was edited meanwhile: read it anew, from its beginning").OfKind("message_edited").At("Last-Event-ID")
	}
	if after.Offset > len(m.Text) || !utf8.RuneStart(append([]byte(m.Text), 0)[after.Offset]) {
		return fault.Invalid("the answer has no place %s", after).At("Last-Event-ID")
	}
	at := after
	tell := func(e chat.Event) error {
		at.Seq++
		e.ID = at
		return send(e)
	}
	if after.Seq == 0 {
		if err := tell(chat.Event{Start: &chat.Start{
			Conversation: m.Conversation, Question: m.Parent, Message: m.ID, Model: m.Model,
		}}); err != nil {
			return err
		}
	}
	if after.Offset == 0 && len(m.Sources) > 0 {
		if err := tell(chat.Event{Sources: m.Sources}); err != nil {
			return err
		}
	}
	if rest := m.Text[after.Offset:]; rest != "" {
		at.Offset = len(m.Text)
		if err := tell(chat.Event{Delta: rest}); err != nil {
			return err
		}
	}
	if m.Grounding != nil {
		if err := tell(chat.Event{Grounding: m.Grounding}); err != nil {
			return err
		}
	}
	switch m.Status {
	case conversation.Complete, conversation.Partial:
		return tell(chat.Event{Done: &chat.Done{
			Finish: m.Finish, Partial: m.Status == conversation.Partial, Usage: chat.Usage{OutputTokens: m.Tokens},
			Timing: chat.Timings{"total": m.Latency},
		}})
	default:
		return tell(chat.Event{Error: &chat.EventError{
			Code: "answer_failed", Class: string(fault.CodeUnavailable), Message: "this answer failed; ask again",
		}})
	}
}
