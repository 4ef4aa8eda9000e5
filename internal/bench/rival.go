package bench

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// startRival runs llama.cpp's own server from a folder that also holds its libraries. It speaks the same
// dialect and needs no key.
func startRival(ctx context.Context, folder string, args []string) (*Server, error) {
	dir, err := os.MkdirTemp("", "parley-bench-*")
	if err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port), dir: dir}
	args = append([]string{"--host", "127.0.0.1", "--port", strconv.Itoa(port), "--no-webui"}, args...)
	s.cmd = exec.CommandContext(ctx, filepath.Join(folder, "llama-server"), args...) //nolint:gosec // what the operator named
	s.cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+folder, "DYLD_LIBRARY_PATH="+folder)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, io.Discard, io.Discard // it tells of every token
	return s, s.start(ctx, "/health")
}
