package prompts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Names tells what a user is called. It gives fault.NotFound for who is gone.
type Names interface {
	Name(ctx context.Context, sc chat.Scope) (string, error)
}

// Store keeps the library, in the table prompts. It is safe for many goroutines. Somebody else's prompt
// that is not shared is fault.NotFound, and so is another tenant's.
type Store struct {
	db    *store.DB
	keys  *secrets.Keyring
	names Names
	// Now is the clock; tests may set it before the first use.
	Now func() time.Time
}

// NewStore makes a Store.
func NewStore(db *store.DB, keys *secrets.Keyring, names Names) *Store {
	return &Store{db: db, keys: keys, names: names, Now: time.Now}
}

const columns = `id, tenant_id, user_id, command, title, text, shared, created_at, updated_at`

type row struct {
	ID        string `db:"id"`
	Tenant    string `db:"tenant_id"`
	User      string `db:"user_id"`
	Command   string `db:"command"`
	Title     []byte `db:"title"`
	Text      []byte `db:"text"`
	Shared    int    `db:"shared"`
	CreatedAt int64  `db:"created_at"`
	UpdatedAt int64  `db:"updated_at"`
}

func aad(id, column string) []byte { return secrets.AAD("prompts", id, column) }

// open reads what a row holds, as its owner wrote it.
func (r row) open(box secrets.Box) (New, error) {
	title, err := box.Open(r.Title, aad(r.ID, "title"))
	if err != nil {
		return New{}, err
	}
	text, err := box.Open(r.Text, aad(r.ID, "text"))
	if err != nil {
		return New{}, err
	}
	return New{Command: r.Command, Title: string(title), Text: string(text), Shared: r.Shared != 0}, nil
}

// seal puts a prompt into the row.
func (r *row) seal(box secrets.Box, n New) (err error) {
	r.Command, r.Shared = n.Command, 0
	if n.Shared {
		r.Shared = 1
	}
	if r.Title, err = box.Seal([]byte(n.Title), aad(r.ID, "title")); err != nil {
		return err
	}
	r.Text, err = box.Seal([]byte(n.Text), aad(r.ID, "text"))
	return err
}

// List returns the scope's own prompts and those that are shared with it, by command; of two with one
// command the own one first.
func (s *Store) List(ctx context.Context, sc chat.Scope) ([]Prompt, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []row
	err = s.db.Select(ctx, &rows, `SELECT `+columns+` FROM prompts WHERE tenant_id = ? AND (user_id = ? OR shared = 1)
		ORDER BY command, CASE WHEN user_id = ? THEN 0 ELSE 1 END, id`, sc.Tenant, sc.User, sc.User)
	if err != nil {
		return nil, fmt.Errorf("list prompts: %w", err)
	}
	list, names := make([]Prompt, len(rows)), map[string]string{}
	for i, r := range rows {
		if list[i], err = s.tell(ctx, sc, box, r, names); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// tell opens a row for its reader. names keeps the owners' names that were asked for already.
func (s *Store) tell(ctx context.Context, sc chat.Scope, box secrets.Box, r row, names map[string]string) (Prompt, error) {
	n, err := r.open(box)
	if err != nil {
		return Prompt{}, err
	}
	name, known := names[r.User]
	if !known {
		name, err = s.names.Name(ctx, chat.Scope{Tenant: r.Tenant, User: r.User})
		if err != nil && !fault.Is(err, fault.CodeNotFound) {
			return Prompt{}, err
		}
		names[r.User] = name
	}
	return Prompt{
		ID: r.ID, Command: n.Command, Title: n.Title, Text: n.Text, Shared: n.Shared, Mine: r.User == sc.User, OwnerName: name,
		Variables: variables(n.Text), UpdatedAt: store.Time(r.UpdatedAt),
	}, nil
}

// Create makes a prompt of the scope's own. A command that the scope has already, or one that is shared
// where this is shared too, is fault.Conflict.
func (s *Store) Create(ctx context.Context, sc chat.Scope, n New) (Prompt, error) {
	n, err := n.check()
	if err != nil {
		return Prompt{}, err
	}
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Prompt{}, err
	}
	now := store.Millis(s.Now())
	r := row{ID: chat.NewID("prm"), Tenant: sc.Tenant, User: sc.User, CreatedAt: now, UpdatedAt: now}
	if err := r.seal(box, n); err != nil {
		return Prompt{}, err
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		var have int
		if err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM prompts WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User); err != nil {
			return fmt.Errorf("count prompts: %w", err)
		}
		if have >= maxOwn {
			return fault.Conflict("one can have %d prompts: delete one first", maxOwn)
		}
		_, err := tx.Exec(ctx, `INSERT INTO prompts (`+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.ID, r.Tenant, r.User, r.Command, r.Title, r.Text, r.Shared, r.CreatedAt, r.UpdatedAt)
		return err
	})
	if err != nil {
		return Prompt{}, taken(err, "create prompt", n)
	}
	return s.tell(ctx, sc, box, r, map[string]string{})
}

