package conversation_test

import (
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
)

func TestDeleteMany(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var mine []string
	for range 60 { // more than one statement takes
		mine = append(mine, b.said(t, alice, "", "q", "a").Conversation.ID)
	}
	kept := b.said(t, alice, "", "kept", "a")
	others := []string{b.said(t, bob, "", "q", "a").Conversation.ID, b.said(t, eve, "", "q", "a").Conversation.ID}
	wanted := append([]string{others[0], chat.NewID("conv"), "", "conv_\x00", kept.Question, mine[0]}, mine...)
	wanted = append(wanted, others[1])
	if n, err := b.DeleteMany(ctx, alice, wanted); err != nil || n != len(mine) {
		t.Fatalf("deleted %d, %v; want %d", n, err, len(mine))
	}
	for _, id := range mine {
		if _, err := b.Get(ctx, alice, id); !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s is still there: %v", id, err)
		}
	}
	if m, err := b.Messages(ctx, alice, kept.Conversation.ID); err != nil || len(m) != 2 {
		t.Errorf("what was not named has %d messages, %v", len(m), err)
	}
	for i, sc := range []chat.Scope{bob, eve} {
		if _, err := b.Get(ctx, sc, others[i]); err != nil {
			t.Errorf("another's was deleted: %v", err)
		}
	}
	if n, err := b.DeleteMany(ctx, alice, mine); err != nil || n != 0 {
		t.Errorf("once more: %d, %v", n, err)
	}
	_, err := b.DeleteMany(ctx, alice, nil)
	wantFault(t, err, fault.CodeInvalid, "ids")
	_, err = b.DeleteMany(ctx, alice, make([]string, conversation.MaxDelete+1))
	wantFault(t, err, fault.CodeInvalid, "ids")
}
