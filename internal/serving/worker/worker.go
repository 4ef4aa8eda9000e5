package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/wire"
)

// workEvery is how often the engines' work is told, while it changes.
const workEvery = time.Second

// Forgetter is a Loader that keeps what was computed, and can drop what belongs to a tenant.
type Forgetter interface {
	Forget(tenant string) error
}

// worker serves one connection.
type worker struct {
	conn   wire.Conn
	loader serving.Loader
	log    *zap.Logger

	mu       sync.Mutex
	engines  map[uint64]serving.Engine
	requests map[uint64]context.CancelFunc
	running  sync.WaitGroup
}

// Serve greets the server and runs what it asks for until the connection ends or ctx does. Then it ends what
// runs, frees the models, and returns nil where the other side has closed. It closes conn.
func Serve(ctx context.Context, conn wire.Conn, loader serving.Loader, build string, log *zap.Logger) error {
	defer func() { _ = conn.Close() }() // its peer is gone, or is to be
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := greet(conn, build); err != nil {
		return err
	}
	w := &worker{conn: conn, loader: loader, log: log, engines: map[uint64]serving.Engine{}, requests: map[uint64]context.CancelFunc{}}
	w.running.Go(func() { w.meter(ctx) })
	err := w.receive(ctx)
	ended := ctx.Err() != nil || errors.Is(err, io.EOF)
	stop()
	w.running.Wait()
	for id, e := range w.engines {
		if err := e.Close(); err != nil {
			log.Error("unload model", zap.Uint64("engine", id), zap.Error(err))
		}
	}
	if ended {
		return nil
	}
	return err
}

// Refuse tells a server why there is nothing to serve, in place of the greeting, and closes conn.
func Refuse(conn wire.Conn, why error) error {
	return errors.Join(conn.Send(wire.Frame{Error: wire.NewError(why)}), conn.Close())
}

func greet(conn wire.Conn, build string) error {
	if err := conn.Send(wire.Frame{Hello: &wire.Hello{Protocol: wire.Version, Build: build}}); err != nil {
		return err
	}
	f, err := conn.Receive()
	switch {
	case err != nil:
		return fmt.Errorf("wait for the server's greeting: %w", err)
	case f.Error != nil:
		return f.Error.Err()
	case f.Hello == nil || f.Hello.Protocol != wire.Version:
		return fault.Unavailable("the server speaks another protocol than this worker: run the same release on both")
	}
	return nil
}

// receive takes requests and never waits for one, so that a cancel is always read.
func (w *worker) receive(ctx context.Context) error {
	for {
		f, err := w.conn.Receive()
		if err != nil {
			return err
		}
		switch {
		case f.Cancel != nil:
			w.mu.Lock()
			cancel := w.requests[f.ID]
			w.mu.Unlock()
			if cancel != nil {
				cancel()
			}
		case f.Forget != nil:
			if k, ok := w.loader.(Forgetter); ok {
				w.running.Go(func() {
					if err := k.Forget(f.Forget.Tenant); err != nil {
						w.log.Error("forget what was computed", zap.Error(err))
					}
				})
			}
		default:
			w.begin(ctx, f)
		}
	}
}

// begin runs a request in a goroutine of its own.
func (w *worker) begin(ctx context.Context, f wire.Frame) {
	ctx, cancel := context.WithCancel(ctx)
	w.mu.Lock()
	w.requests[f.ID] = cancel
	w.mu.Unlock()
	w.running.Go(func() {
		end := w.answer(ctx, f)
		w.mu.Lock()
		delete(w.requests, f.ID)
		w.mu.Unlock()
		cancel()
		end.ID = f.ID
		err := w.conn.Send(end)
		if errors.Is(err, wire.ErrTooLarge) {
			err = w.conn.Send(wire.Frame{ID: f.ID, Error: wire.NewError(
				fault.Invalid("the answer is larger than a worker can send at once: ask for less at a time").At("input"))})
		}
		if err != nil {
			_ = w.conn.Close() // nobody would hear of it; the server sees that the worker is gone
		}
	})
}

