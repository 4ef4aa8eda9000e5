package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// SnapshotDir is the folder of the snapshots in the data folder.
const SnapshotDir = "snapshots"

const (
	keptSnapshots = 5 // for each reason
	stampLayout   = "20060102T150405.000Z"
)

// Reason is what a snapshot was taken before.
type Reason string

// The reasons. The default of `parley rollback` is the newest one of an upgrade.
const (
	Upgrade     Reason = "upgrade"
	Restoring   Reason = "restore"
	RollingBack Reason = "rollback"
)

// Snapshot is a backup taken by itself.
type Snapshot struct {
	File   string
	Schema int64
	Taken  time.Time
	Before Reason
}

var snapshotName = regexp.MustCompile(`^(\d{8}T\d{6}\.\d{3}Z)-v(\d+)-([a-z]+)\.parley$`)

// Snapshots lists a folder's snapshots, newest first. A folder that is not there has none.
func Snapshots(dir string) ([]Snapshot, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	var all []Snapshot
	for _, e := range slices.Backward(entries) { // ReadDir sorts by name, and names begin with the time
		part := snapshotName.FindStringSubmatch(e.Name())
		if part == nil {
			continue
		}
		taken, err1 := time.Parse(stampLayout, part[1])
		schema, err2 := strconv.ParseInt(part[2], 10, 64)
		if err1 == nil && err2 == nil {
			all = append(all, Snapshot{File: filepath.Join(dir, e.Name()), Schema: schema, Taken: taken, Before: Reason(part[3])})
		}
	}
	return all, nil
}

// Newest returns the newest of the snapshots that was taken for this reason.
func Newest(all []Snapshot, before Reason) (Snapshot, bool) {
	i := slices.IndexFunc(all, func(s Snapshot) bool { return s.Before == before })
	if i < 0 {
		return Snapshot{}, false
	}
	return all[i], true
}

// BeforeMigrate takes a snapshot into dir when the database has content and migrations are due, and
// returns its file, or "". A database that is newer than this binary is a
// fault.Unavailable: its migrations are not known here.
func BeforeMigrate(ctx context.Context, db *store.DB, dir, parley string) (file string, err error) {
	have, newest, err := db.Version(ctx)
	switch {
	case err != nil:
		return "", err
	case have > newest:
		return "", fault.Unavailable("the database has schema version %d, and this parley knows %d: "+
			"install the newer parley again, or go back to the snapshot before the upgrade with: parley rollback", have, newest)
	case have == 0 || have == newest:
		return "", nil
	}
	return Take(ctx, db, dir, parley, Upgrade)
}

// Take takes a snapshot into dir, keeps the newest five of its reason, and returns its file.
func Take(ctx context.Context, db *store.DB, dir, parley string, before Reason) (string, error) {
	return take(ctx, db, dir, parley, before, "")
}

// take writes a snapshot and removes all but the newest ones of its reason; it spares the file named.
func take(ctx context.Context, db *store.DB, dir, parley string, before Reason, spare string) (string, error) {
	version, _, err := db.Version(ctx)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make snapshot folder: %w", err)
	}
	file := filepath.Join(dir, fmt.Sprintf("%s-v%d-%s.parley", time.Now().UTC().Format(stampLayout), version, before))
	if _, err := WriteFile(ctx, db, file, parley); err != nil {
		return "", fmt.Errorf("take snapshot: %w", err)
	}
	all, err := Snapshots(dir)
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(s Snapshot) bool { return s.Before != before })
	for i, s := range all {
		if i >= keptSnapshots && filepath.Clean(s.File) != filepath.Clean(spare) {
			if err := os.Remove(s.File); err != nil {
				return "", fmt.Errorf("remove old snapshot: %w", err)
			}
		}
	}
	return file, nil
}

// Rollback brings the database back to what the backup file holds, its schema version included. It first
// reads the whole file, and takes a snapshot of the present state into dir, whose name it returns. No
// server may run meanwhile. When it is cut off, run it again: the file is still there.
func Rollback(ctx context.Context, db *store.DB, file, dir, parley string) (before string, m Manifest, err error) {
	if m, err = verifyFile(ctx, file); err != nil {
		return "", m, err
	}
	have, newest, err := db.Version(ctx)
	if err != nil {
		return "", m, err
	}
	if m.Schema < 1 || m.Schema > newest {
		return "", m, fault.Conflict("the backup has schema version %d, and this parley knows 1 to %d: install parley %q, which wrote it",
			m.Schema, newest, m.Parley)
	}
	if have > 0 {
		if before, err = take(ctx, db, dir, parley, RollingBack, file); err != nil {
			return "", m, err
		}
	}
	if err := dropAll(ctx, db); err != nil {
		return before, m, err
	}
	if err := db.MigrateTo(ctx, m.Schema); err != nil {
		return before, m, err
	}
	f, err := os.Open(file)
	if err != nil {
		return before, m, fmt.Errorf("open backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	m, err = Restore(ctx, db, f, dir)
	return before, m, err
}

func verifyFile(ctx context.Context, file string) (Manifest, error) {
	f, err := os.Open(file)
	if err != nil {
		return Manifest{}, fmt.Errorf("open backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	return Verify(ctx, f)
}

// dropAll empties the schema, the migrations' own table included.
func dropAll(ctx context.Context, db *store.DB) error {
	drop := func(q querier) error {
		names, err := tables(ctx, db.Dialect, q)
		if err != nil {
			return err
		}
		names = append(names, "goose_db_version")
		if db.Dialect == store.Postgres {
			_, err := q.ExecContext(ctx, `DROP TABLE IF EXISTS `+quoteAll(names)+` CASCADE`)
			return err
		}
		for _, name := range names {
			if _, err := q.ExecContext(ctx, `DROP TABLE IF EXISTS `+quote(name)); err != nil {
				return err
			}
		}
		return nil
	}
	var err error
	if db.Dialect == store.Postgres {
		err = drop(db.SQL())
	} else {
		err = writing(ctx, db, drop)
	}
	if err != nil {
		return fmt.Errorf("drop tables: %w", err)
	}
	return nil
}
