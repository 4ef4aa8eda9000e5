package supervise

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/serving/remote"
	"github.com/parley-chat/parley/internal/serving/wire"
)

// Command is the process that runs the models.
type Command struct {
	Path string
	Args []string // without the name
	Env  []string // all of it
}

// Self is this binary with these arguments, also when another one has been installed in its place.
func Self(args ...string) (Command, error) {
	path := "/proc/self/exe"
	if _, err := os.Stat(path); err != nil {
		if path, err = os.Executable(); err != nil {
			return Command{}, err
		}
	}
	return Command{Path: path, Args: args, Env: Environment(os.Environ())}, nil
}

// framesOut is the descriptor on which the process sends its frames. Its input is the server's frames; its
// output is no place for them, since a library may print there.
const framesOut = 3

// child is a process that was started.
type child struct {
	cmd    *exec.Cmd
	conn   wire.Conn
	client *remote.Client // after its greeting
	exited chan struct{}
	says   *os.File
	logged chan struct{} // all that it said is in the log
}

// launch starts the process. Whoever calls it must stay on its thread until end.
func launch(c Command, log *zap.Logger) (*child, error) {
	var theirs, ours [3]*os.File // input, frames, what it says
	shut := func(files [3]*os.File) {
		for _, f := range files {
			if f != nil {
				_ = f.Close() // a pipe that nothing was written to
			}
		}
	}
	for i := range theirs {
		r, w, err := os.Pipe()
		if err != nil {
			shut(theirs)
			shut(ours)
			return nil, err
		}
		if i == 0 {
			theirs[i], ours[i] = r, w
		} else {
			theirs[i], ours[i] = w, r
		}
	}
	// It ends by its input's end, not by a context: what it has to free takes a moment.
	cmd := exec.CommandContext(context.Background(), c.Path, c.Args...) //nolint:gosec // our own binary
	cmd.Args[0] = "parley"                                              // for who lists processes
	cmd.Env = c.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs[0], theirs[2], theirs[2]
	cmd.ExtraFiles = []*os.File{framesOut - 3: theirs[1]}
	own(cmd)
	err := cmd.Start()
	shut(theirs)
	if err != nil {
		shut(ours)
		return nil, err
	}
	ch := &child{
		cmd: cmd, conn: wire.Stream(ours[1], ours[0]), says: ours[2],
		exited: make(chan struct{}), logged: make(chan struct{}),
	}
	go func() {
		_ = cmd.Wait() // the state tells how
		close(ch.exited)
	}()
	go func() {
		relay(ch.says, log)
		close(ch.logged)
	}()
	return ch, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// end closes the connection, which tells the process to end, kills what has not ended after the grace, and
// waits for all of it. It returns how the process ended.
func (c *child) end(grace time.Duration) string {
	if c.client != nil {
		_ = c.client.Close() // it is over in any case
	} else {
		_ = c.conn.Close()
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-c.exited:
	case <-t.C:
		kill(c.pid())
		<-c.exited
	}
	// Whoever else holds the other end of what it says is not waited for.
	_ = c.says.SetReadDeadline(time.Now().Add(time.Second))
	<-c.logged
	_ = c.says.Close()
	return c.cmd.ProcessState.String()
}

// passed are the environment's variables that libraries and drivers look at, by their beginning. There is no
// secret among them, and nothing of Parley.
var passed = []string{
	"PATH=", "HOME=", "TMPDIR=", "TZ=", "LANG=", "LC_", "XDG_CACHE_HOME=", "XDG_RUNTIME_DIR=", "LD_LIBRARY_PATH=", "DYLD_",
	"GOMAXPROCS=", "GOMEMLIMIT=", "GOGC=", "GODEBUG=", "GOTRACEBACK=", "GORACE=", "GOCOVERDIR=", "MALLOC_",
	"GGML_", "LLAMA_", "OMP_", "GOMP_", "KMP_", "OPENBLAS_", "MKL_",
	"CUDA_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "GPU_", "VK_", "ONEAPI_", "SYCL_", "ZE_",
}

// Environment is the part of environ that the process needs.
func Environment(environ []string) []string {
	var env []string
	for _, kv := range environ {
		for _, p := range passed {
			if strings.HasPrefix(kv, p) {
				env = append(env, kv)
				break
			}
		}
	}
	return env
}
