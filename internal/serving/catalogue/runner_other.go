//go:build unix && !linux

package catalogue

import (
	"os/exec"
	"syscall"
)

// isolate puts the child into a process group of its own, which ends as a whole.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
