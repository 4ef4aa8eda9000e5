package extract

import (
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

// bound holds this process to so many MB of memory that it may write to, and keeps it from leaving a core.
func bound(mb int) error {
	debug.SetMemoryLimit(int64(mb) << 20 * 3 / 4)
	most := unix.Rlimit{Cur: uint64(mb) << 20, Max: uint64(mb) << 20} //nolint:gosec // a small number
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &most); err != nil {
		return err
	}
	return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
}

// alone ends the process with ours, and gives it no terminal's signals.
func alone() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
