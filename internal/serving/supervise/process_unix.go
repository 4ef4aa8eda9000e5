//go:build unix && !linux

package supervise

import (
	"os/exec"
	"syscall"
)

// own gives the child a process group of its own, so that no signal of the terminal reaches it.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// confine keeps a crash from writing what is in memory, people's texts, to the disk.
func confine() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
