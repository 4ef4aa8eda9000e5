package conversation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Store keeps conversations in the tables conversations, messages and folders. It is safe for many goroutines.
// Every method but Interrupted and Sweep reads and writes what belongs to its scope's user, and gives
// fault.NotFound for everything else. When the tenant's key was destroyed, whatever needs a text gives
// fault.Conflict with secrets.KindDestroyed.
type Store struct {
	db   *store.DB
	keys *secrets.Keyring
	cfg  Config
	// Now is the clock; tests may set it before the first use.
	Now func() time.Time
}

// New makes a Store.
func New(db *store.DB, keys *secrets.Keyring, cfg Config) *Store {
	return &Store{db: db, keys: keys, cfg: cfg, Now: time.Now}
}

const conversationColumns = `id, tenant_id, user_id, title, title_by, status, pinned, leaf_id, retention_days,
	folder_id, temporary, created_at, updated_at`

type conversationRow struct {
	ID        string `db:"id"`
	Tenant    string `db:"tenant_id"`
	User      string `db:"user_id"`
	Title     []byte `db:"title"`
	TitleBy   string `db:"title_by"`
	Status    string `db:"status"`
	Pinned    int    `db:"pinned"`
	Leaf      string `db:"leaf_id"`
	Retention int    `db:"retention_days"`
	Folder    string `db:"folder_id"`
	Temporary int    `db:"temporary"`
	CreatedAt int64  `db:"created_at"`
	UpdatedAt int64  `db:"updated_at"`
}

func (r conversationRow) open(box secrets.Box) (Conversation, error) {
	title, err := box.Open(r.Title, titleAAD(r.ID))
	if err != nil {
		return Conversation{}, err
	}
	return Conversation{
		ID: r.ID, Tenant: r.Tenant, User: r.User, Title: string(title), TitleBy: TitleBy(r.TitleBy),
		Status: State(r.Status), Pinned: r.Pinned != 0, Leaf: r.Leaf, Retention: retentionOf(r.Retention),
		Folder: r.Folder, Temporary: r.Temporary != 0, CreatedAt: store.Time(r.CreatedAt), UpdatedAt: store.Time(r.UpdatedAt),
	}, nil
}

const messageColumns = `id, tenant_id, user_id, conversation_id, parent_id, role, text, model, status, finish_reason, tokens, latency_ms, ` +
	`safety_flags, sources, grounding, created_at, edited_at, rating, rating_reason, rating_comment, rated_at`

type messageRow struct {
	ID            string `db:"id"`
	Tenant        string `db:"tenant_id"`
	User          string `db:"user_id"`
	Conversation  string `db:"conversation_id"`
	Parent        string `db:"parent_id"`
	Role          string `db:"role"`
	Text          []byte `db:"text"`
	Model         string `db:"model"`
	Status        string `db:"status"`
	Finish        string `db:"finish_reason"`
	Tokens        int    `db:"tokens"`
	Latency       int64  `db:"latency_ms"`
	SafetyFlags   string `db:"safety_flags"`
	Sources       []byte `db:"sources"`
	Grounding     []byte `db:"grounding"`
	CreatedAt     int64  `db:"created_at"`
	EditedAt      int64  `db:"edited_at"`
	Rating        int    `db:"rating"`
	RatingReason  string `db:"rating_reason"`
	RatingComment []byte `db:"rating_comment"`
	RatedAt       int64  `db:"rated_at"`
}

func (r messageRow) open(box secrets.Box) (Message, error) {
	text, err := box.Open(r.Text, textAAD(r.ID))
	if err != nil {
		return Message{}, err
	}
	m := Message{
		ID: r.ID, Tenant: r.Tenant, User: r.User, Conversation: r.Conversation, Parent: r.Parent,
		Role: chat.Speaker(r.Role), Text: string(text), Model: r.Model, Status: Status(r.Status),
		Finish: chat.Finish(r.Finish), Tokens: r.Tokens, Latency: r.Latency, SafetyFlags: []string{}, Sources: []chat.Source{},
		CreatedAt: store.Time(r.CreatedAt), EditedAt: store.Time(r.EditedAt),
	}
	if r.SafetyFlags != "[]" {
		if err := json.Unmarshal([]byte(r.SafetyFlags), &m.SafetyFlags); err != nil {
			return Message{}, fmt.Errorf("read safety flags of %s: %w", r.ID, err)
		}
	}
	if err := openPart(box, r.ID, "sources", r.Sources, &m.Sources); err != nil {
		return Message{}, err
	}
	if err := openPart(box, r.ID, "grounding", r.Grounding, &m.Grounding); err != nil {
		return Message{}, err
	}
	if m.Feedback, err = r.feedback(box); err != nil {
		return Message{}, err
	}
	return m, nil
}

func titleAAD(id string) []byte { return secrets.AAD("conversations", id, "title") }
func textAAD(id string) []byte  { return secrets.AAD("messages", id, "text") }

// sealPart is what is stored of a part of a message that is no text: nil where it has none.
func sealPart(box secrets.Box, id, column string, part any, has bool) ([]byte, error) {
	if !has {
		return nil, nil
	}
	text, err := json.Marshal(part)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", column, err)
	}
	return box.Seal(text, secrets.AAD("messages", id, column))
}

func openPart(box secrets.Box, id, column string, sealed []byte, into any) error {
	if sealed == nil {
		return nil
	}
	text, err := box.Open(sealed, secrets.AAD("messages", id, column))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s of %s: %w", column, id, err)
	}
	return nil
}

