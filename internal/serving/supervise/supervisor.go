package supervise

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/remote"
)

// limits say how the process is treated.
type limits struct {
	ready   time.Duration // how long it may take to greet
	grace   time.Duration // how long it may take to end before it is killed
	pause   time.Duration // before the second restart in a row; each further one waits twice as long
	longest time.Duration // of these pauses
	steady  time.Duration // a process that lived this long begins the pauses anew
	crashes int           // of one model within window, after which it is refused for window
	window  time.Duration
	hung    time.Duration // without a sign of an answer that is asked for, after which it is killed
	look    time.Duration // how often that is looked for
}

func defaultLimits() limits {
	return limits{
		ready: 30 * time.Second, grace: 3 * time.Second, pause: time.Second, longest: 30 * time.Second, steady: time.Minute,
		crashes: 3, window: time.Minute, hung: 10 * time.Minute, look: time.Second,
	}
}

// Supervisor keeps one process that runs models. It is safe for many goroutines.
type Supervisor struct {
	command func() (Command, error)
	build   string
	log     *zap.Logger
	limits  limits
	begin   func() // starts run
	watch   func(State)
	now     func() time.Time
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when something below has changed
	running  bool          // run is under way
	closed   bool
	child    *child // that has greeted, until its end was seen to
	problem  error  // why the last attempt to start it failed
	failed   time.Time
	restarts int64
	died     bool // the last one that had greeted, so that the next one is a restart
	crashes  map[string][]time.Time
	refused  map[string]time.Time // until when
}

var _ serving.Loader = (*Supervisor)(nil)

// New makes a supervisor of what command says, which is asked before each start and may refuse. Nothing is
// started before a model is asked for. The process is given the frames of serving/wire by Pipes.
func New(command func() (Command, error), build string, log *zap.Logger) *Supervisor {
	ctx, stop := context.WithCancel(context.Background())
	s := &Supervisor{
		command: command, build: build, log: log, limits: defaultLimits(), stop: stop, watch: func(State) {}, now: time.Now,
		changed: make(chan struct{}), crashes: map[string][]time.Time{}, refused: map[string]time.Time{},
	}
	s.begin = func() { s.work.Go(func() { s.run(ctx) }) }
	return s
}

// HungAfter sets how long the process may give no sign while an answer is asked for. It must be longer than any single step of
// the engine. It is called before the first model is loaded.
func (s *Supervisor) HungAfter(d time.Duration) { s.limits.hung = d }

// State is how the process does.
type State struct {
	PID      int   // 0 while there is none
	Restarts int64 // since the server started
	Problem  error // why the last attempt to start it failed, nil after one that did not
}

// State tells how the process does.
func (s *Supervisor) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{Restarts: s.restarts, Problem: s.problem}
	if s.child != nil {
		st.PID = s.child.pid()
	}
	return st
}

// OnChange has f told each new state. It must be set before the first Load, and f returns soon.
func (s *Supervisor) OnChange(f func(State)) { s.watch = f }

// Load implements serving.Loader.
func (s *Supervisor) Load(ctx context.Context, m serving.Model) (serving.Engine, error) {
	if err := s.refusal(m); err != nil {
		return nil, err
	}
	client, err := s.up(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.refusal(m); err != nil { // what was waited for may have been its own crash
		return nil, err
	}
	return client.Load(ctx, m)
}

// Forget drops what the process keeps of a tenant for reuse.
func (s *Supervisor) Forget(ctx context.Context, tenant string) error {
	s.mu.Lock()
	c := s.child
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	if err := c.client.Forget(ctx, tenant); err != nil && !ended(c.client) {
		return err
	}
	return nil
}

// Close ends the process and waits for its end, or for ctx. The models should be closed before. It may be
// called twice.
func (s *Supervisor) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.tell()
	s.mu.Unlock()
	s.stop()
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("the engine's process has not ended"), ctx.Err())
	}
}

