package knowledge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Library keeps files, bases, documents and passages. It is safe for many goroutines. What the caller may not read is
// fault.NotFound, and so is another tenant's; what they may read and not change is fault.Forbidden.
type Library struct {
	db   *store.DB
	keys *secrets.Keyring
	cfg  Config
	log  *zap.Logger
	wake chan struct{} // there is work
	// Now is the clock; tests may set it before the first use.
	Now func() time.Time
}

// New makes a Library.
func New(db *store.DB, keys *secrets.Keyring, cfg Config, log *zap.Logger) *Library {
	return &Library{db: db, keys: keys, cfg: cfg, log: log, wake: make(chan struct{}, 1), Now: time.Now}
}

type baseRow struct {
	ID        string `db:"id"`
	Tenant    string `db:"tenant_id"`
	User      string `db:"user_id"`
	Class     uint32 `db:"class"`
	Name      []byte `db:"name"`
	About     []byte `db:"about"`
	Metadata  []byte `db:"metadata"`
	CreatedAt int64  `db:"created_at"`
	UpdatedAt int64  `db:"updated_at"`
}

const baseColumns = `b.id, b.tenant_id, b.user_id, b.class, b.name, b.about, b.metadata, b.created_at, b.updated_at`

func baseAAD(id, column string) []byte { return secrets.AAD("knowledge_bases", id, column) }

// seal puts what a base is into its row.
func (r *baseRow) seal(box secrets.Box, n NewBase) (err error) {
	if n.Metadata == nil {
		n.Metadata = map[string]string{}
	}
	metadata, err := json.Marshal(n.Metadata)
	if err != nil {
		return err
	}
	if r.Name, err = box.Seal([]byte(n.Name), baseAAD(r.ID, "name")); err != nil {
		return err
	}
	if r.About, err = box.Seal([]byte(n.About), baseAAD(r.ID, "about")); err != nil {
		return err
	}
	r.Metadata, err = box.Seal(metadata, baseAAD(r.ID, "metadata"))
	return err
}

func (r baseRow) open(box secrets.Box) (n NewBase, err error) {
	name, err := box.Open(r.Name, baseAAD(r.ID, "name"))
	if err != nil {
		return n, err
	}
	about, err := box.Open(r.About, baseAAD(r.ID, "about"))
	if err != nil {
		return n, err
	}
	metadata, err := box.Open(r.Metadata, baseAAD(r.ID, "metadata"))
	if err != nil {
		return n, err
	}
	n.Name, n.About = string(name), string(about)
	return n, json.Unmarshal(metadata, &n.Metadata)
}

type grantRow struct {
	Base    string `db:"base_id"`
	Kind    string `db:"kind"`
	Subject string `db:"subject"`
	Access  string `db:"access"`
}

// may is what somebody may do with a base.
type may struct{ read, write, own bool }

// rights says what grants give. The owner may everything, whatever they say; a denial beats what others give. Nobody's role
// gives any right to read.
func rights(sc chat.Scope, owner string, grants []Grant) (m may) {
	if owner == sc.User {
		return may{true, true, true}
	}
	for _, g := range grants {
		if !concerns(g, sc) {
			continue
		}
		switch g.Access {
		case Deny:
			return may{}
		case Write:
			m.read, m.write = true, true
		case Read:
			m.read = true
		}
	}
	return m
}

func concerns(g Grant, sc chat.Scope) bool {
	switch g.Kind {
	case Everyone:
		return true
	case Group:
		return slices.Contains(sc.Groups, g.Subject)
	case User:
		return g.Subject == sc.User
	}
	return false
}

// held is a base with its grants, as the database has them.
type held struct {
	baseRow
	grants []Grant
}

