package catalogue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

func TestRunChild(t *testing.T) {
	t.Parallel()
	sh := func(script string) command {
		return command{dir: t.TempDir(), env: []string{"WHO=parley"}, name: "sh", args: []string{"-c", script}}
	}
	if err := runChild(t.Context(), sh("echo loud; test $WHO = parley")); err != nil {
		t.Errorf("a good command: %v", err)
	}
	err := runChild(t.Context(), sh("echo lost; yes x | head -c 100000; echo the reason >&2; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.HasSuffix(err.Error(), "the reason") ||
		strings.Contains(err.Error(), "lost\n") || len(err.Error()) > 3*tailBytes {
		t.Errorf("a failing command: %v", err)
	}
	missing := command{dir: t.TempDir(), name: "no-such-command-here"}
	if err := runChild(t.Context(), missing); !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(err.Error(), "install it") {
		t.Errorf("a missing command: %v", err)
	}
}

// TestRunChildEndsGrandchildren has the child start another, which must end with it.
func TestRunChildEndsGrandchildren(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	if err := syscall.Mkfifo(started, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		// The grandchild holds the output open, so that the call returns early only if it was killed too.
		done <- runChild(ctx, command{dir: dir, name: "sh", args: []string{"-c", "sleep 60 & echo > started; wait"}})
	}()
	if _, err := os.ReadFile(started); err != nil { // waits for the child to write
		t.Error(err)
	}
	began := time.Now()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || time.Since(began) > 4*time.Second {
		t.Errorf("ended after %s with %v", time.Since(began), err)
	}
}

// The client moves what it has downloaded out of the folder that is watched, and works on.
func TestWatchedProgressNeverFallsBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "part")
	if err := os.WriteFile(file, make([]byte, 60), 0o600); err != nil {
		t.Fatal(err)
	}
	moved, seen := make(chan struct{}), make(chan struct{})
	var heard []int64
	p := &steps{at: func(n int64) {
		switch heard = append(heard, n); len(heard) {
		case 1:
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
			close(moved)
		case 2:
			close(seen)
		}
	}}
	b.Catalogue.run = func(context.Context, command) error { <-moved; <-seen; return nil }
	if err := b.watched(t.Context(), command{}, dir, 100, p); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(heard) || heard[0] != 60 || heard[len(heard)-1] != 100 {
		t.Errorf("heard %v", heard)
	}
}
