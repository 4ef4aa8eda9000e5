package backup

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/parley-chat/parley/internal/store"
)

// Write writes a backup of the whole database to w while the server goes on, and returns its manifest.
// parley is the version of this binary. Several may run at once.
func Write(ctx context.Context, db *store.DB, w io.Writer, parley string) (Manifest, error) {
	version, _, err := db.Version(ctx)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Format: formatVersion, Parley: parley, Schema: version, Dialect: string(db.Dialect),
		CreatedAt: time.Now().UTC().Truncate(time.Second), Tables: []Table{},
	}
	err = reading(ctx, db, func(q querier) error {
		if err := describe(ctx, db.Dialect, q, &m); err != nil {
			return err
		}
		out, err := newLineWriter(w)
		if err != nil {
			return err
		}
		if err := out.write(m); err != nil {
			return err
		}
		for _, t := range m.Tables {
			if err := writeTable(ctx, q, out, t); err != nil {
				return fmt.Errorf("back up table %s: %w", t.Name, err)
			}
		}
		return out.finish()
	})
	return m, err
}

func describe(ctx context.Context, d store.Dialect, q querier, m *Manifest) error {
	names, err := tables(ctx, d, q)
	if err != nil {
		return err
	}
	for _, name := range names {
		cols, err := columns(ctx, d, q, name)
		if err != nil {
			return err
		}
		t := Table{Name: name}
		for _, c := range cols {
			t.Columns = append(t.Columns, c.name)
		}
		if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+quote(name)).Scan(&t.Rows); err != nil {
			return fmt.Errorf("count rows of %s: %w", name, err)
		}
		m.Tables = append(m.Tables, t)
	}
	return nil
}

func writeTable(ctx context.Context, q querier, out *lineWriter, t Table) error {
	rows, err := q.QueryContext(ctx, `SELECT `+quoteAll(t.Columns)+` FROM `+quote(t.Name))
	if err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	defer func() { _ = rows.Close() }()
	values, into := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		for i, v := range values {
			if values[i], err = encodeValue(v); err != nil {
				return fmt.Errorf("column %s: %w", t.Columns[i], err)
			}
		}
		if err := out.write(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	return nil
}

// WriteFile is Write to a new file that only its owner may read. The file appears when it is whole and
// on the disk; one of that name that is there already is left as it is, and that is an error.
func WriteFile(ctx context.Context, db *store.DB, file, parley string) (m Manifest, err error) {
	if _, err := os.Lstat(file); err == nil {
		return m, fmt.Errorf("%s is there already: choose another name", file)
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return m, fmt.Errorf("make backup file: %w", err)
	}
	defer func() {
		_ = f.Close()
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if m, err = Write(ctx, db, f, parley); err != nil {
		return m, err
	}
	if err = f.Sync(); err != nil {
		return m, fmt.Errorf("write backup file: %w", err)
	}
	if err = os.Rename(f.Name(), file); err != nil {
		return m, fmt.Errorf("write backup file: %w", err)
	}
	return m, nil
}
