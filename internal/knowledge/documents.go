package knowledge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

type documentRow struct {
	ID         string `db:"id"`
	Tenant     string `db:"tenant_id"`
	Base       string `db:"base_id"`
	File       string `db:"file_id"`
	User       string `db:"user_id"`
	State      string `db:"state"`
	Kind       string `db:"kind"`
	Reason     string `db:"reason"`
	Title      []byte `db:"title"`
	Pages      string `db:"pages"`
	Attributes []byte `db:"attributes"`
	Done       int    `db:"done"`
	Passages   int    `db:"passages"`
	Attempts   int    `db:"attempts"`
	CreatedAt  int64  `db:"created_at"`

	FileName  []byte `db:"name"`
	FileBytes int64  `db:"bytes"`
}

// documents are read without their texts, which may be large.
const documentQuery = `SELECT d.id, d.tenant_id, d.base_id, d.file_id, d.user_id, d.state, d.kind, d.reason, d.title, d.pages, d.attributes, d.done, d.passages,
	d.attempts, d.created_at, f.name, f.bytes FROM documents d JOIN files f ON f.id = d.file_id `

func documentAAD(id, column string) []byte { return secrets.AAD("documents", id, column) }

func (r documentRow) open(box secrets.Box) (Document, error) {
	d := Document{ID: r.ID, Base: r.Base, File: r.File, State: State(r.State), Kind: r.Kind, Reason: r.Reason, Done: r.Done, Passages: r.Passages,
		Bytes: r.FileBytes, CreatedAt: store.Time(r.CreatedAt)}
	name, err := box.Open(r.FileName, secrets.AAD("files", r.File, "name"))
	if err != nil {
		return d, err
	}
	d.Name = string(name)
	if r.Title != nil {
		title, err := box.Open(r.Title, documentAAD(r.ID, "title"))
		if err != nil {
			return d, err
		}
		d.Title = string(title)
	}
	attributes, err := box.Open(r.Attributes, documentAAD(r.ID, "attributes"))
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(attributes, &d.Attributes); err != nil {
		return d, fmt.Errorf("attributes of %s: %w", r.ID, err)
	}
	var pages []int
	if err := json.Unmarshal([]byte(r.Pages), &pages); err != nil {
		return d, fmt.Errorf("pages of %s: %w", r.ID, err)
	}
	d.Pages = len(pages)
	return d, nil
}

// Add puts a file into a base that the scope may write to, where it is read and made findable. A file that is in it already
// is read anew. Attributes are what the OpenAI API has: text, numbers and booleans, sixteen at most.
func (l *Library) Add(ctx context.Context, sc chat.Scope, baseID, file string, attributes map[string]any) (Document, error) {
	if err := l.add(ctx, sc, baseID, "", []Addition{{file, attributes}}); err != nil {
		return Document{}, err
	}
	return l.Document(ctx, sc, baseID, file)
}

// Addition is a file that is to be put into a base.
type Addition struct {
	File       string
	Attributes map[string]any
}

// add puts files into a base, all or none of them, as one batch; "" for none.
func (l *Library) add(ctx context.Context, sc chat.Scope, baseID, batch string, files []Addition) error {
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return err
	}
	err = l.db.WithTx(ctx, func(tx *store.Tx) error {
		if _, _, err := writable(ctx, tx, sc, baseID); err != nil {
			return err
		}
		for _, f := range files {
			text, err := attributesText(f.Attributes)
			if err != nil {
				return err
			}
			if _, err := l.file(ctx, tx, sc, f.File); err != nil {
				return err
			}
			if _, err := takeOut(ctx, tx, sc.Tenant, baseID, f.File); err != nil {
				return err
			}
			id := chat.NewID("doc")
			sealed, err := box.Seal(text, documentAAD(id, "attributes"))
			if err != nil {
				return err
			}
			now := store.Millis(l.Now())
			_, err = tx.Exec(ctx, `INSERT INTO documents (id, tenant_id, base_id, file_id, user_id, state, attributes, batch, due_at, created_at, updated_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, sc.Tenant, baseID, f.File, sc.User, Queued, sealed, batch, now, now, now)
			if err != nil {
				return fmt.Errorf("insert document: %w", err)
			}
		}
		return nil
	})
	if err == nil {
		l.nudge()
	}
	return err
}

// attributesText checks attributes and writes them as they are kept.
func attributesText(attributes map[string]any) ([]byte, error) {
	if len(attributes) > maxMetadata {
		return nil, fault.Invalid("attributes may have %d pairs", maxMetadata).At("attributes")
	}
	for key, v := range attributes {
		if !isAttribute(v) {
			return nil, fault.Invalid("attributes.%s must be text, a number or a boolean", key).At("attributes")
		}
	}
	if attributes == nil {
		attributes = map[string]any{}
	}
	return json.Marshal(attributes)
}

// SetAttributes changes those of a document of a base that the scope may write to. It is not read anew.
func (l *Library) SetAttributes(ctx context.Context, sc chat.Scope, baseID, file string, attributes map[string]any) (Document, error) {
	text, err := attributesText(attributes)
	if err != nil {
		return Document{}, err
	}
	d, err := l.Document(ctx, sc, baseID, file)
	if err != nil {
		return d, err
	}
	sealed, err := l.keys.Seal(ctx, sc.Tenant, text, documentAAD(d.ID, "attributes"))
	if err != nil {
		return d, err
	}
	err = l.db.WithTx(ctx, func(tx *store.Tx) error {
		if _, _, err := writable(ctx, tx, sc, baseID); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE documents SET attributes = ?, updated_at = ? WHERE id = ? AND tenant_id = ?`,
			sealed, store.Millis(l.Now()), d.ID, sc.Tenant)
		if err == nil && n == 0 {
			err = noFile(file) // it was read anew meanwhile
		}
		return err
	})
	if err != nil {
		return Document{}, err
	}
	return l.Document(ctx, sc, baseID, file)
}

