// Package bench measures a server from outside, as its users meet it: how soon it is ready, what it
// holds in memory, how fast streams are alone and together. Figures of noisy machines are ratios within
// one run and medians over rounds.
package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is a child process of this same binary that serves a fresh data folder.
type Server struct {
	URL   string
	Key   string
	Ready time.Duration // from the start of the process to the first 200 of /readyz
	cmd   *exec.Cmd
	dir   string
}

// StartServer runs binary with a new data folder and a seeded key. env adds settings, such as where
// engine and models lie; models are files to install by name. Its log goes to log.
func StartServer(ctx context.Context, binary string, env []string, models map[string]string, log io.Writer) (*Server, error) {
	s, port, err := newServer(ctx)
	if err != nil {
		return nil, err
	}
	s.Key = "bench-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-0123456789"
	for id, file := range models {
		if err := s.link(id, file); err != nil {
			return nil, errors.Join(err, os.RemoveAll(s.dir))
		}
	}
	s.cmd = exec.CommandContext(ctx, binary, "serve") //nolint:gosec // our own binary
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Env = append(s.cmd.Env, "PARLEY_DATA_DIR="+s.dir, "PARLEY_PORT="+port,
		"PARLEY_ADMIN_API_KEY="+s.Key, "PARLEY_LOG_LEVEL=warn")
	s.cmd.Stdout, s.cmd.Stderr = io.Discard, log
	return s, s.start(ctx, "/readyz")
}

// link installs a model under a name that no catalogue knows, so that the settings alone say how long its context is.
func (s *Server) link(id, file string) error {
	dir := filepath.Join(s.dir, "models")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Symlink(file, filepath.Join(dir, id+".gguf"))
}

// side is a server and the model that it is asked for; "" is the default.
type side struct {
	*Server
	model string
}

// post sends a request and returns the body of its answer, which must be closed.
func (s side) post(ctx context.Context, path string, body []byte) (io.ReadCloser, error) {
	return s.send(ctx, http.MethodPost, path, "application/json", bytes.NewReader(body))
}

// call sends a request and reads its answer, which is JSON, into a value; nil for one that is not wanted.
func (s side) call(ctx context.Context, method, path, mime string, body io.Reader, into any) error {
	answer, err := s.send(ctx, method, path, mime, body)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer)
	if err = errors.Join(err, answer.Close()); err != nil || into == nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func (s side) send(ctx context.Context, method, path, mime string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Key)
	if mime != "" {
		req.Header.Set("Content-Type", mime)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		defer func() { _ = res.Body.Close() }()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		return nil, fmt.Errorf("the server answered %s: %s", res.Status, text)
	}
	return res.Body, nil
}

// newServer is a server that is to be started, with a folder and a port of its own.
func newServer(ctx context.Context) (s *Server, port string, err error) {
	dir, err := os.MkdirTemp("", "parley-bench-*")
	if err != nil {
		return nil, "", err
	}
	free, err := freePort(ctx)
	if err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(dir))
	}
	port = strconv.Itoa(free)
	return &Server{URL: "http://127.0.0.1:" + port, dir: dir}, port, nil
}

// start runs the process and waits until it answers at a path.
func (s *Server) start(ctx context.Context, path string) error {
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 15 * time.Second
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start server: %w", err), os.RemoveAll(s.dir))
	}
	for {
		if ready(ctx, s.URL+path) {
			s.Ready = time.Since(began)
			return nil
		}
		if time.Since(began) > 30*time.Second || ctx.Err() != nil {
			return errors.Join(errors.New("the server was not ready within 30 s"), s.Stop())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func freePort(ctx context.Context) (int, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

func ready(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Stop ends the server and removes its data folder.
func (s *Server) Stop() error {
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	if waited := s.cmd.Wait(); err == nil {
		err = waited
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Process is what the kernel tells of the server's process.
type Process struct {
	ResidentKB int64 `json:"resident_kb"`
	Threads    int64 `json:"threads"`
	Files      int   `json:"files"`
}

// Process reads the state of the server's process. It works on Linux only.
func (s *Server) Process() (Process, error) {
	proc := "/proc/" + strconv.Itoa(s.cmd.Process.Pid)
	f, err := os.Open(proc + "/status")
	if err != nil {
		return Process{}, fmt.Errorf("read the server's memory: %w", err)
	}
	defer func() { _ = f.Close() }()
	var p Process
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			p.ResidentKB = n
		case "Threads":
			p.Threads = n
		}
	}
	files, err := os.ReadDir(proc + "/fd")
	p.Files = len(files)
	return p, err
}
