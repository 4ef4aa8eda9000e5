// Package index keeps what search looks things up in: for each tenant the words of its passages on the disk, and their
// vectors in memory. Both follow the tenant's log of passages, which is the truth: an index that is lost, damaged or old is
// made of it again. Begin at Indexes.
package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/retrieval"
	"github.com/parley-chat/parley/internal/retrieval/text"
	"github.com/parley-chat/parley/internal/retrieval/vector"
)

// Log is a tenant's passages as they changed; knowledge.Library has it.
type Log interface {
	Latest(ctx context.Context, tenant string) (uint64, error)
	Changes(ctx context.Context, tenant string, after uint64, most int) ([]chat.PassageChange, error)
}

// Indexes holds those of all tenants, each opened when it is first needed. It is safe for many goroutines.
type Indexes struct {
	dir string
	log Log
	zap *zap.Logger

	mu     sync.Mutex
	opened map[string]*tenant
	closed bool
	grown  sync.WaitGroup // the goroutines of grow
}

// New keeps indexes in a folder.
func New(dir string, log Log, logger *zap.Logger) *Indexes {
	return &Indexes{dir: dir, log: log, zap: logger, opened: map[string]*tenant{}}
}

// tenant is one tenant's index.
type tenant struct {
	mu    sync.RWMutex // held to write while it follows the log
	words *text.Index
	// vectors are by the window's id, that of the passage and the window's number (see window).
	vectors map[int]*vector.Index // by their length: a model that was changed left others
	windows map[uint64]int        // of each passage, how many
	read    uint64                // the last line of the log that both have
	growing atomic.Bool
	ctx     context.Context // lasts as long as it is needed
	end     context.CancelFunc
}

// A passage's windows have ids of their own.
const windowBits = 8

func window(passage uint64, n int) uint64 { return passage<<windowBits | uint64(n) } //nolint:gosec // below 256

// Found is what both sides gave, each best first.
type Found struct{ ByWords, ByVector []retrieval.Hit }

// Search finds passages of these classes by words, and by a vector unless it is nil: k of each at most. It sees all that
// was in the log when it began.
func (x *Indexes) Search(ctx context.Context, owner, question string, v []float32, classes []uint32, k int) (Found, error) {
	t, err := x.current(ctx, owner)
	if err != nil {
		return Found{}, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	var f Found
	var both errgroup.Group
	both.Go(func() (err error) {
		f.ByWords, err = t.words.Search(ctx, question, classes, k)
		return err
	})
	both.Go(func() error {
		scan := t.vectors[len(v)]
		if v == nil || scan == nil {
			return nil
		}
		// A passage with several windows that fit takes several places.
		hits, err := scan.Search(v, classes, 4*k)
		if err != nil {
			return err
		}
		seen := map[uint64]bool{}
		for _, h := range hits {
			if h.ID >>= windowBits; !seen[h.ID] && len(f.ByVector) < k {
				seen[h.ID] = true
				f.ByVector = append(f.ByVector, h)
			}
		}
		return nil
	})
	return f, both.Wait()
}

// current is a tenant's index with all that is in the log.
func (x *Indexes) current(ctx context.Context, owner string) (*tenant, error) {
	x.mu.Lock()
	t := x.opened[owner]
	if t == nil {
		t = &tenant{}
		t.ctx, t.end = context.WithCancel(context.Background())
		x.opened[owner] = t
	}
	closed := x.closed
	x.mu.Unlock()
	if closed {
		return nil, errors.New("the indexes are closed")
	}
	latest, err := x.log.Latest(ctx, owner)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	fresh := t.words != nil && t.read >= latest
	t.mu.RUnlock()
	if fresh {
		return t, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.words == nil {
		if err := x.open(t, owner); err != nil {
			return nil, err
		}
	}
	err = x.follow(ctx, t, owner, latest)
	x.grow(t)
	return t, err
}

// grow brings the vectors' graphs up to what was read, beside everything else.
func (x *Indexes) grow(t *tenant) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed || !t.growing.CompareAndSwap(false, true) {
		return // what the one at work leaves out comes with the next change
	}
	all := slices.Collect(maps.Values(t.vectors))
	x.grown.Go(func() {
		defer t.growing.Store(false)
		for _, v := range all {
			_ = v.Grow(t.ctx) // it fails only where it is ended
		}
	})
}

// open opens the words' index, or begins a new one where it is damaged.
func (x *Indexes) open(t *tenant, owner string) error {
	dir := x.folder(owner)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the index's folder: %w", err)
	}
	path := filepath.Join(dir, "words")
	words, err := text.Open(path)
	if err != nil {
		x.zap.Warn("an index of words cannot be opened; it is made anew", zap.String("tenant", owner), zap.Error(err))
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove a damaged index: %w", err)
		}
		if words, err = text.Open(path); err != nil {
			return err
		}
	}
	t.words, t.vectors, t.windows, t.read = words, map[int]*vector.Index{}, map[uint64]int{}, 0
	return nil
}

