package serving

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Config bounds what is loaded and what waits.
type Config struct {
	// Queue is how many requests may wait for a slot of one model.
	Queue int `mapstructure:"queue"`
	// IdleUnload is how long a model stays loaded without use; 0 keeps it for ever.
	IdleUnload time.Duration `mapstructure:"idle_unload"`
	// MaxLoaded is how many models are kept loaded at once.
	MaxLoaded int `mapstructure:"max_loaded"`
	// MemoryMB bounds the memory of all loaded models, in MiB: the one that was idle longest makes room. 0 bounds
	// their number only.
	MemoryMB int `mapstructure:"memory_mb"`
	// MaxAnswer is how many tokens an answer may have where the request sets no bound: a small model can
	// repeat itself to the end of its context. Such an answer ends with finish reason "length".
	MaxAnswer int `mapstructure:"max_answer"`
}

// DefaultConfig suits one machine: a chat and an embedding model and one more.
func DefaultConfig() Config {
	return Config{Queue: 64, IdleUnload: 15 * time.Minute, MaxLoaded: 3, MaxAnswer: 4096}
}

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	if c.Queue < 1 {
		errs = append(errs, errors.New("queue: must be at least 1"))
	}
	if c.IdleUnload < 0 {
		errs = append(errs, errors.New("idle_unload: must not be negative (0 keeps models loaded)"))
	}
	if c.MaxLoaded < 1 {
		errs = append(errs, errors.New("max_loaded: must be at least 1"))
	}
	if c.MemoryMB < 0 {
		errs = append(errs, errors.New("memory_mb: must not be negative (0 does not bound it)"))
	}
	if c.MaxAnswer < 1 {
		errs = append(errs, errors.New("max_answer: must be at least 1"))
	}
	return errors.Join(errs...)
}

// Catalogue knows the installed models.
type Catalogue interface {
	Installed() ([]Model, error)
	// Default is the model used where a request names none; false when none of the kind is installed.
	Default(kind Kind) (Model, bool, error)
}

// Service answers generations and embeddings by the installed models. It is safe for many goroutines.
type Service struct {
	catalogue Catalogue
	pool      *pool
	maxAnswer int
	metrics   *Metrics
}

// New makes a service; nothing is loaded before it is asked for.
func New(cfg Config, catalogue Catalogue, loader Loader, metrics *Metrics, log *zap.Logger) *Service {
	s := &Service{
		catalogue: catalogue,
		metrics:   metrics,
		maxAnswer: cfg.MaxAnswer,
		pool: &pool{
			loader: loader, log: log, idle: cfg.IdleUnload, most: cfg.MaxLoaded, budget: int64(cfg.MemoryMB) << 20, queue: cfg.Queue,
			now: time.Now, loaded: map[string]*resident{},
		},
	}
	metrics.watch(s.pool)
	return s
}

// Close unloads every model, ending what runs, and waits for it or for ctx.
func (s *Service) Close(ctx context.Context) error { return s.pool.shut(ctx) }

// Resolve finds the installed model that a request means; "" is the default of the kind. A name that is
// not installed, or not for the tenant, is fault.NotFound of kind "model_not_found"; no model at all is fault.Unavailable
// of kind "no_model", which names the command that fixes it. The tenant "" is the install itself, which has all models.
func (s *Service) Resolve(tenant string, kind Kind, name string) (Model, error) {
	if name == "" {
		m, ok, err := s.catalogue.Default(kind)
		if err != nil {
			return Model{}, err
		}
		if !ok {
			return Model{}, fault.Unavailable("no %s model is installed; an operator can add one with: parley model pull", kind).OfKind("no_model")
		}
		return m, nil
	}
	installed, err := s.catalogue.Installed()
	if err != nil {
		return Model{}, err
	}
	for _, m := range installed {
		if m.ID == name && (tenant == "" || m.For(tenant)) {
			if m.Kind != kind {
				return Model{}, fault.Invalid("the model %q is for %s, not for %s", name, m.Kind, kind).At("model").OfKind("model_not_suitable")
			}
			return m, nil
		}
	}
	if len(installed) == 0 {
		return s.Resolve(tenant, kind, "")
	}
	return Model{}, fault.NotFound("the model %q is not installed; GET /v1/models lists those that are", name).At("model").OfKind("model_not_found")
}

