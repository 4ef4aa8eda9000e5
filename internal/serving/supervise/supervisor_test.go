package supervise

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/serving/worker"
)

// What this binary does instead of testing, by its first argument: be the engine's process, or be a server that
// has one and waits to be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "engine":
			engine(os.Args[2:])
			return
		case "server":
			host()
			return
		}
	}
	os.Exit(m.Run())
}

var longAnswer = strings.Repeat("word ", 400)

func self(args ...string) Command {
	c, err := Self(args...)
	if err != nil {
		panic(err)
	}
	return c
}

// engine has scripted models: one that is named "hostile" ends the process when it is loaded, and who asks for
// "abort" gets that.
func engine(args []string) {
	conn := Pipes()
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(os.Stderr), zapcore.DebugLevel))
	if len(args) > 0 && args[0] == "refuse" {
		_ = worker.Refuse(conn, fault.Unavailable("the libraries are missing: install them"))
		return
	}
	if len(args) > 0 && args[0] == "silent" {
		select {}
	}
	fmt.Println("a library prints")
	log.Named("llama").Info("the worker logs", zap.Int("models", 2))
	loader := &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		if m.ID == "hostile" {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		if m.Kind == serving.KindRerank {
			return ranking{&servingtest.Scripted{Model: m}}
		}
		e := &servingtest.Scripted{Model: m, Slots: 16, Context: 8192, Gate: make(chan struct{}), Reply: func(g serving.Generation) string {
			switch g.Messages[0].Text {
			case "abort":
				_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
				select {}
			case "hang":
				select {}
			case "environment":
				return strings.Join(os.Environ(), "\n")
			}
			return longAnswer
		}}
		go func() {
			for range time.Tick(200 * time.Microsecond) {
				e.Gate <- struct{}{}
			}
		}()
		return metered{e}
	}}
	if err := worker.Serve(context.Background(), conn, loader, "test", log); err != nil {
		log.Error("serve", zap.Error(err))
	}
}

// host starts an engine, says its process id and streams for ever.
func host() {
	s := New(func() (Command, error) { return self("engine"), nil }, "test", zap.NewNop())
	e, err := s.Load(context.Background(), serving.Model{ID: "a"})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.State().PID)
	for {
		_, _ = e.Generate(context.Background(), question("hi"), func(serving.Piece) error { return nil })
	}
}

func question(text string) serving.Generation {
	return serving.Generation{Messages: []chat.Message{{Role: chat.User, Text: text}}}
}

// logs keeps what a supervisor logs.
func logs() (*zap.Logger, *observer.ObservedLogs) {
	core, seen := observer.New(zapcore.DebugLevel)
	return zap.New(core), seen
}

