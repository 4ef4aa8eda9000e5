package backup

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/parley-chat/parley/internal/store"
)

// querier is a connection or a transaction. Rows are streamed and pragmas set, which is more than the
// features' store.Queryer needs.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// kind is what a column holds, alike on both databases.
type kind string

const (
	kindInt   kind = "a whole number"
	kindFloat kind = "a number"
	kindText  kind = "text"
	kindBlob  kind = "bytes"
)

// kinds are the column types that our migrations use. Another type makes a backup fail, and so the test
// of the migration that brought it.
var kinds = map[string]kind{
	"INTEGER": kindInt, "BIGINT": kindInt, "SMALLINT": kindInt,
	"REAL": kindFloat, "DOUBLE PRECISION": kindFloat,
	"TEXT": kindText, "CHARACTER VARYING": kindText,
	"BLOB": kindBlob, "BYTEA": kindBlob,
}

type column struct {
	name string
	kind kind
}

// fit brings a value of a row into the Go type for the column.
func (c column) fit(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if c.kind == kindText {
			return v, nil
		}
	case blob:
		if c.kind == kindBlob {
			return append([]byte{}, v.B...), nil
		}
		if c.kind == kindText {
			return string(v.B), nil
		}
	case json.Number:
		if c.kind == kindInt {
			return v.Int64()
		}
		if f, err := v.Float64(); c.kind == kindFloat && err == nil && !math.IsInf(f, 0) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("it must be %s", c.kind)
}

const (
	sqliteTables = `SELECT name FROM sqlite_master WHERE type = 'table'
		AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> 'goose_db_version' ORDER BY name`
	postgresTables = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()
		AND table_type = 'BASE TABLE' AND table_name <> 'goose_db_version' ORDER BY table_name`
	sqliteColumns   = `SELECT name, type FROM pragma_table_info(?) ORDER BY cid`
	postgresColumns = `SELECT column_name, data_type FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`
)

// tables names the features' tables, without the migrations' own.
func tables(ctx context.Context, d store.Dialect, q querier) ([]string, error) {
	query := sqliteTables
	if d == store.Postgres {
		query = postgresTables
	}
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list tables: %w", err)
		}
		all = append(all, name)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return all, nil
}

func columns(ctx context.Context, d store.Dialect, q querier, table string) ([]column, error) {
	query := sqliteColumns
	if d == store.Postgres {
		query = postgresColumns
	}
	rows, err := q.QueryContext(ctx, query, table)
	if err != nil {
		return nil, fmt.Errorf("list columns of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }()
	var all []column
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return nil, fmt.Errorf("list columns of %s: %w", table, err)
		}
		k, ok := kinds[strings.ToUpper(typ)]
		if !ok {
			return nil, fmt.Errorf("column %s.%s has the type %q, which a backup can't hold", table, name, typ)
		}
		all = append(all, column{name, k})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list columns of %s: %w", table, err)
	}
	return all, nil
}

// quote makes a name safe in SQL; both databases take the standard's quotes.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}
