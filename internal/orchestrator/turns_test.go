package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/usage"
)

func TestEveryPlaceOfAStreamLeadsToTheSameText(t *testing.T) {
	t.Parallel()
	const reply = "Fünf kleine Wörter für dich."
	b := setup(t, &servingtest.Scripted{Replies: []string{reply, "Wörter"}})
	start := b.start(context.Background(), t, "Sag fünf Wörter")
	type place struct {
		id   chat.EventID
		told string
	}
	places := []place{{id: chat.EventID{Message: start.Message}}}
	told := ""
	// A reader that takes one event at a time sees them as they come.
	if err := b.turns.Follow(context.Background(), sc, places[0].id, func(e chat.Event) error {
		told += e.Delta
		places = append(places, place{e.ID, told})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if told != reply {
		t.Fatalf("told %q", told)
	}
	for _, p := range places {
		rest, last := b.read(t, p.id)
		if p.told+rest != reply {
			t.Errorf("from %s: %q + %q", p.id, p.told, rest)
		}
		if last.Done == nil && p.id != places[len(places)-1].id {
			t.Errorf("from %s: the last event is %+v", p.id, last)
		}
	}
	// And so does the stored message, once the turn is out of memory.
	other := setup(t, &servingtest.Scripted{})
	other.store.messages = b.store.messages
	for _, p := range places {
		if rest, last := other.read(t, p.id); p.told+rest != reply || last.Done == nil {
			t.Errorf("from the store, from %s: %q + %q, %+v", p.id, p.told, rest, last)
		}
	}
}

func TestTurnGoesOnWithoutItsReaderAndIsCounted(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	b := setup(t, &servingtest.Scripted{Replies: []string{"one two three"}, Gate: gate})
	ctx, hangUp := context.WithCancel(context.Background())
	start := b.start(ctx, t, "count")
	hangUp()
	close(gate)
	if text, last := b.read(t, chat.EventID{Message: start.Message}); text != "one two three" || last.Done == nil || last.Done.Partial {
		t.Errorf("%q, %+v", text, last)
	}
	<-b.store.titles
	if err := b.turns.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	turns := 0
	for _, r := range b.book.records {
		if r.Surface == usage.SurfaceTitle && (r.Trace == "req_1" || r.Trace == "") {
			t.Errorf("the title's record has the trace of the turn: %+v", r)
		}
		if r.Surface == "native" {
			turns++
			if r.Trace != "req_1" || r.Message != start.Message || r.Usage.OutputTokens != 3 || r.Outcome != usage.OK {
				t.Errorf("%+v", r)
			}
		}
	}
	if turns != 1 {
		t.Errorf("%d usage records of one turn", turns)
	}
}

func TestCancelKeepsWhatWasSaid(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	b := setup(t, &servingtest.Scripted{Replies: []string{"one two three four"}, Gate: gate})
	start := b.start(context.Background(), t, "count")
	said := make(chan struct{})
	var once sync.Once
	go func() {
		_ = b.turns.Follow(context.Background(), sc, chat.EventID{Message: start.Message}, func(e chat.Event) error {
			if e.Delta != "" {
				once.Do(func() { close(said) })
			}
			return nil
		})
	}()
	gate <- struct{}{}
	gate <- struct{}{}
	<-said
	if err := b.turns.Cancel(context.Background(), sc, start.Message); err != nil {
		t.Fatal(err)
	}
	text, last := b.read(t, chat.EventID{Message: start.Message})
	if !strings.HasPrefix("one two three four", text) || text == "" || last.Done == nil || !last.Done.Partial {
		t.Errorf("%q, %+v", text, last)
	}
	if m := b.store.messages[start.Message]; m.Status != conversation.Partial || m.Text != text {
		t.Errorf("stored: %+v", m)
	}
	stranger := chat.Scope{Tenant: sc.Tenant, User: "other"}
	if err := b.turns.Cancel(context.Background(), stranger, start.Message); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("a stranger's cancel: %v", err)
	}
	if err := b.turns.Follow(context.Background(), stranger, chat.EventID{Message: start.Message}, nil); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("a stranger's follow: %v", err)
	}
}

func TestShutdownAndDeadlineAndFailureAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		engine func(gate chan struct{}) *servingtest.Scripted
		end    func(b bundle, gate chan struct{})
		ctx    func() (context.Context, context.CancelFunc)
		code   string
		status conversation.Status
	}{
		"shutdown": {
			engine: func(gate chan struct{}) *servingtest.Scripted {
				return &servingtest.Scripted{Replies: []string{"one two"}, Gate: gate}
			},
			end:  func(b bundle, _ chan struct{}) { _ = b.turns.Stop(context.Background()) },
			code: "unavailable", status: conversation.Partial,
		},
		"deadline": {
			engine: func(gate chan struct{}) *servingtest.Scripted {
				return &servingtest.Scripted{Replies: []string{"one two"}, Gate: gate}
			},
			ctx: func() (context.Context, context.CancelFunc) {
				return context.WithTimeout(context.Background(), time.Millisecond)
			},
			code: "deadline_exceeded", status: conversation.Failed,
		},
		"failure": {
			engine: func(chan struct{}) *servingtest.Scripted {
				return &servingtest.Scripted{Replies: []string{"one two"}, Fail: errors.New("secret detail"), FailAfter: 1}
			},
			code: "internal", status: conversation.Partial,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := make(chan struct{})
			b := setup(t, c.engine(gate))
			ctx := context.Background()
			if c.ctx != nil {
				var cancel context.CancelFunc
				ctx, cancel = c.ctx()
				defer cancel()
			}
			start := b.start(ctx, t, "count")
			if c.end != nil {
				c.end(b, gate)
			}
			_, last := b.read(t, chat.EventID{Message: start.Message})
			if last.Error == nil || last.Error.Code != c.code || strings.Contains(last.Error.Message, "secret") {
				t.Errorf("last event: %+v %+v", last, last.Error)
			}
			if m := b.store.messages[start.Message]; m.Status != c.status {
				t.Errorf("stored as %s, want %s", m.Status, c.status)
			}
		})
	}
}

func TestAnswerThatCannotBeSavedIsNotCalledDone(t *testing.T) {
	t.Parallel()
	b := setup(t, &servingtest.Scripted{Replies: []string{"one two"}})
	b.store.failWith = errors.New("disk full")
	start := b.start(context.Background(), t, "count")
	text, last := b.read(t, chat.EventID{Message: start.Message})
	if text != "one two" || last.Error == nil || last.Error.Code != "not_saved" {
		t.Errorf("%q, %+v", text, last.Error)
	}
}

// An answer that nobody writes any more is not left streaming: whoever asks for it settles it.
func TestOrphanedAnswerIsSettled(t *testing.T) {
	t.Parallel()
	b := setup(t, &servingtest.Scripted{})
	id := chat.NewID("msg")
	b.store.messages[id] = conversation.Message{ID: id, Role: chat.Assistant, Text: "half an", Status: conversation.Streaming}
	text, last := b.read(t, chat.EventID{Message: id})
	if text != "half an" || last.Done == nil || !last.Done.Partial || b.store.messages[id].Status != conversation.Partial {
		t.Errorf("%q, %+v, %+v", text, last, b.store.messages[id])
	}
}

