package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/wire"
)

// farewell is how long a request that was cancelled waits to be told what was spent.
const farewell = 10 * time.Second

// Client is a connection to a worker. It is safe for many goroutines.
type Client struct {
	conn  wire.Conn
	hello wire.Hello
	out   chan wire.Frame
	done  chan struct{} // closed when the connection has ended
	work  sync.WaitGroup

	mu          sync.Mutex
	last        uint64 // the newest id
	calls       map[uint64]*call
	engines     map[uint64]*Engine
	closing     bool
	stopped     bool     // it ended because of Close
	err         error    // why it ended
	interrupted []string // models that were at work then
}

var _ serving.Loader = (*Client)(nil)

// call is a request under way. The reader of the connection never waits for its caller: what has come lies in
// pieces, of which there are at most as many as the answer may have tokens.
type call struct {
	model  string
	engine uint64 // of an answer that is asked for, else 0
	began  time.Time
	ready  chan struct{} // capacity 1: there is something to take

	mu     sync.Mutex
	pieces []serving.Piece
	end    *wire.Frame
}

// Dial greets the worker at the other end of conn, which the client owns from then on. When ctx ends before the
// worker has greeted, the error is ctx's. A worker that has nothing to serve says why, as a fault.
func Dial(ctx context.Context, conn wire.Conn, build string) (*Client, error) {
	abort := context.AfterFunc(ctx, func() { _ = conn.Close() })
	hello, err := greet(conn, build)
	if !abort() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	c := &Client{
		conn: conn, hello: hello, out: make(chan wire.Frame), done: make(chan struct{}),
		calls: map[uint64]*call{}, engines: map[uint64]*Engine{},
	}
	c.work.Go(c.read)
	c.work.Go(c.write)
	return c, nil
}

func greet(conn wire.Conn, build string) (wire.Hello, error) {
	f, err := conn.Receive()
	switch {
	case err != nil:
		return wire.Hello{}, fmt.Errorf("wait for the worker's greeting: %w", err)
	case f.Error != nil:
		return wire.Hello{}, f.Error.Err()
	case f.Hello == nil || f.Hello.Protocol != wire.Version:
		err := fault.Unavailable("the worker speaks another protocol than this server: run the same release on both")
		return wire.Hello{}, errors.Join(err, conn.Send(wire.Frame{Error: wire.NewError(err)}))
	}
	return *f.Hello, conn.Send(wire.Frame{Hello: &wire.Hello{Protocol: wire.Version, Build: build}})
}

// Build is the worker's release.
func (c *Client) Build() string { return c.hello.Build }

// Done is closed when the connection has ended, however that came.
func (c *Client) Done() <-chan struct{} { return c.done }

// Interrupted tells, once the connection has ended, why, and which models had requests under way.
func (c *Client) Interrupted() (models []string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.interrupted, c.err
}

// Hung names a model that was asked for an answer so long ago or longer, and of which nothing was heard since: neither a
// piece of any answer nor that it has done a step. It is "" where there is none. What embeds or ranks is not looked at.
func (c *Client) Hung(long time.Duration) string {
	since := time.Now().Add(-long)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, q := range c.calls {
		if e := c.engines[q.engine]; e != nil && e.metered && q.began.Before(since) && e.heard.Before(since) && !q.ended() {
			return q.model
		}
	}
	return ""
}

// Close ends the connection and with it what runs, and waits. It may be called twice.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	err := c.conn.Close()
	c.work.Wait()
	return err
}

// Forget drops what the worker keeps of a tenant for reuse.
func (c *Client) Forget(ctx context.Context, tenant string) error {
	return c.post(ctx, wire.Frame{Forget: &wire.Forget{Tenant: tenant}})
}

// Load implements serving.Loader.
func (c *Client) Load(ctx context.Context, m serving.Model) (serving.Engine, error) {
	id, end, err := c.ask(ctx, m.ID, wire.Frame{Load: &wire.Load{Model: m}}, nil)
	if err != nil {
		if end.Loaded != nil { // it was ready when ctx ended
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
			defer cancel()
			_ = c.post(ctx, c.dropping(id)) // without the worker, there is no model either
		}
		return nil, err
	}
	if end.Loaded == nil {
		return nil, errStrange
	}
	e := &Engine{client: c, id: id, info: end.Loaded.Info, metered: end.Loaded.Metered, closed: make(chan struct{})}
	c.mu.Lock()
	c.engines[id] = e
	c.mu.Unlock()
	switch {
	case end.Loaded.Ranks:
		return ranker{e}, nil
	case end.Loaded.Metered:
		return metered{e}, nil
	}
	return e, nil
}

// errStrange says that worker and server do not understand each other.
var errStrange = errors.New("the worker answers with something that was not asked for")

// dropping has the worker unload an engine that nobody will use, and nobody waits for that.
func (c *Client) dropping(id uint64) wire.Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return wire.Frame{ID: c.last, Unload: &wire.Unload{Engine: id}}
}