// Listed is an installed model with its state.
type Listed struct {
	Model
	Loaded *Info // nil when it is not loaded
}

// Models lists what is installed.
func (s *Service) Models() ([]Listed, error) {
	installed, err := s.catalogue.Installed()
	if err != nil {
		return nil, err
	}
	loaded := s.pool.residents()
	list := make([]Listed, 0, len(installed))
	for _, m := range installed {
		l := Listed{Model: m}
		if info, ok := loaded[m.ID]; ok {
			l.Loaded = &info
		}
		list = append(list, l)
	}
	return list, nil
}

// Load brings a model into memory before anybody asks for it, and returns when it can answer. It goes on
// when ctx ends, since others may wait for the same model.
func (s *Service) Load(ctx context.Context, m Model) error {
	l, err := s.pool.acquire(ctx, m)
	if err != nil {
		return err
	}
	l.release()
	return nil
}

// Unload frees a model as soon as nobody uses it. It reports whether it was loaded.
func (s *Service) Unload(id string) bool { return s.pool.unload(id) }

// Loaded tells what is in memory, by model id.
func (s *Service) Loaded() map[string]Info { return s.pool.residents() }

// Waiting tells how many requests wait for a slot and how many run, of all models.
func (s *Service) Waiting() (waiting, running int) { return s.pool.waiting() }

// Generate answers with a model that Resolve returned. waiting, when not nil, is told the position in
// the queue while there is one. The outcome's timings gain "queue" and "load" (waiting for the model's
// file to be loaded) to what the engine measured. Where the engine ends by itself before it has said anything,
// the request is tried once more.
func (s *Service) Generate(
	ctx context.Context, sc chat.Scope, m Model, g Generation, waiting func(position int), emit func(Piece) error,
) (Outcome, error) {
	if err := seen(m, g); err != nil {
		return Outcome{}, err
	}
	if g.Params.MaxTokens == 0 {
		g.Params.MaxTokens = s.maxAnswer
	}
	g.Tenant, g.Adapter = sc.Tenant, m.adapter()
	t := turn{sc: sc, class: g.Class, model: m, began: time.Now(), waiting: waiting}
	var out Outcome
	err := again(func() (silent bool, err error) {
		out, err = s.generate(ctx, &t, g, emit)
		return t.first.IsZero(), err
	})
	return out, err
}

// seen refuses images for a model that reads text only.
func seen(m Model, g Generation) error {
	if m.Projector != "" {
		return nil
	}
	for i, message := range g.Messages {
		if len(message.Images) > 0 {
			return fault.Invalid("the model %q cannot see images: send text only, or choose a model whose \"vision\" is true in GET /v1/models; for this one, an operator can put its projector beside it in the models folder, as %q",
				m.ID, ProjectorFile(m.ID)).At(fmt.Sprintf("messages[%d].content", i)).OfKind("model_cannot_see")
		}
	}
	return nil
}

// again runs try, and once more when the engine crashed and the caller has seen nothing of it.
func again(try func() (silent bool, err error)) error {
	silent, err := try()
	if crashed(err) && silent {
		_, err = try()
	}
	return err
}

func crashed(err error) bool { return err != nil && fault.From(err).Kind == EngineCrashed }

// turn is one answer on its way.
type turn struct {
	sc          chat.Scope
	class       Class
	model       Model
	began       time.Time
	first, last time.Time // pieces
	waiting     func(position int)
}

