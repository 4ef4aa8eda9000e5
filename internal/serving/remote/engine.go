package remote

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/wire"
)

// checkWait bounds a check, which has no context of its own: it is work of milliseconds.
const checkWait = 30 * time.Second

// Engine is a model that the worker has loaded.
type Engine struct {
	client *Client
	id     uint64
	info   serving.Info
	work   atomic.Pointer[serving.Work]

	metered bool
	heard   time.Time // when the worker last told of it; guarded by client.mu

	once   sync.Once
	closed chan struct{} // closed when Close begins
	err    error         // of Close
}

// metered is an Engine whose worker tells what it does, ranker one that ranks.
type (
	metered struct{ *Engine }
	ranker  struct{ *Engine }
)

var (
	_ serving.Engine = (*Engine)(nil)
	_ serving.Mortal = (*Engine)(nil)
	_ serving.Meter  = metered{}
	_ serving.Ranker = ranker{}
)

// Generate implements serving.Engine.
func (e *Engine) Generate(ctx context.Context, g serving.Generation, emit func(serving.Piece) error) (serving.Outcome, error) {
	var out serving.Outcome
	if e.unloaded() {
		return out, errUnloaded()
	}
	// What has come and was not read yet when Close begins is not told any more.
	closed := errUnloaded()
	told := 0 // tokens, of which a piece holds at least one
	_, end, err := e.client.ask(ctx, e.info.Model.ID, wire.Frame{Generate: &wire.Generate{Engine: e.id, Generation: g}}, func(p serving.Piece) error {
		if e.unloaded() {
			return closed
		}
		told += max(1, len(p.Logprobs))
		return emit(p)
	})
	switch {
	case end.Outcome != nil:
		out.Finish, out.Usage, out.Timings = end.Outcome.Finish, end.Outcome.Usage, end.Outcome.Timings
	case err == nil:
		err = errStrange
	default: // nobody is left to say what was spent
		out.Usage.OutputTokens = told
	}
	return out, err
}

// Check implements serving.Engine.
func (e *Engine) Check(g serving.Generation) error {
	if e.unloaded() {
		return errUnloaded()
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkWait)
	defer cancel()
	_, _, err := e.client.ask(ctx, e.info.Model.ID, wire.Frame{Check: &wire.Generate{Engine: e.id, Generation: g}}, nil)
	if ctx.Err() != nil {
		return fault.Unavailable("the engine does not answer: ask again later").Because(err)
	}
	return err
}

// Embed implements serving.Engine.
func (e *Engine) Embed(ctx context.Context, inputs []serving.Input) (serving.Embeddings, error) {
	var out serving.Embeddings
	if e.unloaded() {
		return out, errUnloaded()
	}
	_, end, err := e.client.ask(ctx, e.info.Model.ID, wire.Frame{Embed: &wire.Embed{Engine: e.id, Inputs: inputs}}, nil)
	switch {
	case err != nil:
		return out, err
	case end.Embeddings == nil:
		return out, errStrange
	}
	out.Usage, out.Timings = end.Embeddings.Usage, end.Embeddings.Timings
	out.Vectors = make([][]float32, len(end.Embeddings.Vectors))
	for i, v := range end.Embeddings.Vectors {
		out.Vectors[i] = v
	}
	for _, v := range end.Embeddings.Each {
		out.Each = append(out.Each, v)
	}
	return out, nil
}

// Rank implements serving.Ranker.
func (e ranker) Rank(ctx context.Context, r serving.Ranking) (serving.Scores, error) {
	if e.unloaded() {
		return serving.Scores{}, errUnloaded()
	}
	_, end, err := e.client.ask(ctx, e.info.Model.ID, wire.Frame{Rank: &wire.Rank{Engine: e.id, Ranking: r}}, nil)
	switch {
	case err != nil:
		return serving.Scores{}, err
	case end.Scores == nil:
		return serving.Scores{}, errStrange
	}
	return *end.Scores, nil
}

// Info implements serving.Engine.
func (e *Engine) Info() serving.Info { return e.info }

// Dead implements serving.Mortal.
func (e *Engine) Dead() bool {
	select {
	case <-e.client.done:
		return true
	default:
		return false
	}
}

// Close implements serving.Engine.
func (e *Engine) Close() error {
	e.once.Do(func() {
		close(e.closed)
		_, _, e.err = e.client.ask(context.Background(), e.info.Model.ID, wire.Frame{Unload: &wire.Unload{Engine: e.id}}, nil)
		if e.Dead() { // and its memory free with it
			e.err = nil
		}
		e.client.mu.Lock()
		delete(e.client.engines, e.id)
		e.client.mu.Unlock()
	})
	return e.err
}

// Work implements serving.Meter: what the worker told last.
func (m metered) Work() serving.Work {
	if w := m.work.Load(); w != nil {
		return *w
	}
	return serving.Work{}
}

func (e *Engine) unloaded() bool {
	select {
	case <-e.closed:
		return true
	default:
		return false
	}
}

func errUnloaded() error { return fault.Unavailable("the model was unloaded: ask again") }