// all reads the tenant's bases, or the one with this id.
func all(ctx context.Context, q store.Queryer, tenant, id string) ([]held, error) {
	var rows []baseRow
	err := q.Select(ctx, &rows, `SELECT `+baseColumns+` FROM knowledge_bases b WHERE b.tenant_id = ? AND (? = '' OR b.id = ?) ORDER BY b.created_at, b.id`,
		tenant, id, id)
	if err != nil {
		return nil, fmt.Errorf("list knowledge bases: %w", err)
	}
	var grants []grantRow
	err = q.Select(ctx, &grants, `SELECT g.base_id, g.kind, g.subject, g.access FROM knowledge_grants g JOIN knowledge_bases b ON b.id = g.base_id
		WHERE b.tenant_id = ? AND (? = '' OR b.id = ?) ORDER BY g.kind, g.subject`, tenant, id, id)
	if err != nil {
		return nil, fmt.Errorf("list grants: %w", err)
	}
	list, at := make([]held, len(rows)), map[string]int{}
	for i, r := range rows {
		list[i], at[r.ID] = held{baseRow: r, grants: []Grant{}}, i
	}
	for _, g := range grants {
		if i, ok := at[g.Base]; ok {
			list[i].grants = append(list[i].grants, Grant{Subject(g.Kind), g.Subject, Access(g.Access)})
		}
	}
	return list, nil
}

// readable are the bases that the scope may read.
func (l *Library) readable(ctx context.Context, sc chat.Scope) ([]held, error) {
	list, err := all(ctx, l.db, sc.Tenant, "")
	return slices.DeleteFunc(list, func(h held) bool { return !rights(sc, h.User, h.grants).read }), err
}

// base reads one that the scope may read.
func base(ctx context.Context, q store.Queryer, sc chat.Scope, id string) (held, may, error) {
	if id == "" {
		return held{}, may{}, noBase(id)
	}
	list, err := all(ctx, q, sc.Tenant, id)
	if err != nil {
		return held{}, may{}, err
	}
	if len(list) == 0 {
		return held{}, may{}, noBase(id)
	}
	m := rights(sc, list[0].User, list[0].grants)
	if !m.read {
		return held{}, may{}, noBase(id)
	}
	return list[0], m, nil
}

func noBase(id string) error { return fault.NotFound("there is no knowledge base %q", id) }

// writable reads a base that the scope may write to, and keeps others from changing it until the transaction ends.
func writable(ctx context.Context, tx *store.Tx, sc chat.Scope, id string) (held, may, error) {
	if _, err := tx.Exec(ctx, `UPDATE knowledge_bases SET updated_at = updated_at WHERE id = ? AND tenant_id = ?`, id, sc.Tenant); err != nil {
		return held{}, may{}, fmt.Errorf("lock knowledge base %s: %w", id, err)
	}
	h, m, err := base(ctx, tx, sc, id)
	if err == nil && !m.write {
		err = fault.Forbidden("you may read this knowledge base and not change it: ask its owner").OfKind("read_only")
	}
	return h, m, err
}

// Bases lists what the scope may read, the oldest first.
func (l *Library) Bases(ctx context.Context, sc chat.Scope) ([]Base, error) {
	list, err := l.readable(ctx, sc)
	if err != nil {
		return nil, err
	}
	return l.tell(ctx, sc, list)
}

// Base reads one.
func (l *Library) Base(ctx context.Context, sc chat.Scope, id string) (Base, error) {
	h, _, err := base(ctx, l.db, sc, id)
	if err != nil {
		return Base{}, err
	}
	list, err := l.tell(ctx, sc, []held{h})
	if err != nil {
		return Base{}, err
	}
	return list[0], nil
}

