package conversation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// Message returns one message.
func (s *Store) Message(ctx context.Context, sc chat.Scope, id string) (Message, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Message{}, err
	}
	row, err := getMessage(ctx, s.db, sc, id)
	if err != nil {
		return Message{}, err
	}
	return row.open(box)
}

func getMessage(ctx context.Context, q store.Queryer, sc chat.Scope, id string) (row messageRow, err error) {
	err = q.Get(ctx, &row, `SELECT `+messageColumns+` FROM messages WHERE id = ? AND tenant_id = ? AND user_id = ?`,
		id, sc.Tenant, sc.User)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.NotFound("there is no message %s", id)
	}
	if err != nil {
		return row, fmt.Errorf("load message %s: %w", id, err)
	}
	return row, nil
}

// getMessageIn reads a message of one conversation; param is the request field that named it.
func getMessageIn(ctx context.Context, q store.Queryer, sc chat.Scope, conversation, id, param string) (row messageRow, err error) {
	err = q.Get(ctx, &row, `SELECT `+messageColumns+` FROM messages
		WHERE id = ? AND conversation_id = ? AND tenant_id = ? AND user_id = ?`, id, conversation, sc.Tenant, sc.User)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.NotFound("there is no message %s in this conversation", id).At(param)
	}
	if err != nil {
		return row, fmt.Errorf("load message %s: %w", id, err)
	}
	return row, nil
}

// Messages returns a conversation's whole tree, oldest first: a parent comes before its children.
func (s *Store) Messages(ctx context.Context, sc chat.Scope, conversation string) ([]Message, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	if _, err := getConversation(ctx, s.db, sc, conversation); err != nil {
		return nil, err
	}
	var rows []messageRow
	err = s.db.Select(ctx, &rows, `SELECT `+messageColumns+` FROM messages
		WHERE conversation_id = ? AND tenant_id = ? AND user_id = ?`, conversation, sc.Tenant, sc.User)
	if err != nil {
		return nil, fmt.Errorf("load messages of %s: %w", conversation, err)
	}
	return openAll(box, oldestFirst(rows))
}

// oldestFirst orders a tree by time, and within one millisecond by descent, which the ids do not tell.
func oldestFirst(rows []messageRow) []messageRow {
	depth, parent := make(map[string]int, len(rows)), make(map[string]string, len(rows))
	for _, r := range rows {
		parent[r.ID] = r.Parent
	}
	deep := func(id string) int {
		// Walks up to the first message whose depth is known, then fills in the way back, so that a
		// conversation of ten thousand messages needs no deep recursion.
		var way []string
		for id != "" && depth[id] == 0 && len(way) <= len(rows) {
			way = append(way, id)
			id = parent[id]
		}
		d := depth[id]
		for _, w := range slices.Backward(way) {
			d++
			depth[w] = d
		}
		return d
	}
	for _, r := range rows {
		deep(r.ID)
	}
	slices.SortFunc(rows, func(a, b messageRow) int {
		switch {
		case a.CreatedAt != b.CreatedAt:
			return int(a.CreatedAt - b.CreatedAt)
		case depth[a.ID] != depth[b.ID]:
			return depth[a.ID] - depth[b.ID]
		case a.ID < b.ID:
			return -1
		}
		return 1
	})
	return rows
}

// Path returns the messages from the root to leaf; "" means the conversation's chosen leaf.
func (s *Store) Path(ctx context.Context, sc chat.Scope, conversation, leaf string) ([]Message, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	conv, err := getConversation(ctx, s.db, sc, conversation)
	if err != nil {
		return nil, err
	}
	if leaf == "" {
		leaf = conv.Leaf
	}
	if leaf == "" {
		return nil, nil
	}
	if _, err := getMessageIn(ctx, s.db, sc, conversation, leaf, "leaf_id"); err != nil {
		return nil, err
	}
	rows, err := getPath(ctx, s.db, conversation, leaf)
	if err != nil {
		return nil, err
	}
	return openAll(box, rows)
}

// Prompt returns what the model would read in a turn, without opening it: the path to the parent and the
// turn's own messages. It refuses messages in an order that cannot be, as Begin does, and what Begin
// refuses besides is still Begin's to refuse.
func (s *Store) Prompt(ctx context.Context, sc chat.Scope, t Turn) ([]chat.Message, error) {
	var path []Message
	if leaf := t.Parent; t.Conversation != "" && (leaf == nil || *leaf != "") {
		if leaf == nil {
			leaf = new(string)
		}
		var err error
		if path, err = s.Path(ctx, sc, t.Conversation, *leaf); err != nil {
			if f := fault.From(err); f.Param == "leaf_id" {
				err = f.At("parent_id")
			}
			return nil, err
		}
	}
	var parent chat.Speaker
	messages := make([]chat.Message, 0, len(path)+len(t.Messages))
	for _, m := range path {
		messages, parent = append(messages, m.Chat()), m.Role
	}
	if len(t.Messages) > 0 {
		if err := s.cfg.checkChain(parent, t.Messages); err != nil {
			return nil, err
		}
	}
	return append(messages, t.Messages...), nil
}

// getPath reads leaf and what is above it. The caller has checked that the conversation is the scope's.
func getPath(ctx context.Context, q store.Queryer, conversation, leaf string) ([]messageRow, error) {
	var rows []messageRow
	err := q.Select(ctx, &rows, `WITH RECURSIVE path (id, parent_id, above) AS (
			SELECT id, parent_id, 0 FROM messages WHERE id = ? AND conversation_id = ?
			UNION ALL
			SELECT m.id, m.parent_id, path.above + 1 FROM messages m JOIN path ON m.id = path.parent_id
			WHERE m.conversation_id = ?
		)
		SELECT `+prefixed("m", messageColumns)+` FROM messages m JOIN path ON m.id = path.id ORDER BY path.above DESC`,
		leaf, conversation, conversation)
	if err != nil {
		return nil, fmt.Errorf("load path to %s: %w", leaf, err)
	}
	return rows, nil
}
