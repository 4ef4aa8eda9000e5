package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/jmoiron/sqlx"
	"github.com/mattn/go-sqlite3"

	"github.com/parley-chat/parley/internal/fault"
)

// Config chooses the database.
type Config struct {
	// URL is a postgres:// URL, or empty for SQLite in a file of the data folder.
	URL string `mapstructure:"url"`
	// MaxConns bounds the open connections.
	MaxConns int `mapstructure:"max_conns"`
}

// DefaultConfig is SQLite.
func DefaultConfig() Config { return Config{MaxConns: 16} }

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	if c.URL != "" && !strings.HasPrefix(c.URL, "postgres://") && !strings.HasPrefix(c.URL, "postgresql://") {
		return errors.New("url: must start with postgres:// (leave it empty for SQLite)")
	}
	if c.MaxConns < 1 {
		return errors.New("max_conns: must be at least 1")
	}
	return nil
}

// Dialect is the kind of database behind a DB.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Queryer runs SQL with ? placeholders; DB and Tx both do. Features take one where a caller may or may
// not have a transaction open.
type Queryer interface {
	// Get scans one row into dest, or returns sql.ErrNoRows.
	Get(ctx context.Context, dest any, query string, args ...any) error
	// Select scans all rows into the slice dest.
	Select(ctx context.Context, dest any, query string, args ...any) error
	// Exec returns the number of rows touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
}

// DB is an open database. It is safe for many goroutines.
type DB struct {
	Dialect Dialect
	sqlx    *sqlx.DB
	snap    *sqlx.DB // for Snapshot; the same as sqlx on PostgreSQL
}

var (
	_ Queryer = (*DB)(nil)
	_ Queryer = (*Tx)(nil)
)

// FileName is the SQLite database's name in the data folder.
const FileName = "parley.db"

// Open connects to the database that cfg names; dataDir holds the SQLite file. The schema is left as it
// is: see Migrate.
func Open(ctx context.Context, cfg Config, dataDir string) (*DB, error) {
	db := &DB{Dialect: Postgres}
	var err error
	if cfg.URL == "" {
		db.Dialect = SQLite
		if err := os.MkdirAll(dataDir, 0o700); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
		file := filepath.Join(dataDir, FileName)
		if db.sqlx, err = open("sqlite3", sqliteDSN(file, "immediate"), cfg.MaxConns); err != nil {
			return nil, err
		}
		if db.snap, err = open("sqlite3", sqliteDSN(file, "deferred"), 1); err != nil {
			return nil, err
		}
	} else {
		if db.sqlx, err = open("pgx", cfg.URL, cfg.MaxConns); err != nil {
			return nil, err
		}
		db.snap = db.sqlx
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return db, nil
}

func open(driver, dsn string, conns int) (*sqlx.DB, error) {
	x, err := sqlx.Open(driver, dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	x.SetMaxOpenConns(conns)
	x.SetMaxIdleConns(conns)
	return x, nil
}

// sqliteDSN sets what every connection needs. The busy timeout comes first, so that switching to WAL
// waits for its lock. FULL makes a commit survive loss of power and not only of the process;
// secure_delete overwrites what is deleted, which destroying a tenant's key relies on; immediate
// transactions take the write lock at their start, so that two writers wait instead of failing.
// A snapshot's are deferred: it only reads, and no writer waits for it.
func sqliteDSN(file, txlock string) string {
	v := url.Values{}
	v.Set("_busy_timeout", "10000")
	v.Set("_journal_mode", "WAL")
	v.Set("_synchronous", "FULL")
	v.Set("_foreign_keys", "1")
	v.Set("_secure_delete", "1")
	v.Set("_txlock", txlock)
	v.Set("_cache_size", "-8000")
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + v.Encode()
}

// Close closes the connections. It may be called twice.
func (db *DB) Close() error { return errors.Join(db.snap.Close(), db.sqlx.Close()) }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.sqlx.PingContext(ctx) }

// Size is how many bytes the database takes.
func (db *DB) Size(ctx context.Context) (bytes int64, err error) {
	query := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if db.Dialect == Postgres {
		query = `SELECT pg_database_size(current_database())`
	}
	if err := db.Get(ctx, &bytes, query); err != nil {
		return 0, fmt.Errorf("measure database: %w", err)
	}
	return bytes, nil
}

// SQL is the connection pool itself, for libraries that want one.
func (db *DB) SQL() *sql.DB { return db.sqlx.DB }

// Get implements Queryer.
func (db *DB) Get(ctx context.Context, dest any, query string, args ...any) error {
	return known(db.sqlx.GetContext(ctx, dest, db.sqlx.Rebind(query), args...))
}

// Select implements Queryer.
func (db *DB) Select(ctx context.Context, dest any, query string, args ...any) error {
	return known(db.sqlx.SelectContext(ctx, dest, db.sqlx.Rebind(query), args...))
}

// Exec implements Queryer.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return affected(db.sqlx.ExecContext(ctx, db.sqlx.Rebind(query), args...))
}