func openAll[R interface {
	open(box secrets.Box) (T, error)
}, T any](box secrets.Box, rows []R) ([]T, error) {
	all := make([]T, 0, len(rows))
	for _, r := range rows {
		v, err := r.open(box)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// Create makes an empty conversation. An empty title waits for a generated one.
func (s *Store) Create(ctx context.Context, sc chat.Scope, title string) (Conversation, error) {
	title, err := checkTitle(title)
	if err != nil {
		return Conversation{}, err
	}
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Conversation{}, err
	}
	c := s.fresh(sc, title)
	return c, insertConversation(ctx, s.db, box, c)
}

func (s *Store) fresh(sc chat.Scope, title string) Conversation {
	now := store.Time(store.Millis(s.Now()))
	c := Conversation{
		ID: chat.NewID("conv"), Tenant: sc.Tenant, User: sc.User, Title: title,
		Status: Active, Retention: Keep, CreatedAt: now, UpdatedAt: now,
	}
	if title != "" {
		c.TitleBy = TitleUser
	}
	return c
}

func insertConversation(ctx context.Context, q store.Queryer, box secrets.Box, c Conversation) error {
	title, err := box.Seal([]byte(c.Title), titleAAD(c.ID))
	if err != nil {
		return err
	}
	days, err := c.Retention.days()
	if err != nil {
		return err
	}
	_, err = q.Exec(ctx, `INSERT INTO conversations (id, tenant_id, user_id, title, title_by, status, pinned, leaf_id,
		retention_days, folder_id, temporary, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.Tenant, c.User, title, c.TitleBy, c.Status, bit(c.Pinned), c.Leaf, days, c.Folder, bit(c.Temporary),
		store.Millis(c.CreatedAt), store.Millis(c.UpdatedAt))
	if err != nil {
		return fmt.Errorf("insert conversation: %w", err)
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Get returns one conversation.
func (s *Store) Get(ctx context.Context, sc chat.Scope, id string) (Conversation, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Conversation{}, err
	}
	row, err := getConversation(ctx, s.db, sc, id)
	if err != nil {
		return Conversation{}, err
	}
	return row.open(box)
}

func getConversation(ctx context.Context, q store.Queryer, sc chat.Scope, id string) (row conversationRow, err error) {
	err = q.Get(ctx, &row, `SELECT `+conversationColumns+` FROM conversations WHERE id = ? AND tenant_id = ? AND user_id = ?`,
		id, sc.Tenant, sc.User)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.NotFound("there is no conversation %s", id).At("conversation_id")
	}
	if err != nil {
		return row, fmt.Errorf("load conversation %s: %w", id, err)
	}
	return row, nil
}

// Update changes a conversation and returns it as it is then. Only a new title counts as a change that
// moves it to the top of the list; pinning, archiving, filing and choosing a branch do not.
func (s *Store) Update(ctx context.Context, sc chat.Scope, id string, p Patch) (Conversation, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Conversation{}, err
	}
	var row conversationRow
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if row, err = getConversation(ctx, tx, sc, id); err != nil {
			return err
		}
		if err := s.patch(ctx, tx, sc, box, &row, p); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE conversations SET title = ?, title_by = ?, status = ?, pinned = ?, leaf_id = ?,
			retention_days = ?, folder_id = ?, updated_at = ? WHERE id = ? AND tenant_id = ? AND user_id = ?`,
			row.Title, row.TitleBy, row.Status, row.Pinned, row.Leaf, row.Retention, row.Folder, row.UpdatedAt, id, sc.Tenant, sc.User)
		if err != nil {
			return fmt.Errorf("update conversation %s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return Conversation{}, err
	}
	return row.open(box)
}

func (s *Store) patch(ctx context.Context, tx *store.Tx, sc chat.Scope, box secrets.Box, row *conversationRow, p Patch) error {
	if p.Title != nil {
		title, err := checkTitle(*p.Title)
		if err != nil {
			return err
		}
		if title == "" {
			return fault.Invalid("a title must not be empty").At("title")
		}
		if row.Title, err = box.Seal([]byte(title), titleAAD(row.ID)); err != nil {
			return err
		}
		row.TitleBy, row.UpdatedAt = string(TitleUser), store.Millis(s.Now())
	}
	if p.State != nil {
		if *p.State != Active && *p.State != Archived {
			return fault.Invalid(`status is "active" or "archived", not %q`, *p.State).At("status")
		}
		row.Status = string(*p.State)
	}
	if p.Pinned != nil {
		row.Pinned = bit(*p.Pinned)
	}
	if p.Retention != nil {
		days, err := p.Retention.days()
		if err != nil {
			return err
		}
		row.Retention = days
	}
	if p.Leaf != nil {
		if _, err := getMessageIn(ctx, tx, sc, row.ID, *p.Leaf, "leaf_id"); err != nil {
			return err
		}
		row.Leaf = *p.Leaf
	}
	if p.Folder != nil {
		if err := file(ctx, tx, sc, row, *p.Folder); err != nil {
			return err
		}
	}
	return nil
}

// SetTitle gives a generated title, unless the user has chosen one. It does not move the conversation in
// the list.
func (s *Store) SetTitle(ctx context.Context, sc chat.Scope, id, title string) error {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return err
	}
	if r := []rune(title); len(r) > MaxTitleRunes {
		title = string(r[:MaxTitleRunes])
	}
	if title, err = checkTitle(title); err != nil {
		return err
	}
	sealed, err := box.Seal([]byte(title), titleAAD(id))
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `UPDATE conversations SET title = ?, title_by = ?
		WHERE id = ? AND tenant_id = ? AND user_id = ? AND title_by <> ?`,
		sealed, TitleModel, id, sc.Tenant, sc.User, TitleUser)
	if err != nil {
		return fmt.Errorf("set title of %s: %w", id, err)
	}
	return nil
}
