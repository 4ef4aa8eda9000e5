package catalogue

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Names in the folders that are no models. They begin with a dot, so that no id can be one.
const (
	lockName  = ".lock"
	tmpPrefix = ".tmp-"
	partExt   = ".part"
)

// locked runs change while no other process changes the folder, and clears away what a killed one left.
// It waits for the other, and says so.
func locked(ctx context.Context, dir string, p Progress, change func() error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // nothing here is secret, and another user may serve
		return fmt.Errorf("create folder: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockName))
	held, err := lock.TryLock()
	if err == nil && !held {
		p.Begin(PhaseWait, "another parley is installing into "+dir+"; waiting for it", 0)
		held, err = lock.TryLockContext(ctx, 250*time.Millisecond)
	}
	if err != nil || !held {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	defer lock.Close() //nolint:errcheck // releases the lock; the system would too
	if err := sweep(dir); err != nil {
		return err
	}
	return change()
}

func sweep(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), tmpPrefix) {
			if err := removeAll(filepath.Join(dir, f.Name())); err != nil {
				return fmt.Errorf("clear what an interrupted pull left: %w", err)
			}
		}
	}
	return nil
}

// removeAll tries again for a while, since the clients of a pull that was killed may still be writing.
func removeAll(dir string) error {
	var err error
	for range 20 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// inTemp runs work with a folder of its own below dir that is gone afterwards.
func inTemp(dir string, work func(tmp string) error) error {
	tmp, err := os.MkdirTemp(dir, tmpPrefix)
	if err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // the next pull sweeps what cannot go now
	return work(tmp)
}