// answer runs a request to the frame that ends it.
func (w *worker) answer(ctx context.Context, f wire.Frame) wire.Frame {
	var end wire.Frame
	var err error
	switch {
	case f.Load != nil:
		end.Loaded, err = w.load(ctx, f.ID, f.Load.Model)
	case f.Generate != nil:
		end.Outcome = w.generate(ctx, f.ID, f.Generate)
	case f.Check != nil:
		var e serving.Engine
		if e, err = w.engine(f.Check.Engine); err == nil {
			end.Done, err = &wire.Done{}, e.Check(f.Check.Generation)
		}
	case f.Embed != nil:
		end.Embeddings, err = w.embed(ctx, f.Embed)
	case f.Rank != nil:
		end.Scores, err = w.rank(ctx, f.Rank)
	case f.Unload != nil:
		end.Done, err = &wire.Done{}, w.unload(f.Unload.Engine)
	default:
		err = fault.Invalid("this worker does not know the request: run the same release on both sides")
	}
	if err != nil {
		return wire.Frame{Error: wire.NewError(err)}
	}
	return end
}

func (w *worker) load(ctx context.Context, id uint64, m serving.Model) (*wire.Loaded, error) {
	e, err := w.loader.Load(ctx, m)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.engines[id] = e
	w.mu.Unlock()
	_, metered := e.(serving.Meter)
	_, ranks := e.(serving.Ranker)
	return &wire.Loaded{Info: e.Info(), Metered: metered, Ranks: ranks}, nil
}

func (w *worker) engine(id uint64) (serving.Engine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.engines[id]
	if !ok {
		return nil, fault.Unavailable("the model was unloaded: ask again")
	}
	return e, nil
}

func (w *worker) generate(ctx context.Context, id uint64, g *wire.Generate) *wire.Outcome {
	e, err := w.engine(g.Engine)
	if err != nil {
		return &wire.Outcome{Error: wire.NewError(err)}
	}
	out, err := e.Generate(ctx, g.Generation, func(p serving.Piece) error {
		return w.conn.Send(wire.Frame{ID: id, Piece: &p})
	})
	return &wire.Outcome{Finish: out.Finish, Usage: out.Usage, Timings: out.Timings, Error: wire.NewError(err)}
}

func (w *worker) embed(ctx context.Context, r *wire.Embed) (*wire.Embeddings, error) {
	e, err := w.engine(r.Engine)
	if err != nil {
		return nil, err
	}
	out, err := e.Embed(ctx, r.Inputs)
	if err != nil {
		return nil, err
	}
	vectors := make([]wire.Vector, len(out.Vectors))
	for i, v := range out.Vectors {
		vectors[i] = v
	}
	var each []wire.Signed
	for _, v := range out.Each {
		each = append(each, v)
	}
	return &wire.Embeddings{Vectors: vectors, Each: each, Usage: out.Usage, Timings: out.Timings}, nil
}

func (w *worker) rank(ctx context.Context, r *wire.Rank) (*serving.Scores, error) {
	e, err := w.engine(r.Engine)
	if err != nil {
		return nil, err
	}
	ranker, ok := e.(serving.Ranker)
	if !ok {
		return nil, fault.Invalid("model %q does not rank: choose a reranking model", e.Info().Model.ID).At("model")
	}
	out, err := ranker.Rank(ctx, r.Ranking)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// unload is done also for an engine that is not there, so that it may be asked for twice.
func (w *worker) unload(id uint64) error {
	w.mu.Lock()
	e, ok := w.engines[id]
	delete(w.engines, id)
	w.mu.Unlock()
	if !ok {
		return nil
	}
	return e.Close()
}

// meter tells what the engines do.
func (w *worker) meter(ctx context.Context) {
	tick := time.NewTicker(workEvery)
	defer tick.Stop()
	told := map[uint64]serving.Work{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := w.work()
		maps.DeleteFunc(told, func(id uint64, _ serving.Work) bool { _, there := now[id]; return !there })
		for id, work := range now {
			if told[id] == work {
				continue
			}
			told[id] = work
			if w.conn.Send(wire.Frame{Work: &wire.Work{Engine: id, Work: work}}) != nil {
				return // receive sees the same
			}
		}
	}
}

func (w *worker) work() map[uint64]serving.Work {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := map[uint64]serving.Work{}
	for id, e := range w.engines {
		if m, ok := e.(serving.Meter); ok {
			counts[id] = m.Work()
		}
	}
	return counts
}
