package secrets

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// RotateMaster makes newKey the master key and wraps every data key anew with it; no text is touched.
// The file first holds both keys, then the rows change in one transaction, then the old key leaves the
// file. Wherever it is cut off, every row's key is in the file, and the next Open goes on from there.
//
// When the master key comes from the configuration, the caller must have stored newKey there already:
// "new,old" in PARLEY_MASTER_KEY is safe at every moment, and the next start rotates by itself.
func (k *Keyring) RotateMaster(ctx context.Context, newKey Secret) error {
	m, err := parseMaster(newKey.Reveal())
	if err != nil {
		return err
	}
	err = k.locked(ctx, func(tx *store.Tx) error {
		if err := k.load(); err != nil {
			return err
		}
		all := append([]master{m}, k.ring()...)
		if all[1].id == m.id {
			return fault.Conflict("master key %s is in use already; rotate to a new one", m.id)
		}
		if k.cfg.Key == "" {
			if err := writeMasters(k.cfg.File, all); err != nil {
				return err
			}
		}
		k.setRing(all)
		return k.rewrap(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("rotate master key: %w", err)
	}
	if err := k.dropOld(ctx); err != nil {
		return fmt.Errorf("rotate master key: %w", err)
	}
	return k.Scrub(ctx)
}

// settle brings every row under the first master key. It does nothing when that is so already.
func (k *Keyring) settle(ctx context.Context) error {
	if err := k.locked(ctx, func(tx *store.Tx) error { return k.rewrap(ctx, tx) }); err != nil {
		return fmt.Errorf("check data keys: %w", err)
	}
	if len(k.ring()) == 1 {
		return nil
	}
	if err := k.dropOld(ctx); err != nil {
		return err
	}
	if err := k.Scrub(ctx); err != nil {
		k.log.Warn("traces of the old wrapping remain in the database's log for now", zap.Error(err))
	}
	return nil
}

func (k *Keyring) rewrap(ctx context.Context, tx *store.Tx) error {
	first := k.ring()[0]
	var rows []keyRow
	err := tx.Select(ctx, &rows, `SELECT tenant_id, wrapped, master_id FROM tenant_keys WHERE master_id <> ?`, first.id)
	if err != nil {
		return fmt.Errorf("read data keys: %w", err)
	}
	for _, row := range rows {
		old, err := k.master(row.Master)
		if err != nil {
			return err
		}
		h, err := unwrap(row.Wrapped, old, row.Tenant)
		if err != nil {
			return err
		}
		wrapped, err := wrap(h, first, row.Tenant)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE tenant_keys SET wrapped = ?, master_id = ? WHERE tenant_id = ?`,
			wrapped, first.id, row.Tenant)
		if err != nil {
			return fmt.Errorf("re-wrap data key of tenant %s: %w", row.Tenant, err)
		}
	}
	if len(rows) > 0 {
		k.log.Info("data keys wrapped anew", zap.Int("tenants", len(rows)), zap.String("master", first.id))
	}
	return nil
}

// dropOld takes the keys that wrap nothing any more out of the file. The rows are looked at again under
// the lock, since the file and the rows must never disagree.
func (k *Keyring) dropOld(ctx context.Context) error {
	if k.cfg.Key != "" {
		return nil // not ours to change
	}
	return k.locked(ctx, func(tx *store.Tx) error {
		if err := k.load(); err != nil {
			return err
		}
		all := k.ring()
		var stale int
		err := tx.Get(ctx, &stale, `SELECT COUNT(*) FROM tenant_keys WHERE master_id <> ?`, all[0].id)
		if err != nil {
			return fmt.Errorf("read data keys: %w", err)
		}
		if stale > 0 || len(all) == 1 {
			return nil
		}
		if err := writeMasters(k.cfg.File, all[:1]); err != nil {
			return err
		}
		for _, m := range all[1:] {
			k.log.Info("old master key removed from its file", zap.String("fingerprint", m.id))
		}
		return k.load()
	})
}

// Scrub makes the database forget the bytes of rows that were deleted or overwritten. SQLite overwrites
// them in the database file by itself; what remains is the write-ahead log. On PostgreSQL the table is
// written anew; its archived log is the operator's.
func (k *Keyring) Scrub(ctx context.Context) error {
	if k.db.Dialect == store.Postgres {
		if _, err := k.db.Exec(ctx, `VACUUM FULL tenant_keys`); err != nil {
			return fmt.Errorf("scrub data keys: %w", err)
		}
		return nil
	}
	var state struct {
		Busy         int `db:"busy"`
		Log          int `db:"log"`
		Checkpointed int `db:"checkpointed"`
	}
	if err := k.db.Get(ctx, &state, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", err)
	}
	if state.Busy != 0 {
		return fmt.Errorf("empty the write-ahead log: %w", errBusy)
	}
	return nil
}

// errBusy is what remains after waiting: the change itself is made, and only its trace is still there.
var errBusy = errors.New("a long read (a backup?) is going on; the change is made, run it once more to remove its traces")
