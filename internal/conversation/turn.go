package conversation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// errRunning is for what needs an answer to have ended.
var errRunning = fault.Conflict("this answer is still being written: wait for it or stop it, then go on").OfKind("turn_running")

// Begin opens a turn in one transaction: it makes the conversation if need be, appends the messages and
// an empty Streaming answer, and moves the leaf to it. Once it returns, what was asked is on the disk.
//
// Errors: fault.NotFound for a conversation or parent that is not the user's or not there,
// fault.Invalid for messages in an order that cannot be, fault.TooLarge over a limit, and
// fault.Conflict with the kind "turn_running" below an answer that is still streaming, and "parent_changed"
// when an answer to go on with is one to another text than the one above it now. Two turns from one parent
// make siblings.
func (s *Store) Begin(ctx context.Context, sc chat.Scope, t Turn) (Begun, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Begun{}, err
	}
	var (
		b    Begun
		conv conversationRow
		path []messageRow
	)
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		parent, err := s.place(ctx, tx, sc, box, t, &b, &conv)
		if err != nil {
			return err
		}
		if !b.Created {
			if err := s.room(ctx, tx, conv.ID, len(t.Messages)+1); err != nil {
				return err
			}
		}
		var answer string
		if t.Continue {
			answer, err = s.goOn(ctx, tx, sc, box, parent, t)
		} else {
			answer, err = s.extend(ctx, tx, sc, box, conv.ID, parent, t)
		}
		if err != nil {
			return err
		}
		if err := moveLeaf(ctx, tx, &conv, answer, store.Millis(s.Now())); err != nil {
			return err
		}
		if path, err = getPath(ctx, tx, conv.ID, answer); err == nil && t.Continue {
			err = unchanged(path, parent)
		}
		return err
	})
	if err != nil {
		return Begun{}, err
	}
	if b.Conversation, err = conv.open(box); err != nil {
		return Begun{}, err
	}
	all, err := openAll(box, path)
	if err != nil {
		return Begun{}, err
	}
	b.Path, b.Answer = all[:len(all)-1], all[len(all)-1]
	b.Question = b.Answer.Parent
	return b, nil
}

// place finds or makes the conversation, and finds the message to go on from: a row without an id is
// the root.
func (s *Store) place(ctx context.Context, tx *store.Tx, sc chat.Scope, box secrets.Box, t Turn, b *Begun, conv *conversationRow) (messageRow, error) {
	if t.Conversation == "" {
		if t.Parent != nil && *t.Parent != "" {
			return messageRow{}, fault.Invalid("parent_id needs the conversation_id of its conversation").At("parent_id")
		}
		c := s.fresh(sc, "")
		c.Temporary = t.Temporary
		if err := insertConversation(ctx, tx, box, c); err != nil {
			return messageRow{}, err
		}
		b.Created = true
		row, err := getConversation(ctx, tx, sc, c.ID)
		*conv = row
		return messageRow{}, err
	}
	if t.Temporary {
		return messageRow{}, fault.Invalid("temporary is said of a new conversation; this one is there already").At("temporary")
	}
	if err := s.hold(ctx, tx, sc, t.Conversation); err != nil {
		return messageRow{}, err
	}
	row, err := getConversation(ctx, tx, sc, t.Conversation)
	if err != nil {
		return messageRow{}, err
	}
	*conv = row
	id := conv.Leaf
	if t.Parent != nil {
		id = *t.Parent
	}
	if id == "" {
		return messageRow{}, nil
	}
	parent, err := getMessageIn(ctx, tx, sc, conv.ID, id, "parent_id")
	if err != nil {
		return messageRow{}, err
	}
	if parent.Status == string(Streaming) {
		return messageRow{}, errRunning.At("parent_id")
	}
	return parent, nil
}

