package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/remote"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/serving/wire"
	"github.com/parley-chat/parley/internal/serving/worker"
)

// ends are the two sides of a connection in memory.
func ends() (server, far wire.Conn) {
	toWorker, fromServer := io.Pipe()
	toServer, fromWorker := io.Pipe()
	return wire.Stream(toServer, fromServer), wire.Stream(toWorker, fromWorker)
}

// dial starts a worker with this loader, and ends with the test. The connection of the worker can be closed to
// cut it off.
func dial(t *testing.T, loader serving.Loader) (*remote.Client, wire.Conn) {
	t.Helper()
	server, far := ends()
	ended := make(chan error, 1)
	go func() { ended <- worker.Serve(context.Background(), far, loader, "test", zap.NewNop()) }()
	c, err := remote.Dial(t.Context(), server, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		if err := <-ended; err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the worker ended with %v", err)
		}
	})
	return c, far
}

func load(t *testing.T, c *remote.Client, kind serving.Kind) serving.Engine {
	t.Helper()
	e, err := c.Load(t.Context(), serving.Model{ID: "words", Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func question(text string) serving.Generation {
	return serving.Generation{Messages: []chat.Message{{Role: chat.User, Text: text}}}
}

func TestConforms(t *testing.T) {
	t.Parallel()
	c, _ := dial(t, &servingtest.Loader{})
	servingtest.Run(t, func(t *testing.T) serving.Engine { return load(t, c, serving.KindChat) })
}

func TestEmbedConforms(t *testing.T) {
	t.Parallel()
	c, _ := dial(t, &servingtest.Loader{})
	servingtest.RunEmbed(t, func(t *testing.T) serving.Engine { return load(t, c, serving.KindEmbed) })
}

// Whatever goes wrong at the worker means the same here.
func TestErrorsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	want := fault.Busy("all slots are taken").OfKind("full").At("model").After(1500 * time.Millisecond).Because(errors.New("for the log"))
	c, _ := dial(t, &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		return &servingtest.Scripted{Model: m, Fail: want, FailAfter: 2, EmbedFail: errors.New("out of paper")}
	}})
	e := load(t, c, "")
	var text strings.Builder
	out, err := e.Generate(t.Context(), question("hi"), func(p serving.Piece) error { text.WriteString(p.Text); return nil })
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != want.Code || f.Kind != want.Kind || f.Param != want.Param || f.Message != want.Message || f.RetryAfter != want.RetryAfter {
		t.Errorf("the fault is %#v", f)
	}
	if err.Error() != want.Error() || text.String() != "You said " || out.Usage.OutputTokens != 2 {
		t.Errorf("error %q after %q, usage %+v", err, text.String(), out.Usage)
	}
	if _, err := e.Embed(t.Context(), nil); !fault.Is(err, fault.CodeInternal) || !strings.Contains(err.Error(), "out of paper") {
		t.Errorf("an error without a known meaning: %v", err)
	}
	fails, _ := dial(t, &servingtest.Loader{Fail: fault.Unavailable("the file is cut off")})
	if _, err := fails.Load(t.Context(), serving.Model{}); !fault.Is(err, fault.CodeUnavailable) || err.Error() != "the file is cut off" {
		t.Errorf("a load that fails: %v", err)
	}
}

// A reader that does not read holds up nobody else.
func TestSlowReaderStopsNobody(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 3000)
	c, _ := dial(t, &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		return &servingtest.Scripted{Model: m, Replies: []string{long}, Context: 8192}
	}})
	e := load(t, c, serving.KindChat)
	asleep, wake := make(chan struct{}), make(chan struct{})
	slow := make(chan string, 1)
	go func() {
		var text strings.Builder
		var once sync.Once
		_, err := e.Generate(context.Background(), question("slow"), func(p serving.Piece) error {
			once.Do(func() { close(asleep); <-wake })
			text.WriteString(p.Text)
			return nil
		})
		slow <- fmt.Sprint(text.String(), err)
	}()
	<-asleep
	for range 3 {
		words := 0
		if _, err := e.Generate(t.Context(), question("quick"), func(serving.Piece) error { words++; return nil }); err != nil || words != 3000 {
			t.Fatalf("%d words, %v", words, err)
		}
	}
	close(wake)
	if got := <-slow; got != long+"<nil>" {
		t.Errorf("the slow reader has %d bytes", len(got))
	}
}

// When the worker is gone, what runs ends with a fault that says so, and the engine knows that it is dead.
func TestLostWorker(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{}, 3)
	c, far := dial(t, &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		return &servingtest.Scripted{Model: m, Gate: gate}
	}})
	e := load(t, c, serving.KindChat)
	for range cap(gate) {
		gate <- struct{}{}
	}
	pieces := 0
	out, err := e.Generate(t.Context(), question("hi"), func(serving.Piece) error {
		if pieces++; pieces == 3 {
			_ = far.Close()
		}
		return nil
	})
	if f := fault.From(err); f == nil || f.Code != fault.CodeUnavailable || f.Kind != serving.EngineCrashed || pieces != 3 || out.Usage.OutputTokens != 3 {
		t.Errorf("%d pieces, then %#v, with %+v", pieces, f, out.Usage)
	}
	if m, ok := e.(serving.Mortal); !ok || !m.Dead() {
		t.Error("the engine does not know that it is dead")
	}
	if models, err := c.Interrupted(); len(models) != 1 || models[0] != "words" || err == nil {
		t.Errorf("interrupted were %v, by %v", models, err)
	}
	for what, err := range map[string]error{
		"check": e.Check(question("hi")),
		"load":  func() error { _, err := c.Load(t.Context(), serving.Model{}); return err }(),
	} {
		if fault.From(err) == nil || fault.From(err).Kind != serving.EngineCrashed {
			t.Errorf("%s afterwards: %v", what, err)
		}
	}
	if err := e.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// A load whose caller has left leaves no model at the worker, whenever it gets ready.
