package app_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// childDir, when set, makes the test binary the server that the crash test kills.
const childDir = "PARLEY_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	// The server that a test runs starts this binary as its engine.
	if len(os.Args) == 3 && os.Args[1] == app.EngineCommand {
		if err := app.ServeEngine(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == app.ExtractCommand {
		if err := app.ServeExtract(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// longAnswer is what the child's engine says, a word each few milliseconds.
func longAnswer() string {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "secretword%d ", i)
	}
	return b.String()
}

func child(dir string) {
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Server.Port = dir, 0
	cfg.Accounts.Admin.APIKey = seedKey
	loader := &servingtest.Loader{Engine: func(m serving.Model) serving.Engine {
		e := &servingtest.Scripted{Model: m, Replies: []string{longAnswer()}, Gate: make(chan struct{}), Context: 8192}
		go func() {
			for range time.Tick(time.Millisecond) {
				e.Gate <- struct{}{}
			}
		}()
		return e
	}}
	a, err := app.Start(context.Background(), app.Options{Config: cfg, Version: "test", Log: zap.NewNop(), Engine: loader})
	if err != nil {
		fmt.Println("failed: " + err.Error())
		os.Exit(1)
	}
	fmt.Println(a.URL())
	_ = a.Run(context.Background())
}

func startChild(t *testing.T, dir string) (*exec.Cmd, *site) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if !strings.HasPrefix(line, "http") {
		t.Fatalf("the server did not open: %q", line)
	}
	return cmd, &site{url: strings.TrimSpace(line)}
}

// told is what a reader of a turn had seen, and when.
type told struct {
	conversation, question, message string
	pieces                          []piece
}

type piece struct {
	at     time.Time
	length int // of the text so far
}

// Twenty times the server dies in the middle of streams. It opens every time, no question that was
// acknowledged is lost, and of an answer at most the last second.
func TestKillNineWhileStreaming(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	tinyModel(t, filepath.Join(dir, "models", "tiny.gguf"), "llama")
	full := longAnswer()
	r := rand.New(rand.NewPCG(7, 8))
	for round := range rounds {
		cmd, s := startChild(t, dir)
		var mu sync.Mutex
		var turns []*told
		var wg sync.WaitGroup
		begun := make(chan struct{}, 8)
		for i := range 4 {
			wg.Go(func() {
				var cur *told
				length := 0
				s.streamUntilDeath(fmt.Sprintf(`{"messages": [{"role": "user", "content": "plainquestion %d.%d"}]}`, round, i), func(e event) {
					mu.Lock()
					defer mu.Unlock()
					if e.Start != nil {
						cur = &told{conversation: e.Start.Conversation, question: e.Start.Question, message: e.Start.Message}
						turns = append(turns, cur)
						begun <- struct{}{}
					}
					if e.Delta != "" {
						length += len(e.Delta)
						cur.pieces = append(cur.pieces, piece{time.Now(), length})
					}
				})
			})
		}
		<-begun
		time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond) // the random moment that this test is about
		killed := time.Now()
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		wg.Wait()
		checkIntegrity(t, dir)

		again, s := startChild(t, dir)
		for _, turn := range turns {
			checkKept(t, s, turn, full, killed)
		}
		_ = again.Process.Kill()
		_ = again.Wait()
	}
	checkNoPlaintext(t, dir)
}

func (s *site) streamUntilDeath(body string, each func(event)) {
	defer func() { _ = recover() }() // the stream breaks off, as it should
	s.stream(fatalPanics{}, seeded, "POST", "/v1/chat.completions", body, func(e event) bool { each(e); return true })
}

// fatalPanics is a testing.TB for a goroutine that may end without failing the test.
type fatalPanics struct{ testing.TB }

func (fatalPanics) Helper()               {}
func (fatalPanics) Fatal(args ...any)     { panic(fmt.Sprint(args...)) }
func (fatalPanics) Fatalf(string, ...any) { panic("broken off") }

func checkKept(t *testing.T, s *site, turn *told, full string, killed time.Time) {
	t.Helper()
	var tree struct {
		Data []struct{ ID, Text, Status string }
	}
	s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+turn.conversation+"/messages", nil).into(t, &tree)
	if len(tree.Data) != 2 || tree.Data[0].ID != turn.question || !strings.HasPrefix(tree.Data[0].Text, "plainquestion") {
		t.Fatalf("an acknowledged question is lost: %+v", tree.Data)
	}
	answer := tree.Data[1]
	if answer.Status != "partial" || !strings.HasPrefix(full, answer.Text) {
		t.Errorf("answer %s: status %s, %d bytes", answer.ID, answer.Status, len(answer.Text))
	}
	must := 0
	for _, p := range turn.pieces {
		if killed.Sub(p.at) > time.Second {
			must = p.length
		}
	}
	if len(answer.Text) < must {
		t.Errorf("answer %s: %d bytes are kept, %d had been told a second before", answer.ID, len(answer.Text), must)
	}
}

func checkIntegrity(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "parley.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("integrity: %s, %v", verdict, err)
	}
}

// checkNoPlaintext reads every byte below the data folder.
func checkNoPlaintext(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, marker := range []string{"plainquestion", "secretword"} {
			if bytes.Contains(raw, []byte(marker)) {
				t.Errorf("%s holds the text %q", d.Name(), marker)
			}
		}
		return nil
	})
	if err != nil || files < 4 {
		t.Fatalf("%d files read, %v", files, err)
	}
}
