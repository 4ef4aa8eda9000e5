package serving

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
)

// pool keeps loaded engines. A model is loaded when first asked for, once, whoever waits for it; it is
// unloaded when it has been idle for long or its place is needed.
type pool struct {
	loader Loader
	log    *zap.Logger
	idle   time.Duration
	most   int   // loaded models at once
	budget int64 // bytes of memory of all of them; 0 is no bound
	queue  int   // places to wait in front of each
	now    func() time.Time

	mu     sync.Mutex
	loaded map[string]*resident
	closed bool
	tidy   *time.Timer
	work   sync.WaitGroup // loads and unloads under way
}

// resident is a model that is loaded or being loaded.
type resident struct {
	model  Model
	ready  chan struct{} // closed when engine or err is set
	engine Engine
	gate   *Gate
	err    error
	users  int
	used   time.Time
	gone   bool // being unloaded: not for new users
	// adapters were used with it, by id; they are in memory as long as the engine is.
	adapters map[string]Model
}

// dead tells that the engine ended by itself.
func (r *resident) dead() bool {
	m, ok := r.engine.(Mortal)
	return ok && m.Dead()
}

// lease is the use of a loaded model until release is called.
type lease struct {
	engine  Engine
	gate    *Gate
	release func()
}

var errShuttingDown = fault.Unavailable("the server is shutting down")

// acquire returns the engine of a model, or of an adapter's base, loading it if need be.
func (p *pool) acquire(ctx context.Context, m Model) (lease, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return lease{}, errShuttingDown
	}
	p.bury()
	root := m.Root()
	r, ok := p.loaded[root.ID]
	if ok && r.model.Path != root.Path { // another file under the same name was installed
		p.evict(r)
		ok = false
	}
	if !ok {
		p.makeRoom(1, root.Needs())
		r = &resident{model: root, ready: make(chan struct{}), adapters: map[string]Model{}}
		p.loaded[root.ID] = r
		p.work.Go(func() { p.load(r) })
	}
	r.users++
	if m.Base != nil && r.adapters[m.ID].Path != m.Path {
		r.adapters[m.ID] = m
		p.makeRoom(0, 0)
	}
	p.mu.Unlock()

	l, err := p.await(ctx, r)
	if err != nil {
		p.release(r)
		return lease{}, err
	}
	l.release = sync.OnceFunc(func() { p.release(r) })
	return l, nil
}

func (p *pool) await(ctx context.Context, r *resident) (lease, error) {
	select {
	case <-ctx.Done():
		return lease{}, ctx.Err()
	case <-r.ready:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.err != nil:
		return lease{}, r.err
	case r.engine == nil:
		return lease{}, errShuttingDown
	}
	return lease{engine: r.engine, gate: r.gate}, nil
}

// load is detached from the request that began it, since others may wait for the same model.
func (p *pool) load(r *resident) {
	began := p.now()
	engine, err := p.loader.Load(context.Background(), r.model)
	p.mu.Lock()
	defer p.mu.Unlock()
	r.engine, r.err, r.used = engine, err, p.now()
	if err != nil {
		p.log.Error("load model", zap.String("model", r.model.ID), zap.Error(err))
		p.forget(r)
	} else {
		info := engine.Info()
		r.gate = NewGate(max(info.Slots, 1), p.queue)
		p.log.Info("model loaded", zap.String("model", r.model.ID), zap.String("what", info.Description),
			zap.Int("context", info.Context), zap.Int("slots", info.Slots),
			zap.Uint64("bytes", info.MemoryBytes), zap.Duration("took", p.now().Sub(began)))
	}
	close(r.ready)
	if r.gone && (r.users == 0 || p.closed) {
		p.close(r)
	}
	p.schedule()
}

func (p *pool) release(r *resident) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.users--
	r.used = p.now()
	if r.gone && r.users == 0 {
		p.close(r)
	}
	p.schedule()
}

// bury takes out the engines that ended by themselves, so that their models are loaded again.
func (p *pool) bury() {
	for _, r := range p.loaded {
		if r.dead() {
			p.log.Warn("engine ended by itself", zap.String("model", r.model.ID))
			p.evict(r)
		}
	}
}

