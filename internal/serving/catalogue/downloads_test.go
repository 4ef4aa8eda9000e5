package catalogue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
)

// downloads runs the pulls of a bench until the test ends.
func (b *bench) downloads(t *testing.T) *Downloads {
	t.Helper()
	d := NewDownloads(b.Catalogue, zap.NewNop())
	t.Cleanup(func() {
		if err := d.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// get returns a model as Downloads tells it.
func (d *Downloads) get(t *testing.T, id string) Download {
	t.Helper()
	got, err := d.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// reach waits until a model is in a state, and returns it.
func (d *Downloads) reach(t *testing.T, id string, want State) Download {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		got := d.get(t, id)
		if got.State == want {
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("%s is %s, not %s: %s", id, got.State, want, got.Problem)
		}
	}
}

// reachBytes waits until so many bytes of a model are here.
func (d *Downloads) reachBytes(t *testing.T, id string, bytes int64) Download {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		got := d.get(t, id)
		if got.State == StateDownloading && got.Transfer != nil && got.Transfer.Done == bytes {
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("%s is %s with %+v: %s", id, got.State, got.Transfer, got.Problem)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The hub stands still after 4000 bytes. What is paused there goes on there, after a restart too.
func TestDownloadIsPausedAndGoesOn(t *testing.T) {
	t.Parallel()
	s := &store{etag: `"v1"`, cut: []int{4000}, idle: true}
	b := withHub(t, s, "")
	d := b.downloads(t)
	if got := d.get(t, "large"); got.State != StateAvailable || got.Transfer != nil {
		t.Errorf("at first: %+v", got)
	}
	must(t, d.Pull("large"))
	must(t, d.Pull("large")) // says nothing new
	if got := d.reachBytes(t, "large", 4000); got.Transfer.Total != int64(len(b.hubs)) {
		t.Errorf("under way: %+v", got.Transfer)
	}
	must(t, d.Pause(t.Context(), "large"))
	for name, d := range map[string]*Downloads{"paused": d, "after a restart": b.downloads(t)} {
		if got := d.get(t, "large"); got.State != StatePaused || got.Transfer == nil || got.Transfer.Done != 4000 || got.Transfer.Total != int64(len(b.hubs)) || got.Problem != "" {
			t.Errorf("%s: %s %+v", name, got.State, got.Transfer)
		}
	}
	must(t, d.Pause(t.Context(), "large"))
	must(t, d.Pull("large"))
	if got := d.reach(t, "large", StateInstalled); got.Transfer != nil || got.Problem != "" {
		t.Errorf("installed: %+v", got)
	}
	if want := []string{"", "bytes=4000-"}; !slices.Equal(s.ranges, want) {
		t.Errorf("asked for %q, want %q", s.ranges, want)
	}
}

// While one is under way the others wait, and the folder can still be tidied.
func TestDownloadsRunOneAtATime(t *testing.T) {
	t.Parallel()
	b := withHub(t, &store{etag: `"v1"`, cut: []int{4000}, idle: true}, "")
	b.put(t, "mine.gguf", b.chat)
	d := b.downloads(t)
	must(t, d.Pull("large"))
	d.reachBytes(t, "large", 4000)
	must(t, d.Pull("small"))
	must(t, d.Pull("vectors"))
	if got := d.get(t, "small"); got.State != StateQueued || b.count() != 0 {
		t.Errorf("the second is %s after %d calls", got.State, b.count())
	}
	must(t, d.Pause(t.Context(), "vectors"))
	if got := d.get(t, "vectors"); got.State != StateAvailable {
		t.Errorf("the third, taken out of the queue, is %s", got.State)
	}
	must(t, d.Remove(t.Context(), "mine"))
	if _, err := d.Get("mine"); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("what was removed is still there: %v", err)
	}
	for _, id := range []string{"large", "small"} {
		if err := d.Remove(t.Context(), id); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("removing %s: %v", id, err)
		}
	}
	must(t, d.Pause(t.Context(), "large"))
	d.reach(t, "small", StateInstalled)
	if got := d.get(t, "large"); got.State != StatePaused {
		t.Errorf("the first is %s", got.State)
	}
	must(t, d.Remove(t.Context(), "large"))
	if got := d.get(t, "large"); got.State != StateAvailable || got.Transfer != nil {
		t.Errorf("the first, removed: %+v", got)
	}
	m, err := b.readManifest()
	if err != nil || len(m.Models) != 1 {
		t.Errorf("the manifest has %v, %v", m.Models, err)
	}
}

func TestDownloadsTellWhyTheyFailed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id   string
		fail func(*bench)
		says []string
		not  string
	}{
		"no hub": {"large", func(b *bench) { b.hub.base = "http://127.0.0.1:1" }, []string{"http://127.0.0.1:1 cannot be reached", "Without a connection"}, "dial tcp"},
		"a full disk": {
			"large", func(b *bench) { b.free = func(string) (int64, error) { return 0, nil } },
			[]string{"not enough space", "MB needed, 0 MB free"}, "Without a connection",
		},
		"pip": {"small", func(b *bench) {
			b.block = func(context.Context) error {
				return &childError{"python3", []string{"--secret"}, errors.New("exit status 1"), "WARNING: retrying\nERROR: no matching distribution"}
			}
		}, []string{"python3 failed: ERROR: no matching distribution", "Without a connection"}, "--secret"},
		"no pip": {"small", func(b *bench) {
			b.Catalogue.run = func(ctx context.Context, cmd command) error { cmd.name = "no-such-command"; return runChild(ctx, cmd) }
		}, []string{`"no-such-command" is not on this machine`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := withHub(t, &store{}, "")
			c.fail(b)
			d := b.downloads(t)
			must(t, d.Pull(c.id))
			got := d.reach(t, c.id, StateFailed)
			for _, want := range c.says {
				if !strings.Contains(got.Problem, want) {
					t.Errorf("it says %q, not %q", got.Problem, want)
				}
			}
			if c.not != "" && strings.Contains(got.Problem, c.not) {
				t.Errorf("it says %q", got.Problem)
			}
			// Somebody makes it good by hand, or gives it up.
			b.put(t, c.id+".gguf", b.chat)
			if got := d.get(t, c.id); got.State != StateByHand || got.Problem != "" {
				t.Errorf("after a copy by hand: %s %q", got.State, got.Problem)
			}
			must(t, d.Remove(t.Context(), c.id))
			must(t, d.Pull(c.id))
			d.reach(t, c.id, StateFailed)
			must(t, d.Remove(t.Context(), c.id))
			if got := d.get(t, c.id); got.State != StateAvailable {
				t.Errorf("given up, it is %s", got.State)
			}
		})
	}
}

func TestDownloadsRefuse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "broken.gguf", []byte("GGUF"))
	b.put(t, "small.gguf", b.chat[:100])
	d := b.downloads(t)
	for name, err := range map[string]error{
		"pull of none": d.Pull("none"), "pause of none": d.Pause(t.Context(), "none"), "removal of none": d.Remove(t.Context(), "none"),
		"removal of what is not here": d.Remove(t.Context(), "large"), "a path": d.Remove(t.Context(), "../x"),
	} {
		if !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.Pull("broken"); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("pull of a file of somebody's own: %v", err)
	}
	if got := d.get(t, "small"); got.State != StateDamaged || got.Problem == "" {
		t.Errorf("a damaged one is %s", got.State)
	}
	must(t, d.Pull("small")) // mends it
	d.reach(t, "small", StateInstalled)
}

