package store_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testkit"
)

const insertTenant = `INSERT INTO tenants (id, slug, name, operator, created_at) VALUES (?, ?, ?, 0, 0)`

func count(t *testing.T, q store.Queryer) int {
	t.Helper()
	var n int
	if err := q.Get(context.Background(), &n, `SELECT COUNT(*) FROM tenants`); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTransactionIsKeptWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), testkit.Store(t)
	boom := errors.New("boom")
	err := db.WithTx(ctx, func(tx *store.Tx) error {
		if n, err := tx.Exec(ctx, insertTenant, "a", "a", "A"); err != nil || n != 1 {
			t.Fatalf("insert: %d rows, %v", n, err)
		}
		return boom
	})
	if !errors.Is(err, boom) || count(t, db) != 0 {
		t.Fatalf("after a failed transaction: %v, %d rows", err, count(t, db))
	}
	if err := db.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertTenant, "a", "a", "A")
		return err
	}); err != nil || count(t, db) != 1 {
		t.Fatalf("after a good one: %v, %d rows", err, count(t, db))
	}
}

func TestUniqueViolationIsRecognised(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), testkit.Store(t)
	for i, id := range []string{"a", "b"} {
		_, err := db.Exec(ctx, insertTenant, id, "same", "A")
		if store.IsUnique(err) != (i == 1) {
			t.Fatalf("insert %d: %v", i, err)
		}
	}
	if err := db.Get(ctx, new(int), `SELECT operator FROM tenants WHERE id = ?`, "absent"); !errors.Is(err, sql.ErrNoRows) {
		t.Fatalf("absent row: %v", err)
	}
}

// A backup must see one moment and must not hold up the server that writes meanwhile.
func TestSnapshotNeitherBlocksNorSeesWriters(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	db := testkit.Store(t)
	err := db.Snapshot(ctx, func(tx *store.Tx) error {
		before := count(t, tx)
		if _, err := db.Exec(ctx, insertTenant, "a", "a", "A"); err != nil {
			t.Fatalf("write beside a snapshot: %v", err)
		}
		if after := count(t, tx); after != before {
			t.Errorf("snapshot saw %d rows, then %d", before, after)
		}
		_, err := tx.Exec(ctx, insertTenant, "b", "b", "B")
		return err
	})
	if err == nil {
		t.Error("a snapshot could write")
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want the one written beside the snapshot", n)
	}
}

func TestVersionTellsWhatMigrationsAreDue(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), testkit.EmptyStore(t)
	have, newest, err := db.Version(ctx)
	if err != nil || have != 0 || newest < 1 {
		t.Fatalf("empty database: version %d of %d, %v", have, newest, err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if have, _, err = db.Version(ctx); err != nil || have != newest {
		t.Fatalf("migrated database: version %d of %d, %v", have, newest, err)
	}
}

func TestConfigFaultsNameTheKey(t *testing.T) {
	t.Parallel()
	for key, cfg := range map[string]store.Config{
		"url":       {URL: "mysql://x", MaxConns: 1},
		"max_conns": {},
	} {
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+":") {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := store.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}
