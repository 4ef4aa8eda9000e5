package supervise

import (
	"os"
	"os/exec"
	"syscall"
)

// own gives the child a process group of its own, so that no signal of the terminal reaches it, and has the
// kernel kill it when this process dies.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// confine gives this process its name, has the kernel take this process and not the server when memory runs out, and keeps a crash from
// writing what is in memory, people's texts, to the disk.
func confine() {
	// Without these permissions it is an engine all the same.
	_ = os.WriteFile("/proc/self/comm", []byte("parley-engine"), 0)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
