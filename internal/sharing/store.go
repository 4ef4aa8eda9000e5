package sharing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Store keeps the shares, in the table shares. It is safe for many goroutines.
type Store struct {
	db       *store.DB
	keys     *secrets.Keyring
	cfg      Config
	branches Branches
	people   People
	redact   Redact
	// Now is the clock; tests may set it before the first use.
	Now func() time.Time
}

// New makes a Store.
func New(db *store.DB, keys *secrets.Keyring, cfg Config, branches Branches, people People, redact Redact) *Store {
	return &Store{db: db, keys: keys, cfg: cfg, branches: branches, people: people, redact: redact, Now: time.Now}
}

// PublicLinks reports whether the audience Link may be chosen.
func (s *Store) PublicLinks() bool { return s.cfg.PublicLinks }

const columns = `id, tenant_id, user_id, conversation_id, audience, title, message_count, redacted, created_at, expires_at`

type row struct {
	ID           string `db:"id"`
	Tenant       string `db:"tenant_id"`
	User         string `db:"user_id"`
	Conversation string `db:"conversation_id"`
	Audience     string `db:"audience"`
	Title        []byte `db:"title"`
	Messages     []byte `db:"messages"` // only where it is asked for
	Count        int    `db:"message_count"`
	Redacted     int    `db:"redacted"`
	CreatedAt    int64  `db:"created_at"`
	ExpiresAt    int64  `db:"expires_at"`
}

func (r row) open(box secrets.Box) (Share, error) {
	title, err := box.Open(r.Title, aad(r.ID, "title"))
	if err != nil {
		return Share{}, err
	}
	return Share{
		ID: r.ID, Conversation: r.Conversation, Title: string(title), Audience: Audience(r.Audience), Redacted: r.Redacted,
		CreatedAt: store.Time(r.CreatedAt), ExpiresAt: store.Time(r.ExpiresAt), Messages: r.Count,
	}, nil
}

func aad(id, column string) []byte { return secrets.AAD("shares", id, column) }

// hashToken is how a token is kept: it is 256 random bits, so that one fast hash is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Create makes a share and returns it with the token of its address, which is not told again.
func (s *Store) Create(ctx context.Context, sc chat.Scope, r Request) (Share, string, error) {
	draft, err := s.Preview(ctx, sc, r)
	if err != nil {
		return Share{}, "", err
	}
	now := store.Time(store.Millis(s.Now()))
	share := Share{
		ID: chat.NewID("shr"), Conversation: r.Conversation, Title: draft.Title, Audience: r.Audience, Redacted: draft.redacted(),
		CreatedAt: now, ExpiresAt: now.AddDate(0, 0, r.Days), Messages: len(draft.Messages),
	}
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Share{}, "", err
	}
	title, err := box.Seal([]byte(draft.Title), aad(share.ID, "title"))
	if err != nil {
		return Share{}, "", err
	}
	plain, err := json.Marshal(draft.Messages)
	if err != nil {
		return Share{}, "", fmt.Errorf("write shared messages: %w", err)
	}
	messages, err := box.Seal(plain, aad(share.ID, "messages"))
	if err != nil {
		return Share{}, "", err
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	token := base64.RawURLEncoding.EncodeToString(random[:])
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		var have int
		err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM shares WHERE tenant_id = ? AND user_id = ? AND expires_at > ?`,
			sc.Tenant, sc.User, store.Millis(now))
		if err != nil {
			return fmt.Errorf("count shares: %w", err)
		}
		if have >= maxOpen {
			return fault.Conflict("one can have %d shares at a time: revoke one first", maxOpen)
		}
		_, err = tx.Exec(ctx, `INSERT INTO shares (`+columns+`, token_hash, messages) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			share.ID, sc.Tenant, sc.User, r.Conversation, r.Audience, title, share.Messages, share.Redacted,
			store.Millis(share.CreatedAt), store.Millis(share.ExpiresAt), hashToken(token), messages)
		return err
	})
	if err != nil {
		// The conversation may have been deleted after it was read, and the row then has nothing to hang on.
		if _, gone := s.branches.Branch(ctx, sc, r.Conversation, r.Leaf); fault.Is(gone, fault.CodeNotFound) {
			return Share{}, "", gone
		}
		return Share{}, "", fmt.Errorf("create share: %w", err)
	}
	return share, token, nil
}