// tell wakes who waits for a change; the caller holds mu.
func (s *Supervisor) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// up returns the connection to a living process, starting one if need be.
func (s *Supervisor) up(ctx context.Context) (*remote.Client, error) {
	asked := time.Now()
	for {
		s.mu.Lock()
		client, err := s.state(asked)
		changed := s.changed
		s.mu.Unlock()
		if client != nil || err != nil {
			return client, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// state is the connection, or why there can be none, or neither while there is something to wait for. The
// caller holds mu.
func (s *Supervisor) state(asked time.Time) (*remote.Client, error) {
	switch {
	case s.closed:
		return nil, fault.Unavailable("the server is shutting down")
	case s.child != nil && !ended(s.child.client):
		return s.child.client, nil
	case s.running:
		return nil, nil
	case s.problem != nil && asked.Before(s.failed.Add(s.limits.pause)):
		return nil, s.problem // it has only just failed, or while this caller waited for it
	}
	s.running = true
	s.begin()
	return nil, nil
}

func ended(c *remote.Client) bool {
	select {
	case <-c.Done():
		return true
	default:
		return false
	}
}

// run starts the process, and again whenever it has died, until a start fails or ctx ends.
func (s *Supervisor) run(ctx context.Context) {
	// The kernel ends the child with the thread that has started it, so the thread must stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var pause time.Duration
	for {
		began := time.Now()
		c, err := s.start(ctx)
		if !s.started(c, err) {
			return
		}
		s.await(ctx, c)
		how := c.end(s.limits.grace)
		if ctx.Err() != nil {
			s.ended(c, nil)
			return
		}
		models, err := c.client.Interrupted()
		if time.Since(began) >= s.limits.steady {
			pause = 0
		}
		s.log.Error("the engine's process ended by itself", zap.Int("pid", c.pid()), zap.String("how", how), zap.NamedError("connection", err),
			zap.Strings("at_work", models), zap.Duration("lived", time.Since(began)), zap.Duration("restart_in", pause))
		s.ended(c, models)
		if !sleep(ctx, pause) {
			s.ended(c, nil)
			return
		}
		pause = min(max(2*pause, s.limits.pause), s.limits.longest)
	}
}

// await returns when the process's connection has ended, or ctx. A process that hangs is killed, so that it ends like
// one that has died.
func (s *Supervisor) await(ctx context.Context, c *child) {
	tick := time.NewTicker(s.limits.look)
	defer tick.Stop()
	for {
		select {
		case <-c.client.Done():
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if model := c.client.Hung(s.limits.hung); model != "" {
			s.log.Error("the engine's process hangs and is killed", zap.Int("pid", c.pid()), zap.String("model", model), zap.Duration("silent_for", s.limits.hung))
			kill(c.pid())
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// start brings a process up to its greeting.
func (s *Supervisor) start(ctx context.Context) (*child, error) {
	command, err := s.command()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.ready)
	defer cancel()
	c, err := launch(command, s.log)
	if err != nil {
		return nil, fault.Unavailable("the engine's process cannot be started: see the server's log").Because(err)
	}
	if c.client, err = remote.Dial(ctx, c.conn, s.build); err == nil {
		return c, nil
	}
	how := c.end(s.limits.grace)
	if f := fault.From(err); f.Code == fault.CodeUnavailable { // it has said why
		return nil, f
	}
	s.log.Error("the engine's process did not get ready", zap.Int("pid", c.pid()), zap.String("how", how), zap.Error(err))
	return nil, fault.Unavailable("the engine's process ended before it was ready: see the server's log").Because(err)
}

// started tells those who wait, and whether there is a process to look after.
func (s *Supervisor) started(c *child, err error) bool {
	defer func() { s.watch(s.State()) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child, s.problem = c, err
	if err != nil {
		s.failed, s.running = time.Now(), false
	} else {
		if s.died {
			s.restarts++
		}
		s.died = false
		s.log.Info("the engine's process is ready", zap.Int("pid", c.pid()), zap.Int64("restarts", s.restarts))
	}
	s.tell()
	return err == nil
}

// ended records the end of a process, and which models were at work.
func (s *Supervisor) ended(c *child, models []string) {
	defer func() { s.watch(s.State()) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == c {
		s.child, s.died = nil, true
	}
	now := s.now()
	for _, m := range models {
		recent := []time.Time{now}
		for _, at := range s.crashes[m] {
			if now.Sub(at) < s.limits.window {
				recent = append(recent, at)
			}
		}
		if s.crashes[m] = recent; len(recent) >= s.limits.crashes {
			delete(s.crashes, m)
			s.refused[m] = now.Add(s.limits.window)
			s.log.Error("a model is refused for a while, since the engine ended while it was at work, again and again",
				zap.String("model", m), zap.Int("times", len(recent)), zap.Duration("for", s.limits.window))
		}
	}
	s.tell()
}

// refusal says why a model is not loaded now, or is nil.
func (s *Supervisor) refusal(m serving.Model) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.refused[m.ID].Sub(s.now())
	if left <= 0 {
		delete(s.refused, m.ID)
		return nil
	}
	return fault.Unavailable("the engine has crashed %d times within a minute while the model %q was at work, so it is refused for a minute: "+
		"ask another model, or ask again later; `parley doctor --verify` tells whether its file is whole, and the server's log how the engine ended",
		s.limits.crashes, m.ID).OfKind("model_refused").After(left)
}
