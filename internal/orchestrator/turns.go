package orchestrator

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval/search"
	"github.com/parley-chat/parley/internal/serving"
)

const (
	// flushEvery bounds what a crash can take of a running answer; the promise is one second.
	flushEvery = 400 * time.Millisecond
	// keepFor is how long an ended turn can be read from memory, events and all. After that its text is
	// read from the store.
	keepFor = 2 * time.Minute
)

// Conversations keeps turns; conversation.Store does.
type Conversations interface {
	Prompt(ctx context.Context, sc chat.Scope, t conversation.Turn) ([]chat.Message, error)
	Begin(ctx context.Context, sc chat.Scope, t conversation.Turn) (conversation.Begun, error)
	Progress(ctx context.Context, sc chat.Scope, id, text string, tokens int) error
	Finish(ctx context.Context, sc chat.Scope, id string, f conversation.Final) error
	Message(ctx context.Context, sc chat.Scope, id string) (conversation.Message, error)
	Edit(ctx context.Context, sc chat.Scope, id, text string) (conversation.Message, error)
	SetTitle(ctx context.Context, sc chat.Scope, id, title string) error
}

// Turns runs the turns of conversations. A turn belongs to the server, not to the request that began
// it: it goes on when its reader is gone, any number may follow it, and it can be read from any place.
type Turns struct {
	o     *Orchestrator
	store Conversations
	from  Knowledge
	log   *zap.Logger
	life  context.Context // of the work that follows a turn; ended by Stop
	end   context.CancelFunc

	mu      sync.Mutex
	live    map[string]*live // by the answer's message id
	stopped bool
	running sync.WaitGroup
}