func setup(t *testing.T, change func(*limits), args ...string) (*Supervisor, *observer.ObservedLogs) {
	t.Helper()
	log, seen := logs()
	s := New(func() (Command, error) { return self(append([]string{"engine"}, args...)...), nil }, "test", log)
	if change != nil {
		change(&s.limits)
	}
	t.Cleanup(func() {
		pid := s.State().PID
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if pid != 0 && alive(pid) {
			t.Errorf("process %d is left", pid)
		}
		if _, err := s.Load(context.Background(), serving.Model{ID: "a"}); !fault.Is(err, fault.CodeUnavailable) {
			t.Errorf("load after close: %v", err)
		}
	})
	return s, seen
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// wait gives a condition some time to come true.
func wait(t *testing.T, what string, come func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !come(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

func TestConforms(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, nil)
	load := func(kind serving.Kind) func(t *testing.T) serving.Engine {
		return func(t *testing.T) serving.Engine {
			e, err := s.Load(t.Context(), serving.Model{ID: string(kind), Kind: kind})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
	}
	servingtest.Run(t, load(serving.KindChat))
	servingtest.RunEmbed(t, load(serving.KindEmbed))
}

// metered is an engine that says that it does no steps.
type metered struct{ *servingtest.Scripted }

func (metered) Work() serving.Work { return serving.Work{} }

// ranking is an engine that finds each document as good as it is long.
type ranking struct{ *servingtest.Scripted }

func (ranking) Rank(_ context.Context, r serving.Ranking) (serving.Scores, error) {
	var out serving.Scores
	for _, d := range r.Documents {
		out.Scores = append(out.Scores, float32(len(d))/16)
	}
	out.Usage.InputTokens = len(r.Documents)
	return out, nil
}

func TestRankInTheChild(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, nil)
	e, err := s.Load(t.Context(), serving.Model{ID: "r", Kind: serving.KindRerank})
	if err != nil {
		t.Fatal(err)
	}
	ranker, ok := e.(serving.Ranker)
	if !ok {
		t.Fatalf("%T does not rank", e)
	}
	out, err := ranker.Rank(t.Context(), serving.Ranking{Query: "q", Documents: []string{"ab", "abcd"}})
	if err != nil || !slices.Equal(out.Scores, []float32{0.125, 0.25}) || out.Usage.InputTokens != 2 {
		t.Errorf("got %+v, %v", out, err)
	}
	// One that chats in the same child does not.
	chats, err := s.Load(t.Context(), serving.Model{ID: "a", Kind: serving.KindChat})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := chats.(serving.Ranker); ok {
		t.Error("a model that chats says that it ranks")
	}
}

type catalogue struct{}

func (catalogue) Installed() ([]serving.Model, error) { return nil, nil }
func (catalogue) Default(serving.Kind) (serving.Model, bool, error) {
	return serving.Model{}, false, nil
}

// users are some people who ask, each again and again.
type users struct {
	*serving.Service
	mu             sync.Mutex
	whole, partial int
}

// ask has a whole answer, or a partial one with the fault that says why. Nothing else is right.
func (u *users) ask(t *testing.T, user int) {
	var text strings.Builder
	_, err := u.Generate(context.Background(), chat.Scope{Tenant: "t", User: strconv.Itoa(user)}, serving.Model{ID: "a"},
		question("hi"), nil, func(p serving.Piece) error { text.WriteString(p.Text); return nil })
	u.mu.Lock()
	defer u.mu.Unlock()
	switch f := fault.From(err); {
	case err == nil && text.String() == longAnswer:
		u.whole++
	case err != nil && f.Code == fault.CodeUnavailable && f.Kind == serving.EngineCrashed && text.Len() > 0:
		u.partial++
	default:
		t.Errorf("%d bytes and %v", text.Len(), err)
	}
}

// The process is killed, and ends by itself, in the middle of several people's streams. Whoever had text has an
// error, whoever had none a whole answer; the server goes on, and at the end nothing is left.
func TestDeathInTheMiddleOfStreams(t *testing.T) {
	before, files := runtime.NumGoroutine(), openFiles(t)
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	log, seen := logs()
	s := New(func() (Command, error) { return self("engine"), nil }, "test", log)
	s.limits.crashes = 2 * rounds // they are meant to die
	s.limits.pause = 10 * time.Millisecond
	u := &users{Service: serving.New(serving.DefaultConfig(), catalogue{}, s, serving.NewMetrics(prometheus.NewRegistry()), zap.NewNop())}
	for round := range rounds {
		var all sync.WaitGroup
		for user := range 8 {
			all.Go(func() { u.ask(t, user); u.ask(t, user) })
		}
		wait(t, "streams", func() bool { _, running := u.Waiting(); return running == 8 && s.State().PID != 0 })
		time.Sleep(time.Duration(round*40) * time.Millisecond) // anywhere in the streams: before the first word too
		pid := s.State().PID
		if err := syscall.Kill(pid, []syscall.Signal{syscall.SIGKILL, syscall.SIGABRT}[round%2]); err != nil {
			t.Error(err)
		}
		all.Wait()
		if n := s.State().Restarts; n != int64(round+1) || alive(pid) {
			t.Errorf("round %d: %d restarts", round, n)
		}
	}
	if u.whole < 8*rounds || u.whole+u.partial != 16*rounds {
		t.Errorf("%d whole and %d partial answers", u.whole, u.partial)
	}
	if n := seen.FilterMessage("the engine's process ended by itself").Len(); n != rounds {
		t.Errorf("%d ends are in the log", n)
	}
	if err := errors.Join(u.Close(context.Background()), s.Close(context.Background())); err != nil {
		t.Error(err)
	}
	wait(t, "goroutines and files end", func() bool { return runtime.NumGoroutine() <= before && openFiles(t) <= files })
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this system does not list a process's open files")
	}
	return len(list)
}

// What a native abort says is in the log, and the process that follows answers.
func TestAbortIsLogged(t *testing.T) {
	t.Parallel()
	s, seen := setup(t, nil)
	e, err := s.Load(t.Context(), serving.Model{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Generate(t.Context(), question("abort"), func(serving.Piece) error { return nil })
	if f := fault.From(err); f == nil || f.Kind != serving.EngineCrashed || !strings.Contains(f.Message, "ask again") {
		t.Errorf("%v", err)
	}
	if e, err = s.Load(t.Context(), serving.Model{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if text := answer(t, e, "hi"); !strings.HasPrefix(text, "word word") {
		t.Errorf("%q", text)
	}
	said := func(line string) bool {
		return seen.Filter(func(e observer.LoggedEntry) bool { return strings.Contains(fmt.Sprint(e.ContextMap()["line"]), line) }).Len() > 0
	}
	if !said("SIGABRT") || !said("a library prints") {
		t.Errorf("the log lacks what the process said: %+v", seen.All())
	}
	if own := seen.FilterMessage("the worker logs").All(); len(own) == 0 || own[0].LoggerName != "llama" || own[0].Level != zap.InfoLevel ||
		own[0].ContextMap()["models"] != 2.0 {
		t.Errorf("the worker's own line: %+v", own)
	}
	end := seen.FilterMessage("the engine's process ended by itself").All()
	if len(end) != 1 || fmt.Sprint(end[0].ContextMap()["at_work"]) != "[a]" {
		t.Errorf("the end: %+v", end)
	}
}

func answer(t *testing.T, e serving.Engine, text string) string {
	t.Helper()
	var b strings.Builder
	if _, err := e.Generate(t.Context(), question(text), func(p serving.Piece) error { b.WriteString(p.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A model that ends the process three times is refused, and then only that one, for a while.
func TestHostileModelIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, func(l *limits) { l.pause = time.Millisecond })
	var later atomic.Int64
	s.now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	hostile := serving.Model{ID: "hostile"}
	for range 3 {
		if _, err := s.Load(t.Context(), hostile); err == nil || fault.From(err).Kind != serving.EngineCrashed {
			t.Fatalf("a load that ends the process: %v", err)
		}
	}
	// The third death may still be on its way to the books.
	var f *fault.Error
	wait(t, "a refusal", func() bool {
		_, err := s.Load(t.Context(), hostile)
		f = fault.From(err)
		return f.Kind == "model_refused"
	})
	if f.Code != fault.CodeUnavailable || f.RetryAfter <= 0 || f.RetryAfter > time.Minute || !strings.Contains(f.Message, `"hostile"`) {
		t.Errorf("%+v", f)
	}
	e, err := s.Load(t.Context(), serving.Model{ID: "a"}) // waits for the third restart
	if err != nil {
		t.Fatal(err)
	}
	if n := s.State().Restarts; n != 3 {
		t.Errorf("%d restarts after three deaths", n)
	}
	if text := answer(t, e, "hi"); !strings.HasPrefix(text, "word") {
		t.Errorf("another model says %q", text)
	}
	later.Store(int64(time.Minute))
	if _, err := s.Load(t.Context(), hostile); err == nil || fault.From(err).Kind != serving.EngineCrashed {
		t.Errorf("after its time: %v", err)
	}
}

func TestStartThatFails(t *testing.T) {
	t.Parallel()
	a := serving.Model{ID: "a"}
	s, _ := setup(t, nil, "refuse")
	if _, err := s.Load(t.Context(), a); !fault.Is(err, fault.CodeUnavailable) || err.Error() != "the libraries are missing: install them" {
		t.Errorf("a process that says why it cannot: %v", err)
	}
	if st := s.State(); st.PID != 0 || st.Problem == nil || st.Restarts != 0 {
		t.Errorf("%+v", st)
	}
	s, _ = setup(t, func(l *limits) { l.ready, l.grace = 300*time.Millisecond, 100*time.Millisecond }, "silent")
	if _, err := s.Load(t.Context(), a); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("a process that never greets: %v", err)
	}
	missing := fault.Unavailable("no libraries")
	var command Command
	err := error(missing)
	s = New(func() (Command, error) { return command, err }, "test", zap.NewNop())
	s.limits.pause = 0
	defer func() { _ = s.Close(context.Background()) }()
	if _, err := s.Load(t.Context(), a); !errors.Is(err, missing) {
		t.Errorf("a command that is refused: %v", err)
	}
	command, err = Command{Path: filepath.Join(t.TempDir(), "none")}, nil
	if _, err := s.Load(t.Context(), a); !fault.Is(err, fault.CodeUnavailable) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that is not there: %v", err)
	}
	command = self("engine")
	if _, err := s.Load(t.Context(), a); err != nil || s.State().Problem != nil {
		t.Errorf("once it is there: %v, %+v", err, s.State())
	}
}

// The process has what libraries need and nothing that is secret.
func TestEnvironment(t *testing.T) {
	t.Setenv("PARLEY_MASTER_KEY", "secretkey")
	t.Setenv("HF_TOKEN", "secrettoken")
	t.Setenv("DATABASE_URL", "postgres://secret")
	t.Setenv("OMP_NUM_THREADS", "2")
	s, _ := setup(t, nil)
	e, err := s.Load(t.Context(), serving.Model{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	env := answer(t, e, "environment")
	if strings.Contains(env, "secret") || strings.Contains(env, "PARLEY") || !strings.Contains(env, "OMP_NUM_THREADS=2") {
		t.Errorf("the environment is\n%s", env)
	}
	pid := s.State().PID
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("its process group is %d, %v", group, err)
	}
	if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid)); err == nil && strings.TrimSpace(string(raw)) == "0" {
		t.Error("the kernel would take the server when memory runs out")
	}
}

// A server that is killed leaves no process behind.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	c := self("server")
	cmd := exec.Command(c.Path, c.Args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(pid) {
		t.Fatalf("the server says %q", line)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	wait(t, "the engine ends with its server", func() bool { return !alive(pid) || zombie(pid) })
}

// zombie tells whether a process has ended and nobody has asked how, as nobody may in a container.
func zombie(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(raw), ") Z ")
}

func TestRelayBoundsLines(t *testing.T) {
	t.Parallel()
	log, seen := logs()
	relay(io.MultiReader(strings.NewReader(strings.Repeat("x", 3*longestLine)+"\nshort\n\n"),
		strings.NewReader(`{"level":"fatal","msg":"no level of ours"}`+"\n"+`{"level":"error","msg":"ours","logger":"llama","n":1}`)), log)
	all := seen.All()
	if len(all) != 4 || len(all[0].ContextMap()["line"].(string)) != longestLine || all[1].ContextMap()["line"] != "short" ||
		all[2].Level != zap.WarnLevel || all[3].Level != zap.ErrorLevel || all[3].Message != "ours" {
		t.Errorf("%+v", all)
	}
}
