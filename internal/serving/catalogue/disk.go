package catalogue

import (
	"fmt"
	"syscall"

	"github.com/parley-chat/parley/internal/fault"
)

// spareBytes stay free after a download, so that the database beside it can still grow.
const spareBytes = 256 << 20

// freeSpace is how many bytes this user may still write to the file system of dir.
func freeSpace(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("look up free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // the types differ between systems
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
