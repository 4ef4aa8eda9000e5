// Package shelf keeps the computed states of conversations that had to leave the engine: in memory as long
// as there is room, then on the disk, sealed with the key of their tenant. It is a cache: whatever is lost
// is computed again. Begin at Shelf.Model, which is what an engine is given.
package shelf

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/serving/llama/batching"
)

// Config bounds what is kept.
type Config struct {
	// MemoryMB is the memory for states, of all models; 0 keeps none anywhere, since even those on the disk pass
	// through it.
	MemoryMB int `mapstructure:"keep_memory_mb"`
	// DiskMB is the room for states on the disk; 0 writes none.
	DiskMB int `mapstructure:"keep_disk_mb"`
	// For is how long a state stays on the disk after its last use.
	For time.Duration `mapstructure:"keep_for"`
}

// DefaultConfig suits a small machine: some ten thousand tokens of a small model in memory.
func DefaultConfig() Config { return Config{MemoryMB: 256, DiskMB: 1024, For: 24 * time.Hour} }

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	if c.MemoryMB < 0 {
		errs = append(errs, errors.New("keep_memory_mb: must not be negative (0 keeps nothing)"))
	}
	if c.DiskMB < 0 {
		errs = append(errs, errors.New("keep_disk_mb: must not be negative (0 writes nothing)"))
	}
	if c.DiskMB > 0 && c.For <= 0 {
		errs = append(errs, errors.New("keep_for: must be a time such as 24h"))
	}
	return errors.Join(errs...)
}

// Sealer encrypts with a tenant's key.
type Sealer interface {
	Seal(ctx context.Context, tenant string, plaintext, aad []byte) ([]byte, error)
	Open(ctx context.Context, tenant string, sealed, aad []byte) ([]byte, error)
}

// Shelf keeps states of all models. It is safe for many goroutines.
type Shelf struct {
	cfg  Config
	disk *disk // nil without one

	mu    sync.Mutex
	items []*item // the longest unused first
	bytes int
}

// item is a state in memory.
type item struct {
	key
	tokens   []int32
	state    []byte
	volatile bool
	file     string // where it is on the disk too
}

// key is what a state can be used for.
type key struct{ owner, model string }

// New makes a shelf that writes into dir. Sealer may be nil where nothing is written.
func New(dir string, cfg Config, sealer Sealer, log *zap.Logger) *Shelf {
	s := &Shelf{cfg: cfg}
	if cfg.MemoryMB > 0 && cfg.DiskMB > 0 {
		s.disk = newDisk(dir, cfg, sealer, log)
	}
	return s
}

// Start drops what is too old on the disk, now and from time to time, and writes there what memory has no room
// for, until Close. Without it only Flush writes.
func (s *Shelf) Start() {
	if s.disk != nil {
		s.disk.start()
	}
}

// Close ends the work on the disk. The models must have been flushed. It may be called twice.
func (s *Shelf) Close() {
	if s.disk != nil {
		s.disk.close()
	}
}

// Forget drops everything of an owner.
func (s *Shelf) Forget(owner string) error {
	s.mu.Lock()
	s.remove(func(it *item) bool { return it.owner == owner })
	s.mu.Unlock()
	if s.disk == nil {
		return nil
	}
	return s.disk.forget(owner)
}

// Model is the part of the shelf of one model. The name must differ for files that compute differently.
func (s *Shelf) Model(name string) *Part { return &Part{shelf: s, model: name} }

// Part keeps the states of one model.
type Part struct {
	shelf *Shelf
	model string
}

var _ batching.Shelf = (*Part)(nil)

// adapted stands between the names of a model and of its adapter: what is computed with both is as another model's.
const adapted = "\n"

func (p *Part) key(o batching.Owner) key {
	if o.Adapter == "" {
		return key{o.Tenant, p.model}
	}
	return key{o.Tenant, p.model + adapted + o.Adapter}
}

// Find implements batching.Shelf.
func (p *Part) Find(owner batching.Owner, tokens []int32, least int) (state []byte, held, n int) {
	s := p.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	it, n := s.best(p.key(owner), tokens, least)
	if it == nil {
		return nil, 0, 0
	}
	s.use(it)
	return it.state, len(it.tokens), n
}

// Has implements batching.Shelf.
func (p *Part) Has(owner batching.Owner, tokens []int32) bool {
	s := p.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	it, _ := s.best(p.key(owner), tokens, len(tokens)-1)
	return it != nil
}

// Put implements batching.Shelf. A state that goes on where another one ended takes its place.
func (p *Part) Put(owner batching.Owner, tokens []int32, state []byte, volatile bool) {
	p.put(&item{key: p.key(owner), tokens: tokens, state: state, volatile: volatile})
}

func (p *Part) put(it *item) {
	s := p.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	if it.size() > s.cfg.MemoryMB<<20 {
		return
	}
	s.remove(func(old *item) bool {
		return old.key == it.key && len(old.tokens) <= len(it.tokens) && batching.Alike(old.tokens, it.tokens) == len(old.tokens)
	})
	s.items, s.bytes = append(s.items, it), s.bytes+it.size()
	for s.bytes > s.cfg.MemoryMB<<20 {
		oldest := s.items[0]
		s.remove(func(other *item) bool { return other == oldest })
		if s.disk != nil && !oldest.volatile {
			s.disk.later(oldest)
		}
	}
}

// Fetch implements batching.Shelf.
func (p *Part) Fetch(ctx context.Context, owner batching.Owner, tokens []int32, least int) {
	s := p.shelf
	if s.disk == nil {
		return
	}
	s.mu.Lock()
	_, n := s.best(p.key(owner), tokens, least)
	s.mu.Unlock()
	if it := s.disk.fetch(ctx, p.key(owner), tokens, max(n, least)); it != nil {
		p.put(it)
	}
}

// Flush moves what is in memory to the disk, when the model is unloaded.
func (p *Part) Flush() {
	s := p.shelf
	s.mu.Lock()
	var mine []*item
	s.remove(func(it *item) bool {
		if it.model != p.model && !strings.HasPrefix(it.model, p.model+adapted) {
			return false
		}
		mine = append(mine, it)
		return true
	})
	s.mu.Unlock()
	for _, it := range mine {
		if s.disk != nil && !it.volatile {
			s.disk.write(it)
		}
	}
}

// best finds the state that begins with the most of the tokens, more than least. The caller holds mu.
func (s *Shelf) best(k key, tokens []int32, least int) (best *item, n int) {
	n = least
	for _, it := range s.items {
		if it.key != k {
			continue
		}
		if common := batching.Alike(it.tokens, tokens); common > n {
			best, n = it, common
		}
	}
	return best, n
}

// use makes an item the last to go. The caller holds mu.
func (s *Shelf) use(it *item) {
	at := slices.Index(s.items, it)
	s.items = append(slices.Delete(s.items, at, at+1), it)
}

// remove takes items out of memory. The caller holds mu.
func (s *Shelf) remove(which func(*item) bool) {
	s.items = slices.DeleteFunc(s.items, func(it *item) bool {
		if !which(it) {
			return false
		}
		s.bytes -= it.size()
		return true
	})
}

func (it *item) size() int { return len(it.state) + 4*len(it.tokens) }
