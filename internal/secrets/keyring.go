package secrets

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// The kinds of the faults that a Keyring gives.
const (
	KindDestroyed   = "data_key_destroyed" // fault.Conflict: the tenant's key is gone for ever
	KindWrongMaster = "wrong_master_key"   // fault.Unavailable: an operator must give the right one
)

// KeyTable is the table of the data keys. A backup has it too.
const KeyTable = "tenant_keys"

// Keyring keeps every tenant's data key, wrapped, in the table tenant_keys. It is safe for many
// goroutines, and sees at once what another process does to the table.
type Keyring struct {
	db  *store.DB
	cfg Config
	log *zap.Logger

	mu      sync.Mutex
	masters []master // the first wraps
	boxes   map[string]cachedBox
}

// cachedBox saves the unwrapping while the row still holds the same bytes.
type cachedBox struct {
	wrapped [sha256.Size]byte
	box     Box
}

type keyRow struct {
	Tenant  string `db:"tenant_id"`
	Wrapped []byte `db:"wrapped"`
	Master  string `db:"master_id"`
}

// Open reads the master key and makes its file at the first start, when the database holds no data key
// yet. It finishes a rotation that was cut off, and refuses a master key that is not this database's.
// The schema must be migrated. cfg has its File filled in: see Config.In.
func Open(ctx context.Context, db *store.DB, cfg Config, log *zap.Logger) (*Keyring, error) {
	k := &Keyring{db: db, cfg: cfg, log: log, boxes: map[string]cachedBox{}}
	err := k.locked(ctx, func(tx *store.Tx) error {
		if err := k.load(); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return k.firstKey(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	if err := k.settle(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

// Master tells the fingerprint of the master key that wraps, and where it comes from.
func (k *Keyring) Master() (fingerprint, source string) {
	return k.ring()[0].id, k.source()
}

// ring returns the master keys; the first wraps. The slice is never written to.
func (k *Keyring) ring() []master {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.masters
}

func (k *Keyring) setRing(all []master) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.masters = all
}

func (k *Keyring) source() string {
	if k.cfg.Key != "" {
		return "the configuration (PARLEY_MASTER_KEY)"
	}
	return k.cfg.File
}

// load reads the master keys anew; another process may have rotated the file. Those of the
// configuration are read once.
func (k *Keyring) load() (err error) {
	all := k.ring()
	switch {
	case k.cfg.Key == "":
		all, err = readMasters(k.cfg.File)
	case all == nil:
		all, err = parseMasters(k.cfg.Key.Reveal())
	}
	if err != nil {
		return err
	}
	k.setRing(all)
	return nil
}

// firstKey makes the file of an install without data keys. With data keys the file was lost, and a new
// one would only hide that.
func (k *Keyring) firstKey(ctx context.Context, tx *store.Tx) error {
	var ids []string
	if err := tx.Select(ctx, &ids, `SELECT DISTINCT master_id FROM tenant_keys`); err != nil {
		return fmt.Errorf("read data keys: %w", err)
	}
	if len(ids) > 0 {
		return fault.Unavailable("the master key file %s is missing, and this database needs master key %s: "+
			"put the file back, or give the key in PARLEY_MASTER_KEY", k.cfg.File, strings.Join(ids, ", ")).OfKind(KindWrongMaster)
	}
	m, err := parseMaster(NewMasterKey().Reveal())
	if err != nil {
		return err
	}
	if err := writeMasters(k.cfg.File, []master{m}); err != nil {
		return err
	}
	k.log.Info("master key made; keep a copy of it apart from the backups",
		zap.String("file", k.cfg.File), zap.String("fingerprint", m.id))
	return k.load()
}

// locked runs f while no other process creates or re-wraps data keys. On SQLite every write transaction
// is alone already.
func (k *Keyring) locked(ctx context.Context, f func(tx *store.Tx) error) error {
	return k.db.WithTx(ctx, func(tx *store.Tx) error {
		if err := k.lock(ctx, tx); err != nil {
			return err
		}
		return f(tx)
	})
}

func (k *Keyring) lock(ctx context.Context, tx *store.Tx) error {
	if k.db.Dialect != store.Postgres {
		return nil
	}
	if _, err := tx.Exec(ctx, `LOCK TABLE tenant_keys IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return fmt.Errorf("lock data keys: %w", err)
	}
	return nil
}

// CreateKey gives a new tenant its data key, in the transaction that makes the tenant. The master key is
// read anew under the lock: a key wrapped by one that another process is just rotating away would be
// lost.
func (k *Keyring) CreateKey(ctx context.Context, tx *store.Tx, tenant string) error {
	if err := k.lock(ctx, tx); err != nil {
		return err
	}
	if err := k.load(); err != nil {
		return err
	}
	var ids []string
	if err := tx.Select(ctx, &ids, `SELECT DISTINCT master_id FROM tenant_keys`); err != nil {
		return fmt.Errorf("read data keys: %w", err)
	}
	for _, id := range ids {
		if _, err := k.master(id); err != nil {
			return err
		}
	}
	h, err := newKeyset()
	if err != nil {
		return err
	}
	m := k.ring()[0]
	wrapped, err := wrap(h, m, tenant)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO tenant_keys (tenant_id, wrapped, master_id, created_at) VALUES (?, ?, ?, ?)`,
		tenant, wrapped, m.id, store.Millis(time.Now()))
	if err != nil {
		return fmt.Errorf("store data key of tenant %s: %w", tenant, err)
	}
	return nil
}

// DestroyKey deletes a tenant's data key; a tenant without one is left so. When q is a transaction, call
// Scrub after its commit; otherwise DestroyKey has done so.
//
// A backup still holds the wrapped key: backup.Shred takes it out of the snapshots. Of other backups the
// texts are gone for ever only when those are too, or the master key has been rotated since and its old
// value destroyed.
func (k *Keyring) DestroyKey(ctx context.Context, q store.Queryer, tenant string) error {
	if _, err := q.Exec(ctx, `DELETE FROM tenant_keys WHERE tenant_id = ?`, tenant); err != nil {
		return fmt.Errorf("destroy data key of tenant %s: %w", tenant, err)
	}
	k.forget(tenant)
	if _, open := q.(*store.Tx); open {
		return nil
	}
	return k.Scrub(ctx)
}

func (k *Keyring) forget(tenant string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.boxes, tenant)
}

// Box returns the tenant's key, ready to use. Its row is read each time, so that a key destroyed,
// rotated or restored by another process counts at once. Call it outside a transaction: it takes a
// connection of its own.
func (k *Keyring) Box(ctx context.Context, tenant string) (Box, error) {
	var row keyRow
	err := k.db.Get(ctx, &row, `SELECT tenant_id, wrapped, master_id FROM tenant_keys WHERE tenant_id = ?`, tenant)
	if errors.Is(err, sql.ErrNoRows) {
		k.forget(tenant)
		return Box{}, fault.Conflict("this tenant's data key was destroyed; its texts can't be read").OfKind(KindDestroyed)
	}
	if err != nil {
		return Box{}, fmt.Errorf("read data key of tenant %s: %w", tenant, err)
	}
	sum := sha256.Sum256(row.Wrapped)
	k.mu.Lock()
	c, ok := k.boxes[tenant]
	k.mu.Unlock()
	if ok && c.wrapped == sum {
		return c.box, nil
	}
	m, err := k.master(row.Master)
	if err != nil {
		return Box{}, err
	}
	h, err := unwrap(row.Wrapped, m, tenant)
	if err != nil {
		return Box{}, err
	}
	a, err := aead.New(h)
	if err != nil {
		return Box{}, fmt.Errorf("use data key of tenant %s: %w", tenant, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.boxes[tenant] = cachedBox{wrapped: sum, box: Box{a}}
	return Box{a}, nil
}

// master finds the master key with this fingerprint, in the file as it is now if need be.
func (k *Keyring) master(id string) (master, error) {
	if m, ok := k.known(id); ok {
		return m, nil
	}
	if err := k.load(); err != nil {
		return master{}, err
	}
	if m, ok := k.known(id); ok {
		return m, nil
	}
	found, source := k.Master()
	return master{}, fault.Unavailable("the data keys need master key %s, but %s holds %s: "+
		"put the right key back, or add it as a further one", id, source, found).OfKind(KindWrongMaster)
}

func (k *Keyring) known(id string) (master, bool) {
	for _, m := range k.ring() {
		if m.id == id {
			return m, true
		}
	}
	return master{}, false
}

// Seal encrypts one value for a tenant. For many at once take a Box.
func (k *Keyring) Seal(ctx context.Context, tenant string, plaintext, aad []byte) ([]byte, error) {
	b, err := k.Box(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return b.Seal(plaintext, aad)
}

// Open decrypts one value of a tenant. For many at once take a Box.
func (k *Keyring) Open(ctx context.Context, tenant string, sealed, aad []byte) ([]byte, error) {
	b, err := k.Box(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return b.Open(sealed, aad)
}