// extend appends the messages and an empty answer below the parent.
func (s *Store) extend(ctx context.Context, tx *store.Tx, sc chat.Scope, box secrets.Box, conversation string, parent messageRow, t Turn) (answer string, err error) {
	if err := s.cfg.checkChain(chat.Speaker(parent.Role), t.Messages); err != nil {
		return "", err
	}
	last := parent.ID
	for _, m := range t.Messages {
		if last, err = s.append(ctx, tx, sc, box, conversation, last, m, "", Complete); err != nil {
			return "", err
		}
	}
	return s.append(ctx, tx, sc, box, conversation, last, chat.Message{Role: chat.Assistant}, t.Model, Streaming)
}

// goOn opens an answer beside an old one, with its text. The old one stays as it is.
func (s *Store) goOn(ctx context.Context, tx *store.Tx, sc chat.Scope, box secrets.Box, old messageRow, t Turn) (answer string, err error) {
	switch finish := chat.Finish(old.Finish); {
	case len(t.Messages) > 0:
		return "", fault.Invalid("an answer goes on by itself: send no messages, or ask without continue").At("messages")
	case old.Role != string(chat.Assistant) || old.Parent == "":
		return "", fault.Invalid("only an answer to a question can be continued: give one as parent_id").At("parent_id")
	case old.Status == string(Failed) || finish == chat.FinishFilter || finish == chat.FinishToolCalls:
		return "", fault.Invalid("this answer cannot be continued: answer the question anew").At("parent_id")
	}
	text, err := box.Open(old.Text, textAAD(old.ID))
	if err != nil {
		return "", err
	}
	if len(text) == 0 {
		return "", fault.Invalid("this answer has no text to go on with: answer the question anew").At("parent_id")
	}
	m := chat.Message{Role: chat.Assistant, Text: string(text)}
	return s.append(ctx, tx, sc, box, old.Conversation, old.Parent, m, t.Model, Streaming)
}

// unchanged reports whether what stands above an old answer is what it was an answer to.
func unchanged(path []messageRow, old messageRow) error {
	changed := path[0].Parent != ""
	for _, m := range path[:len(path)-1] {
		changed = changed || m.EditedAt > old.CreatedAt
	}
	if changed {
		return fault.Conflict("the conversation above this answer was edited after it was given: answer the question anew").
			OfKind("parent_changed").At("parent_id")
	}
	return nil
}

// hold makes other turns of this conversation wait for ours to commit. PostgreSQL locks the row that an
// update touches; on SQLite a write transaction is alone anyway.
func (s *Store) hold(ctx context.Context, tx *store.Tx, sc chat.Scope, id string) error {
	_, err := tx.Exec(ctx, `UPDATE conversations SET updated_at = updated_at WHERE id = ? AND tenant_id = ? AND user_id = ?`,
		id, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("lock conversation %s: %w", id, err)
	}
	return nil
}

func (s *Store) room(ctx context.Context, tx *store.Tx, conversation string, more int) error {
	var n int
	if err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM messages WHERE conversation_id = ?`, conversation); err != nil {
		return fmt.Errorf("count messages of %s: %w", conversation, err)
	}
	if n+more > s.cfg.MaxMessages {
		return fault.TooLarge("this conversation has %d messages, and %d is the most: go on in a new one", n, s.cfg.MaxMessages).
			At("conversation_id")
	}
	return nil
}

func (s *Store) append(ctx context.Context, tx *store.Tx, sc chat.Scope, box secrets.Box, conversation, parent string,
	m chat.Message, model string, status Status,
) (id string, err error) {
	id = chat.NewID("msg")
	text, err := box.Seal([]byte(m.Text), textAAD(id))
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, `INSERT INTO messages (id, tenant_id, user_id, conversation_id, parent_id, role, text, model, status, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, sc.Tenant, sc.User, conversation, parent, m.Role, text, model, status, store.Millis(s.Now()))
	if err != nil {
		return "", fmt.Errorf("insert message: %w", err)
	}
	return id, nil
}

func moveLeaf(ctx context.Context, tx *store.Tx, conv *conversationRow, leaf string, now int64) error {
	conv.Leaf, conv.UpdatedAt = leaf, now
	_, err := tx.Exec(ctx, `UPDATE conversations SET leaf_id = ?, updated_at = ? WHERE id = ?`, leaf, now, conv.ID)
	if err != nil {
		return fmt.Errorf("move leaf of %s: %w", conv.ID, err)
	}
	return nil
}