// tell opens rows for their reader. Grants are for those who may change them.
func (l *Library) tell(ctx context.Context, sc chat.Scope, list []held) ([]Base, error) {
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	var counts []struct {
		Base  string `db:"base_id"`
		State string `db:"state"`
		N     int    `db:"n"`
		Bytes int64  `db:"bytes"`
	}
	err = l.db.Select(ctx, &counts, `SELECT d.base_id, d.state, COUNT(*) AS n, SUM(f.bytes) AS bytes FROM documents d JOIN files f ON f.id = d.file_id
		WHERE d.tenant_id = ? GROUP BY d.base_id, d.state`, sc.Tenant)
	if err != nil {
		return nil, fmt.Errorf("count documents: %w", err)
	}
	out := make([]Base, len(list))
	for i, h := range list {
		n, err := h.open(box)
		if err != nil {
			return nil, err
		}
		m := rights(sc, h.User, h.grants)
		b := Base{ID: h.ID, User: h.User, Name: n.Name, About: n.About, Metadata: n.Metadata, Grants: []Grant{}, MayWrite: m.write, MayOwn: m.own,
			CreatedAt: store.Time(h.CreatedAt), UpdatedAt: store.Time(h.UpdatedAt)}
		if m.own {
			b.Grants = h.grants
		}
		for _, c := range counts {
			if c.Base != h.ID {
				continue
			}
			b.Bytes += c.Bytes
			switch State(c.State) {
			case Ready:
				b.Files.Ready += c.N
			case Failed:
				b.Files.Failed += c.N
			case Queued, Extracting, Embedding:
				b.Files.Waiting += c.N
			}
		}
		out[i] = b
	}
	return out, nil
}

// Create makes a base of the scope's own.
func (l *Library) Create(ctx context.Context, sc chat.Scope, n NewBase) (Base, error) {
	n, err := n.check()
	if err != nil {
		return Base{}, err
	}
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Base{}, err
	}
	now := store.Millis(l.Now())
	r := baseRow{ID: chat.NewID("vs"), Tenant: sc.Tenant, User: sc.User, CreatedAt: now, UpdatedAt: now}
	if err := r.seal(box, n); err != nil {
		return Base{}, err
	}
	err = l.db.WithTx(ctx, func(tx *store.Tx) error {
		var have int
		if err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM knowledge_bases WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User); err != nil {
			return fmt.Errorf("count knowledge bases: %w", err)
		}
		if have >= maxBases {
			return fault.Conflict("one can have %d knowledge bases: delete one first", maxBases)
		}
		t, err := tick(ctx, tx, sc.Tenant, 0, 1)
		if err != nil {
			return err
		}
		r.Class = uint32(t.Class) //nolint:gosec // a count
		_, err = tx.Exec(ctx, `INSERT INTO knowledge_bases (id, tenant_id, user_id, class, name, about, metadata, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.ID, r.Tenant, r.User, r.Class, r.Name, r.About, r.Metadata, r.CreatedAt, r.UpdatedAt)
		if err != nil {
			return fmt.Errorf("insert knowledge base: %w", err)
		}
		return putGrants(ctx, tx, r.ID, n.Grants)
	})
	if err != nil {
		return Base{}, err
	}
	return l.Base(ctx, sc, r.ID)
}

func putGrants(ctx context.Context, tx *store.Tx, base string, grants []Grant) error {
	if _, err := tx.Exec(ctx, `DELETE FROM knowledge_grants WHERE base_id = ?`, base); err != nil {
		return fmt.Errorf("replace grants: %w", err)
	}
	for _, g := range grants {
		if _, err := tx.Exec(ctx, `INSERT INTO knowledge_grants (base_id, kind, subject, access) VALUES (?, ?, ?, ?)`, base, g.Kind, g.Subject, g.Access); err != nil {
			return fmt.Errorf("insert grant: %w", err)
		}
	}
	return nil
}

var errNotOwner = fault.Forbidden("only its owner may change or delete a knowledge base").OfKind("not_owner")

// Update changes a base of the scope's own. Changed grants count from the next query on.
func (l *Library) Update(ctx context.Context, sc chat.Scope, id string, p Patch) (Base, error) {
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Base{}, err
	}
	err = l.db.WithTx(ctx, func(tx *store.Tx) error {
		h, m, err := writable(ctx, tx, sc, id)
		if err != nil {
			return err
		}
		if !m.own {
			return errNotOwner
		}
		n, err := h.open(box)
		if err != nil {
			return err
		}
		n.Grants = h.grants
		set(&n.Name, p.Name)
		set(&n.About, p.About)
		set(&n.Metadata, p.Metadata)
		set(&n.Grants, p.Grants)
		if n, err = n.check(); err != nil {
			return err
		}
		if err := h.seal(box, n); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE knowledge_bases SET name = ?, about = ?, metadata = ?, updated_at = ? WHERE id = ?`,
			h.Name, h.About, h.Metadata, store.Millis(l.Now()), h.ID)
		if err != nil {
			return fmt.Errorf("update knowledge base %s: %w", id, err)
		}
		return putGrants(ctx, tx, id, n.Grants)
	})
	if err != nil {
		return Base{}, err
	}
	return l.Base(ctx, sc, id)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Delete removes a base of the scope's own with its documents. Their files stay, as they may be in other bases. It needs no