func (x *Indexes) folder(owner string) string { return filepath.Join(x.dir, filepath.Base(owner)) }

// chunk is how many passages are taken from the log at once.
const chunk = 1000

// follow reads the log from where the index is.
func (x *Indexes) follow(ctx context.Context, t *tenant, owner string, latest uint64) error {
	wordsRead, err := t.words.Done()
	if err != nil {
		return fmt.Errorf("read how far the index is: %w", err)
	}
	if wordsRead > latest { // of another database, such as one that was restored
		x.zap.Warn("an index is ahead of its passages; it is made anew", zap.String("tenant", owner))
		if err := errors.Join(t.words.Close(), os.RemoveAll(filepath.Join(x.folder(owner), "words"))); err != nil {
			return err
		}
		t.words = nil
		if err := x.open(t, owner); err != nil {
			return err
		}
		wordsRead = 0
	}
	for t.read < latest {
		changes, err := x.log.Changes(ctx, owner, t.read, chunk)
		if err != nil {
			return err
		}
		to := latest
		if n := len(changes); n > 0 {
			to = changes[n-1].Seq
		}
		var put []text.Passage
		var gone []uint64
		for _, c := range changes {
			if err := t.keep(c); err != nil {
				x.zap.Warn("a passage is found by its words only", zap.Uint64("passage", c.ID), zap.Error(err))
			}
			switch {
			case c.Seq <= wordsRead:
			case c.Live:
				put = append(put, text.Passage{ID: c.ID, Class: c.Class, Lang: c.Lang, Text: c.Text})
			default:
				gone = append(gone, c.ID)
			}
		}
		if to > wordsRead {
			if err := t.words.Change(put, gone, to); err != nil {
				return err
			}
		}
		t.read = to
	}
	return nil
}

// keep puts a passage's vectors in the place of those that it had.
func (t *tenant) keep(c chat.PassageChange) error {
	for n := range t.windows[c.ID] {
		for _, scan := range t.vectors {
			scan.Delete(window(c.ID, n))
		}
	}
	delete(t.windows, c.ID)
	for n, v := range c.Vectors[:min(len(c.Vectors), 1<<windowBits)] {
		scan := t.vectors[len(v)]
		if scan == nil {
			scan = vector.New(len(v))
			t.vectors[len(v)] = scan
		}
		if err := scan.Put(window(c.ID, n), c.Class, v); err != nil {
			return err
		}
		t.windows[c.ID] = n + 1
	}
	return nil
}

// Read tells how far in its log each open index is.
func (x *Indexes) Read() map[string]uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	read := map[string]uint64{}
	for owner, t := range x.opened {
		t.mu.RLock()
		read[owner] = t.read
		t.mu.RUnlock()
	}
	return read
}

// Forget drops what is kept of a tenant.
func (x *Indexes) Forget(owner string) error {
	x.mu.Lock()
	t := x.opened[owner]
	delete(x.opened, owner)
	x.mu.Unlock()
	var err error
	if t != nil {
		t.end()
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.words != nil {
			err = t.words.Close()
			t.words = nil
		}
	}
	return errors.Join(err, os.RemoveAll(x.folder(owner)))
}

// Close closes them all.
func (x *Indexes) Close() error {
	x.mu.Lock()
	x.closed = true
	all := x.opened
	x.opened = map[string]*tenant{}
	x.mu.Unlock()
	for _, t := range all {
		t.end()
	}
	x.grown.Wait()
	var errs []error
	for _, t := range all {
		t.mu.Lock()
		if t.words != nil {
			errs = append(errs, t.words.Close())
			t.words = nil
		}
		t.mu.Unlock()
	}
	return errors.Join(errs...)
}