// Progress saves what an answer has come to. It is fault.Conflict for one that has ended.
func (s *Store) Progress(ctx context.Context, sc chat.Scope, id, text string, tokens int) error {
	sealed, err := s.keys.Seal(ctx, sc.Tenant, []byte(text), textAAD(id))
	if err != nil {
		return err
	}
	n, err := s.db.Exec(ctx, `UPDATE messages SET text = ?, tokens = ? WHERE id = ? AND tenant_id = ? AND user_id = ? AND status = ?`,
		sealed, tokens, id, sc.Tenant, sc.User, Streaming)
	if err != nil {
		return fmt.Errorf("save progress of %s: %w", id, err)
	}
	if n == 0 {
		return s.notStreaming(ctx, s.db, sc, id)
	}
	return nil
}

// Finish closes an answer. It is fault.Conflict for one that has ended already, so that of two closers
// one wins, and fault.NotFound when the conversation was deleted meanwhile.
func (s *Store) Finish(ctx context.Context, sc chat.Scope, id string, f Final) error {
	if f.Status != Complete && f.Status != Partial && f.Status != Failed {
		return fmt.Errorf("finish message %s: %q is no end", id, f.Status)
	}
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return err
	}
	sealed, err := box.Seal([]byte(f.Text), textAAD(id))
	if err != nil {
		return err
	}
	sources, err := sealPart(box, id, "sources", f.Sources, len(f.Sources) > 0)
	if err != nil {
		return err
	}
	grounding, err := sealPart(box, id, "grounding", f.Grounding, f.Grounding != nil)
	if err != nil {
		return err
	}
	flags, err := json.Marshal(append([]string{}, f.SafetyFlags...))
	if err != nil {
		return fmt.Errorf("write safety flags: %w", err)
	}
	return s.db.WithTx(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE messages SET text = ?, status = ?, finish_reason = ?, tokens = ?, latency_ms = ?, safety_flags = ?, sources = ?, grounding = ?,
			model = CASE WHEN ? = '' THEN model ELSE ? END
			WHERE id = ? AND tenant_id = ? AND user_id = ? AND status = ?`,
			sealed, f.Status, f.Finish, f.Tokens, f.Latency, string(flags), sources, grounding, f.Model, f.Model, id, sc.Tenant, sc.User, Streaming)
		if err != nil {
			return fmt.Errorf("finish message %s: %w", id, err)
		}
		if n == 0 {
			return s.notStreaming(ctx, tx, sc, id)
		}
		_, err = tx.Exec(ctx, `UPDATE conversations SET updated_at = ?
			WHERE id = (SELECT conversation_id FROM messages WHERE id = ?) AND tenant_id = ?`, store.Millis(s.Now()), id, sc.Tenant)
		if err != nil {
			return fmt.Errorf("touch conversation of %s: %w", id, err)
		}
		return nil
	})
}

func (s *Store) notStreaming(ctx context.Context, q store.Queryer, sc chat.Scope, id string) error {
	var status string
	err := q.Get(ctx, &status, `SELECT status FROM messages WHERE id = ? AND tenant_id = ? AND user_id = ?`, id, sc.Tenant, sc.User)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.NotFound("there is no message %s", id)
	}
	if err != nil {
		return fmt.Errorf("load message %s: %w", id, err)
	}
	return fault.Conflict("message %s is %s already", id, status)
}

// Interrupted marks the answers of a process that died as Partial and returns how many they were. Call
// it at start, before the first turn: it is for every tenant.
func (s *Store) Interrupted(ctx context.Context) (int64, error) {
	n, err := s.db.Exec(ctx, `UPDATE messages SET status = ? WHERE status = 'streaming'`, Partial)
	if err != nil {
		return 0, fmt.Errorf("mark interrupted answers: %w", err)
	}
	return n, nil
}
