package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// Verify reads a whole backup and returns its manifest. A file that is cut off, damaged or no backup is
// a fault.Invalid.
func Verify(ctx context.Context, r io.Reader) (Manifest, error) {
	in, err := newReader(r)
	if err != nil {
		return Manifest{}, err
	}
	defer in.close()
	for _, t := range in.Manifest.Tables {
		for n := range t.Rows {
			if _, err := in.row(t); err != nil {
				return Manifest{}, err
			}
			if n%1024 == 0 && ctx.Err() != nil {
				return Manifest{}, ctx.Err()
			}
		}
	}
	return in.Manifest, in.end()
}

// Restore replaces everything in the database by what r holds, in one transaction: after an error
// nothing has changed. The database may be of another kind than the backup's, but must have the same
// schema version; fault.Conflict tells when it has not. The caches of a running server may tell of the
// old content for a while. A tenant that was shredded here stays so: dir is the folder of the snapshots.
func Restore(ctx context.Context, db *store.DB, r io.Reader, dir string) (Manifest, error) {
	shredded, err := readGraves(dir)
	if err != nil {
		return Manifest{}, err
	}
	in, err := newReader(r)
	if err != nil {
		return Manifest{}, err
	}
	defer in.close()
	have, newest, err := db.Version(ctx)
	if err != nil {
		return Manifest{}, err
	}
	if m := in.Manifest; m.Schema != have {
		advice := "`parley rollback FILE` goes back to its version, and the next start upgrades from there"
		if m.Schema > newest {
			advice = "install parley " + strconv.Quote(m.Parley) + ", which wrote it, or a newer one"
		}
		return Manifest{}, fault.Conflict("the backup has schema version %d and this database version %d: %s", m.Schema, have, advice)
	}
	err = writing(ctx, db, func(q querier) error {
		target, err := match(ctx, db.Dialect, q, in.Manifest)
		if err != nil {
			return err
		}
		if err := empty(ctx, db.Dialect, q, in.Manifest); err != nil {
			return err
		}
		for i, t := range in.Manifest.Tables {
			if err := load(ctx, db.Dialect, q, in, t, target[i], shredded); err != nil {
				return fmt.Errorf("restore table %s: %w", t.Name, err)
			}
		}
		return in.end()
	})
	return in.Manifest, err
}

// match finds the database's column for each of the backup's. Both must have the same, so that no table
// is emptied without being filled; names of the file are used in SQL only after this.
func match(ctx context.Context, d store.Dialect, q querier, m Manifest) ([][]column, error) {
	names, err := tables(ctx, d, q)
	if err != nil {
		return nil, err
	}
	target := make([][]column, len(m.Tables))
	for i, t := range m.Tables {
		if !slices.Contains(names, t.Name) {
			return nil, damaged("this database has no table %q", t.Name)
		}
		cols, err := columns(ctx, d, q, t.Name)
		if err != nil {
			return nil, err
		}
		for _, name := range t.Columns {
			j := slices.IndexFunc(cols, func(c column) bool { return c.name == name })
			if j < 0 {
				return nil, damaged("this database has no column %q in %s", name, t.Name)
			}
			target[i] = append(target[i], cols[j])
			cols = slices.Delete(cols, j, j+1)
		}
		if len(cols) > 0 {
			return nil, damaged("it lacks the column %s.%s", t.Name, cols[0].name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(m.Tables, func(t Table) bool { return t.Name == name }) {
			return nil, damaged("it lacks the table %s", name)
		}
	}
	return target, nil
}

func empty(ctx context.Context, d store.Dialect, q querier, m Manifest) error {
	names := make([]string, 0, len(m.Tables))
	for _, t := range m.Tables {
		names = append(names, t.Name)
	}
	if d == store.Postgres && len(names) > 0 {
		if _, err := q.ExecContext(ctx, `TRUNCATE `+quoteAll(names)); err != nil {
			return fmt.Errorf("empty the tables: %w", err)
		}
		return nil
	}
	for _, name := range names {
		if _, err := q.ExecContext(ctx, `DELETE FROM `+quote(name)); err != nil {
			return fmt.Errorf("empty %s: %w", name, err)
		}
	}
	return nil
}

// A batch is one INSERT of many rows; both databases accept far more values than maxValues.
const (
	maxValues     = 900
	maxBatchBytes = 4 << 20
)

type batch struct {
	d      store.Dialect
	table  Table
	values []any
	rows   int
	bytes  int
}

func load(ctx context.Context, d store.Dialect, q querier, in *reader, t Table, cols []column, shredded graves) error {
	b := batch{d: d, table: t}
	for range t.Rows {
		row, err := in.row(t)
		if err != nil {
			return err
		}
		if !shredded.keep(t, row) {
			continue
		}
		for i, v := range row {
			fitted, err := cols[i].fit(v)
			if err != nil {
				return damaged("a value of %s.%s is wrong", t.Name, cols[i].name).Because(err)
			}
			b.add(fitted)
		}
		b.rows++
		if (b.rows+1)*len(cols) > maxValues || b.bytes > maxBatchBytes {
			if err := b.flush(ctx, q); err != nil {
				return err
			}
		}
	}
	return b.flush(ctx, q)
}

func (b *batch) add(v any) {
	b.values = append(b.values, v)
	switch v := v.(type) {
	case string:
		b.bytes += len(v)
	case []byte:
		b.bytes += len(v)
	}
}

func (b *batch) flush(ctx context.Context, q querier) error {
	if b.rows == 0 {
		return nil
	}
	var sql strings.Builder
	sql.WriteString(`INSERT INTO ` + quote(b.table.Name) + ` (` + quoteAll(b.table.Columns) + `) VALUES `)
	for i := range b.values {
		switch {
		case i == 0:
			sql.WriteString("(")
		case i%len(b.table.Columns) == 0:
			sql.WriteString("), (")
		default:
			sql.WriteString(", ")
		}
		if b.d == store.Postgres {
			sql.WriteString("$" + strconv.Itoa(i+1))
		} else {
			sql.WriteString("?")
		}
	}
	sql.WriteString(")")
	_, err := q.ExecContext(ctx, sql.String(), b.values...)
	if refused(err) {
		return damaged("the database refuses a row of %s", b.table.Name).Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert rows: %w", err)
	}
	b.values, b.rows, b.bytes = b.values[:0], 0, 0
	return nil
}

// refused reports whether the database took offence at the values, and not at something of its own.
func refused(err error) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return lite.Code == sqlite3.ErrConstraint || lite.Code == sqlite3.ErrTooBig
	}
	var pg *pgconn.PgError // classes of SQLSTATE: 22 data exception, 23 integrity violation
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}
