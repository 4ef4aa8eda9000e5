package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/telemetry"
)

// The process says why it cannot open its libraries, as the server itself would.
func TestIsolatedEngineWithBrokenLibraries(t *testing.T) {
	t.Parallel()
	s := isolated(t, func(c *app.Config) { withEngine(t)(c) })
	tinyModel(t, filepath.Join(s.dir, "models", "tiny.gguf"), "llama")
	r := s.health(t)
	if c := check(t, r, "engine process"); !r.Engine.Ready || r.Engine.Isolation != "process" || c.State != "ok" || !strings.Contains(c.Detail, "starts when the first one is needed") {
		t.Errorf("before anybody has asked: %+v, %+v", r.Engine, c)
	}
	got := s.call(t, seeded, "POST", "/v1/admin/models/tiny/load", nil)
	if got.status != http.StatusServiceUnavailable || !strings.Contains(string(got.body), "do not fit this program") {
		t.Errorf("loaded by an empty engine: %d %s", got.status, got.body)
	}
	if r := s.health(t); r.Engine.Ready || r.Engine.PID != 0 || r.Engine.Restarts != 0 || !strings.Contains(r.Engine.Error, "do not fit this program") {
		t.Errorf("%+v", r.Engine)
	}
}

// isolated boots a server whose engine is a process of its own.
func isolated(t *testing.T, change func(*app.Config)) *site {
	t.Helper()
	dir := t.TempDir()
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Server.Port, cfg.Accounts.Admin.APIKey = dir, 0, seedKey
	cfg.Engine.Isolation = "process"
	change(&cfg)
	log := &syncBuffer{}
	a, err := app.Start(context.Background(), app.Options{Config: cfg, Version: "test", Log: telemetry.NewLogger(cfg.Log, log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = a.Close(context.Background())
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return &site{App: a, url: a.URL(), dir: dir, cfg: cfg, log: log}
}

// realEngine names libraries and models that are there, or skips the test with the reason.
func realEngine(t testing.TB) func(*app.Config) {
	t.Helper()
	for _, key := range []string{"PARLEY_TEST_ENGINE", "PARLEY_TEST_CHAT_MODEL", "PARLEY_TEST_EMBED_MODEL"} {
		if os.Getenv(key) == "" {
			t.Skipf("%s is not set: this test needs the engine's libraries and real models (make test-models)", key)
		}
	}
	return func(c *app.Config) {
		c.Engine.Libraries.Dir = os.Getenv("PARLEY_TEST_ENGINE")
		c.Models.Dir = filepath.Dir(os.Getenv("PARLEY_TEST_CHAT_MODEL"))
		// One thread waits for no other one, which on a busy machine takes longer than all else.
		c.Engine.Run.Context, c.Engine.Run.Threads = 2048, 1
	}
}

// realLoader is what runs the models of a server with this isolation, without the server.
func realLoader(t testing.TB, isolation string) serving.Loader {
	t.Helper()
	cfg := app.DefaultConfig()
	cfg.DataDir = t.TempDir()
	realEngine(t)(&cfg)
	cfg.Engine.Isolation = isolation
	models, err := catalogue.Open(cfg.Models, cfg.Engine.Libraries, cfg.DataDir, configs.FS)
	if err != nil {
		t.Fatal(err)
	}
	l := app.NewEngine(cfg, models, nil, "test", zap.NewNop())
	t.Cleanup(func() {
		if c, ok := l.(interface{ Close(context.Context) error }); ok {
			if err := c.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return l
}

func TestIsolatedEngineConforms(t *testing.T) {
	l := realLoader(t, "process")
	open := func(m serving.Model) func(t *testing.T) serving.Engine {
		return func(t *testing.T) serving.Engine {
			e, err := l.Load(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
	}
	servingtest.Run(t, open(serving.Model{ID: "chat", Kind: serving.KindChat, Path: os.Getenv("PARLEY_TEST_CHAT_MODEL")}))
	servingtest.RunEmbed(t, open(serving.Model{ID: "embed", Kind: serving.KindEmbed, Path: os.Getenv("PARLEY_TEST_EMBED_MODEL")}))
}

// Several people's answers run when the engine aborts, or is killed. Each stream ends with what the fault says or
// with a whole answer, the server goes on, and everybody who looks after it is told.
func TestEngineDiesUnderTheServer(t *testing.T) {
	s := isolated(t, realEngine(t))
	const body = `{"messages": [{"role": "user", "content": "Count to one hundred."}], "params": {"max_tokens": 200}}`
	for round, signal := range []syscall.Signal{syscall.SIGABRT, syscall.SIGKILL} {
		var people sync.WaitGroup
		talking := make(chan struct{}, 1)
		for range 4 {
			people.Go(func() {
				text, end := 0, event{}
				s.stream(t, seeded, "POST", "/v1/chat.completions", body, func(e event) bool {
					if e.Delta != "" {
						text += len(e.Delta)
						select {
						case talking <- struct{}{}:
						default:
						}
					}
					end = e
					return true
				})
				switch {
				case end.Done != nil && text > 0:
				case end.Error != nil && end.Error.Code == serving.EngineCrashed && text > 0 && strings.Contains(end.Error.Message, "ask again"):
				default:
					t.Errorf("the stream ends with %+v after %d bytes", end, text)
				}
			})
		}
		<-talking
		pid := s.health(t).Engine.PID
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatalf("kill %d: %v", pid, err)
		}
		people.Wait()
		s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}`)
		r := s.health(t)
		told := fmt.Sprintf("a process of its own: %d, restarts so far: %d", r.Engine.PID, round+1)
		if r.Engine.PID == pid || r.Engine.Restarts != int64(round+1) || !strings.Contains(check(t, r, "engine process").Detail, told) {
			t.Errorf("%+v, %+v", r.Engine, check(t, r, "engine process"))
		}
		if c := find(t, app.Diagnose(context.Background(), s.cfg, false), "engine process"); !strings.Contains(c.Detail, told) {
			t.Errorf("doctor beside the server: %+v", c)
		}
	}
	resp, err := http.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); !strings.Contains(string(text), "\nparley_engine_restarts_total 2\n") || !strings.Contains(string(text), "parley_engine_steps_total{") {
		t.Errorf("the metrics lack the restarts or the work")
	}
	pid := s.health(t).Engine.PID
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if syscall.Kill(pid, 0) == nil {
		t.Errorf("process %d is left", pid)
	}
	if strings.Contains(s.log.String(), "Count to one") {
		t.Error("the log holds a question")
	}
}

// What isolation costs: one and eight streams of 64 tokens, in the server's process and in one of its own.
//
//	.ci/models go test -run '^$' -bench Isolation -count 6 ./internal/app
func BenchmarkIsolation(b *testing.B) {
	for _, isolation := range []string{"none", "process"} {
		e, err := realLoader(b, isolation).Load(b.Context(), serving.Model{ID: "chat", Kind: serving.KindChat, Path: os.Getenv("PARLEY_TEST_CHAT_MODEL")})
		if err != nil {
			b.Fatal(err)
		}
		for _, streams := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/streams=%d", isolation, streams), func(b *testing.B) {
				tokens := 0
				for b.Loop() {
					var all sync.WaitGroup
					var mu sync.Mutex
					for i := range streams {
						all.Go(func() {
							zero := 0.0
							out, err := e.Generate(b.Context(), serving.Generation{
								Messages: []chat.Message{{Role: chat.User, Text: fmt.Sprintf("Write a long story about the number %d.", i)}},
								Params:   chat.Params{MaxTokens: 64, Temperature: &zero},
							}, func(serving.Piece) error { return nil })
							if err != nil {
								b.Error(err)
							}
							mu.Lock()
							tokens += out.Usage.OutputTokens
							mu.Unlock()
						})
					}
					all.Wait()
				}
				b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	}
}
