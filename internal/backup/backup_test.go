package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/parley-chat/parley/internal/backup"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/testkit"
)

var ctx = context.Background()

// fill writes rows whose values are hard to carry.
func fill(t *testing.T, db *store.DB) {
	t.Helper()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	err := db.WithTx(ctx, func(tx *store.Tx) error {
		for i, name := range []string{"", "ünï😀", "line\nbreak \"quote\" \\ </html> \u2028", strings.Repeat("x", 100_000)} {
			if _, err := tx.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES (?, ?, ?, ?)`,
				fmt.Sprint("t", i), fmt.Sprint("s", i), name, int64(math.MaxInt64)-int64(i)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO tenant_keys (tenant_id, wrapped, master_id, created_at) VALUES (?, ?, 'm', -1)`, "t0", all); err != nil {
			return err
		}
		for i, cost := range []float64{0, 1, 0.1, 1e-300, math.MaxFloat64} {
			if _, err := tx.Exec(ctx, `INSERT INTO usage_records (id, trace_id, tenant_id, user_id, model, surface, cost_usd, outcome, created_at)
				VALUES (?, '', 't0', '', '', '', ?, 'ok', 0)`, fmt.Sprint("u", i), cost); err != nil {
				return err
			}
		}
		for i, response := range [][]byte{nil, {}, all} {
			if _, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (tenant_id, user_id, key_hash, state, body_hash, response, expires_at)
				VALUES ('t0', 'u', ?, 'done', ?, ?, 0)`, fmt.Sprint("k", i), all[:i], response); err != nil {
				return err
			}
		}
		for i := range 1000 {
			if _, err := tx.Exec(ctx, `INSERT INTO conversations (id, tenant_id, user_id, title, status, created_at, updated_at)
				VALUES (?, 't1', 'u', ?, 'active', 0, 0)`, fmt.Sprint("c", i), all[:i%256]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dump is the content of the tables that fill writes, to compare.
func dump(t *testing.T, db *store.DB) string {
	t.Helper()
	var out strings.Builder
	for _, q := range []string{
		`SELECT id, name, created_at AS n, NULL AS b, 0.0 AS f FROM tenants ORDER BY id`,
		`SELECT tenant_id AS id, master_id AS name, created_at AS n, wrapped AS b, 0.0 AS f FROM tenant_keys ORDER BY tenant_id`,
		`SELECT id, user_id AS name, created_at AS n, NULL AS b, cost_usd AS f FROM usage_records ORDER BY id`,
		`SELECT key_hash AS id, state AS name, expires_at AS n, response AS b, 0.0 AS f FROM idempotency_keys ORDER BY key_hash`,
		`SELECT id, status AS name, updated_at AS n, title AS b, 0.0 AS f FROM conversations ORDER BY id`,
	} {
		var rows []struct {
			ID, Name string
			N        int64
			B        []byte
			F        float64
		}
		if err := db.Select(ctx, &rows, q); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			fmt.Fprintf(&out, "%s %q %d %x %t %g\n", r.ID, r.Name, r.N, r.B, r.B == nil, r.F)
		}
	}
	return out.String()
}

func write(t *testing.T, db *store.DB) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := backup.Write(ctx, db, &out, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBackupComesBackTheSame(t *testing.T) {
	t.Parallel()
	from, to := testkit.Store(t), testkit.Store(t)
	fill(t, from)
	file := write(t, from)
	m, err := backup.Verify(ctx, bytes.NewReader(file))
	if err != nil || m.Parley != "1.2.3" || m.Dialect != string(from.Dialect) || m.Rows() != 4+1+5+3+1000 || m.CreatedAt.IsZero() {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := to.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES ('old', 't0', '', 0)`); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(ctx, to, bytes.NewReader(file), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if got, want := dump(t, to), dump(t, from); got != want {
		t.Errorf("restored %d bytes, want %d:\n%.2000s", len(got), len(want), got)
	}
	// References are as strict as before.
	if _, err := to.Exec(ctx, `INSERT INTO tenant_keys (tenant_id, wrapped, master_id, created_at) VALUES ('none', ?, '', 0)`, []byte{}); err == nil {
		t.Error("references are not checked any more")
	}
}

// A backup of the one database is also the way into the other.
func TestBackupMovesBetweenDatabases(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") == "" {
		t.Skip("needs PostgreSQL: set TEST_POSTGRES_URL")
	}
	lite, err := store.Open(ctx, store.DefaultConfig(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lite.Close() }()
	if err := lite.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	fill(t, lite)
	want := dump(t, lite)
	pg := testkit.Store(t)
	if _, err := backup.Restore(ctx, pg, bytes.NewReader(write(t, lite)), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, pg); got != want {
		t.Error("SQLite to PostgreSQL changed something")
	}
	if _, err := lite.Exec(ctx, `DELETE FROM tenants`); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(ctx, lite, bytes.NewReader(write(t, pg)), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if dump(t, lite) != want {
		t.Error("PostgreSQL to SQLite changed something")
	}
}

// slowly stops at the first write until released, so that a writer can come in between.
type slowly struct {
	bytes.Buffer
	begun, release chan struct{}
	n              int
}

func (s *slowly) Write(p []byte) (int, error) {
	if s.n++; s.n == 1 {
		close(s.begun)
		<-s.release
	}
	return s.Buffer.Write(p)
}

func TestBackupIsOfOneMomentAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	fill(t, db)
	want := dump(t, db)
	out := &slowly{begun: make(chan struct{}), release: make(chan struct{})}
	done := make(chan error)
	go func() {
		_, err := backup.Write(ctx, db, out, "")
		done <- err
	}()
	<-out.begun
	for _, q := range []string{
		`DELETE FROM conversations`, `UPDATE tenants SET name = 'changed'`, `DELETE FROM usage_records`, `DELETE FROM idempotency_keys`,
	} {
		if _, err := db.Exec(ctx, q); err != nil {
			t.Fatalf("a write beside the backup: %v", err)
		}
	}
	close(out.release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(ctx, db, &out.Buffer, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if dump(t, db) != want {
		t.Error("the backup is not of the moment at which it began")
	}
}

func lines(t *testing.T, file []byte) []string {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out bytes.Buffer
	if _, err := z.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(out.String(), "\n")
}

func pack(t *testing.T, text string) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	return z.EncodeAll([]byte(text), nil)
}

func TestBadFilesChangeNothing(t *testing.T) {
	t.Parallel()
	db := testkit.Store(t)
	fill(t, db)
	good := write(t, db)
	all := lines(t, good)
	all = all[:len(all)-1]
	first := all[0]
	with := func(old, new string) []byte {
		s := strings.Join(all, "")
		if !strings.Contains(s, old) {
			t.Fatalf("no %q to change", old)
		}
		return pack(t, strings.Replace(s, old, new, 1))
	}
	bad := map[string][]byte{
		"empty":           {},
		"text":            []byte("hello, I am no backup"),
		"packed text":     pack(t, "hello\n"),
		"packed JSON":     pack(t, "{}\n"),
		"half":            good[:len(good)/2],
		"one byte short":  good[:len(good)-1],
		"no trailer":      pack(t, strings.Join(all[:len(all)-1], "")),
		"a row less":      pack(t, strings.Join(slices.Delete(slices.Clone(all), 3, 4), "")),
		"a row more":      pack(t, strings.Join(slices.Insert(slices.Clone(all), 3, all[2]), "")),
		"a value changed": with(`"c7"`, `"c8x"`),
		"trailer changed": with(`{"sha256":"`, `{"sha256":"0`),
		"more after it":   pack(t, strings.Join(all, "")+"x"),
		"newer format":    with(`"parley_backup":1`, `"parley_backup":2`),
		"unknown table":   with(`"name":"tenants"`, `"name":"tenants; DROP TABLE tenants"`),
		"unknown column":  with(`"slug"`, `"slug\") VALUES (1); --"`),
		"table twice":     with(`"name":"tenant_keys"`, `"name":"tenants"`),
		"column twice":    with(`"slug"`, `"name"`),
		"negative rows":   with(`"rows":1000`, `"rows":-1`),
		"endless rows":    with(`"rows":1000`, `"rows":9223372036854775807`),
		"not an array":    pack(t, first+"{}\n"),
		"wrong kind":      with(`["t0","s0","",0,9223372036854775807`, `["t0","s0","",0,"x"`),
	}
	middle := bytes.Clone(good)
	middle[len(middle)/2] ^= 0x40
	bad["a bit turned"] = middle
	want := dump(t, db)
	for name, file := range bad {
		if _, err := backup.Restore(ctx, db, bytes.NewReader(file), t.TempDir()); !fault.Is(err, fault.CodeInvalid) || !strings.Contains(err.Error(), "this backup can't be used") {
			t.Errorf("restore %s: %v", name, err)
		}
		if dump(t, db) != want {
			t.Fatalf("restore %s changed the database", name)
		}
	}
	if _, err := backup.Restore(ctx, db, bytes.NewReader(good), t.TempDir()); err != nil {
		t.Errorf("the good one after them: %v", err)
	}
}

func TestOtherSchemaVersionIsRefused(t *testing.T) {
	t.Parallel()
	db, old := testkit.Store(t), testkit.EmptyStore(t)
	if err := old.MigrateTo(ctx, 1); err != nil {
		t.Fatal(err)
	}
	file := write(t, db)
	_, err := backup.Restore(ctx, old, bytes.NewReader(file), t.TempDir())
	if !fault.Is(err, fault.CodeConflict) {
		t.Errorf("newer into older: %v", err)
	}
	_, err = backup.Restore(ctx, db, bytes.NewReader(write(t, old)), t.TempDir())
	if !fault.Is(err, fault.CodeConflict) || !strings.Contains(err.Error(), "parley rollback") {
		t.Errorf("older into newer: %v", err)
	}
}

func TestWriteFileIsPrivateAndWholeOrNotThere(t *testing.T) {
	t.Parallel()
	db, dir := testkit.Store(t), t.TempDir()
	fill(t, db)
	file := filepath.Join(dir, "b.parley")
	if _, err := backup.WriteFile(ctx, db, file, ""); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if _, err := backup.WriteFile(ctx, db, file, ""); err == nil {
		t.Error("an existing file was replaced")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := backup.WriteFile(gone, db, filepath.Join(dir, "c.parley"), ""); err == nil {
		t.Error("a cancelled backup succeeded")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("{\"parley_backup\":1,\"tables\":[{\"name\":\"t\",\"columns\":[\"a\"],\"rows\":1}]}\n[1]\n{\"sha256\":\"\"}\n"))
	f.Add([]byte("[[[\n"))
	z, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, file := range [][]byte{text, z.EncodeAll(text, nil)} {
			if _, err := backup.Verify(ctx, bytes.NewReader(file)); err != nil && !fault.Is(err, fault.CodeInvalid) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
