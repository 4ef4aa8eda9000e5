package backup

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// graves are the tenants that were shredded, by id, with the moment in milliseconds. What a backup from
// before holds of them comes back without key, closed and signed out.
type graves map[string]int64

// gravesFile stands beside the folder of the snapshots, so that emptying the folder does not lose it.
func gravesFile(dir string) string { return filepath.Clean(dir) + ".shredded" }

func readGraves(dir string) (graves, error) {
	raw, err := os.ReadFile(gravesFile(dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read which tenants were shredded: %w", err)
	}
	g := graves{}
	for line := range strings.Lines(string(raw)) {
		var tenant string
		var at int64
		if _, err := fmt.Sscan(line, &tenant, &at); err != nil {
			return nil, fmt.Errorf("read which tenants were shredded: %s: %w", gravesFile(dir), err)
		}
		g[tenant] = at
	}
	return g, nil
}

// bury adds a tenant to the list, on the disk.
func bury(dir, tenant string) error {
	f, err := os.OpenFile(gravesFile(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("note the shredded tenant: %w", err)
	}
	_, err = fmt.Fprintf(f, "%s %d\n", tenant, store.Millis(time.Now()))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("note the shredded tenant: %w", err)
	}
	return nil
}

// keep brings a row of a backup into the form in which it may come back, and reports whether it may.
func (g graves) keep(t Table, row []any) bool {
	at := func(column string) int {
		for i, name := range t.Columns {
			if name == column {
				return i
			}
		}
		return -1
	}
	dead := func(column string) (int64, bool) {
		i := at(column)
		if i < 0 {
			return 0, false
		}
		tenant, _ := row[i].(string)
		when, ok := g[tenant]
		return when, ok
	}
	switch t.Name {
	case secrets.KeyTable, "sessions":
		_, gone := dead("tenant_id")
		return !gone
	case "tenants":
		if when, gone := dead("id"); gone {
			if i := at("deleted_at"); i >= 0 && row[i] == json.Number("0") {
				row[i] = json.Number(fmt.Sprint(when))
			}
		}
	}
	return true
}

// Shred makes sure that no snapshot in dir brings a tenant's destroyed key back, and that no backup does
// that is restored here later. It returns how many snapshots held the key. One that cannot be read, and
// thus not be gone back to, is removed; so is one that was cut off while it was written.
func Shred(ctx context.Context, dir, tenant string) (held int, err error) {
	if err := bury(dir, tenant); err != nil {
		return 0, err
	}
	all, err := Snapshots(dir)
	if err != nil {
		return 0, err
	}
	for _, s := range all {
		changed, err := cleanse(ctx, s.File, graves{tenant: store.Millis(time.Now())})
		if fault.Is(err, fault.CodeInvalid) {
			changed, err = true, erase(s.File)
		}
		if err != nil {
			return held, fmt.Errorf("take the key out of %s: %w", s.File, err)
		}
		if changed {
			held++
		}
	}
	parts, err := filepath.Glob(filepath.Join(dir, ".*.parley.*"))
	if err != nil {
		return held, fmt.Errorf("find unfinished snapshots: %w", err)
	}
	for _, part := range parts {
		if err := erase(part); err != nil {
			return held, err
		}
	}
	return held, nil
}

// cleanse writes a backup anew without what may not come back, and overwrites the old bytes. It reports
// whether there was any.
func cleanse(ctx context.Context, file string, g graves) (bool, error) {
	old, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { _ = old.Close() }()
	var m Manifest
	before, err := each(ctx, old, g, func(in Manifest) error {
		m = in
		m.Tables = append([]Table(nil), in.Tables...)
		for i := range m.Tables {
			m.Tables[i].Rows = 0
		}
		return nil
	}, func(table int, _ []any) error { m.Tables[table].Rows++; return nil })
	if err != nil || before.Rows() == m.Rows() {
		return false, err
	}
	out, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return false, fmt.Errorf("write snapshot anew: %w", err)
	}
	defer func() { _ = out.Close(); _ = os.Remove(out.Name()) }() // after the renaming there is none
	lines, err := newLineWriter(out)
	if err != nil {
		return false, err
	}
	_, err = each(ctx, old, g, func(Manifest) error { return lines.write(m) }, func(_ int, row []any) error { return lines.write(row) })
	if err == nil {
		err = errors.Join(lines.finish(), out.Sync())
	}
	if err == nil {
		err = os.Rename(out.Name(), file)
	}
	if err != nil {
		return false, fmt.Errorf("write snapshot anew: %w", err)
	}
	return true, overwrite(old)
}

// each reads a whole backup from its beginning: the manifest, and the rows that may come back with the
// index of their table.
func each(ctx context.Context, f io.ReadSeeker, g graves, begin func(Manifest) error, row func(table int, row []any) error) (Manifest, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Manifest{}, fmt.Errorf("read snapshot: %w", err)
	}
	in, err := newReader(bufio.NewReader(f))
	if err != nil {
		return Manifest{}, err
	}
	defer in.close()
	if err := begin(in.Manifest); err != nil {
		return Manifest{}, err
	}
	for i, t := range in.Manifest.Tables {
		for n := range t.Rows {
			if n%1024 == 0 && ctx.Err() != nil {
				return Manifest{}, ctx.Err()
			}
			values, err := in.row(t)
			if err != nil {
				return Manifest{}, err
			}
			if g.keep(t, values) {
				if err := row(i, values); err != nil {
					return Manifest{}, err
				}
			}
		}
	}
	return in.Manifest, in.end()
}

// erase overwrites and removes a file.
func erase(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("erase %s: %w", file, err)
	}
	defer func() { _ = f.Close() }()
	if err := errors.Join(overwrite(f), os.Remove(file)); err != nil {
		return fmt.Errorf("erase %s: %w", file, err)
	}
	return nil
}

func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.CopyN(f, zeros{}, info.Size())
	return errors.Join(err, f.Sync())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