// Update changes a prompt: one's own, or as an admin one that is shared.
func (s *Store) Update(ctx context.Context, id chat.Identity, prompt string, p Patch) (Prompt, error) {
	box, err := s.keys.Box(ctx, id.Tenant)
	if err != nil {
		return Prompt{}, err
	}
	var r row
	var n New
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if r, err = changeable(ctx, tx, id, prompt); err != nil {
			return err
		}
		old, err := r.open(box)
		if err != nil {
			return err
		}
		if n, err = old.with(p).check(); err != nil {
			return err
		}
		if err := r.seal(box, n); err != nil {
			return err
		}
		r.UpdatedAt = store.Millis(s.Now())
		_, err = tx.Exec(ctx, `UPDATE prompts SET command = ?, title = ?, text = ?, shared = ?, updated_at = ? WHERE id = ? AND tenant_id = ?`,
			r.Command, r.Title, r.Text, r.Shared, r.UpdatedAt, r.ID, r.Tenant)
		return err
	})
	if err != nil {
		return Prompt{}, taken(err, "update prompt "+prompt, n)
	}
	return s.tell(ctx, id.Scope, box, r, map[string]string{})
}

// Delete removes a prompt: one's own, or as an admin one that is shared. It needs no key, so that what
// was shredded can go.
func (s *Store) Delete(ctx context.Context, id chat.Identity, prompt string) error {
	return s.db.WithTx(ctx, func(tx *store.Tx) error {
		if _, err := changeable(ctx, tx, id, prompt); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM prompts WHERE id = ? AND tenant_id = ?`, prompt, id.Tenant); err != nil {
			return fmt.Errorf("delete prompt %s: %w", prompt, err)
		}
		return nil
	})
}

// changeable reads a prompt that the caller may change, and keeps it as it is until the transaction ends.
func changeable(ctx context.Context, tx *store.Tx, id chat.Identity, prompt string) (r row, err error) {
	if _, err := tx.Exec(ctx, `UPDATE prompts SET updated_at = updated_at WHERE id = ? AND tenant_id = ?`, prompt, id.Tenant); err != nil {
		return row{}, fmt.Errorf("lock prompt %s: %w", prompt, err)
	}
	err = tx.Get(ctx, &r, `SELECT `+columns+` FROM prompts WHERE id = ? AND tenant_id = ? AND (user_id = ? OR shared = 1)`,
		prompt, id.Tenant, id.User)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return row{}, fault.NotFound("there is no prompt %s", prompt)
	case err != nil:
		return row{}, fmt.Errorf("load prompt %s: %w", prompt, err)
	case r.User != id.User && (!id.Role.AtLeast(chat.RoleAdmin) || !id.May(chat.MayAdmin)):
		return row{}, fault.Forbidden("a shared prompt is changed by its owner or an admin").OfKind("not_owner")
	}
	return r, nil
}

// taken gives the database's word that a command exists its fault.
func taken(err error, doing string, n New) error {
	switch {
	case !store.IsUnique(err):
		return fmt.Errorf("%s: %w", doing, err)
	case n.Shared:
		return fault.Conflict("the command %q is taken, by a prompt of yours or a shared one", n.Command).OfKind("command_taken").At("command")
	}
	return fault.Conflict("you have a prompt with the command %q already", n.Command).OfKind("command_taken").At("command")
}

// DeleteAll removes the scope's user's prompts, the shared ones too, in the transaction that removes the
// user.
func (s *Store) DeleteAll(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
	_, err := tx.Exec(ctx, `DELETE FROM prompts WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User)
	if err != nil {
		return fmt.Errorf("delete prompts of user %s: %w", sc.User, err)
	}
	return nil
}