// key, so that what was shredded can go.
func (l *Library) Delete(ctx context.Context, sc chat.Scope, id string) error {
	return l.db.WithTx(ctx, func(tx *store.Tx) error {
		_, m, err := writable(ctx, tx, sc, id)
		if err != nil {
			return err
		}
		if !m.own {
			return errNotOwner
		}
		return deleteBase(ctx, tx, sc.Tenant, id)
	})
}

func deleteBase(ctx context.Context, tx *store.Tx, tenant, id string) error {
	if err := bury(ctx, tx, tenant, `document_id IN (SELECT id FROM documents WHERE base_id = ?)`, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM knowledge_bases WHERE id = ? AND tenant_id = ?`, id, tenant); err != nil {
		return fmt.Errorf("delete knowledge base %s: %w", id, err)
	}
	return nil
}

// DeleteAll removes a user's files and bases, in the transaction that removes the user. A base that others were given
// outlives its owner, with the files in it: those who may write to it go on with it.
func (l *Library) DeleteAll(ctx context.Context, tx *store.Tx, sc chat.Scope) error {
	list, err := all(ctx, tx, sc.Tenant, "")
	if err != nil {
		return err
	}
	for _, h := range list {
		shared := slices.ContainsFunc(h.grants, func(g Grant) bool { return g.Access != Deny })
		if h.User != sc.User || shared {
			continue
		}
		if err := deleteBase(ctx, tx, sc.Tenant, h.ID); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM files WHERE tenant_id = ? AND user_id = ? AND id NOT IN (SELECT file_id FROM documents WHERE tenant_id = ?)`,
		sc.Tenant, sc.User, sc.Tenant)
	if err != nil {
		return fmt.Errorf("delete files of user %s: %w", sc.User, err)
	}
	return nil
}

// clock gives the tenant's numbers.
type clock struct {
	Seq     int64 `db:"seq"`
	Passage int64 `db:"passage"`
	Class   int64 `db:"class"`
}

// tick gives the next numbers: one for the log, and the last of so many for passages and classes. Whoever has one keeps
// others waiting until the transaction ends, so that the log's numbers are in the order in which they can be seen.
func tick(ctx context.Context, tx *store.Tx, tenant string, passages, classes int) (c clock, err error) {
	_, err = tx.Exec(ctx, `INSERT INTO knowledge_clocks (tenant_id, seq, passage, class) VALUES (?, 0, 0, 0) ON CONFLICT (tenant_id) DO NOTHING`, tenant)
	if err == nil {
		err = tx.Get(ctx, &c, `UPDATE knowledge_clocks SET seq = seq + 1, passage = passage + ?, class = class + ? WHERE tenant_id = ?
			RETURNING seq, passage, class`, passages, classes, tenant)
	}
	if err != nil {
		return c, fmt.Errorf("next number: %w", err)
	}
	return c, nil
}

// bury deletes passages, and leaves a line for the indexes.
func bury(ctx context.Context, tx *store.Tx, tenant, where string, args ...any) error {
	c, err := tick(ctx, tx, tenant, 0, 0)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE passages SET live = 0, seq = ?, heading = NULL, text = NULL, vectors = NULL, tokens = NULL WHERE tenant_id = ? AND live = 1 AND `+where,
		append([]any{c.Seq, tenant}, args...)...)
	if err != nil {
		return fmt.Errorf("delete passages: %w", err)
	}
	return nil
}

func isMissing(err error) bool { return errors.Is(err, sql.ErrNoRows) }
