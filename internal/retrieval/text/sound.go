package text

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// Where bleve's scorch keeps the newest state of an index: its snapshots by their age, and in each the file of each segment.
var (
	snapshotsKey = []byte{'s'}
	segmentKey   = []byte{'p'}
)

// sound is an error where a file of the index is not as it was written. Bleve itself trusts its files: what is damaged in
// them it answers with other passages, or with a panic.
func sound(dir string) (err error) {
	defer func() {
		if r := recover(); r != nil { // of bbolt, about a page
			err = fmt.Errorf("root.bolt is damaged: %v", r)
		}
	}()
	store := filepath.Join(dir, "store")
	root := filepath.Join(store, "root.bolt")
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return nil // a new one
	}
	db, err := bbolt.Open(root, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // opened for reading
	return db.View(func(tx *bbolt.Tx) error {
		snapshots := tx.Bucket(snapshotsKey)
		if snapshots == nil {
			return nil
		}
		newest, _ := snapshots.Cursor().Last()
		if newest == nil {
			return nil
		}
		segments := snapshots.Bucket(newest)
		if segments == nil {
			return errors.New("the newest snapshot is none")
		}
		return segments.ForEachBucket(func(key []byte) error {
			if name := segments.Bucket(key).Get(segmentKey); name != nil {
				return whole(filepath.Join(store, filepath.Base(string(name))))
			}
			return nil
		})
	})
}

// whole compares a segment with the sum of all its bytes at its end.
func whole(path string) error {
	f, err := os.Open(path) //nolint:gosec // named by the index
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	sum := crc32.NewIEEE()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := io.CopyN(sum, f, info.Size()-crc32.Size); err != nil {
		return fmt.Errorf("%s is cut off: %w", filepath.Base(path), err)
	}
	var want [crc32.Size]byte
	if _, err := io.ReadFull(f, want[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(want[:]) != sum.Sum32() {
		return fmt.Errorf("%s is damaged: its bytes have another sum", filepath.Base(path))
	}
	return nil
}
