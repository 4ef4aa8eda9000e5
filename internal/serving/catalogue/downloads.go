package catalogue

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/fault"
)

// The states of a download. They stand in the place of an item's own while it is not installed.
const (
	StateQueued      State = "queued"      // waits for another download, here or of another process
	StateDownloading State = "downloading" // its bytes come
	StateVerifying   State = "verifying"   // they are checked, unpacked, converted
	StatePaused      State = "paused"      // a part is here; the next pull goes on from it
	StateFailed      State = "failed"      // the last pull did not end well; Download.Problem says why
)

// engineID stands for the engine libraries among the ids of models, of which it can be none.
const engineID = "."

// Downloads runs pulls in the background, one at a time and the others in order. It remembers what is
// under way and what failed; what is installed and what is half here it reads from the disk each time, so
// that a restart and a pull from the shell need no word. It is safe for many goroutines.
type Downloads struct {
	c    *Catalogue
	log  *zap.Logger
	now  func() time.Time
	wait time.Duration   // how long a removal waits for another process that installs
	life context.Context // of every pull; ended by Stop
	end  context.CancelFunc

	mu    sync.Mutex
	tasks map[string]*task // under way, or failed
	queue []*task          // the first is the one that runs
	work  sync.WaitGroup
}

// Download is a model with how its download stands. State is one of the states of a download, unless the
// model is installed, damaged or untouched.
type Download struct {
	Item
	Transfer *Transfer // nil when there is nothing to tell
}

// NewDownloads makes the runner of a catalogue's pulls. Nothing runs before it is asked to.
func NewDownloads(c *Catalogue, log *zap.Logger) *Downloads {
	d := &Downloads{c: c, log: log, now: time.Now, wait: 3 * time.Second, tasks: map[string]*task{}}
	d.life, d.end = context.WithCancel(context.Background())
	return d
}

// Pull begins to install a model of the table, or to go on with it. It does nothing for one that is
// installed or under way. A model that is not in the table is fault.NotFound.
func (d *Downloads) Pull(id string) error {
	item, err := d.c.item(id)
	if err != nil || item.Usable() {
		return err
	}
	if _, listed := d.c.table.find(id); !listed {
		return fault.Conflict("%s is a file that was put into the models folder; it can only be replaced there, or removed", id)
	}
	return d.begin(id, func(ctx context.Context, p Progress) error { return d.c.Pull(ctx, id, p) })
}

// PullEngine begins to install the engine libraries. It does nothing when they are there.
func (d *Downloads) PullEngine() error {
	if _, err := d.c.EngineLibraries(); err == nil {
		return nil
	}
	return d.begin(engineID, d.c.PullEngine)
}

// begin puts a pull into the queue.
func (d *Downloads) begin(id string, pull func(context.Context, Progress) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.life.Err() != nil {
		return fault.Unavailable("the server is shutting down")
	}
	if d.tasks[id].underWay() {
		return nil
	}
	t := &task{id: id, pull: pull, phase: PhaseWait, now: d.now, mu: &d.mu, ended: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancel(d.life)
	d.tasks[id] = t
	if d.queue = append(d.queue, t); len(d.queue) == 1 {
		d.work.Go(d.run)
	}
	return nil
}

// run works the queue off. It ends in the moment in which the queue becomes empty, so that the next to
// fill it begins another.
func (d *Downloads) run() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.queue) > 0 {
		t := d.queue[0]
		d.mu.Unlock()
		err := d.fetch(t)
		d.mu.Lock()
		d.settle(t, err)
	}
}

// fetch runs one pull. One that was paused has not failed: what has come of it is on the disk.
func (d *Downloads) fetch(t *task) error {
	if t.paused() {
		return nil
	}
	began, log := d.now(), d.log.With(zap.String("model", t.name()))
	log.Info("download begins")
	err := t.pull(t.ctx, t)
	switch {
	case err == nil:
		log.Info("download ended", zap.Duration("took", d.now().Sub(began)))
	case t.paused():
		log.Info("download paused")
		return nil
	default:
		log.Warn("download failed", zap.Error(err))
	}
	return err
}

// settle takes a task out of the queue, and forgets it unless it failed. The caller holds mu.
func (d *Downloads) settle(t *task, err error) {
	if i := slices.Index(d.queue, t); i >= 0 {
		d.queue = slices.Delete(d.queue, i, i+1)
	}
	if t.err = err; err == nil {
		delete(d.tasks, t.id)
	}
	t.cancel()
	close(t.ended)
}