// ask sends a request and waits for the frame that ends it, handing its pieces to emit, which is nil for
// requests without any. A fault of the worker is returned with that frame. When ctx ends or emit fails, the
// request is cancelled, and what the worker says to that is waited for.
func (c *Client) ask(ctx context.Context, model string, f wire.Frame, emit func(serving.Piece) error) (uint64, wire.Frame, error) {
	if err := ctx.Err(); err != nil {
		return 0, wire.Frame{}, err
	}
	q := &call{model: model, began: time.Now(), ready: make(chan struct{}, 1)}
	if f.Generate != nil {
		q.engine = f.Generate.Engine
	}
	id, err := c.open(q)
	if err != nil {
		return 0, wire.Frame{}, err
	}
	defer c.forgetCall(id)
	f.ID = id
	if err := c.post(ctx, f); err != nil {
		return id, wire.Frame{}, err
	}
	for {
		pieces, end := q.take()
		for _, p := range pieces {
			if err := ctx.Err(); err != nil {
				return id, c.cancel(id, q), err
			}
			if emit == nil {
				return id, c.cancel(id, q), errStrange
			}
			if err := emit(p); err != nil {
				return id, c.cancel(id, q), err
			}
		}
		if end != nil {
			return id, *end, failure(end)
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return id, c.cancel(id, q), ctx.Err()
		case <-c.done:
			if q.empty() {
				return id, wire.Frame{}, c.failed()
			}
		}
	}
}

func failure(f *wire.Frame) error {
	if f.Outcome != nil {
		return f.Outcome.Error.Err()
	}
	return f.Error.Err()
}

// cancel ends a request and waits a while for its last frame, which counts what was spent.
func (c *Client) cancel(id uint64, q *call) wire.Frame {
	ctx, done := context.WithTimeout(context.Background(), farewell)
	defer done()
	if _, end := q.take(); end != nil {
		return *end
	}
	if c.post(ctx, wire.Frame{ID: id, Cancel: &wire.Cancel{}}) != nil {
		return wire.Frame{}
	}
	for {
		if _, end := q.take(); end != nil {
			return *end
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return wire.Frame{}
		case <-c.done:
			return wire.Frame{}
		}
	}
}

// open gives a request its id.
func (c *Client) open(q *call) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		return 0, c.crashed()
	}
	c.last++
	c.calls[c.last] = q
	return c.last, nil
}

func (c *Client) forgetCall(id uint64) {
	c.mu.Lock()
	delete(c.calls, id)
	c.mu.Unlock()
}

// post hands a frame to the writer.
func (c *Client) post(ctx context.Context, f wire.Frame) error {
	select {
	case c.out <- f:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return c.failed()
	}
}

// write sends, so that no caller is stuck in a connection that takes nothing.
func (c *Client) write() {
	for {
		select {
		case <-c.done:
			return
		case f := <-c.out:
			err := c.conn.Send(f)
			if errors.Is(err, wire.ErrTooLarge) {
				c.deliver(wire.Frame{ID: f.ID, Error: wire.NewError(
					fault.TooLarge("the request is larger than what a worker can be sent: send less at a time"))})
			} else if err != nil {
				_ = c.conn.Close() // the reader sees it
			}
		}
	}
}

// read takes what comes and waits for nobody but the worker.
func (c *Client) read() {
	for {
		f, err := c.conn.Receive()
		if err != nil {
			_ = c.conn.Close()
			c.end(err)
			return
		}
		if f.Work != nil {
			c.mu.Lock()
			if e := c.engines[f.Work.Engine]; e != nil {
				e.work.Store(&f.Work.Work)
				e.heard = time.Now()
			}
			c.mu.Unlock()
			continue
		}
		c.deliver(f)
	}
}

func (c *Client) deliver(f wire.Frame) {
	c.mu.Lock()
	q := c.calls[f.ID]
	if q != nil && c.engines[q.engine] != nil {
		c.engines[q.engine].heard = time.Now()
	}
	c.mu.Unlock()
	if q == nil {
		if f.Loaded != nil { // whoever asked for it has left; the reader waits for no writer
			c.work.Go(func() { _ = c.post(context.Background(), c.dropping(f.ID)) })
		}
		return
	}
	q.mu.Lock()
	if f.Piece != nil {
		q.pieces = append(q.pieces, *f.Piece)
	} else {
		q.end = &f
	}
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// end records why there is no connection any more, before anybody who waits can ask.
func (c *Client) end(err error) {
	c.mu.Lock()
	c.err, c.stopped = err, c.closing
	for _, q := range c.calls {
		c.interrupted = append(c.interrupted, q.model)
	}
	slices.Sort(c.interrupted)
	c.interrupted = slices.Compact(c.interrupted)
	c.calls = nil
	c.mu.Unlock()
	close(c.done)
}

func (c *Client) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.crashed()
}

// crashed is what those are told whose request had no end; the caller holds mu.
func (c *Client) crashed() error {
	if c.stopped {
		return fault.Unavailable("the engine was stopped: ask again")
	}
	return fault.Unavailable("the engine stopped in the middle of its work and is started again by itself: ask again").
		OfKind(serving.EngineCrashed).Because(c.err)
}

// take returns what has come since the last call, and the last frame when all else was taken.
func (q *call) take() ([]serving.Piece, *wire.Frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	pieces := q.pieces
	q.pieces = nil
	return pieces, q.end
}

// ended tells whether the worker has said the last of it, whoever has read that.
func (q *call) ended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.end != nil
}

func (q *call) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pieces) == 0 && q.end == nil
}
