package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testkit"
)

// testVault is a database with one tenant, and the function that the commands open it by.
func testVault(t *testing.T) (openVault, *vault) {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	v := &vault{
		DB: testkit.Store(t), Master: secrets.DefaultConfig().In(dir),
		Snapshots: filepath.Join(dir, backup.SnapshotDir), Log: zap.NewNop(),
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

	// The restore has kept what was there before.
	wantOutput(t, ".parley")(runCmd(newRollbackCmd(open), "", "--list"))
	wantRefusal(t, "not confirmed")(runCmd(newRollbackCmd(open), "", file))
	wantOutput(t, "rolled back")(runCmd(newRollbackCmd(open), "", "--yes"))
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