// Tx is an open transaction.
type Tx struct{ sqlx *sqlx.Tx }

// Get implements Queryer.
func (tx *Tx) Get(ctx context.Context, dest any, query string, args ...any) error {
	return tx.sqlx.GetContext(ctx, dest, tx.sqlx.Rebind(query), args...)
}

// Select implements Queryer.
func (tx *Tx) Select(ctx context.Context, dest any, query string, args ...any) error {
	return tx.sqlx.SelectContext(ctx, dest, tx.sqlx.Rebind(query), args...)
}

// Exec implements Queryer.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return affected(tx.sqlx.ExecContext(ctx, tx.sqlx.Rebind(query), args...))
}

func affected(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, known(err)
	}
	return res.RowsAffected()
}

// known gives the failures of the database that an operator can mend their fault. The cause is kept.
func known(err error) error {
	var lite sqlite3.Error
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &lite) && lite.Code == sqlite3.ErrFull, errors.As(err, &pg) && pg.Code == "53100":
		return fault.Unavailable("the server's disk is full: nothing can be saved until its operator makes room").OfKind("disk_full").Because(err)
	case errors.As(err, &lite) && (lite.Code == sqlite3.ErrReadonly || lite.Code == sqlite3.ErrIoErr):
		return fault.Unavailable("the server cannot write its data folder: its operator has to look at the disk").OfKind("disk_failed").Because(err)
	case errors.As(err, &lite) && lite.Code == sqlite3.ErrBusy:
		return fault.Busy("the database is busy with a long piece of work; try again").OfKind("database_busy").After(5 * time.Second).Because(err)
	}
	return err
}

// WithTx runs f in one write transaction and commits it when f returns nil. f must use the Tx only: on
// SQLite a second writer would wait for the first.
func (db *DB) WithTx(ctx context.Context, f func(tx *Tx) error) error {
	return withTx(ctx, db.sqlx, nil, f)
}

// Snapshot runs f in a transaction that sees one moment of the whole database.
func (db *DB) Snapshot(ctx context.Context, f func(tx *Tx) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.Dialect == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	return withTx(ctx, db.snap, opts, f)
}

func withTx(ctx context.Context, db *sqlx.DB, opts *sql.TxOptions, f func(tx *Tx) error) (err error) {
	x, err := db.BeginTxx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", known(err))
	}
	defer func() {
		if err != nil {
			_ = x.Rollback() // the first error is the one to tell
		}
	}()
	if err := f(&Tx{x}); err != nil {
		return err
	}
	if err := x.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", known(err))
	}
	return nil
}

// IsUnique reports whether err says that a unique key exists already.
func IsUnique(err error) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return lite.ExtendedCode == sqlite3.ErrConstraintUnique || lite.ExtendedCode == sqlite3.ErrConstraintPrimaryKey
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// Millis is the form in which times are stored.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// Time is the inverse of Millis; 0 is the zero time.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
