package knowledge

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// partBytes is how much of a file is in one row.
const partBytes = 1 << 20

type fileRow struct {
	ID        string `db:"id"`
	User      string `db:"user_id"`
	Name      []byte `db:"name"`
	Purpose   string `db:"purpose"`
	Bytes     int64  `db:"bytes"`
	CreatedAt int64  `db:"created_at"`
}

const fileColumns = `f.id, f.user_id, f.name, f.purpose, f.bytes, f.created_at`

func (r fileRow) open(box secrets.Box) (File, error) {
	name, err := box.Open(r.Name, secrets.AAD("files", r.ID, "name"))
	return File{ID: r.ID, User: r.User, Name: string(name), Purpose: r.Purpose, Bytes: r.Bytes, CreatedAt: store.Time(r.CreatedAt)}, err
}

// AddFile keeps a file of the scope's own. It is there as a whole or not at all.
func (l *Library) AddFile(ctx context.Context, sc chat.Scope, name, purpose string, content io.Reader) (File, error) {
	name = filepath.Base(filepath.Clean("/" + strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/")))
	if name == "/" || name == "." || utf8.RuneCountInString(name) > 255 {
		return File{}, fault.Invalid("a file needs a name of 1 to 255 characters").At("file")
	}
	data, err := io.ReadAll(io.LimitReader(content, int64(l.cfg.MaxFileMB)<<20+1))
	if err != nil {
		return File{}, fault.Invalid("the file ended early").At("file").Because(err)
	}
	if len(data) > l.cfg.MaxFileMB<<20 {
		return File{}, fault.TooLarge("a file may have %d MB: split it, or ask your operator to raise knowledge.max_file_mb", l.cfg.MaxFileMB).At("file")
	}
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return File{}, err
	}
	r := fileRow{ID: chat.NewID("file"), User: sc.User, Purpose: purpose, Bytes: int64(len(data)), CreatedAt: store.Millis(l.Now())}
	if r.Name, err = box.Seal([]byte(name), secrets.AAD("files", r.ID, "name")); err != nil {
		return File{}, err
	}
	err = l.db.WithTx(ctx, func(tx *store.Tx) error {
		var have int
		if err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM files WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User); err != nil {
			return fmt.Errorf("count files: %w", err)
		}
		if have >= l.cfg.MaxFiles {
			return fault.Conflict("one can have %d files: delete some first", l.cfg.MaxFiles)
		}
		_, err := tx.Exec(ctx, `INSERT INTO files (id, tenant_id, user_id, name, purpose, bytes, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			r.ID, sc.Tenant, r.User, r.Name, r.Purpose, r.Bytes, r.CreatedAt)
		if err != nil {
			return fmt.Errorf("insert file: %w", err)
		}
		part := 0
		for chunk := range slices.Chunk(data, partBytes) {
			sealed, err := box.Seal(chunk, partAAD(r.ID, part))
			if err == nil {
				_, err = tx.Exec(ctx, `INSERT INTO file_parts (file_id, part, data) VALUES (?, ?, ?)`, r.ID, part, sealed)
			}
			if err != nil {
				return fmt.Errorf("insert part %d of file: %w", part, err)
			}
			part++
		}
		return nil
	})
	if err != nil {
		return File{}, err
	}
	return r.open(box)
}

func partAAD(id string, part int) []byte { return secrets.AAD("file_parts", id, fmt.Sprint(part)) }

// Files lists the scope's own, the newest first.
func (l *Library) Files(ctx context.Context, sc chat.Scope) ([]File, error) {
	var rows []fileRow
	err := l.db.Select(ctx, &rows, `SELECT `+fileColumns+` FROM files f WHERE f.tenant_id = ? AND f.user_id = ? ORDER BY f.created_at DESC, f.id DESC`,
		sc.Tenant, sc.User)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return nil, err
	}
	list := make([]File, len(rows))
	for i, r := range rows {
		if list[i], err = r.open(box); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// File reads one of the scope's own, or one in a base that the scope may read.
func (l *Library) File(ctx context.Context, sc chat.Scope, id string) (File, error) {
	r, err := l.file(ctx, l.db, sc, id)
	if err != nil {
		return File{}, err
	}
	box, err := l.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return File{}, err
	}
	return r.open(box)
}

func (l *Library) file(ctx context.Context, q store.Queryer, sc chat.Scope, id string) (r fileRow, err error) {
	err = q.Get(ctx, &r, `SELECT `+fileColumns+` FROM files f WHERE f.id = ? AND f.tenant_id = ?`, id, sc.Tenant)
	if isMissing(err) {
		return r, noFile(id)
	}
	if err != nil || r.User == sc.User {
		return r, err
	}
	var bases []string
	if err := q.Select(ctx, &bases, `SELECT base_id FROM documents WHERE file_id = ? AND tenant_id = ?`, id, sc.Tenant); err != nil {
		return r, fmt.Errorf("find file %s: %w", id, err)
	}
	for _, b := range bases {
		if _, _, err := base(ctx, q, sc, b); err == nil || !fault.Is(err, fault.CodeNotFound) {
			return r, err
		}
	}
	return r, noFile(id)
}

func noFile(id string) error { return fault.NotFound("there is no file %q", id) }

// Content reads a file's bytes.
func (l *Library) Content(ctx context.Context, sc chat.Scope, id string) (File, []byte, error) {
	f, err := l.File(ctx, sc, id)
	if err != nil {
		return f, nil, err
	}
	data, err := l.content(ctx, sc.Tenant, id)
	return f, data, err
}

func (l *Library) content(ctx context.Context, tenant, id string) ([]byte, error) {
	box, err := l.keys.Box(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var parts []struct {
		Part int    `db:"part"`
		Data []byte `db:"data"`
	}
	if err := l.db.Select(ctx, &parts, `SELECT part, data FROM file_parts WHERE file_id = ? ORDER BY part`, id); err != nil {
		return nil, fmt.Errorf("read file %s: %w", id, err)
	}
	var data []byte
	for _, p := range parts {
		chunk, err := box.Open(p.Data, partAAD(id, p.Part))
		if err != nil {
			return nil, err
		}
		data = append(data, chunk...)
	}
	return data, nil
}

// DeleteFile removes a file of the scope's own, from all bases too.
func (l *Library) DeleteFile(ctx context.Context, sc chat.Scope, id string) error {
	return l.db.WithTx(ctx, func(tx *store.Tx) error {
		r, err := l.file(ctx, tx, sc, id)
		switch {
		case err != nil:
			return err
		case r.User != sc.User:
			return fault.Forbidden("only who uploaded a file may delete it: take it out of the knowledge base instead").OfKind("not_owner")
		}
		if err := bury(ctx, tx, sc.Tenant, `document_id IN (SELECT id FROM documents WHERE file_id = ?)`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM files WHERE id = ? AND tenant_id = ?`, id, sc.Tenant); err != nil {
			return fmt.Errorf("delete file %s: %w", id, err)
		}
		return nil
	})
}