// Pause ends a model's pull, or takes it out of the queue, and returns when it has ended. What came from
// the hub is kept; what a package client had begun to fetch is not. It does nothing when there is no pull.
func (d *Downloads) Pause(ctx context.Context, id string) error {
	if _, err := d.c.item(id); err != nil {
		return err
	}
	return d.pause(ctx, id)
}

// PauseEngine ends the pull of the engine libraries.
func (d *Downloads) PauseEngine(ctx context.Context) error { return d.pause(ctx, engineID) }

func (d *Downloads) pause(ctx context.Context, id string) error {
	d.mu.Lock()
	t := d.tasks[id]
	switch {
	case !t.underWay():
		d.mu.Unlock()
		return nil
	case d.queue[0] != t:
		d.settle(t, nil)
	default:
		t.cancel()
	}
	d.mu.Unlock()
	select {
	case <-t.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Remove deletes a model's file and what an unfinished download left. It is fault.Conflict for a model
// that is under way, and fault.Busy while another process installs.
func (d *Downloads) Remove(ctx context.Context, id string) error {
	if _, err := d.c.item(id); err != nil {
		return err
	}
	d.mu.Lock()
	t := d.tasks[id]
	if t.underWay() {
		d.mu.Unlock()
		return fault.Conflict("%s is being downloaded; pause it first", id).OfKind("downloading")
	}
	delete(d.tasks, id)
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	err := d.c.Remove(ctx, id, Silent{})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Busy("another parley is installing into %s; try again when it is done", d.c.models).After(d.wait)
	case fault.Is(err, fault.CodeNotFound) && t != nil:
		return nil // it had failed before a byte came; that is forgotten now
	}
	return err
}

// List returns every model of the table and of the folder, in the order of Catalogue.List.
func (d *Downloads) List() ([]Download, error) {
	items, err := d.c.List()
	if err != nil {
		return nil, err
	}
	all := make([]Download, 0, len(items))
	for _, i := range items {
		all = append(all, d.tell(i))
	}
	return all, nil
}

// Get returns one model. One that is neither in the table nor in the folder is fault.NotFound.
func (d *Downloads) Get(id string) (Download, error) {
	item, err := d.c.item(id)
	if err != nil {
		return Download{}, err
	}
	return d.tell(item), nil
}

// tell adds to an item what is known of its download.
func (d *Downloads) tell(i Item) Download {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tasks[i.ID]
	out := Download{Item: i}
	switch {
	case i.Usable() && !t.underWay():
		delete(d.tasks, i.ID) // a failure that somebody has made good
		return out
	case t.underWay():
		out.State, out.Problem = t.state(d.queue[0] == t), ""
		out.Transfer = t.transfer()
	case t != nil:
		out.State, out.Problem = StateFailed, problem(t.err)
	case i.State == StateAvailable && i.Part > 0:
		out.State = StatePaused
	}
	if out.Transfer == nil && i.Part > 0 {
		out.Transfer = &Transfer{Done: i.Part, Total: max(i.Whole, i.Part)}
	}
	return out
}

// Free is how many bytes may still come into the models folder.
func (d *Downloads) Free() (int64, error) { return d.c.free(d.c.models) }

// EngineDownload is how it stands with the engine libraries.
type EngineDownload struct {
	Engine
	State    State // StateInstalled, StateAvailable or that of a download
	Problem  string
	Transfer *Transfer
}

// Engine tells of the engine libraries.
func (d *Downloads) Engine(ctx context.Context) EngineDownload {
	engine, err := d.c.Engine(ctx)
	out := EngineDownload{Engine: engine, State: StateInstalled}
	if err != nil {
		out.State, out.Problem = StateAvailable, fault.From(err).Message
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tasks[engineID]
	switch {
	case t == nil:
	case t.underWay():
		out.State, out.Problem, out.Transfer = t.state(d.queue[0] == t), "", t.transfer()
	case err != nil:
		out.State, out.Problem = StateFailed, problem(t.err)
	default:
		delete(d.tasks, engineID)
	}
	return out
}

// Stop ends the pull that runs, keeping its part, forgets the queue and waits for the end or for ctx. It
// may be called twice.
func (d *Downloads) Stop(ctx context.Context) error {
	d.end()
	done := make(chan struct{})
	go func() {
		d.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("a download was still ending"), ctx.Err())
	}
}
