package backup

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/parley-chat/parley/internal/store"
)

// reading runs f on one moment of the whole database, without holding up its writers.
func reading(ctx context.Context, db *store.DB, f func(q querier) error) error {
	if db.Dialect == store.Postgres {
		tx, err := db.SQL().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		if err != nil {
			return fmt.Errorf("begin snapshot: %w", err)
		}
		defer func() { _ = tx.Rollback() }() // nothing was written
		return f(tx)
	}
	return onConn(ctx, db, func(conn *sql.Conn) error {
		// Not the driver's own transaction, which would take the write lock. The moment is that of the
		// first read.
		if _, err := conn.ExecContext(ctx, `BEGIN DEFERRED`); err != nil {
			return fmt.Errorf("begin snapshot: %w", err)
		}
		return errors.Join(f(conn), exec(context.WithoutCancel(ctx), conn, `ROLLBACK`))
	})
}

// writing runs f in one transaction in which rows may refer to rows that come later. Every reference is
// checked before the commit. f must not drop tables.
func writing(ctx context.Context, db *store.DB, f func(q querier) error) error {
	if db.Dialect == store.Postgres {
		return writingPostgres(ctx, db, f)
	}
	return onConn(ctx, db, func(conn *sql.Conn) (err error) {
		always := context.WithoutCancel(ctx)
		// SQLite takes this setting only outside a transaction.
		if err := exec(ctx, conn, `PRAGMA foreign_keys = OFF`); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, exec(always, conn, `PRAGMA foreign_keys = ON`)) }()
		if err := exec(ctx, conn, `BEGIN IMMEDIATE`); err != nil {
			return err
		}
		err = f(conn)
		if err == nil {
			err = checkReferences(ctx, conn)
		}
		if err == nil {
			err = exec(ctx, conn, `COMMIT`)
		}
		if err != nil {
			return errors.Join(err, exec(always, conn, `ROLLBACK`))
		}
		return nil
	})
}

// checkReferences finds a row of SQLite whose reference leads nowhere.
func checkReferences(ctx context.Context, q querier) error {
	var table, parent string
	var row, key sql.NullInt64
	err := q.QueryRowContext(ctx, `PRAGMA foreign_key_check`).Scan(&table, &row, &parent, &key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("check references: %w", err)
	}
	return damaged("a row of %s refers to one of %s that is not there", table, parent)
}

const (
	strictReferences = `SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint
		WHERE contype = 'f' AND NOT condeferrable AND connamespace = current_schema()::regnamespace`
	deferReference  = `ALTER TABLE %s ALTER CONSTRAINT %s DEFERRABLE INITIALLY DEFERRED`
	strictReference = `ALTER TABLE %s ALTER CONSTRAINT %s NOT DEFERRABLE`
)

// writingPostgres makes every reference wait for the end of the transaction, and strict again after it.
func writingPostgres(ctx context.Context, db *store.DB, f func(q querier) error) error {
	tx, err := db.SQL().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	refs, err := pairs(ctx, tx, strictReferences)
	if err != nil {
		return err
	}
	for _, r := range refs {
		if err := exec(ctx, tx, fmt.Sprintf(deferReference, r[0], r[1])); err != nil {
			return err
		}
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := exec(ctx, tx, `SET CONSTRAINTS ALL IMMEDIATE`); err != nil {
		return damaged("a row refers to one that is not there").Because(err)
	}
	for _, r := range refs {
		if err := exec(ctx, tx, fmt.Sprintf(strictReference, r[0], r[1])); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

func pairs(ctx context.Context, q querier, query string) ([][2]string, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list references: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all [][2]string
	for rows.Next() {
		var p [2]string
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, fmt.Errorf("list references: %w", err)
		}
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list references: %w", err)
	}
	return all, nil
}

// onConn runs f on one connection. One that cannot be brought back to its usual state is thrown away.
func onConn(ctx context.Context, db *store.DB, f func(conn *sql.Conn) error) error {
	conn, err := db.SQL().Conn(ctx)
	if err != nil {
		return fmt.Errorf("take connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err = f(conn); errors.Is(err, errState) {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}

// errState marks that a statement failed which changes the state of a connection.
var errState = errors.New("set up the connection")

func exec(ctx context.Context, q querier, statement string) error {
	if _, err := q.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%w: %s: %w", errState, statement, err)
	}
	return nil
}
