package conversation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation/exchange"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// keepTemporary is how long a temporary conversation is kept after its last change.
const keepTemporary = 24 * time.Hour

// Sweep deletes the conversations of every tenant whose retention policy has run out at now, and the
// temporary ones after a day, and returns how many. A conversation's time counts from its last turn, title or
// edit.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int64, error) {
	const dayMillis = 24 * 60 * 60 * 1000
	n, err := s.db.Exec(ctx, `DELETE FROM conversations WHERE retention_days > 0 AND updated_at < ? - retention_days * ?`,
		store.Millis(now), dayMillis)
	if err != nil {
		return 0, fmt.Errorf("delete expired conversations: %w", err)
	}
	more, err := s.db.Exec(ctx, `DELETE FROM conversations WHERE temporary = 1 AND updated_at < ?`, store.Millis(now.Add(-keepTemporary)))
	if err != nil {
		return n, fmt.Errorf("delete temporary conversations: %w", err)
	}
	return n + more, nil
}

// Export writes all conversations of the scope's user but the temporary ones as one JSON object,
// {"folders": [...], "conversations": [...]}, each conversation with its whole tree, oldest first. One at a
// time is in memory; one that is deleted meanwhile is left out. After an error what was written is cut off
// and no valid JSON.
func (s *Store) Export(ctx context.Context, sc chat.Scope, w io.Writer) error {
	folders, err := s.Folders(ctx, sc)
	if err != nil {
		return err
	}
	var ids []string
	err = s.db.Select(ctx, &ids, `SELECT id FROM conversations WHERE tenant_id = ? AND user_id = ? AND temporary = 0 ORDER BY created_at, id`,
		sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("list conversations to export: %w", err)
	}
	head, err := json.Marshal(folders)
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	if _, err := fmt.Fprintf(w, `{"folders":%s,"conversations":[`, head); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	between := "\n"
	for _, id := range ids {
		t, err := s.tree(ctx, sc, id)
		if fault.Is(err, fault.CodeNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		line, err := json.Marshal(t)
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

func (s *Store) tree(ctx context.Context, sc chat.Scope, id string) (Tree, error) {
	c, err := s.Get(ctx, sc, id)
	if err != nil {
		return Tree{}, err
	}
	messages, err := s.Messages(ctx, sc, id)
	return Tree{c, messages}, err
}

// ExportOne returns one conversation with its whole tree, in the form that Import reads. A temporary one is
// fault.Conflict: fork it to keep it.
func (s *Store) ExportOne(ctx context.Context, sc chat.Scope, id string) (Tree, error) {
	t, err := s.tree(ctx, sc, id)
	if err == nil && t.Temporary {
		return Tree{}, errTemporary
	}
	return t, err
}

var errTemporary = fault.Conflict("a temporary conversation is not exported; fork it to keep it").OfKind("temporary")

// Markdown writes the chosen branch of a conversation for people to read, with who as the name of the one
// who asks. A temporary one is fault.Conflict.
func (s *Store) Markdown(ctx context.Context, sc chat.Scope, id, who string, w io.Writer) (Conversation, error) {
	c, err := s.Get(ctx, sc, id)
	if err != nil {
		return c, err
	}
	if c.Temporary {
		return c, errTemporary
	}
	path, err := s.Path(ctx, sc, id, "")
	if err != nil {
		return c, err
	}
	lines := make([]exchange.Line, len(path))
	for i, m := range path {
		lines[i] = exchange.Line{Who: who, When: m.CreatedAt, Text: m.Text}
		switch {
		case m.Role == chat.Assistant:
			lines[i].Who = cmp.Or(m.Model, "Assistant")
		case m.Role != chat.User:
			lines[i].Who = strings.ToUpper(string(m.Role[:1])) + string(m.Role[1:])
		}
		if m.Status != Complete {
			lines[i].Note = string(m.Status)
		}
	}
	return c, exchange.Markdown(w, cmp.Or(c.Title, "Untitled"), lines)
}
