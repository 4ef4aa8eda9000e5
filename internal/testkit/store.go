// Package testkit holds what tests of many packages share: a fresh database, a clock, a quiet logger.
package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store"
)

// Store opens a fresh, migrated database that ends with the test: SQLite in a temporary folder, or a
// database of its own on the server that TEST_POSTGRES_URL names.
func Store(t testing.TB) *store.DB {
	t.Helper()
	db := EmptyStore(t)
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}

// EmptyStore is Store before its migrations.
func EmptyStore(t testing.TB) *store.DB {
	t.Helper()
	cfg := store.DefaultConfig()
	if cfg.URL = PostgresURL(t); cfg.URL != "" {
		cfg.MaxConns = 8
	}
	db, err := store.Open(context.Background(), cfg, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// PostgresURL makes an empty database that ends with the test on the server that TEST_POSTGRES_URL names,
// and returns its URL: "" when there is no such server, which means SQLite.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	if base == "" {
		return ""
	}
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(chat.NewID("test"))
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create database on TEST_POSTGRES_URL: %v", err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name))
		_ = admin.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