// nudge tells Work that there is something to do.
func (l *Library) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Documents lists those of a base that the scope may read, the newest first.
func (l *Library) Documents(ctx context.Context, sc chat.Scope, baseID string) ([]Document, error) {
	if _, _, err := base(ctx, l.db, sc, baseID); err != nil {
		return nil, err
	}
	return l.documents(ctx, sc, `WHERE d.base_id = ? AND d.tenant_id = ? ORDER BY d.created_at DESC, d.id DESC`, baseID, sc.Tenant)
}

// Document reads one by its base and its file.
func (l *Library) Document(ctx context.Context, sc chat.Scope, baseID, file string) (Document, error) {
	if _, _, err := base(ctx, l.db, sc, baseID); err != nil {
		return Document{}, err
	}
	list, err := l.documents(ctx, sc, `WHERE d.base_id = ? AND d.file_id = ? AND d.tenant_id = ?`, baseID, file, sc.Tenant)
	if err != nil {
		return Document{}, err
	}
	if len(list) == 0 {
		return Document{}, noFile(file)
	}
	return list[0], nil
}

func (l *Library) documents(ctx context.Context, sc chat.Scope, where string, args ...any) ([]Document, error) {
	var rows []documentRow
	if err := l.db.Select(ctx, &rows, documentQuery+where, args...); err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	list := make([]Document, len(rows))
	for i, r := range rows {
		if list[i], err = r.open(box); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Text is what was read from a document, of which citations are ranges, and the bytes where its pages begin. It is
// fault.Conflict for one that is not read yet, or could not be.
func (l *Library) Text(ctx context.Context, sc chat.Scope, baseID, file string) (text string, pages []int, err error) {
	d, err := l.Document(ctx, sc, baseID, file)
	if err != nil {
		return "", nil, err
	}
	text, pages, found, err := l.text(ctx, sc.Tenant, d.ID)
	if err == nil && !found {
		err = fault.Conflict("this document has no text yet: its state is %s", d.State).OfKind("not_ready")
	}
	return text, pages, err
}

func (l *Library) text(ctx context.Context, tenant, id string) (text string, pages []int, found bool, err error) {
	var row struct {
		Text  []byte `db:"text"`
		Pages string `db:"pages"`
	}
	err = l.db.Get(ctx, &row, `SELECT text, pages FROM documents WHERE id = ? AND tenant_id = ?`, id, tenant)
	if isMissing(err) || err == nil && row.Text == nil {
		return "", nil, false, nil
	}
	if err != nil {
		return "", nil, false, fmt.Errorf("read text of %s: %w", id, err)
	}
	opened, err := l.keys.Open(ctx, tenant, row.Text, documentAAD(id, "text"))
	if err != nil {
		return "", nil, false, err
	}
	return string(opened), pages, true, json.Unmarshal([]byte(row.Pages), &pages)
}

// Remove takes a document out of a base that the scope may write to. The file stays.
func (l *Library) Remove(ctx context.Context, sc chat.Scope, baseID, file string) error {
	return l.db.WithTx(ctx, func(tx *store.Tx) error {
		if _, _, err := writable(ctx, tx, sc, baseID); err != nil {
			return err
		}
		n, err := takeOut(ctx, tx, sc.Tenant, baseID, file)
		if err == nil && n == 0 {
			err = noFile(file)
		}
		return err
	})
}

// takeOut deletes a document with its passages, and returns how many there were of it.
func takeOut(ctx context.Context, tx *store.Tx, tenant, baseID, file string) (int64, error) {
	err := bury(ctx, tx, tenant, `document_id IN (SELECT id FROM documents WHERE base_id = ? AND file_id = ?)`, baseID, file)
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM documents WHERE base_id = ? AND file_id = ? AND tenant_id = ?`, baseID, file, tenant)
	if err != nil {
		return 0, fmt.Errorf("take document out: %w", err)
	}
	return n, nil
}
