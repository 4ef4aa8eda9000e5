package secrets_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testkit"
)

var ctx = context.Background()

func open(t *testing.T, db *store.DB, cfg secrets.Config) *secrets.Keyring {
	t.Helper()
	k, err := secrets.Open(ctx, db, cfg, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func fileConfig(t *testing.T) secrets.Config {
	return secrets.DefaultConfig().In(t.TempDir())
}

func addTenant(t *testing.T, db *store.DB, k *secrets.Keyring, id string) {
	t.Helper()
	err := db.WithTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES (?, ?, ?, 0)`, id, id, id); err != nil {
			return err
		}
		return k.CreateKey(ctx, tx, id)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mustSeal(t *testing.T, k *secrets.Keyring, tenant, text string) []byte {
	t.Helper()
	b, err := k.Seal(ctx, tenant, []byte(text), secrets.AAD("t", "1", "c"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantOpen(t *testing.T, k *secrets.Keyring, tenant string, sealed []byte, want string) {
	t.Helper()
	got, err := k.Open(ctx, tenant, sealed, secrets.AAD("t", "1", "c"))
	if err != nil || string(got) != want {
		t.Fatalf("open: %q, %v; want %q", got, err, want)
	}
}

func wantKind(t *testing.T, err error, code fault.Code, kind string) {
	t.Helper()
	f := fault.From(err)
	if f == nil || f.Code != code || f.Kind != kind {
		t.Fatalf("got %v, want %s %s", err, code, kind)
	}
}

func TestSealedTextIsTiedToTenantAndRow(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	k := open(t, db, fileConfig(t))
	addTenant(t, db, k, "a")
	addTenant(t, db, k, "b")
	sealed := mustSeal(t, k, "a", "hello")
	wantOpen(t, k, "a", sealed, "hello")
	if bytes.Contains(sealed, []byte("hello")) {
		t.Fatal("not encrypted")
	}
	if _, err := k.Open(ctx, "b", sealed, secrets.AAD("t", "1", "c")); err == nil {
		t.Error("another tenant's key opened it")
	}
	for _, aad := range [][]byte{secrets.AAD("t", "2", "c"), secrets.AAD("t", "1", "d"), secrets.AAD("u", "1", "c"), nil} {
		if _, err := k.Open(ctx, "a", sealed, aad); err == nil {
			t.Errorf("opened at another place: %q", aad)
		}
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := k.Open(ctx, "a", bad, secrets.AAD("t", "1", "c")); err == nil {
			t.Fatalf("byte %d was changed unseen", i)
		}
	}
}

func TestMasterKeyFileIsMadeOnceAndPrivate(t *testing.T) {
	t.Parallel()
	db, cfg := testkit.Store(t), fileConfig(t)
	k := open(t, db, cfg)
	info, err := os.Stat(cfg.File)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("master key file: %v, %v", info.Mode(), err)
	}
	addTenant(t, db, k, "a")
	sealed := mustSeal(t, k, "a", "x")
	wantOpen(t, open(t, db, cfg), "a", sealed, "x")
	if left, _ := filepath.Glob(cfg.File + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLostMasterKeyFileIsNotReplaced(t *testing.T) {
	t.Parallel()
	db, cfg := testkit.Store(t), fileConfig(t)
	addTenant(t, db, open(t, db, cfg), "a")
	if err := os.Remove(cfg.File); err != nil {
		t.Fatal(err)
	}
	_, err := secrets.Open(ctx, db, cfg, zap.NewNop())
	wantKind(t, err, fault.CodeUnavailable, secrets.KindWrongMaster)
	if _, err := os.Stat(cfg.File); !errors.Is(err, os.ErrNotExist) {
		t.Error("a new key hides the loss")
	}
}

func TestWrongMasterKeyNamesBoth(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	right, wrong := secrets.NewMasterKey(), secrets.NewMasterKey()
	addTenant(t, db, open(t, db, secrets.Config{Key: right}), "a")
	_, err := secrets.Open(ctx, db, secrets.Config{Key: wrong}, zap.NewNop())
	wantKind(t, err, fault.CodeUnavailable, secrets.KindWrongMaster)
	for _, key := range []secrets.Secret{right, wrong} {
		print, _ := secrets.Fingerprint(key)
		if !strings.Contains(err.Error(), print) {
			t.Errorf("%q does not name %s", err, print)
		}
		if strings.Contains(err.Error(), key.Reveal()) {
			t.Error("the key itself is told")
		}
	}
}

func TestDestroyedKeyActsAtOnceEverywhere(t *testing.T) {
	t.Parallel()
	db, cfg := testkit.Store(t), fileConfig(t)
	k, other := open(t, db, cfg), open(t, db, cfg)
	addTenant(t, db, k, "a")
	addTenant(t, db, k, "b")
	sealed, kept := mustSeal(t, k, "a", "x"), mustSeal(t, k, "b", "y")
	wantOpen(t, other, "a", sealed, "x")
	if err := k.DestroyKey(ctx, db, "a"); err != nil {
		t.Fatal(err)
	}
	for _, ring := range []*secrets.Keyring{k, other} {
		_, err := ring.Open(ctx, "a", sealed, secrets.AAD("t", "1", "c"))
		wantKind(t, err, fault.CodeConflict, secrets.KindDestroyed)
		_, err = ring.Seal(ctx, "a", nil, nil)
		wantKind(t, err, fault.CodeConflict, secrets.KindDestroyed)
	}
	wantOpen(t, other, "b", kept, "y")
}

func TestRotationKeepsTextsAndReachesOtherProcesses(t *testing.T) {
	t.Parallel()
	db, cfg := testkit.Store(t), fileConfig(t)
	k, other := open(t, db, cfg), open(t, db, cfg)
	for i := range 5 {
		addTenant(t, db, k, fmt.Sprint(i))
	}
	sealed := mustSeal(t, k, "3", "x")
	old, _ := os.ReadFile(cfg.File)
	next := secrets.NewMasterKey()
	if err := k.RotateMaster(ctx, next); err != nil {
		t.Fatal(err)
	}
	wantOpen(t, other, "3", sealed, "x")
	addTenant(t, db, other, "new")
	wantOpen(t, open(t, db, cfg), "3", sealed, "x")
	var masters []string
	if err := db.Select(ctx, &masters, `SELECT DISTINCT master_id FROM tenant_keys`); err != nil {
		t.Fatal(err)
	}
	if print, _ := secrets.Fingerprint(next); len(masters) != 1 || masters[0] != print {
		t.Errorf("rows are under %v, want %s", masters, print)
	}
	if now, _ := os.ReadFile(cfg.File); string(now) != next.Reveal()+"\n" || bytes.Equal(now, old) {
		t.Error("the file does not hold the new key alone")
	}
	err := k.RotateMaster(ctx, next)
	wantKind(t, err, fault.CodeConflict, "")
}

// Each case is what a kill leaves behind at one step of a rotation.
func TestRotationGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]struct{ file, rows int }{
		"before the file": {0, 0},
		"before the rows": {1, 0},
		"before the end":  {1, 1},
		"after the end":   {2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := testkit.Store(t), fileConfig(t)
			k := open(t, db, cfg)
			addTenant(t, db, k, "a")
			sealed := mustSeal(t, k, "a", "x")
			old, _ := os.ReadFile(cfg.File)
			next := secrets.NewMasterKey().Reveal() + "\n"
			files := []string{string(old), next + string(old), next}
			if crash.rows == 1 { // as the transaction leaves them, by the real code
				if err := k.RotateMaster(ctx, secrets.Secret(strings.TrimSpace(next))); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(cfg.File, []byte(files[crash.file]), 0o600); err != nil {
				t.Fatal(err)
			}
			k = open(t, db, cfg)
			wantOpen(t, k, "a", sealed, "x")
			addTenant(t, db, k, "b")
			wantOpen(t, open(t, db, cfg), "a", sealed, "x")
			want := files[2]
			if crash.file == 0 {
				want = files[0]
			}
			if got, _ := os.ReadFile(cfg.File); string(got) != want {
				t.Errorf("file has %d bytes, want %d", len(got), len(want))
			}
		})
	}
}

// A tenant made while the master key is being rotated must never be wrapped by the key that goes away.
func TestCreationBesideRotation(t *testing.T) {
	t.Parallel()
	db, cfg := testkit.Store(t), fileConfig(t)
	k, other := open(t, db, cfg), open(t, db, cfg)
	done := make(chan error)
	go func() {
		var err error
		for range 5 {
			err = errors.Join(err, k.RotateMaster(ctx, secrets.NewMasterKey()))
		}
		done <- err
	}()
	for i := range 20 {
		addTenant(t, db, other, fmt.Sprint(i))
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	fresh := open(t, db, cfg)
	for i := range 20 {
		mustSeal(t, fresh, fmt.Sprint(i), "x")
	}
}

func TestEnvironmentKeyRotatesBySettingBoth(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	old, next := secrets.NewMasterKey(), secrets.NewMasterKey()
	k := open(t, db, secrets.Config{Key: old})
	addTenant(t, db, k, "a")
	sealed := mustSeal(t, k, "a", "x")
	open(t, db, secrets.Config{Key: next + "," + old})
	wantOpen(t, open(t, db, secrets.Config{Key: next}), "a", sealed, "x")
	_, err := k.Seal(ctx, "a", nil, nil)
	wantKind(t, err, fault.CodeUnavailable, secrets.KindWrongMaster)
}

// The wrapped key must be gone from the disk too, or one who copies it can bring the tenant back.
func TestDestroyedAndRotatedKeysLeaveTheFiles(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Skip("looks at SQLite's files; on PostgreSQL they are the server's")
	}
	dir := t.TempDir()
	db, err := store.Open(ctx, store.DefaultConfig(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	k := open(t, db, fileConfig(t))
	addTenant(t, db, k, "a")
	addTenant(t, db, k, "b")
	wrapped := func(tenant string) (b []byte) {
		if err := db.Get(ctx, &b, `SELECT wrapped FROM tenant_keys WHERE tenant_id = ?`, tenant); err != nil {
			t.Fatal(err)
		}
		return b
	}
	onDisk := func(b []byte) bool {
		for _, name := range []string{store.FileName, store.FileName + "-wal"} {
			raw, _ := os.ReadFile(filepath.Join(dir, name))
			if bytes.Contains(raw, b[len(b)-32:]) {
				return true
			}
		}
		return false
	}
	a, b := wrapped("a"), wrapped("b")
	if !onDisk(a) || !onDisk(b) {
		t.Fatal("the check does not see what is there")
	}
	if err := k.DestroyKey(ctx, db, "a"); err != nil {
		t.Fatal(err)
	}
	if onDisk(a) {
		t.Error("destroyed key is still on the disk")
	}
	if err := k.RotateMaster(ctx, secrets.NewMasterKey()); err != nil {
		t.Fatal(err)
	}
	if onDisk(b) || !onDisk(wrapped("b")) {
		t.Error("the old wrapping is still on the disk, or the new one is not")
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	s := secrets.Secret("hunter2")
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{})
	line, err := enc.EncodeEntry(zapcore.Entry{}, []zapcore.Field{
		zap.Any("any", s), zap.Stringer("str", s), zap.Reflect("cfg", secrets.Config{Key: s}),
	})
	if err != nil {
		t.Fatal(err)
	}
	js, err := json.Marshal(map[string]any{"s": s, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{line.String(), string(js), fmt.Sprint(s), fmt.Sprintf("%+v %#v %q", secrets.Config{Key: s}, secrets.Config{Key: s}, s)} {
		if strings.Contains(out, "hunter2") || !strings.Contains(out, "[redacted]") {
			t.Errorf("prints %s", out)
		}
	}
	if fmt.Sprint(secrets.Secret("")) != "" {
		t.Error("an unset secret must look unset")
	}
}

func TestMasterKeyForms(t *testing.T) {
	t.Parallel()
	good := secrets.NewMasterKey().Reveal()
	for text, ok := range map[string]bool{
		"": true, good: true, good + ", " + secrets.NewMasterKey().Reveal(): true,
		strings.TrimRight(good, "="): true, strings.NewReplacer("+", "-", "/", "_").Replace(good): true,
		"short": false, good + "A": false, good[4:]: false, ",": false, strings.Repeat("\xff", 44): false,
	} {
		err := secrets.Config{Key: secrets.Secret(text)}.Validate()
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && len(text) > 8 && strings.Contains(err.Error(), text) {
			t.Errorf("the error tells the key: %v", err)
		}
	}
}
