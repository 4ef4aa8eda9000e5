// Package tenancytest makes tenants for the tests of other packages.
package tenancytest

import (
	"context"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Tenants makes some by their ids, each with a key, under a master key that ends with the test.
func Tenants(t testing.TB, db *store.DB, ids ...string) *secrets.Keyring {
	t.Helper()
	ctx := context.Background()
	keys, err := secrets.Open(ctx, db, secrets.Config{File: filepath.Join(t.TempDir(), "master.key")}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		err := db.WithTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES (?, ?, ?, 0)`, id, id, id); err != nil {
				return err
			}
			return keys.CreateKey(ctx, tx, id)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return keys
}