// List returns the scope's own shares that have not ended, newest first.
func (s *Store) List(ctx context.Context, sc chat.Scope) ([]Share, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []row
	err = s.db.Select(ctx, &rows, `SELECT `+columns+` FROM shares WHERE tenant_id = ? AND user_id = ? AND expires_at > ?
		ORDER BY created_at DESC, id DESC`, sc.Tenant, sc.User, store.Millis(s.Now()))
	if err != nil {
		return nil, fmt.Errorf("list shares: %w", err)
	}
	list := make([]Share, len(rows))
	for i, r := range rows {
		if list[i], err = r.open(box); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Revoke ends one of the scope's own shares. It needs no key, so that what was shredded can go.
func (s *Store) Revoke(ctx context.Context, sc chat.Scope, id string) error {
	n, err := s.db.Exec(ctx, `DELETE FROM shares WHERE id = ? AND tenant_id = ? AND user_id = ?`, id, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("revoke share %s: %w", id, err)
	}
	if n == 0 {
		return fault.NotFound("there is no share %s", id)
	}
	return nil
}

// Open returns the copy behind a token. reader is who asks, the zero Scope for a guest. Whatever is not
// to be read gives the same fault.NotFound, whether it never was, has ended or is another tenant's; only
// a guest who may have to sign in first is told so, with fault.Unauthenticated.
func (s *Store) Open(ctx context.Context, token string, reader chat.Scope) (Shared, error) {
	shared, err := s.open(ctx, token, reader)
	if f := fault.From(err); f != nil && (f.Code == fault.CodeNotFound || f.Kind == secrets.KindDestroyed) {
		return Shared{}, fault.NotFound("nothing is shared at this address: the share has ended, or never was").OfKind("share_not_found")
	}
	return shared, err
}

func (s *Store) open(ctx context.Context, token string, reader chat.Scope) (Shared, error) {
	none := fault.NotFound("there is no such share")
	var r row
	err := s.db.Get(ctx, &r, `SELECT `+columns+`, messages FROM shares WHERE token_hash = ? AND expires_at > ?`,
		hashToken(token), store.Millis(s.Now()))
	if errors.Is(err, sql.ErrNoRows) {
		return Shared{}, none
	}
	if err != nil {
		return Shared{}, fmt.Errorf("load share: %w", err)
	}
	person, err := s.people.Person(ctx, chat.Scope{Tenant: r.Tenant, User: r.User})
	if err != nil {
		return Shared{}, err
	}
	switch {
	case Audience(r.Audience) == Link && s.cfg.PublicLinks:
	case Audience(r.Audience) != Tenant:
		return Shared{}, none
	case reader.Tenant == "":
		return Shared{}, fault.Unauthenticated("this is shared with a team: sign in to read it")
	case reader.Tenant != r.Tenant:
		return Shared{}, none
	}
	box, err := s.keys.Box(ctx, r.Tenant)
	if err != nil {
		return Shared{}, err
	}
	share, err := r.open(box)
	if err != nil {
		return Shared{}, err
	}
	plain, err := box.Open(r.Messages, aad(r.ID, "messages"))
	if err != nil {
		return Shared{}, err
	}
	out := Shared{
		Title: share.Title, Tenant: person.Tenant, SharedBy: person.Name, CreatedAt: share.CreatedAt, ExpiresAt: share.ExpiresAt,
		Messages: []SharedMessage{},
	}
	if err := json.Unmarshal(plain, &out.Messages); err != nil {
		return Shared{}, fmt.Errorf("read share %s: %w", r.ID, err)
	}
	return out, nil
}

// DeleteAll removes all that the scope's user has shared, in the transaction that removes the user.
func (s *Store) DeleteAll(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
	_, err := tx.Exec(ctx, `DELETE FROM shares WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("delete shares of user %s: %w", sc.User, err)
	}
	return nil
}

// Sweep deletes the shares of every tenant that have expired at now, and returns how many.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int64, error) {
	n, err := s.db.Exec(ctx, `DELETE FROM shares WHERE expires_at <= ?`, store.Millis(now))
	if err != nil {
		return 0, fmt.Errorf("delete expired shares: %w", err)
	}
	return n, nil
}