// makeRoom unloads the models that were idle longest until so many more, of so many bytes, fit. When all are in
// use, more is loaded than wanted: refusing would let one model shut out the others.
func (p *pool) makeRoom(models int, bytes int64) {
	for len(p.loaded)+models > p.most || p.budget > 0 && p.taken()+bytes > p.budget {
		var oldest *resident
		for _, r := range p.loaded {
			if r.users == 0 && r.engine != nil && (oldest == nil || r.used.Before(oldest.used)) {
				oldest = r
			}
		}
		if oldest == nil {
			return
		}
		p.evict(oldest)
	}
}

// taken is the memory of what is loaded, and of what is being loaded as far as it can be foreseen.
func (p *pool) taken() (sum int64) {
	for _, r := range p.loaded {
		if r.engine != nil {
			sum += int64(r.engine.Info().MemoryBytes)
		} else {
			sum += r.model.Needs()
		}
		for _, a := range r.adapters {
			sum += a.Size
		}
	}
	return sum
}

// evict takes a model out of the pool and closes it when its last user has left.
func (p *pool) evict(r *resident) {
	p.forget(r)
	r.gone = true
	if r.users == 0 {
		p.close(r)
	}
}

func (p *pool) forget(r *resident) {
	if p.loaded[r.model.ID] == r {
		delete(p.loaded, r.model.ID)
	}
}

// close frees a model outside the lock: it waits for native code.
func (p *pool) close(r *resident) {
	engine := r.engine
	if engine == nil {
		return
	}
	r.engine = nil
	p.work.Go(func() {
		if err := engine.Close(); err != nil {
			p.log.Error("unload model", zap.String("model", r.model.ID), zap.Error(err))
			return
		}
		p.log.Info("model unloaded", zap.String("model", r.model.ID))
	})
}

// schedule sets the timer to the moment at which the next model has been idle for long enough.
func (p *pool) schedule() {
	if p.idle <= 0 || p.closed {
		return
	}
	var next time.Time
	for _, r := range p.loaded {
		if due := r.used.Add(p.idle); r.users == 0 && r.engine != nil && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	if next.IsZero() {
		return
	}
	wait := max(next.Sub(p.now()), 0)
	if p.tidy == nil {
		p.tidy = time.AfterFunc(wait, p.sweep)
	} else {
		p.tidy.Reset(wait)
	}
}

func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.loaded {
		if r.users == 0 && r.engine != nil && p.now().Sub(r.used) >= p.idle {
			p.evict(r)
		}
	}
	p.schedule()
}

// unload frees a model now, or when its last user has left; an adapter goes with the engine of its base, which the
// next request loads again. It reports whether it was loaded.
func (p *pool) unload(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.loaded {
		if _, adapts := r.adapters[id]; adapts || r.model.ID == id {
			p.evict(r)
			return true
		}
	}
	return false
}

// borrow is acquire for a model that is loaded already; false means that it is not.
func (p *pool) borrow(m Model) (lease, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	root := m.Root()
	r, ok := p.loaded[root.ID]
	if !ok || r.model.Path != root.Path || r.engine == nil || r.dead() {
		return lease{}, false
	}
	r.users++
	return lease{engine: r.engine, gate: r.gate, release: sync.OnceFunc(func() { p.release(r) })}, true
}

// residents returns what is loaded now, adapters beside their bases.
func (p *pool) residents() map[string]Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	infos := make(map[string]Info, len(p.loaded))
	for id, r := range p.loaded {
		if r.engine != nil && !r.dead() {
			infos[id] = r.engine.Info()
			for id, a := range r.adapters {
				infos[id] = Info{Model: a, Context: infos[r.model.ID].Context, Slots: infos[r.model.ID].Slots, MemoryBytes: uint64(a.Size)}
			}
		}
	}
	return infos
}

// meters reads what the loaded engines count.
func (p *pool) meters() map[string]Work {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := map[string]Work{}
	for id, r := range p.loaded {
		if m, ok := r.engine.(Meter); ok && !r.dead() {
			counts[id] = m.Work()
		}
	}
	return counts
}

// waiting sums what is queued and running in front of all models.
func (p *pool) waiting() (queued, running int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.loaded {
		if r.gate != nil {
			q, n := r.gate.Waiting()
			queued, running = queued+q, running+n
		}
	}
	return queued, running
}

// shut closes every engine, ending what runs, and waits until their memory is freed or ctx ends.
func (p *pool) shut(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	if p.tidy != nil {
		p.tidy.Stop()
	}
	for _, r := range p.loaded {
		p.forget(r)
		r.gone = true
		if r.engine != nil {
			p.close(r)
		}
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		p.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("models were still closing"), ctx.Err())
	}
}