func (s *Service) generate(ctx context.Context, t *turn, g Generation, emit func(Piece) error) (Outcome, error) {
	l, waited, err := s.enter(ctx, t)
	if err != nil {
		return Outcome{Timings: waited}, err
	}
	defer l.release()
	admitted := time.Now()
	out, err := l.engine.Generate(ctx, g, func(p Piece) error {
		now := time.Now()
		if t.first.IsZero() {
			t.first = now
		} else {
			s.metrics.between.WithLabelValues(t.model.ID).Observe(now.Sub(t.last).Seconds())
		}
		t.last = now
		return emit(p)
	})
	if out.Timings == nil {
		out.Timings = chat.Timings{}
	}
	maps.Copy(out.Timings, waited)
	if !t.first.IsZero() {
		out.Timings["first_token"] = t.first.Sub(t.began).Milliseconds()
	}
	s.metrics.generated(t.model.ID, out, t.began, admitted, t.first)
	return out, err
}

// enter waits for the model and for a slot of it; the lease's release leaves both. The timings are "load" and
// "queue". An engine that ended while the request waited for it counts as none.
func (s *Service) enter(ctx context.Context, t *turn) (lease, chat.Timings, error) {
	for {
		l, err := s.pool.acquire(ctx, t.model)
		if err != nil {
			return lease{}, nil, err
		}
		loaded := time.Now()
		leave, err := l.gate.Enter(ctx, Caller{Tenant: t.sc.Tenant, User: t.sc.User, Class: t.class}, t.waiting)
		waited := chat.Timings{"load": loaded.Sub(t.began).Milliseconds(), "queue": time.Since(loaded).Milliseconds()}
		if err != nil {
			l.release()
			s.metrics.refused(err)
			return lease{}, waited, err
		}
		free := l.release
		l.release = func() { leave(); free() }
		if m, ok := l.engine.(Mortal); !ok || !m.Dead() {
			return l, waited, nil
		}
		l.release()
	}
}

// Check refuses at once what Generate would refuse after a while: a request that the queue has no place
// for, and a prompt that is too long. It knows only of a model that is loaded and is no promise, since
// others may come first; of a model that is not loaded it is nil.
func (s *Service) Check(sc chat.Scope, m Model, g Generation) error {
	if err := seen(m, g); err != nil {
		return err
	}
	l, ok := s.pool.borrow(m)
	if !ok {
		return nil
	}
	defer l.release()
	if err := l.engine.Check(g); crashed(err) {
		return nil // the model is loaded again by the request itself
	} else if err != nil {
		return err
	}
	err := l.gate.Full(Caller{Tenant: sc.Tenant, User: sc.User, Class: g.Class})
	s.metrics.refused(err)
	return err
}

// Embed turns inputs into vectors with a model that Resolve returned. The timings are "load", "queue" and
// "embed". Where the engine ends by itself, the request is tried once more.
func (s *Service) Embed(ctx context.Context, sc chat.Scope, m Model, inputs []Input) (out Embeddings, err error) {
	timings, err := s.read(ctx, sc, m, "embed", func(e Engine) (_ chat.Usage, err error) {
		out, err = e.Embed(ctx, inputs)
		return out.Usage, err
	})
	out.Timings = timings
	return out, err
}

// read runs a request that reads texts and writes none, under the name of its step.
func (s *Service) read(ctx context.Context, sc chat.Scope, m Model, step string, run func(Engine) (chat.Usage, error)) (timings chat.Timings, err error) {
	t := turn{sc: sc, model: m, began: time.Now()}
	err = again(func() (silent bool, err error) {
		var l lease
		if l, timings, err = s.enter(ctx, &t); err != nil {
			return true, err
		}
		defer l.release()
		admitted := time.Now()
		used, err := run(l.engine)
		timings[step] = time.Since(admitted).Milliseconds()
		s.metrics.read(m.ID, used, admitted.Sub(t.began))
		return true, err
	})
	return timings, err
}
