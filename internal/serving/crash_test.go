package serving_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// mortal is an engine that ends by itself in its first generation or embedding, after some pieces.
type mortal struct {
	*servingtest.Scripted
	after int
	mu    sync.Mutex
	dead  bool
}

var errCrash = fault.Unavailable("the engine stopped").OfKind(serving.EngineCrashed)

func (m *mortal) Dead() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.dead }

func (m *mortal) die() error { m.mu.Lock(); defer m.mu.Unlock(); m.dead = true; return errCrash }

func (m *mortal) Generate(ctx context.Context, g serving.Generation, emit func(serving.Piece) error) (serving.Outcome, error) {
	left := m.after
	out, err := m.Scripted.Generate(ctx, g, func(p serving.Piece) error {
		if left--; left < 0 {
			return errCrash
		}
		return emit(p)
	})
	if left < 0 {
		return serving.Outcome{}, m.die()
	}
	return out, err
}

func (m *mortal) Embed(context.Context, []serving.Input) (serving.Embeddings, error) {
	return serving.Embeddings{}, m.die()
}

// crashing loads engines of which the first some crash after a number of pieces.
func crashing(crashes, after int) *servingtest.Loader {
	return &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		e := &servingtest.Scripted{Model: m, Replies: []string{"one two three"}}
		if crashes--; crashes >= 0 {
			return &mortal{Scripted: e, after: after}
		}
		return e
	}}
}

func TestCrashBeforeTheFirstWordIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		crashes, after int
		text           string
		loads          int
		failed         bool
	}{
		{crashes: 1, after: 0, text: "one two three", loads: 2},
		{crashes: 2, after: 0, text: "", loads: 2, failed: true},
		{crashes: 1, after: 2, text: "one two ", loads: 1, failed: true}, // what was said stays
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			t.Parallel()
			loader := crashing(c.crashes, c.after)
			s, _ := setup(t, serving.DefaultConfig(), loader)
			text, _, err := ask(s, modelA)
			if text != c.text || (err != nil) != c.failed || err != nil && fault.From(err).Kind != serving.EngineCrashed {
				t.Errorf("%q, %v", text, err)
			}
			if n := len(loader.Loaded()); n != c.loads {
				t.Errorf("loaded %d times", n)
			}
			if _, there := s.Loaded()["a"]; there == c.failed {
				t.Errorf("in memory: %v", s.Loaded())
			}
			if text, _, err := ask(s, modelA); err != nil || text != "one two three" {
				t.Errorf("the next one: %q, %v", text, err)
			}
		})
	}
}

func TestCrashWhileEmbeddingIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	loader := crashing(1, 0)
	s, _ := setup(t, serving.DefaultConfig(), loader)
	m := serving.Model{ID: "b"}
	if out, err := s.Embed(context.Background(), sc, m, []serving.Input{{Text: "hi"}}); err != nil || len(out.Vectors) != 1 || len(loader.Loaded()) != 2 {
		t.Errorf("%v, %v, loaded %d times", out, err, len(loader.Loaded()))
	}
}

// The model is loaded once for all whose engine is gone, and those that wait for a slot have lost nothing.
func TestCrashUnderManyReaders(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	loads := 0
	started, fall := make(chan struct{}, 64), make(chan struct{})
	loader := &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		mu.Lock()
		defer mu.Unlock()
		if loads++; loads == 1 {
			e := &servingtest.Scripted{Model: m, Slots: 2, Gate: fall, Started: started}
			return &mortal{Scripted: e}
		}
		return &servingtest.Scripted{Model: m, Slots: 2}
	}}
	s, _ := setup(t, serving.DefaultConfig(), loader)
	var readers sync.WaitGroup
	for range 12 {
		readers.Go(func() {
			if text, _, err := ask(s, modelA); err != nil || !strings.HasSuffix(text, "ends here.") {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	<-started
	<-started
	for waiting := 0; waiting < 10; {
		waiting, _ = s.Waiting()
	}
	if err := s.Check(sc, modelA, serving.Generation{Messages: []chat.Message{{Role: chat.User, Text: "hi"}}}); err != nil {
		t.Error(err)
	}
	close(fall)
	readers.Wait()
	if loads != 2 {
		t.Errorf("loaded %d times", loads)
	}
}
