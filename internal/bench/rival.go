package bench

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// startRival runs llama.cpp's own server from a folder that also holds its libraries. It speaks the same
// dialect and needs no key.
func startRival(ctx context.Context, folder string, args []string) (*Server, error) {
	s, port, err := newServer(ctx)
	if err != nil {
		return nil, err
	}
	args = append([]string{"--host", "127.0.0.1", "--port", port, "--no-webui"}, args...)
	s.cmd = exec.CommandContext(ctx, filepath.Join(folder, "llama-server"), args...) //nolint:gosec // what the operator named
	s.cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+folder, "DYLD_LIBRARY_PATH="+folder)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, io.Discard, io.Discard // it tells of every token
	return s, s.start(ctx, "/health")
}
