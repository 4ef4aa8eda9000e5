package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/testkit"
)

// testVault is a database with one tenant, and the function that the commands open it by.
func testVault(t *testing.T) (openVault, *vault) {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	v := &vault{
		DB: testkit.Store(t), Master: secrets.DefaultConfig().In(dir),
		Snapshots: filepath.Join(dir, backup.SnapshotDir), Indexes: filepath.Join(dir, "index"), Log: zap.NewNop(),
		Alone: func() (func() error, error) {
			lock, err := app.LockData(dir)
			if err != nil {
				return nil, err
			}
			return lock.Unlock, nil
		},
	}
	keys, err := secrets.Open(ctx, v.DB, v.Master, v.Log)
	if err != nil {
		t.Fatal(err)
	}
	err = v.DB.WithTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES ('t', 't', 'first', 0)`); err != nil {
			return err
		}
		return keys.CreateKey(ctx, tx, "t")
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(context.Context) (*vault, func(), error) { return v, func() {}, nil }, v
}

func runCmd(cmd *cobra.Command, in string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(context.Background())
	return out.String(), err
}

func wantOutput(t *testing.T, part string) func(string, error) {
	return func(out string, err error) {
		t.Helper()
		if err != nil || !strings.Contains(out, part) {
			t.Fatalf("want %q in %q (%v)", part, out, err)
		}
	}
}

func wantRefusal(t *testing.T, part string) func(string, error) {
	return func(out string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Fatalf("want the error %q, got %v and %q", part, err, out)
		}
	}
}

func TestBackupCommands(t *testing.T) {
	t.Parallel()
	open, v := testVault(t)
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "b.parley")
	name := func(want string) {
		t.Helper()
		var got string
		if err := v.DB.Get(ctx, &got, `SELECT name FROM tenants`); err != nil || got != want {
			t.Fatalf("name is %q, want %q (%v)", got, want, err)
		}
	}
	rename := func(to string) {
		t.Helper()
		if _, err := v.DB.Exec(ctx, `UPDATE tenants SET name = ?`, to); err != nil {
			t.Fatal(err)
		}
	}
	wantOutput(t, "master key is not in it")(runCmd(newBackupCmd(open), "", file))
	wantRefusal(t, "is there already")(runCmd(newBackupCmd(open), "", file))
	wantOutput(t, "good: ")(runCmd(newBackupCmd(open), "", "verify", file))
	wantRefusal(t, "no such file")(runCmd(newBackupCmd(open), "", "verify", file+"x"))

	rename("second")
	wantRefusal(t, "not confirmed")(runCmd(newRestoreCmd(open), "no\n", file))
	name("second")
	wantOutput(t, "restored")(runCmd(newRestoreCmd(open), "restore\n", file))
	name("first")

	// The restore has kept what was there before, which is not what a rollback goes to unasked.
	wantOutput(t, "restore")(runCmd(newRollbackCmd(open), "", "--list"))
	wantRefusal(t, "no snapshot of an upgrade")(runCmd(newRollbackCmd(open), "", "--yes"))
	wantRefusal(t, "not confirmed")(runCmd(newRollbackCmd(open), "", file))
	wantOutput(t, "rolled back")(runCmd(newRollbackCmd(open), "", v.snapshot(t, backup.Restoring), "--yes"))
	name("second")

	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "--yes")(runCmd(newRestoreCmd(open), string(raw), "-"))
	wantOutput(t, "restored")(runCmd(newRestoreCmd(open), string(raw), "-", "--yes"))
	name("first")
	wantRefusal(t, "cut off")(runCmd(newRestoreCmd(open), string(raw[:len(raw)/2]), "-", "--yes"))
	name("first")
}

// snapshot is the newest snapshot of a reason.
func (v *vault) snapshot(t *testing.T, before backup.Reason) string {
	t.Helper()
	all, err := backup.Snapshots(v.Snapshots)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := backup.Newest(all, before)
	if !ok {
		t.Fatalf("no snapshot before a %s in %+v", before, all)
	}
	return s.File
}

// Unasked, a rollback goes to the state before the upgrade, whatever snapshots came after it, and again
// when it is run again after it was cut off.
func TestRollbackGoesToTheUpgradeUnasked(t *testing.T) {
	t.Parallel()
	open, v := testVault(t)
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "b.parley")
	if _, err := backup.Take(ctx, v.DB, v.Snapshots, "1", backup.Upgrade); err != nil {
		t.Fatal(err)
	}
	if _, err := v.DB.Exec(ctx, `UPDATE tenants SET name = 'upgraded'`); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, "backed up")(runCmd(newBackupCmd(open), "", file))
	for range 6 {
		wantOutput(t, "restored")(runCmd(newRestoreCmd(open), "", file, "--yes"))
	}
	for range 7 {
		wantOutput(t, "rolled back")(runCmd(newRollbackCmd(open), "", "--yes"))
		var got string
		if err := v.DB.Get(ctx, &got, `SELECT name FROM tenants`); err != nil || got != "first" {
			t.Fatalf("name is %q, %v", got, err)
		}
	}
}

// A shredded tenant comes back by no snapshot and by no older backup, and with them no text.
func TestShreddingReachesSnapshotsAndLaterRestores(t *testing.T) {
	t.Parallel()
	open, v := testVault(t)
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "old.parley")
	keys, err := secrets.Open(ctx, v.DB, v.Master, v.Log)
	if err != nil {
		t.Fatal(err)
	}
	svc := tenancy.New(v.DB, keys, tenancy.DefaultConfig(), v.Log)
	svc.OnShred(func(ctx context.Context, tenant string) (int, error) { return backup.Shred(ctx, v.Snapshots, tenant) })
	accounts := func(context.Context) (*tenancy.Service, func(), error) { return svc, func() {}, nil }
	if _, err := v.DB.Exec(ctx, `UPDATE tenants SET operator = 1`); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, "beta")(runCmd(newTenantCmd(accounts), "", "add", "beta"))
	beta, err := svc.Tenant(ctx, tenancy.Console(""), "beta")
	if err != nil {
		t.Fatal(err)
	}
	const text = "the secret plan of beta"
	sealed, err := keys.Seal(ctx, beta.ID, []byte(text), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var wrapped []byte
	if err := v.DB.Get(ctx, &wrapped, `SELECT wrapped FROM tenant_keys WHERE tenant_id = ?`, beta.ID); err != nil {
		t.Fatal(err)
	}
	readable := func() bool {
		plain, err := keys.Open(ctx, beta.ID, sealed, []byte("x"))
		return err == nil && string(plain) == text
	}
	wantOutput(t, "backed up")(runCmd(newBackupCmd(open), "", file))
	wantOutput(t, "restored")(runCmd(newRestoreCmd(open), "", file, "--yes"))
	if _, err := backup.Take(ctx, v.DB, v.Snapshots, "1", backup.Upgrade); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(v.Snapshots, "20200101T000000.000Z-v1-upgrade.parley")
	for _, name := range []string{broken, filepath.Join(v.Snapshots, ".cut.parley.123")} {
		if err := os.WriteFile(name, wrapped, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !readable() {
		t.Fatal("the text cannot be read before the shredding")
	}
	wantOutput(t, "taken out of 3 snapshots")(runCmd(newTenantCmd(accounts), "", "shred", "beta", "--confirm", "beta"))
	if readable() {
		t.Fatal("the text can be read after the shredding")
	}
	files, err := os.ReadDir(v.Snapshots)
	if err != nil || len(files) != 2 {
		t.Errorf("left in the folder: %v, %v", files, err)
	}
	all, err := backup.Snapshots(v.Snapshots)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if content := unpacked(t, s.File); bytes.Contains(content, []byte(base64.StdEncoding.EncodeToString(wrapped))) {
			t.Errorf("%s still holds the key", s.File)
		}
		wantOutput(t, "good: ")(runCmd(newBackupCmd(open), "", "verify", s.File))
		wantOutput(t, "rolled back")(runCmd(newRollbackCmd(open), "", s.File, "--yes"))
		if readable() {
			t.Errorf("rolling back to %s brought the text back", s.File)
		}
	}
	if !bytes.Contains(unpacked(t, file), []byte(base64.StdEncoding.EncodeToString(wrapped))) {
		t.Fatal("the backup from before does not hold the key: this test proves nothing")
	}
	wantOutput(t, "restored")(runCmd(newRestoreCmd(open), "", file, "--yes"))
	wantOutput(t, "rolled back")(runCmd(newRollbackCmd(open), "", file, "--yes"))
	if readable() {
		t.Error("a backup from before brought the text back")
	}
	if beta, err = svc.Tenant(ctx, tenancy.Console(""), "beta"); err != nil || beta.DeletedAt.IsZero() {
		t.Errorf("the tenant is open again: %+v, %v", beta, err)
	}
	if _, err := keys.Seal(ctx, "t", []byte("x"), nil); err != nil {
		t.Errorf("the other tenant's key is gone: %v", err)
	}
}

// unpacked is the text of a backup.
func unpacked(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestRollbackWithoutSnapshotSaysSo(t *testing.T) {
	t.Parallel()
	open, _ := testVault(t)
	wantRefusal(t, "there is no snapshot")(runCmd(newRollbackCmd(open), "", "--yes"))
}

func TestMasterKeyCommands(t *testing.T) {
	t.Parallel()
	open, v := testVault(t)
	file := filepath.Join(t.TempDir(), "b.parley")
	wantOutput(t, "backed up")(runCmd(newBackupCmd(open), "", file))
	before, err := runCmd(newMasterKeyCmd(open), "", "show")
	wantOutput(t, "fits this database")(before, err)
	wantOutput(t, "is replaced by")(runCmd(newMasterKeyCmd(open), "", "rotate"))
	after, err := runCmd(newMasterKeyCmd(open), "", "show")
	if err != nil || after == before {
		t.Errorf("the key is the same after rotating: %s, %v", after, err)
	}
	wantRefusal(t, "texts can't be read yet")(runCmd(newRestoreCmd(open), "", file, "--yes"))

	key, err := runCmd(newMasterKeyCmd(open), "", "new")
	if err != nil {
		t.Fatal(err)
	}
	if err := (secrets.Config{Key: secrets.Secret(key)}).Validate(); err != nil {
		t.Errorf("new prints %q: %v", key, err)
	}
	v.Master.Key = secrets.Secret(key)
	wantRefusal(t, "PARLEY_MASTER_KEY=NEW,OLD")(runCmd(newMasterKeyCmd(open), "", "rotate"))
}
