package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation/exchange"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Fork makes a new conversation of the path from the root to a message: texts, speakers, models, tokens and
// times are copied, judgements are not. An empty title keeps the old one. A fork is in the same folder and
// has the same retention; that of a temporary conversation is kept.
func (s *Store) Fork(ctx context.Context, sc chat.Scope, id, message, title string) (Conversation, error) {
	title, err := checkTitle(title)
	if err != nil {
		return Conversation{}, err
	}
	old, err := s.Get(ctx, sc, id)
	if err != nil {
		return Conversation{}, err
	}
	if message == "" {
		return Conversation{}, fault.Invalid("give the message that the new conversation is to end with").At("message_id")
	}
	row, err := getMessageIn(ctx, s.db, sc, id, message, "message_id")
	if err != nil {
		return Conversation{}, err
	}
	if row.Status == string(Streaming) {
		return Conversation{}, errRunning.At("message_id")
	}
	path, err := s.Path(ctx, sc, id, message)
	if err != nil {
		return Conversation{}, err
	}
	c := s.fresh(sc, title)
	if title == "" {
		c.Title, c.TitleBy = old.Title, old.TitleBy
	}
	c.Retention = old.Retention
	for i := range path {
		path[i].Parent, path[i].ID = c.Leaf, chat.NewID("msg")
		c.Leaf = path[i].ID
	}
	err = s.insertAll(ctx, sc, []Tree{{c, path}}, func(tx *store.Tx, t *Tree) error {
		if old.Folder == "" {
			return nil
		}
		filed := conversationRow{}
		err := file(ctx, tx, sc, &filed, old.Folder)
		if t.Folder = filed.Folder; fault.Is(err, fault.CodeNotFound) {
			return nil // deleted meanwhile
		}
		return err
	})
	if err != nil {
		return Conversation{}, err
	}
	return s.Get(ctx, sc, c.ID)
}

// Tree is a conversation with all its messages, oldest first.
type Tree struct {
	Conversation
	Messages []Message `json:"messages"`
}

// maxImport bounds the entries of one Import.
const maxImport = 1000

// Imported tells what became of the entries of an Import.
type Imported struct {
	Imported int       `json:"imported"`
	Skipped  []Skipped `json:"skipped"`
}

// Skipped is an entry that was not imported.
type Skipped struct {
	Index  int    `json:"index"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// Import makes conversations of what Parley or ChatGPT has exported. Each is new: importing an entry twice
// makes two. An entry that cannot be read or is over a limit is skipped; the others are saved together, and
// after an error nothing is.
func (s *Store) Import(ctx context.Context, sc chat.Scope, entries []json.RawMessage) (Imported, error) {
	out := Imported{Skipped: []Skipped{}}
	if len(entries) > maxImport {
		return out, fault.TooLarge("one request may import %d conversations, this one has %d", maxImport, len(entries)).At("conversations")
	}
	limits := exchange.Limits{Messages: s.cfg.MaxMessages, TextBytes: s.cfg.MaxTextBytes, TitleRunes: MaxTitleRunes, Now: s.Now()}
	var trees []Tree
	for i, raw := range entries {
		d, err := exchange.Read(raw, limits)
		if err != nil {
			out.Skipped = append(out.Skipped, Skipped{Index: i, Title: d.Title, Reason: fault.From(err).Message})
			continue
		}
		trees = append(trees, s.plant(sc, d))
	}
	out.Imported = len(trees)
	return out, s.insertAll(ctx, sc, trees, func(*store.Tx, *Tree) error { return nil })
}

// plant makes a conversation of a document that was read.
func (s *Store) plant(sc chat.Scope, d exchange.Document) Tree {
	t := Tree{Conversation: s.fresh(sc, d.Title), Messages: make([]Message, len(d.Messages))}
	t.Pinned, t.CreatedAt, t.UpdatedAt = d.Pinned, d.CreatedAt, d.UpdatedAt
	if d.Archived {
		t.Status = Archived
	}
	for i, m := range d.Messages {
		t.Messages[i] = Message{
			ID: chat.NewID("msg"), Role: m.Role, Text: m.Text, Model: m.Model, Status: Complete, Finish: m.Finish,
			Tokens: m.Tokens, Latency: m.Latency, CreatedAt: m.CreatedAt, EditedAt: m.EditedAt,
		}
		if m.Parent >= 0 {
			t.Messages[i].Parent = t.Messages[m.Parent].ID
		}
		if m.Role == chat.Assistant {
			t.Messages[i].Status = Status(m.Status)
		}
	}
	t.Leaf = t.Messages[d.Leaf].ID
	return t
}

// insertAll saves whole conversations in one transaction, each after a last look by before. Texts are sealed
// before it begins, so that other writers do not wait for that.
func (s *Store) insertAll(ctx context.Context, sc chat.Scope, trees []Tree, before func(tx *store.Tx, t *Tree) error) error {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil || len(trees) == 0 {
		return err
	}
	var rows [][]any
	for _, t := range trees {
		for _, m := range t.Messages {
			row, err := sealed(box, sc, t.ID, m)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	return s.db.WithTx(ctx, func(tx *store.Tx) error {
		for i := range trees {
			if err := before(tx, &trees[i]); err != nil {
				return err
			}
			if err := insertConversation(ctx, tx, box, trees[i].Conversation); err != nil {
				return err
			}
		}
		for some := range slices.Chunk(rows, insertRows) {
			query := insertMessages + strings.TrimSuffix(strings.Repeat(insertMark, len(some)), ",")
			if _, err := tx.Exec(ctx, query, slices.Concat(some...)...); err != nil {
				return fmt.Errorf("insert messages: %w", err)
			}
		}
		return nil
	})
}

// insertRows is how many messages one statement inserts: far fewer values than either database takes.
const (
	insertRows     = 50
	insertMessages = `INSERT INTO messages (id, tenant_id, user_id, conversation_id, parent_id, role, text, model, status,
		finish_reason, tokens, latency_ms, safety_flags, sources, grounding, created_at, edited_at) VALUES `
	insertMark = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?),`
)

// sealed is a message as values of insertMessages.
func sealed(box secrets.Box, sc chat.Scope, conversation string, m Message) ([]any, error) {
	text, err := box.Seal([]byte(m.Text), textAAD(m.ID))
	if err != nil {
		return nil, err
	}
	flags, err := json.Marshal(append([]string{}, m.SafetyFlags...))
	if err != nil {
		return nil, fmt.Errorf("write safety flags: %w", err)
	}
	sources, err := sealPart(box, m.ID, "sources", m.Sources, len(m.Sources) > 0)
	if err != nil {
		return nil, err
	}
	grounding, err := sealPart(box, m.ID, "grounding", m.Grounding, m.Grounding != nil)
	if err != nil {
		return nil, err
	}
	edited := int64(0)
	if !m.EditedAt.IsZero() {
		edited = store.Millis(m.EditedAt)
	}
	return []any{
		m.ID, sc.Tenant, sc.User, conversation, m.Parent, m.Role, text, m.Model, m.Status,
		m.Finish, m.Tokens, m.Latency, string(flags), sources, grounding, store.Millis(m.CreatedAt), edited,
	}, nil
}
