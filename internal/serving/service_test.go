package serving_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

type catalogue []serving.Model

func (c catalogue) Installed() ([]serving.Model, error) { return c, nil }

func (c catalogue) Default(kind serving.Kind) (serving.Model, bool, error) {
	for _, m := range c {
		if m.Kind == kind {
			return m, true, nil
		}
	}
	return serving.Model{}, false, nil
}

var (
	sc     = chat.Scope{Tenant: "t", User: "u"}
	modelA = serving.Model{ID: "a", Kind: serving.KindChat}
	modelB = serving.Model{ID: "b", Kind: serving.KindChat}
)

func setup(t *testing.T, cfg serving.Config, loader serving.Loader) (*serving.Service, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	s := serving.New(cfg, catalogue{modelA, modelB}, loader, serving.NewMetrics(reg), zap.NewNop())
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, reg
}

func ask(s *serving.Service, m serving.Model) (string, serving.Outcome, error) {
	var text strings.Builder
	out, err := s.Generate(context.Background(), sc, m,
		serving.Generation{Messages: []chat.Message{{Role: chat.User, Text: "hello"}}}, nil,
		func(p serving.Piece) error { text.WriteString(p.Text); return nil })
	return text.String(), out, err
}

func loadedModels(t *testing.T, s *serving.Service) string {
	t.Helper()
	list, err := s.Models()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range list {
		if l.Loaded != nil {
			ids = append(ids, l.ID)
		}
	}
	return strings.Join(ids, " ")
}

func TestModelIsLoadedOnceAndCounted(t *testing.T) {
	t.Parallel()
	loader := &servingtest.Loader{}
	s, reg := setup(t, serving.DefaultConfig(), loader)
	for range 3 {
		text, out, err := ask(s, modelA)
		if err != nil || text == "" || out.Usage.OutputTokens == 0 {
			t.Fatalf("answer %q, %+v, %v", text, out, err)
		}
		for _, step := range []string{"load", "queue", "first_token"} {
			if _, ok := out.Timings[step]; !ok {
				t.Errorf("no timing of step %q in %v", step, out.Timings)
			}
		}
	}
	if n := len(loader.Loaded()); n != 1 {
		t.Errorf("loaded %d times", n)
	}
	if n := testutil.CollectAndCount(reg, "parley_first_token_seconds", "parley_tokens_total", "parley_models_loaded"); n != 5 {
		t.Errorf("%d series, want 5", n)
	}
}

// metered is an engine that counts.
type metered struct{ *servingtest.Scripted }

func (metered) Work() serving.Work {
	return serving.Work{Steps: 10, Tokens: 40, Guessed: 8, GuessedRight: 6, Cells: 100, Held: 30}
}

func TestWorkIsInTheMetrics(t *testing.T) {
	t.Parallel()
	scripted := &servingtest.Scripted{}
	s, reg := setup(t, serving.DefaultConfig(), &servingtest.Loader{Engine: func(serving.Model) serving.Engine { return metered{scripted} }})
	if _, _, err := ask(s, modelA); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP parley_engine_batch_tokens_total Tokens in the batches; divided by the steps it is the size of a batch.
# TYPE parley_engine_batch_tokens_total counter
parley_engine_batch_tokens_total{model="a"} 40
# HELP parley_engine_cache_held_tokens Tokens in the key-value cache, those kept for reuse included.
# TYPE parley_engine_cache_held_tokens gauge
parley_engine_cache_held_tokens{model="a"} 30
# HELP parley_engine_guessed_right_tokens_total Guessed tokens that were right.
# TYPE parley_engine_guessed_right_tokens_total counter
parley_engine_guessed_right_tokens_total{model="a"} 6
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want),
		"parley_engine_batch_tokens_total", "parley_engine_cache_held_tokens", "parley_engine_guessed_right_tokens_total"); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(reg, "parley_between_tokens_seconds"); n != 1 {
		t.Errorf("%d series of the time between tokens", n)
	}
	if asked := scripted.Asked(); len(asked) != 1 || asked[0].Tenant != sc.Tenant {
		t.Errorf("the engine was asked %+v: it must know whose the answer is", asked)
	}
}

func TestRoomIsMadeByUnloadingWhatIsIdle(t *testing.T) {
	t.Parallel()
	engines := map[string]*servingtest.Scripted{}
	loader := &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		engines[m.ID] = &servingtest.Scripted{Model: m}
		return engines[m.ID]
	}}
	cfg := serving.DefaultConfig()
	cfg.MaxLoaded = 1
	s, _ := setup(t, cfg, loader)
	for _, m := range []serving.Model{modelA, modelB} {
		if _, _, err := ask(s, m); err != nil {
			t.Fatal(err)
		}
		if got := loadedModels(t, s); got != m.ID {
			t.Errorf("loaded: %q, want %q alone", got, m.ID)
		}
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !engines["a"].Closed() || !engines["b"].Closed() {
		t.Error("an engine was not closed")
	}
	if _, _, err := ask(s, modelA); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("after Close: %v", err)
	}
}

