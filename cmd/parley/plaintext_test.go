package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/idempotency"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

const marker = "Zyzzyva-Marker-Text"

// sayMarker writes the marker wherever a user's words go.
func sayMarker(t *testing.T, db *store.DB, keys *secrets.Keyring, sc chat.Scope) {
	t.Helper()
	ctx := context.Background()
	convs, once := conversation.New(db, keys, conversation.DefaultConfig()), idempotency.New(db, keys)
	b, err := convs.Begin(ctx, sc, conversation.Turn{Messages: []chat.Message{{Role: chat.User, Text: marker + " question"}}})
	if err != nil {
		t.Fatal(err)
	}
	title := marker + " title"
	_, patched := convs.Update(ctx, sc, b.Conversation.ID, conversation.Patch{Title: &title})
	_, begun := once.Begin(ctx, sc, marker+" key", idempotency.BodyHash("POST", "/", []byte(marker)))
	for _, err := range []error{
		convs.Progress(ctx, sc, b.Answer.ID, marker+" progress", 1),
		patched,
		convs.SetTitle(ctx, sc, b.Conversation.ID, marker+" generated title"),
		convs.Finish(ctx, sc, b.Answer.ID, conversation.Final{Status: conversation.Complete, Text: marker + " answer"}),
		begun,
		once.Complete(ctx, sc, marker+" key", idempotency.Response{Status: 200, Body: []byte(marker + " response")}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// holdsMarker looks for the text itself and for what would be one step from it.
func holdsMarker(b []byte) bool {
	for _, form := range []string{
		marker, hex.EncodeToString([]byte(marker)),
		base64.StdEncoding.EncodeToString([]byte(marker))[:20], // however the text goes on after it
	} {
		if bytes.Contains(b, []byte(form)) {
			return true
		}
	}
	return false
}

// markerIn names the files under dir that hold the marker.
func markerIn(t *testing.T, dir string) (found []string) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if seen++; holdsMarker(b) {
			found = append(found, filepath.Base(path))
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d files, %v", seen, err)
	}
	return found
}

func packed(t *testing.T, db *store.DB) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := backup.Write(context.Background(), db, &out, "1"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func markerInBackup(t *testing.T, db *store.DB) bool {
	t.Helper()
	file := packed(t, db)
	z, err := zstd.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return holdsMarker(file) || holdsMarker(plain)
}

// No word of a user stands on the disk: not in the database, its log, a backup or a snapshot, before
// and after the keys change.
func TestNoPlaintextIsKept(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Skip("looks at SQLite's files")
	}
	ctx, dir := context.Background(), t.TempDir()
	db, err := store.Open(ctx, store.DefaultConfig(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	keys, err := secrets.Open(ctx, db, secrets.DefaultConfig().In(dir), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	alice, bob := chat.Scope{Tenant: "a", User: "u"}, chat.Scope{Tenant: "b", User: "u"}
	for _, sc := range []chat.Scope{alice, bob} {
		err := db.WithTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES (?, ?, '', 0)`, sc.Tenant, sc.Tenant); err != nil {
				return err
			}
			return keys.CreateKey(ctx, tx, sc.Tenant)
		})
		if err != nil {
			t.Fatal(err)
		}
		sayMarker(t, db, keys, sc)
	}
	check := func(when string) {
		t.Helper()
		if _, err := backup.Take(ctx, db, filepath.Join(dir, backup.SnapshotDir), "1", backup.Upgrade); err != nil {
			t.Fatal(err)
		}
		if found := markerIn(t, dir); len(found) > 0 || markerInBackup(t, db) {
			t.Errorf("%s: plaintext in %v, in the backup: %t", when, found, markerInBackup(t, db))
		}
	}
	check("after chatting")
	before := packed(t, db)
	if err := keys.RotateMaster(ctx, secrets.NewMasterKey()); err != nil {
		t.Fatal(err)
	}
	sayMarker(t, db, keys, alice)
	check("after rotating")
	if err := keys.DestroyKey(ctx, db, "b"); err != nil {
		t.Fatal(err)
	}
	check("after shredding")

	// A backup from before brings the shredded tenant's key back only together with the old master key.
	if _, err := backup.Restore(ctx, db, bytes.NewReader(before), dir); err != nil {
		t.Fatal(err)
	}
	_, err = keys.Box(ctx, "b")
	if f := fault.From(err); f == nil || f.Kind != secrets.KindWrongMaster {
		t.Errorf("with the new master key alone: %v", err)
	}

	// And the look itself is not blind.
	if _, err := db.Exec(ctx, `UPDATE tenants SET name = ?`, marker); err != nil {
		t.Fatal(err)
	}
	if len(markerIn(t, dir)) == 0 || !markerInBackup(t, db) {
		t.Error("what lies there in the clear was not seen")
	}
}