func TestCancelledLoadLeavesNoModel(t *testing.T) {
	t.Parallel()
	engine := &servingtest.Scripted{}
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := dial(t, stubborn{engine, cancel})
	if _, err := c.Load(ctx, serving.Model{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the load ended with %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); !engine.Closed(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the model is still there")
		}
	}
}

// stubborn loads whether its caller still waits or not.
type stubborn struct {
	engine *servingtest.Scripted
	cancel context.CancelFunc
}

func (s stubborn) Load(ctx context.Context, _ serving.Model) (serving.Engine, error) {
	s.cancel()
	<-ctx.Done()
	return s.engine, nil
}

// metered is an engine that counts; forgetful a loader that drops what was kept.
type metered struct{ *servingtest.Scripted }

func (metered) Work() serving.Work { return serving.Work{Steps: 3, Cells: 100, Held: 7} }

type forgetful struct {
	servingtest.Loader
	tenants chan string
}

func (f *forgetful) Forget(tenant string) error { f.tenants <- tenant; return nil }

func TestWorkIsToldAndTenantsAreForgotten(t *testing.T) {
	t.Parallel()
	l := &forgetful{tenants: make(chan string, 1)}
	l.Engine = func(m serving.Model) serving.Engine { return metered{&servingtest.Scripted{Model: m}} }
	c, _ := dial(t, l)
	e := load(t, c, serving.KindChat)
	if err := c.Forget(t.Context(), "t1"); err != nil || <-l.tenants != "t1" {
		t.Errorf("forget: %v", err)
	}
	m, ok := e.(serving.Meter)
	if !ok {
		t.Fatal("the engine counts and the client does not know it")
	}
	for deadline := time.Now().Add(10 * time.Second); m.Work() != (serving.Work{Steps: 3, Cells: 100, Held: 7}); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("told is %+v", m.Work())
		}
	}
	plain, _ := dial(t, &servingtest.Loader{})
	if _, ok := load(t, plain, serving.KindChat).(serving.Meter); ok {
		t.Error("an engine that does not count seems to")
	}
}

// ranking is an engine that scores documents by their place.
type ranking struct{ *servingtest.Scripted }

func (ranking) Rank(_ context.Context, r serving.Ranking) (serving.Scores, error) {
	if r.Query == "" {
		return serving.Scores{}, fault.Invalid("the query is empty").At("query")
	}
	out := serving.Scores{Usage: chat.Usage{InputTokens: r.MaxTokens}}
	for i := range r.Documents {
		out.Scores = append(out.Scores, 1/float32(i+3))
	}
	return out, nil
}

func TestRank(t *testing.T) {
	t.Parallel()
	c, _ := dial(t, &servingtest.Loader{Engine: func(m serving.Model) serving.Engine { return ranking{&servingtest.Scripted{Model: m}} }})
	e, ok := load(t, c, serving.KindRerank).(serving.Ranker)
	if !ok {
		t.Fatal("the engine ranks and the client does not know it")
	}
	ask := serving.Ranking{Query: "boats", Documents: []string{"a", "b"}, MaxTokens: 9}
	out, err := e.Rank(t.Context(), ask)
	if err != nil || len(out.Scores) != 2 || out.Scores[0] != 1/float32(3) || out.Usage.InputTokens != 9 {
		t.Errorf("%+v, %v", out, err)
	}
	ask.Query = ""
	if _, err := e.Rank(t.Context(), ask); fault.From(err) == nil || fault.From(err).Param != "query" {
		t.Errorf("a refusal: %v", err)
	}
	plain, _ := dial(t, &servingtest.Loader{})
	if _, ok := load(t, plain, serving.KindEmbed).(serving.Ranker); ok {
		t.Error("an engine that does not rank seems to")
	}
}

func TestGreeting(t *testing.T) {
	t.Parallel()
	far := func(speak func(wire.Conn)) error {
		server, far := ends()
		go speak(far)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := remote.Dial(ctx, server, "test")
		return err
	}
	refused := fault.Unavailable("the libraries are missing")
	for what, c := range map[string]struct {
		speak func(wire.Conn)
		good  func(error) bool
	}{
		"silence": {func(wire.Conn) {}, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		"gone":    {func(c wire.Conn) { _ = c.Close() }, func(err error) bool { return errors.Is(err, io.EOF) }},
		"refused": {func(c wire.Conn) { _ = worker.Refuse(c, refused) }, func(err error) bool {
			return fault.Is(err, fault.CodeUnavailable) && err.Error() == refused.Message
		}},
		"another protocol": {func(c wire.Conn) {
			_ = c.Send(wire.Frame{Hello: &wire.Hello{Protocol: wire.Version + 1}})
			if f, err := c.Receive(); err != nil || f.Error == nil {
				t.Errorf("the worker is told %+v, %v", f, err)
			}
		}, func(err error) bool { return fault.Is(err, fault.CodeUnavailable) }},
	} {
		if err := far(c.speak); !c.good(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
