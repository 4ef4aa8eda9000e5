package catalogue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// Transfer is how far a step of a download is.
type Transfer struct {
	Done, Total int64
	PerSecond   int64 // 0 when it stands still, or is not known yet
}

// task is one pull. It is the Progress of its own pull.
type task struct {
	id     string
	pull   func(context.Context, Progress) error
	ctx    context.Context // of the one pull that this is made for
	cancel context.CancelFunc
	ended  chan struct{}
	now    func() time.Time

	mu          *sync.Mutex // that of the Downloads, which guards what follows
	err         error       // it failed
	phase       Phase
	done, total int64
	rate        float64 // bytes a second, smoothed
	since       time.Time
	at          int64 // done at since
}

var _ Progress = (*task)(nil)

const (
	rateEvery = time.Second     // how often the rate is measured
	rateStill = 5 * time.Second // without a byte for so long, it stands still
)

func (t *task) name() string {
	if t.id == engineID {
		return "the engine libraries"
	}
	return t.id
}

// underWay tells whether a pull is to come or runs: it is false for none and for one that failed. The
// caller holds mu.
func (t *task) underWay() bool { return t != nil && t.err == nil }

func (t *task) paused() bool { return t.ctx.Err() != nil }

// Begin implements Progress.
func (t *task) Begin(phase Phase, _ string, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase, t.total, t.done, t.rate, t.since = phase, bytes, 0, 0, time.Time{}
}

// At implements Progress. The first word of a step sets out from what was there already.
func (t *task) At(bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.done = bytes
	took := now.Sub(t.since)
	switch {
	case t.since.IsZero() || bytes < t.at: // a transfer that had to begin anew
		t.rate = 0
	case took < rateEvery:
		return
	default:
		latest := float64(bytes-t.at) / took.Seconds()
		if t.rate == 0 {
			t.rate = latest
		}
		t.rate += (latest - t.rate) * 0.3
	}
	t.since, t.at = now, bytes
}

// state tells how the pull stands. The caller holds mu.
func (t *task) state(running bool) State {
	switch {
	case !running || t.phase == PhaseWait:
		return StateQueued
	case t.phase == PhaseCheck:
		return StateVerifying
	default:
		return StateDownloading
	}
}

// transfer tells how far the present step is, or nil when that is not known. The caller holds mu.
func (t *task) transfer() *Transfer {
	if t.total == 0 {
		return nil
	}
	out := &Transfer{Done: min(t.done, t.total), Total: t.total}
	if t.now().Sub(t.since) < rateStill {
		out.PerSecond = int64(t.rate)
	}
	return out
}

// maxReason bounds what is told of an error that is not ours.
const maxReason = 300

// problem tells why a pull failed and how to do without it.
func problem(err error) string {
	var failed *pullError
	if errors.As(err, &failed) {
		return reason(failed.err) + "\n" + failed.without
	}
	return reason(err)
}

// reason says it in one line: in our own words where the meaning is known, else in the error's, and of a
// package client's output the last line.
func reason(err error) string {
	if f := fault.From(err); f.Code != fault.CodeInternal {
		return f.Message
	}
	var child *childError
	if errors.As(err, &child) {
		lines := strings.Split(child.output, "\n")
		return fmt.Sprintf("%s failed: %s", child.name, shorten(cmp.Or(lines[len(lines)-1], child.err.Error())))
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return shorten(line)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > maxReason {
		return string(r[:maxReason]) + "…"
	}
	return s
}
