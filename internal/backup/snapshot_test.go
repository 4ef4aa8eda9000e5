package backup_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/testkit"
)

func TestSnapshotBeforeUpgradeAndRollback(t *testing.T) {
	t.Parallel()
	db, dir := testkit.EmptyStore(t), filepath.Join(t.TempDir(), backup.SnapshotDir)
	if file, err := backup.BeforeMigrate(ctx, db, dir, "1"); err != nil || file != "" {
		t.Fatalf("of an empty database: %q, %v", file, err)
	}
	if err := db.MigrateTo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES ('a', 'a', 'before', 0)`); err != nil {
		t.Fatal(err)
	}
	file, err := backup.BeforeMigrate(ctx, db, dir, "1")
	if err != nil || file == "" {
		t.Fatalf("%q, %v", file, err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if file, err := backup.BeforeMigrate(ctx, db, dir, "2"); err != nil || file != "" {
		t.Fatalf("with nothing due: %q, %v", file, err)
	}
	if _, err := db.Exec(ctx, `UPDATE tenants SET name = 'after'`); err != nil {
		t.Fatal(err)
	}
	before, m, err := backup.Rollback(ctx, db, file, dir, "2")
	if err != nil || m.Schema != 1 || m.Parley != "1" {
		t.Fatalf("%+v, %v", m, err)
	}
	var name string
	if err := db.Get(ctx, &name, `SELECT name FROM tenants`); err != nil || name != "before" {
		t.Errorf("after the rollback: %q, %v", name, err)
	}
	if have, _, err := db.Version(ctx); err != nil || have != 1 {
		t.Errorf("schema version %d, %v", have, err)
	}
	// And forth again, as it was.
	if _, _, err := backup.Rollback(ctx, db, before, dir, "2"); err != nil {
		t.Fatal(err)
	}
	if err := db.Get(ctx, &name, `SELECT name FROM tenants`); err != nil || name != "after" {
		t.Errorf("after going back: %q, %v", name, err)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := backup.Rollback(ctx, db, broken, dir, "2"); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a broken file: %v", err)
	}
	if err := db.Get(ctx, &name, `SELECT name FROM tenants`); err != nil || name != "after" {
		t.Errorf("a broken file changed the database: %q, %v", name, err)
	}
}

func TestFiveSnapshotsOfAReasonAreKept(t *testing.T) {
	t.Parallel()
	db, dir := testkit.EmptyStore(t), t.TempDir()
	if err := db.MigrateTo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine.parley"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	manual, err := backup.Take(ctx, db, dir, "1", backup.Restoring)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for range 7 {
		file, err := backup.BeforeMigrate(ctx, db, dir, "1")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	got, err := backup.Snapshots(dir)
	if err != nil || len(got) != 6 || got[0].File != files[6] || got[4].File != files[2] || got[5].File != manual || got[0].Schema != 1 || got[0].Taken.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if s, ok := backup.Newest(got, backup.Restoring); !ok || s.File != manual {
		t.Errorf("newest before a restore: %+v", s)
	}
	if s, ok := backup.Newest(got, backup.RollingBack); ok {
		t.Errorf("newest before a rollback: %+v", s)
	}
	if _, err := os.Stat(filepath.Join(dir, "mine.parley")); err != nil {
		t.Errorf("another's file is gone: %v", err)
	}
	if none, err := backup.Snapshots(filepath.Join(dir, "absent")); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
}
