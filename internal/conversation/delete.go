package conversation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

const (
	// MaxDelete bounds the conversations that one call of DeleteMany takes.
	MaxDelete = 500
	// deleteStep is how many go in one statement: while it runs, nobody else writes to SQLite.
	deleteStep = 50
)

// Delete removes a conversation with its messages. It needs no key, so that what was shredded can go.
func (s *Store) Delete(ctx context.Context, sc chat.Scope, id string) error {
	n, err := s.db.Exec(ctx, `DELETE FROM conversations WHERE id = ? AND tenant_id = ? AND user_id = ?`, id, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("delete conversation %s: %w", id, err)
	}
	if n == 0 {
		return fault.NotFound("there is no conversation %s", id)
	}
	return nil
}

// DeleteMany removes conversations with their messages, and tells how many there were. What is not there, or
// is another's, is passed over; so a call that failed half way may be made again.
func (s *Store) DeleteMany(ctx context.Context, sc chat.Scope, ids []string) (int, error) {
	if len(ids) == 0 || len(ids) > MaxDelete {
		return 0, fault.Invalid("ids must be 1 to %d, these are %d", MaxDelete, len(ids)).At("ids")
	}
	gone := 0
	for some := range slices.Chunk(ids, deleteStep) {
		args := []any{sc.Tenant, sc.User}
		for _, id := range some {
			if !chat.ValidID("conv", id) {
				id = "" // no conversation has it, and PostgreSQL takes no text with a zero byte
			}
			args = append(args, id)
		}
		n, err := s.db.Exec(ctx, `DELETE FROM conversations WHERE tenant_id = ? AND user_id = ? AND id IN (?`+
			strings.Repeat(`, ?`, len(some)-1)+`)`, args...)
		if err != nil {
			return gone, fmt.Errorf("delete %d conversations: %w", len(ids), err)
		}
		gone += int(n)
	}
	return gone, nil
}

// DeleteAll removes all that the scope's user has said, in the transaction that removes the user.
func (s *Store) DeleteAll(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
	_, err := tx.Exec(ctx, `DELETE FROM conversations WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("delete conversations of user %s: %w", sc.User, err)
	}
	_, err = tx.Exec(ctx, `DELETE FROM folders WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("delete folders of user %s: %w", sc.User, err)
	}
	return nil
}