// NewTurns makes the runner of kept turns.
func NewTurns(o *Orchestrator, store Conversations, from Knowledge, log *zap.Logger) *Turns {
	t := &Turns{o: o, store: store, from: from, log: log, live: map[string]*live{}}
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// Request begins a turn.
type Request struct {
	Scope   chat.Scope
	Trace   string
	Surface string
	Turn    conversation.Turn
	Model   serving.Model
	Params  chat.Params
	Class   serving.Class // who goes first where requests wait
	// From asks for an answer from documents; its text is the question's.
	From *search.Query
}

var (
	errCancelled = errors.New("cancelled by the user")
	errShutdown  = fault.Unavailable("the server is shutting down; the answer so far is kept")
)

// Start saves the question and an empty answer and begins to generate. When it returns, the question is
// on the disk. What can be refused at once is, before anything is saved: a full queue and a prompt that is
// too long. The deadline of ctx is the turn's, its cancellation is not.
func (t *Turns) Start(ctx context.Context, r Request) (chat.Start, error) {
	r.Turn.Model = r.Model.ID
	if err := t.check(ctx, r); err != nil {
		return chat.Start{}, err
	}
	t.mu.Lock()
	if t.stopped {
		t.mu.Unlock()
		return chat.Start{}, errShutdown
	}
	t.running.Add(1)
	t.mu.Unlock()

	begun, err := t.store.Begin(ctx, r.Scope, r.Turn)
	if err != nil {
		t.running.Done()
		return chat.Start{}, err
	}
	start := chat.Start{
		Conversation: begun.Conversation.ID, Question: begun.Question,
		Message: begun.Answer.ID, Model: r.Model.ID, Trace: r.Trace,
	}
	turnCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	l := newLive(r.Scope, start, cancel)
	t.mu.Lock()
	t.live[start.Message] = l
	if t.stopped {
		cancel(errShutdown)
	}
	t.mu.Unlock()
	l.add(chat.Event{Start: &start})
	l.say(begun.Answer.Text) // what a continued answer begins with
	deadline, limited := ctx.Deadline()
	go func() {
		defer t.running.Done()
		defer cancel(nil)
		if limited {
			var stop context.CancelFunc
			turnCtx, stop = context.WithDeadline(turnCtx, deadline)
			defer stop()
		}
		t.run(turnCtx, r, begun, l)
	}()
	return start, nil
}

// check refuses a turn that the model could not answer now.
func (t *Turns) check(ctx context.Context, r Request) error {
	if r.From != nil {
		if err := t.from.May(ctx, r.Scope, r.From.Bases); err != nil {
			return err
		}
	}
	messages, err := t.store.Prompt(ctx, r.Scope, r.Turn)
	if err != nil {
		return err
	}
	if n := len(messages); r.Turn.Continue && (n == 0 || messages[n-1].Role != chat.Assistant) {
		return nil // for Begin to say what is wrong with it
	}
	err = t.o.models.Check(r.Scope, r.Model, serving.Generation{Messages: messages, Continue: r.Turn.Continue, Params: r.Params, Class: r.Class})
	if err != nil {
		t.o.metrics.ended(r.Surface, err)
	}
	return err
}

// run is a turn from its prompt to its saved answer.
func (t *Turns) run(ctx context.Context, r Request, begun conversation.Begun, l *live) {
	ask := Ask{
		Scope: r.Scope, Trace: r.Trace, Surface: r.Surface, Model: r.Model, Params: r.Params, Class: r.Class,
		Conversation: begun.Conversation.ID, Message: begun.Answer.ID,
		Volatile: begun.Conversation.Temporary,
	}
	for _, m := range begun.Path {
		ask.Messages = append(ask.Messages, m.Chat())
	}
	if r.Turn.Continue {
		ask.Messages, ask.Continue = append(ask.Messages, begun.Answer.Chat()), true
	}
	stopSaving := t.saveAsItGrows(ctx, l, len(begun.Answer.Text))
	answer := t.o.Answer
	if r.From != nil {
		answer = t.grounded(*r.From, l)
	}
	result, err := answer(ctx, ask, Sink{
		Queue: func(position int) { l.add(chat.Event{Queue: &chat.Queue{Position: position}}) },
		Piece: func(_ int, p serving.Piece) error { l.say(p.Text); return nil },
	})
	stopSaving()
	t.finish(ctx, l, result, err)
	t.retire(l)
	if begun.Conversation.TitleBy == conversation.TitleUnset {
		t.title(r, begun, l, err == nil)
	}
}

// saveAsItGrows writes the answer's text, of which some bytes are saved already, to the store while it grows,
// until the returned function is called. A store that cannot be written is told once; the last save decides.
func (t *Turns) saveAsItGrows(ctx context.Context, l *live, saved int) (stop func()) {
	done := make(chan struct{})
	var saver sync.WaitGroup
	saver.Go(func() {
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		failed := false
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			text := l.said()
			if len(text) == saved {
				continue
			}
			if err := t.store.Progress(context.WithoutCancel(ctx), l.scope, l.start.Message, text, 0); err != nil {
				if !failed {
					t.log.Warn("answer not saved while it grows", zap.String("message", l.start.Message), zap.Error(err))
				}
				failed = true
				continue
			}
			saved = len(text)
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		saver.Wait()
	})
}

// finish saves the answer and then tells its readers. What a reader was told as done is on the disk.
func (t *Turns) finish(ctx context.Context, l *live, result Result, err error) {
	final := conversation.Final{
		Status: conversation.Complete, Text: l.said(), Finish: result.Finish[0], Tokens: result.Usage.OutputTokens,
		Latency: result.Timings["total"],
	}
	final.Sources, final.Grounding = l.rests()
	cause := context.Cause(ctx)
	stopped := errors.Is(cause, errCancelled)
	switch {
	case stopped:
		final.Status, final.Finish = conversation.Partial, chat.FinishStop
	case err != nil && errors.Is(cause, errShutdown):
		final.Status, err = conversation.Partial, errShutdown
	case err != nil && final.Text != "":
		final.Status = conversation.Partial
	case err != nil:
		final.Status = conversation.Failed
	}
	saveCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if saveErr := t.store.Finish(saveCtx, l.scope, l.start.Message, final); saveErr != nil {
		t.log.Error("answer not saved", zap.String("message", l.start.Message), zap.Error(saveErr))
		l.add(l.failure(fault.Unavailable("the answer is not saved yet (the server tries again); copy it before you leave this page").OfKind("not_saved")))
		t.saveLater(l, final)
		return
	}
	if err != nil && !stopped {
		if fault.Is(err, fault.CodeInternal) {
			t.log.Error("turn failed", zap.String("request_id", l.start.Trace), zap.Error(err))
		}
		l.add(l.failure(err))
		return
	}
	l.add(chat.Event{Done: &chat.Done{
		Finish: final.Finish, Partial: stopped, Usage: result.Usage, Timing: result.Timings,
	}})
}

// saveLater tries again to save an answer, such as after a full disk got room, until it works or the
// server stops. Somebody who asks for the answer meanwhile settles it too.
func (t *Turns) saveLater(l *live, final conversation.Final) {
	t.running.Go(func() {
		for wait := time.Second; ; wait = min(2*wait, time.Minute) {
			select {
			case <-t.life.Done():
				return
			case <-time.After(wait):
			}
			err := t.store.Finish(t.life, l.scope, l.start.Message, final)
			if err == nil || fault.Is(err, fault.CodeConflict) || fault.Is(err, fault.CodeNotFound) {
				t.log.Info("answer saved late", zap.String("message", l.start.Message), zap.Error(err))
				return
			}
		}
	})
}

// settle closes an answer that is still called streaming though nobody writes it, as partial.
func (t *Turns) settle(ctx context.Context, sc chat.Scope, m conversation.Message) (conversation.Message, error) {
	if m.Status != conversation.Streaming {
		return m, nil
	}
	m.Status, m.Finish = conversation.Partial, chat.FinishStop
	err := t.store.Finish(ctx, sc, m.ID, conversation.Final{Status: m.Status, Text: m.Text, Finish: m.Finish, Tokens: m.Tokens})
	if fault.Is(err, fault.CodeConflict) { // settled by another
		return t.store.Message(ctx, sc, m.ID)
	}
	return m, err
}

// retire forgets a turn after a while.
func (t *Turns) retire(l *live) {
	time.AfterFunc(keepFor, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.live, l.start.Message)
	})
}

// Stop ends every running turn, keeping what was said as partial answers, and waits for them or for ctx.
func (t *Turns) Stop(ctx context.Context) error {
	t.mu.Lock()
	t.stopped = true
	for _, l := range t.live {
		l.cancel(errShutdown)
	}
	t.mu.Unlock()
	t.end()
	done := make(chan struct{})
	go func() {
		t.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("turns were still ending"), ctx.Err())
	}
}