// What is idle makes room by its memory too: what a loaded model says, and what one that is to be loaded needs.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	cfg := serving.DefaultConfig()
	cfg.MemoryMB = 100
	loader := &servingtest.Loader{Engine: func(m serving.Model) serving.Engine { return sized{&servingtest.Scripted{Model: m}} }}
	s, _ := setup(t, cfg, loader)
	sized := func(id string, mb int64) serving.Model {
		return serving.Model{ID: id, Kind: serving.KindChat, About: serving.About{Memory: mb << 20}}
	}
	for _, step := range []struct {
		load serving.Model
		want []string
	}{
		{sized("a", 40), []string{"a"}},
		{sized("b", 40), []string{"a", "b"}},
		{sized("a", 40), []string{"a", "b"}},
		{sized("c", 40), []string{"a", "c"}}, // b was idle longer
		{sized("d", 200), []string{"d"}},
	} {
		if _, _, err := ask(s, step.load); err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(s.Loaded())); !slices.Equal(got, step.want) {
			t.Errorf("after %s: %v are loaded, want %v", step.load.ID, got, step.want)
		}
	}
	if got := (serving.Model{About: serving.About{Size: 1000}}).Needs(); got != 1200 {
		t.Errorf("a file of 1000 bytes needs %d", got)
	}
}

// sized takes the memory that its model tells.
type sized struct{ *servingtest.Scripted }

func (s sized) Info() serving.Info {
	info := s.Scripted.Info()
	info.MemoryBytes = uint64(info.Model.Memory)
	return info
}

func TestIdleModelIsUnloaded(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	loader := &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		return closing{&servingtest.Scripted{Model: m}, closed}
	}}
	cfg := serving.DefaultConfig()
	cfg.IdleUnload = time.Millisecond
	s, _ := setup(t, cfg, loader)
	if _, _, err := ask(s, modelA); err != nil {
		t.Fatal(err)
	}
	<-closed
	if got := loadedModels(t, s); got != "" {
		t.Errorf("still loaded: %s", got)
	}
	if text, _, err := ask(s, modelB); err != nil || text == "" {
		t.Errorf("the next answer: %q, %v", text, err)
	}
}

type closing struct {
	*servingtest.Scripted
	closed chan struct{}
}

func (c closing) Close() error {
	if c.Info().Model.ID == modelA.ID {
		close(c.closed)
	}
	return c.Scripted.Close()
}

func TestCancelWhileTheModelLoadsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	loader := &servingtest.Loader{Gate: make(chan struct{})}
	s, _ := setup(t, serving.DefaultConfig(), loader)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Generate(ctx, sc, modelA, serving.Generation{}, nil, func(serving.Piece) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	s.Unload("a")
	close(loader.Gate)
	if _, _, err := ask(s, modelA); err != nil {
		t.Fatal(err)
	}
}

func TestFailedLoadIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	loader := &servingtest.Loader{Fail: fault.Unavailable("the file is cut off")}
	s, _ := setup(t, serving.DefaultConfig(), loader)
	if _, _, err := ask(s, modelA); !fault.Is(err, fault.CodeUnavailable) || !strings.Contains(err.Error(), "cut off") {
		t.Fatal(err)
	}
	loader.Fail = nil
	if _, _, err := ask(s, modelA); err != nil {
		t.Fatal(err)
	}
}

func TestAnswerWithoutBoundEndsAtTheServers(t *testing.T) {
	t.Parallel()
	cfg := serving.DefaultConfig()
	cfg.MaxAnswer = 3
	s, _ := setup(t, cfg, &servingtest.Loader{})
	if _, out, err := ask(s, modelA); err != nil || out.Usage.OutputTokens != 3 || out.Finish != chat.FinishLength {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestResolveNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, serving.DefaultConfig(), &servingtest.Loader{})
	for _, c := range []struct {
		kind       serving.Kind
		name, want string
	}{
		{serving.KindChat, "", "a"},
		{serving.KindChat, "b", "b"},
		{serving.KindChat, "zz", "model_not_found"},
		{serving.KindEmbed, "", "no_model"},
		{serving.KindEmbed, "a", "model_not_suitable"},
	} {
		m, err := s.Resolve("t", c.kind, c.name)
		got := m.ID
		if err != nil {
			got = fault.From(err).Kind
		}
		if got != c.want {
			t.Errorf("%s %q: %s, want %s", c.kind, c.name, got, c.want)
		}
	}
}

// A model that was loaded ahead answers without loading again, and is held by nobody.
func TestLoadAheadAndUnload(t *testing.T) {
	t.Parallel()
	engine := &servingtest.Scripted{Model: modelA}
	loader := &servingtest.Loader{Engine: func(serving.Model) serving.Engine { return engine }}
	s, _ := setup(t, serving.DefaultConfig(), loader)
	for range 2 {
		if err := s.Load(context.Background(), modelA); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := ask(s, modelA); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Loaded()["a"]; !ok || len(loader.Loaded()) != 1 {
		t.Errorf("in memory: %v, loaded %d times", s.Loaded(), len(loader.Loaded()))
	}
	if !s.Unload("a") || s.Unload("a") || len(s.Loaded()) != 0 {
		t.Errorf("unloading leaves %v", s.Loaded())
	}
	if err := s.Close(context.Background()); err != nil || !engine.Closed() {
		t.Errorf("its memory is not freed: %v", err)
	}
	loader.Fail = fault.Unavailable("no engine")
	fails, _ := setup(t, serving.DefaultConfig(), loader)
	if err := fails.Load(context.Background(), modelA); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("a load that fails: %v", err)
	}
}
