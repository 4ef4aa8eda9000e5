package catalogue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// runner runs a package client to its end. Its output is part of the error only.
type runner func(ctx context.Context, cmd command) error

// command is a child process.
type command struct {
	dir  string
	env  []string // added to the environment
	name string
	args []string
}

// runChild runs a real process. When ctx ends, it and its children are killed. Where the system can, it
// also dies with this process, so that it does not go on downloading for nobody.
func runChild(ctx context.Context, c command) error {
	cmd := exec.CommandContext(ctx, c.name, c.args...) //nolint:gosec // names and arguments come from our tables
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	isolate(cmd)
	// The death signal is tied to the thread that starts the child, so the thread must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return fault.Unavailable("the command %q is not on this machine; install it and try again", c.name).Because(err)
	case err != nil:
		return &childError{c.name, c.args, err, out.String()}
	}
	return nil
}

// childError is a package client that ended badly.
type childError struct {
	name   string
	args   []string
	err    error
	output string // the end of it
}

func (e *childError) Error() string {
	return fmt.Sprintf("%s %s: %v\n%s", e.name, strings.Join(e.args, " "), e.err, e.output)
}

func (e *childError) Unwrap() error { return e.err }

// tail keeps the last kilobytes of what is written to it.
type tail struct{ buf bytes.Buffer }

const tailBytes = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if over := t.buf.Len() - 2*tailBytes; over > 0 {
		t.buf.Next(t.buf.Len() - tailBytes)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(t.buf.String()) }

// watched runs a command and tells progress how many bytes have arrived below dir meanwhile, since the
// clients write their downloads there and say nothing that a program can read.
func (c *Catalogue) watched(ctx context.Context, cmd command, dir string, total int64, p Progress) error {
	done := make(chan error, 1)
	go func() { done <- c.run(ctx, cmd) }()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	// A client moves its file elsewhere when it is whole: what has arrived never becomes less.
	for have := int64(0); ; {
		select {
		case err := <-done:
			if err == nil {
				p.At(total)
			}
			return err
		case <-tick.C:
			have = max(have, min(largestFile(dir), total))
			p.At(have)
		}
	}
}

// largestFile is the size of the largest file below dir: the one being downloaded.
func largestFile(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // files come and go here while the client works
		}
		if info, err := d.Info(); err == nil {
			size = max(size, info.Size())
		}
		return nil
	})
	return size
}
