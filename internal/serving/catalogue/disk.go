package catalogue

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/parley-chat/parley/internal/fault"
)

// spareBytes stay free after a download, so that the database beside it can still grow.
const spareBytes = 256 << 20

// Space is how many bytes this user may still write to the file system of dir, and how many that has. A
// folder that is not there yet counts as its parent.
func Space(dir string) (free, total int64, err error) {
	var s syscall.Statfs_t
	for err = syscall.Statfs(dir, &s); errors.Is(err, syscall.ENOENT) && filepath.Dir(dir) != dir; {
		dir = filepath.Dir(dir)
		err = syscall.Statfs(dir, &s)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("look up free space of %s: %w", dir, err)
	}
	block := int64(s.Bsize) //nolint:unconvert // the types differ between systems
	return int64(s.Bavail) * block, int64(s.Blocks) * block, nil
}

func freeSpace(dir string) (int64, error) {
	free, _, err := Space(dir)
	return free, err
}

// room fails unless dir has space for bytes more.
func (c *Catalogue) room(dir string, bytes int64) error {
	free, err := c.free(dir)
	if err != nil {
		return err
	}
	if free < bytes+spareBytes {
		return fault.Unavailable("not enough space in %s: %d MB needed, %d MB free", dir, (bytes+spareBytes)>>20, free>>20).OfKind("disk_full")
	}
	return nil
}