func (b bundle) goOn(t *testing.T, message string) chat.Start {
	t.Helper()
	start, err := b.turns.Start(context.Background(), orchestrator.Request{
		Scope: sc, Trace: "req_2", Surface: "native", Model: serving.Model{ID: "m"},
		Turn: conversation.Turn{Conversation: "conv_x", Parent: &message, Continue: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// A continued answer begins with the old text, can be resumed at any place, is cut off with what it had, and
// counts only what it adds.
func TestContinuedAnswer(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{}, 16)
	const whole = "eins zwei drei vier fünf"
	engine := &servingtest.Scripted{Reply: func(serving.Generation) string { return whole }, Gate: gate}
	b := setup(t, engine)
	old := conversation.Message{ID: chat.NewID("msg"), Role: chat.Assistant, Text: "eins zwei ", Status: conversation.Partial, Parent: chat.NewID("msg")}
	b.store.messages[old.ID] = old
	start := b.goOn(t, old.ID)
	if start.Message == old.ID || start.Question != old.Parent {
		t.Fatalf("%+v", start)
	}
	gate <- struct{}{}
	text := ""
	var places []chat.EventID
	var told []string
	_ = b.turns.Follow(context.Background(), sc, chat.EventID{Message: start.Message}, func(e chat.Event) error {
		if text += e.Delta; e.Delta != "" && e.ID.Offset != len(text) {
			t.Errorf("after %q the offset is %d", text, e.ID.Offset)
		}
		places, told = append(places, e.ID), append(told, text)
		if text == "eins zwei drei " {
			if err := b.turns.Cancel(context.Background(), sc, start.Message); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if text != "eins zwei drei " || b.store.messages[start.Message].Status != conversation.Partial || b.store.messages[start.Message].Tokens != 1 {
		t.Errorf("cancelled at %q: %+v", text, b.store.messages[start.Message])
	}
	if b.store.messages[old.ID].Text != old.Text {
		t.Errorf("the old answer is %+v", b.store.messages[old.ID])
	}
	for i, place := range places {
		if rest, _ := b.read(t, place); told[i]+rest != text {
			t.Errorf("from %s: %q + %q", place, told[i], rest)
		}
	}
	close(gate)
	again := b.goOn(t, start.Message)
	if all, last := b.read(t, chat.EventID{Message: again.Message}); all != whole || last.Done == nil || last.Done.Usage.OutputTokens != 2 || last.Done.Partial {
		t.Errorf("%q, %+v", all, last.Done)
	}
	var texts []string
	for _, g := range engine.Asked() {
		if g.Continue {
			texts = append(texts, g.Messages[len(g.Messages)-1].Text)
		}
	}
	if !slices.Equal(texts, []string{old.Text, text}) {
		t.Errorf("went on with %q", texts)
	}
}

// A reader is told why an answer cannot go on, and the old text is still there.
func TestContinuedAnswerThatIsTooLong(t *testing.T) {
	t.Parallel()
	b := setup(t, &servingtest.Scripted{Context: 4})
	old := conversation.Message{ID: chat.NewID("msg"), Role: chat.Assistant, Text: "one two three four", Status: conversation.Complete, Finish: chat.FinishLength, Parent: chat.NewID("msg")}
	b.store.messages[old.ID] = old
	start := b.goOn(t, old.ID)
	if text, last := b.read(t, chat.EventID{Message: start.Message}); text != old.Text || last.Error == nil || last.Error.Code != "context_length_exceeded" {
		t.Errorf("%q, %+v", text, last.Error)
	}
	if m := b.store.messages[start.Message]; m.Status != conversation.Partial || m.Text != old.Text {
		t.Errorf("%+v", m)
	}
}

// An edited answer is read as it is now, though its log was still in memory, and a reader who had seen a
// part of the old text is told so instead of being given what does not fit to it.
func TestEditedAnswerIsReadAnew(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	b := setup(t, &servingtest.Scripted{Replies: []string{"one two three"}, Gate: gate})
	start := b.start(context.Background(), t, "count")
	_, err := b.turns.Edit(context.Background(), sc, start.Message, "too early")
	if f := fault.From(err); f == nil || f.Kind != "turn_running" {
		t.Errorf("edited while it streams: %v", err)
	}
	close(gate)
	var places []chat.EventID
	if err := b.turns.Follow(context.Background(), sc, chat.EventID{Message: start.Message}, func(e chat.Event) error {
		places = append(places, e.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if m := b.store.messages[start.Message]; m.Latency < 0 || m.Status != conversation.Complete {
		t.Errorf("stored: %+v", m)
	}
	m, err := b.turns.Edit(context.Background(), sc, start.Message, "another text")
	if err != nil || m.Text != "another text" {
		t.Fatalf("%+v, %v", m, err)
	}
	if text, last := b.read(t, chat.EventID{Message: start.Message}); text != "another text" || last.Done == nil {
		t.Errorf("%q, %+v", text, last)
	}
	for _, place := range places {
		err := b.turns.Follow(context.Background(), sc, place, func(chat.Event) error { return nil })
		if f := fault.From(err); place.Offset > 0 && (f == nil || f.Kind != "message_edited") || place.Offset == 0 && err != nil {
			t.Errorf("from %s of the old text: %v", place, err)
		}
	}
	if _, err := b.turns.Edit(context.Background(), chat.Scope{Tenant: sc.Tenant, User: "other"}, start.Message, "mine"); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("a stranger's edit: %v", err)
	}
}

// An answer that nobody writes any more can be edited at once.
func TestOrphanedAnswerCanBeEdited(t *testing.T) {
	t.Parallel()
	b := setup(t, &servingtest.Scripted{})
	id := chat.NewID("msg")
	b.store.messages[id] = conversation.Message{ID: id, Role: chat.Assistant, Text: "half an", Status: conversation.Streaming}
	if m, err := b.turns.Edit(context.Background(), sc, id, "half an answer"); err != nil || m.Status != conversation.Partial || m.Text != "half an answer" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestTitleIsTheQuestionsAndThenTheModels(t *testing.T) {
	t.Parallel()
	question := "How do I water a cactus in winter, and how often should I do it when it is cold outside?"
	b := setup(t, &servingtest.Scripted{Replies: []string{"Rarely.", "Title: \"Watering a Cactus\"\nmore"}})
	start := b.start(context.Background(), t, question)
	b.read(t, chat.EventID{Message: start.Message})
	if first := <-b.store.titles; !strings.HasPrefix(question, strings.TrimSuffix(first, "…")) || len([]rune(first)) > 60 {
		t.Errorf("first title %q", first)
	}
	if second := <-b.store.titles; second != "Watering a Cactus" {
		t.Errorf("then %q", second)
	}
}

// Readers that come, go and lag see one text, whatever their number.
func TestManyReadersSeeOneText(t *testing.T) {
	t.Parallel()
	var reply strings.Builder
	for i := range 500 {
		fmt.Fprintf(&reply, "word%d ", i)
	}
	b := setup(t, &servingtest.Scripted{Replies: []string{reply.String()}, Context: 4096})
	start := b.start(context.Background(), t, "talk")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			at, text := chat.EventID{Message: start.Message}, ""
			for broke := true; broke; {
				broke = false
				n := 0
				err := b.turns.Follow(context.Background(), sc, at, func(e chat.Event) error {
					text += e.Delta
					at = e.ID
					if n++; n == 7 && e.Done == nil {
						broke = true
						return errors.New("connection lost")
					}
					return nil
				})
				if err != nil && !broke {
					t.Error(err)
				}
			}
			if text != reply.String() {
				t.Errorf("a reader saw %d bytes of %d", len(text), reply.Len())
			}
		})
	}
	wg.Wait()
}
