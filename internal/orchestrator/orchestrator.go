// Package orchestrator runs a turn: from a question to an answer that is saved and counted. Run is one
// function of named steps, so that reading it is reading the path. Turns (turns.go) runs those of
// conversations, which go on without their reader and can be read again.
package orchestrator

import (
	"context"
	"maps"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/usage"
)

// Generator answers by a model; serving.Service does.
type Generator interface {
	Generate(ctx context.Context, sc chat.Scope, m serving.Model, g serving.Generation,
		waiting func(position int), emit func(serving.Piece) error) (serving.Outcome, error)
	Embed(ctx context.Context, sc chat.Scope, m serving.Model, inputs []serving.Input) (serving.Embeddings, error)
	Rank(ctx context.Context, sc chat.Scope, m serving.Model, r serving.Ranking) (serving.Scores, error)
	Check(sc chat.Scope, m serving.Model, g serving.Generation) error
}

// Recorder keeps what a turn used.
type Recorder interface {
	Record(ctx context.Context, sc chat.Scope, r usage.Record) (usage.Record, error)
}

// Ask is one turn to run.
type Ask struct {
	Scope    chat.Scope
	Trace    string // id of the request, under which log and usage know the turn
	Surface  string // the API it came by
	Model    serving.Model
	Messages []chat.Message
	Continue bool // go on with the last message, an answer that is not finished
	Params   chat.Params
	Format   *chat.Format // what the answer must be; nil is text
	Tools    chat.ToolUse
	Class    serving.Class
	Choices  int // answers to the same prompt; 0 means 1

	Conversation string // of a turn that is kept
	Message      string // the answer's id there
	Volatile     bool   // nothing that is computed for it may be written to a disk
}

// Sink receives a turn as it runs. Its functions may be nil; they are called from one goroutine at a
// time, and an error of theirs ends the turn and is returned as it is.
type Sink struct {
	Queue    func(position int)
	Piece    func(choice int, p serving.Piece) error
	Finished func(choice int, why chat.Finish) error
}

// Result is how a turn ended. Usage counts the prompt once and the tokens of all choices.
type Result struct {
	Finish  []chat.Finish // by choice
	Usage   chat.Usage
	Timings chat.Timings
}

// Orchestrator runs turns. It is safe for many goroutines.
type Orchestrator struct {
	models  Generator
	usage   Recorder
	metrics *Metrics
	log     *zap.Logger
	late    errgroup.Group // records written after their answers
}

// mostLate is how many records may be on their way to the disk before their requests wait for it.
const mostLate = 32

// New makes an orchestrator. It must be closed before what it is given.
func New(models Generator, recorder Recorder, metrics *Metrics, log *zap.Logger) *Orchestrator {
	o := &Orchestrator{models: models, usage: recorder, metrics: metrics, log: log}
	o.late.SetLimit(mostLate)
	return o
}

// Close waits for the last records. No turn may run any more.
func (o *Orchestrator) Close() { _ = o.late.Wait() }

// Answer runs a turn and writes its usage record, whichever way it ended.
func (o *Orchestrator) Answer(ctx context.Context, ask Ask, sink Sink) (Result, error) {
	began := time.Now()
	result, err := o.generate(ctx, ask, sink)
	result.Timings["total"] = time.Since(began).Milliseconds()
	o.record(ctx, ask, result, err)
	return result, err
}

// generate runs the choices side by side; the engine batches them.
func (o *Orchestrator) generate(ctx context.Context, ask Ask, sink Sink) (Result, error) {
	n := max(ask.Choices, 1)
	result := Result{Finish: make([]chat.Finish, n), Timings: chat.Timings{}}
	var mu sync.Mutex // the sink's and the result's
	group, ctx := errgroup.WithContext(ctx)
	for choice := range n {
		group.Go(func() error {
			params := ask.Params
			if params.Seed != nil { // the same seed would give the same answer n times
				seed := *params.Seed + int64(choice)
				params.Seed = &seed
			}
			queue := sink.Queue
			if choice > 0 {
				queue = nil
			}
			out, err := o.models.Generate(ctx, ask.Scope, ask.Model, serving.Generation{
				Messages: ask.Messages, Continue: ask.Continue, Params: params, Volatile: ask.Volatile, Format: ask.Format, Tools: ask.Tools, Class: ask.Class}, queue,
				func(p serving.Piece) error {
					mu.Lock()
					defer mu.Unlock()
					if sink.Piece == nil {
						return nil
					}
					return sink.Piece(choice, p)
				})
			mu.Lock()
			defer mu.Unlock()
			result.add(choice, out)
			if err != nil {
				return err
			}
			if sink.Finished != nil {
				return sink.Finished(choice, out.Finish)
			}
			return nil
		})
	}
	return result, group.Wait()
}

// add counts the outcome of one choice. Of the timings, those of the slowest choice are kept.
func (r *Result) add(choice int, out serving.Outcome) {
	r.Finish[choice] = out.Finish
	r.Usage.InputTokens = max(r.Usage.InputTokens, out.Usage.InputTokens)
	r.Usage.CachedTokens = max(r.Usage.CachedTokens, out.Usage.CachedTokens)
	r.Usage.OutputTokens += out.Usage.OutputTokens
	for step, ms := range out.Timings {
		r.Timings[step] = max(r.Timings[step], ms)
	}
}

// Embed turns inputs into vectors. The usage record follows.
func (o *Orchestrator) Embed(ctx context.Context, ask Ask, inputs []serving.Input) (serving.Embeddings, error) {
	began := time.Now()
	out, err := o.models.Embed(ctx, ask.Scope, ask.Model, inputs)
	o.recordSince(ctx, ask, began, out.Usage, out.Timings, err)
	return out, err
}

// Rank judges documents. The usage record follows.
func (o *Orchestrator) Rank(ctx context.Context, ask Ask, r serving.Ranking) (serving.Scores, error) {
	began := time.Now()
	out, err := o.models.Rank(ctx, ask.Scope, ask.Model, r)
	o.recordSince(ctx, ask, began, out.Usage, out.Timings, err)
	return out, err
}

// recordSince writes the record of a request that is not a turn, while its caller goes on: to write it takes as long
// as to embed a few words. A crash may take the records of the last milliseconds.
func (o *Orchestrator) recordSince(ctx context.Context, ask Ask, began time.Time, used chat.Usage, timings chat.Timings, failed error) {
	result := Result{Usage: used, Timings: chat.Timings{"total": time.Since(began).Milliseconds()}}
	maps.Copy(result.Timings, timings)
	o.late.Go(func() error {
		o.record(ctx, ask, result, failed)
		return nil
	})
}

// record outlives the request: a turn whose reader hung up has still used what it used.
func (o *Orchestrator) record(ctx context.Context, ask Ask, result Result, failed error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	o.metrics.ended(ask.Surface, failed)
	_, err := o.usage.Record(ctx, ask.Scope, usage.Record{
		Trace: ask.Trace, Conversation: ask.Conversation, Message: ask.Message, Model: ask.Model.ID,
		Surface: ask.Surface, Usage: result.Usage, Timing: result.Timings, Outcome: outcome(failed),
	})
	if err != nil {
		o.log.Error("usage record lost", zap.String("trace_id", ask.Trace), zap.Error(err))
	}
}
