//go:build !linux

package extract

import (
	"runtime/debug"
	"syscall"
)

// bound asks the runtime to stay within so many MB: nothing enforces it here.
func bound(mb int) error {
	debug.SetMemoryLimit(int64(mb) << 20 * 3 / 4)
	return nil
}

func alone() *syscall.SysProcAttr { return nil }
