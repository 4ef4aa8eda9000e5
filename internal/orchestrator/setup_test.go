package orchestrator_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/usage"
)

var sc = chat.Scope{Tenant: "t", User: "u"}

// engine answers by a scripted engine, without a pool.
type engine struct{ *servingtest.Scripted }

func (e engine) Generate(ctx context.Context, _ chat.Scope, _ serving.Model, g serving.Generation,
	_ func(int), emit func(serving.Piece) error,
) (serving.Outcome, error) {
	return e.Scripted.Generate(ctx, g, emit)
}

func (e engine) Rank(context.Context, chat.Scope, serving.Model, serving.Ranking) (serving.Scores, error) {
	return serving.Scores{}, errors.ErrUnsupported
}

func (e engine) Embed(ctx context.Context, _ chat.Scope, _ serving.Model, in []serving.Input) (serving.Embeddings, error) {
	return e.Scripted.Embed(ctx, in)
}

func (e engine) Check(_ chat.Scope, _ serving.Model, g serving.Generation) error {
	return e.Scripted.Check(g)
}

// book keeps usage records; kept conversations in memory.
type book struct {
	mu      sync.Mutex
	records []usage.Record
}

func (b *book) Record(_ context.Context, _ chat.Scope, r usage.Record) (usage.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, r)
	return r, nil
}

type kept struct {
	mu       sync.Mutex
	messages map[string]conversation.Message
	titles   chan string
	failWith error
}

func (k *kept) Prompt(_ context.Context, _ chat.Scope, t conversation.Turn) ([]chat.Message, error) {
	return t.Messages, nil
}

func (k *kept) Begin(_ context.Context, _ chat.Scope, t conversation.Turn) (conversation.Begun, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := conversation.Begun{Created: true, Conversation: conversation.Conversation{ID: chat.NewID("conv")}}
	if t.Continue {
		old := k.messages[*t.Parent]
		b.Path, b.Question = []conversation.Message{{ID: old.Parent, Role: chat.User, Text: "count"}}, old.Parent
		b.Answer = conversation.Message{ID: chat.NewID("msg"), Role: chat.Assistant, Status: conversation.Streaming, Parent: old.Parent, Text: old.Text}
		k.messages[b.Answer.ID] = b.Answer
		return b, nil
	}
	for _, m := range t.Messages {
		b.Path = append(b.Path, conversation.Message{ID: chat.NewID("msg"), Role: m.Role, Text: m.Text})
	}
	b.Question = b.Path[len(b.Path)-1].ID
	b.Answer = conversation.Message{ID: chat.NewID("msg"), Role: chat.Assistant, Status: conversation.Streaming, Parent: b.Question}
	k.messages[b.Answer.ID] = b.Answer
	return b, nil
}

func (k *kept) Progress(_ context.Context, _ chat.Scope, id, text string, _ int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.messages[id]
	m.Text = text
	k.messages[id] = m
	return k.failWith
}

func (k *kept) Finish(_ context.Context, _ chat.Scope, id string, f conversation.Final) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failWith != nil {
		return k.failWith
	}
	m := k.messages[id]
	m.Text, m.Status, m.Finish, m.Tokens, m.Latency, m.Sources, m.Grounding = f.Text, f.Status, f.Finish, f.Tokens, f.Latency, f.Sources, f.Grounding
	k.messages[id] = m
	return nil
}

func (k *kept) Message(_ context.Context, s chat.Scope, id string) (conversation.Message, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m, ok := k.messages[id]
	if !ok || s.User != sc.User {
		return m, fault.NotFound("there is no message %s", id)
	}
	return m, nil
}

func (k *kept) Edit(_ context.Context, _ chat.Scope, id, text string) (conversation.Message, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.messages[id]
	if m.Status == conversation.Streaming {
		return m, fault.Conflict("still being written").OfKind("turn_running")
	}
	m.Text, m.EditedAt = text, time.Now()
	k.messages[id] = m
	return m, nil
}

func (k *kept) SetTitle(_ context.Context, _ chat.Scope, _, title string) error {
	k.titles <- title
	return nil
}

type bundle struct {
	turns *orchestrator.Turns
	store *kept
	book  *book
	shelf *shelf
}

func setup(t *testing.T, e *servingtest.Scripted) bundle {
	t.Helper()
	b := bundle{store: &kept{messages: map[string]conversation.Message{}, titles: make(chan string, 8)}, book: &book{}, shelf: &shelf{}}
	b.turns = orchestrator.NewTurns(orchestrator.New(engine{e}, b.book, orchestrator.NewMetrics(prometheus.NewRegistry()), zap.NewNop()), b.store, b.shelf, zap.NewNop())
	t.Cleanup(func() {
		if err := b.turns.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b bundle) start(ctx context.Context, t *testing.T, question string) chat.Start {
	t.Helper()
	start, err := b.turns.Start(ctx, orchestrator.Request{
		Scope: sc, Trace: "req_1", Surface: "native", Model: serving.Model{ID: "m"},
		Turn: conversation.Turn{Messages: []chat.Message{{Role: chat.User, Text: question}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// read follows an answer from a place to its end.
func (b bundle) read(t *testing.T, after chat.EventID) (text string, last chat.Event) {
	t.Helper()
	err := b.turns.Follow(context.Background(), sc, after, func(e chat.Event) error {
		text += e.Delta
		last = e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text, last
}