// A pull from the shell holds the folder: ours waits, and finds its work done.
func TestDownloadWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	shell := setup(t)
	started, goOn := make(chan struct{}), make(chan struct{})
	shell.block = func(context.Context) error { close(started); <-goOn; return nil }
	done := make(chan error, 1)
	go func() { done <- shell.Pull(t.Context(), "small", Silent{}) }()
	<-started

	b := setup(t, func(c *Config, _ *EngineConfig) { c.Dir = shell.models })
	b.put(t, "mine.gguf", b.chat)
	d := b.downloads(t)
	d.wait = 10 * time.Millisecond
	must(t, d.Pull("small"))
	d.reach(t, "small", StateQueued)
	if err := d.Remove(t.Context(), "mine"); !fault.Is(err, fault.CodeBusy) {
		t.Errorf("removing meanwhile: %v", err)
	}
	close(goOn)
	must(t, <-done)
	d.reach(t, "small", StateInstalled)
	if b.count() != 0 {
		t.Error("it was fetched twice")
	}
}

func TestStoppedDownloadsKeepTheirPart(t *testing.T) {
	t.Parallel()
	b := withHub(t, &store{etag: `"v1"`, cut: []int{4000}, idle: true}, "")
	d := b.downloads(t)
	must(t, d.Pull("large"))
	must(t, d.Pull("small"))
	d.reachBytes(t, "large", 4000)
	must(t, d.Stop(t.Context()))
	must(t, d.Stop(t.Context()))
	if err := d.Pull("vectors"); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("a pull after the stop: %v", err)
	}
	if raw, err := os.ReadFile(filepath.Join(b.models, "large.gguf.part")); err != nil || len(raw) != 4000 {
		t.Errorf("the part has %d bytes, %v", len(raw), err)
	}
	if got := d.get(t, "small"); got.State != StateAvailable || b.count() != 0 {
		t.Errorf("what waited is %s", got.State)
	}
}

