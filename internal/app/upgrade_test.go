package app_test

import (
	"context"
	"os"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/store"
)

// A newer binary on an older database: a snapshot first, then the upgrade, and the way back.
func TestUpgradeTakesASnapshotAndRollbackGoesBack(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Skip("it prepares a SQLite file; backup's own tests do the same on PostgreSQL")
	}
	ctx, dir := context.Background(), t.TempDir()
	db, err := store.Open(ctx, store.DefaultConfig(), dir)
	if err != nil {
		t.Fatal(err)
	}
	_, newest, err := db.Version(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateTo(ctx, newest-1); err != nil {
		t.Fatal(err)
	}
	old, _, err := db.Version(ctx) // numbers of migrations may have gaps
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO tenants (id, slug, name, operator, created_at) VALUES ('t', 'old', 'Old', 1, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s := boot(t, dir, nil, nil)
	snapshots, err := backup.Snapshots(s.SnapshotDir())
	if err != nil || len(snapshots) != 1 {
		t.Fatalf("snapshots: %v, %v", snapshots, err)
	}
	s.must(t, 200, seeded, "GET", "/v1/me", nil)
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}

	p, err := app.Open(ctx, s.cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(ctx) })
	if _, _, err := backup.Rollback(ctx, p.DB, snapshots[0].File, p.SnapshotDir(), "test"); err != nil {
		t.Fatal(err)
	}
	have, _, err := p.DB.Version(ctx)
	var users int
	if err2 := p.DB.Get(ctx, &users, `SELECT COUNT(*) FROM users`); err != nil || err2 != nil || have != old || users != 0 {
		t.Errorf("after the rollback: version %d, %d users, %v, %v", have, users, err, err2)
	}
}
