package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// Sweep deletes the conversations of every tenant whose retention policy has run out at now, and returns
// how many. A conversation's time counts from its last turn or title.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int64, error) {
	const dayMillis = 24 * 60 * 60 * 1000
	n, err := s.db.Exec(ctx, `DELETE FROM conversations WHERE retention_days > 0 AND updated_at < ? - retention_days * ?`,
		store.Millis(now), dayMillis)
	if err != nil {
		return 0, fmt.Errorf("delete expired conversations: %w", err)
	}
	return n, nil
}

// exported is a conversation with its tree.
type exported struct {
	Conversation
	Messages []Message `json:"messages"`
}

// Export writes all conversations of the scope's user as one JSON object, {"conversations": [...]}, each
// with its whole tree, oldest first. One conversation at a time is in memory; one that is deleted
// meanwhile is left out. After an error what was written is cut off and no valid JSON.
func (s *Store) Export(ctx context.Context, sc chat.Scope, w io.Writer) error {
	var ids []string
	err := s.db.Select(ctx, &ids, `SELECT id FROM conversations WHERE tenant_id = ? AND user_id = ? ORDER BY created_at, id`,
		sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("list conversations to export: %w", err)
	}
	if _, err := io.WriteString(w, `{"conversations":[`); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	between := "\n"
	for _, id := range ids {
		c, err := s.Get(ctx, sc, id)
		if fault.Is(err, fault.CodeNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		messages, err := s.Messages(ctx, sc, id)
		if fault.Is(err, fault.CodeNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		line, err := json.Marshal(exported{c, messages})
		if err != nil {
			return fmt.Errorf("write export: %w", err)
		}
		if _, err := io.WriteString(w, between+string(line)); err != nil {
			return fmt.Errorf("write export: %w", err)
		}
		between = ",\n"
	}
	if _, err := io.WriteString(w, "\n]}\n"); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}