func TestEngineDownload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.downloads(t)
	if got := d.Engine(t.Context()); got.State != StateAvailable || got.Path != "" || got.Version != "v1" || got.Platform != "test-cpu" || !strings.Contains(got.Problem, "parley model pull --engine") {
		t.Errorf("missing: %+v", got)
	}
	reach := func(want State) EngineDownload {
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			got := d.Engine(t.Context())
			if got.State == want {
				return got
			}
			if time.Now().After(end) {
				t.Fatalf("the engine is %+v, not %s", got, want)
			}
		}
	}
	b.block = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	must(t, d.PullEngine())
	if got := reach(StateDownloading); got.Transfer == nil || got.Problem != "" {
		t.Errorf("under way: %+v", got)
	}
	must(t, d.PauseEngine(t.Context()))
	reach(StateAvailable)
	b.clients.mu.Lock()
	b.block = func(context.Context) error { return errors.New("no route to host") }
	b.clients.mu.Unlock()
	must(t, d.PullEngine())
	if got := reach(StateFailed); !strings.Contains(got.Problem, "no route to host") || !strings.Contains(got.Problem, "PARLEY_ENGINE_DIR") {
		t.Errorf("failed: %+v", got)
	}
	b.clients.mu.Lock()
	b.block = nil
	b.clients.mu.Unlock()
	must(t, d.PullEngine())
	if got := reach(StateInstalled); got.Path == "" || got.Problem != "" || got.License != "MIT" {
		t.Errorf("installed: %+v", got)
	}
	must(t, d.PullEngine())
}

func TestRateOfADownload(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	k := &task{mu: &sync.Mutex{}, now: func() time.Time { return now }}
	rate := func() int64 {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.transfer().PerSecond
	}
	k.Begin(PhaseLoad, "", 1e6)
	k.At(500_000) // what was here before counts for nothing
	now = now.Add(2 * time.Second)
	k.At(520_000)
	if got := rate(); got != 10_000 {
		t.Errorf("at first %d", got)
	}
	now = now.Add(time.Second)
	k.At(540_000)
	if got := rate(); got != 13_000 {
		t.Errorf("faster: %d", got)
	}
	now = now.Add(time.Minute)
	if got := rate(); got != 0 {
		t.Errorf("standing still: %d", got)
	}
	k.At(0) // the hub had another file: all anew
	now = now.Add(time.Second)
	k.At(1000)
	if got := rate(); got != 1000 {
		t.Errorf("anew: %d", got)
	}
}
