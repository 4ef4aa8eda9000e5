package conversation_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// crashDir is set for the child process that is to be killed: the folder of its database.
const crashDir = "PARLEY_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := chatUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func openIn(dir string) (*conversation.Store, *store.DB, error) {
	db, err := store.Open(ctx, store.DefaultConfig(), dir)
	if err != nil {
		return nil, nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, db, err
	}
	keys, err := secrets.Open(ctx, db, secrets.Config{File: filepath.Join(dir, "master.key")}, zap.NewNop())
	if err != nil {
		return nil, db, err
	}
	return conversation.New(db, keys, conversation.DefaultConfig()), db, nil
}

// chatUntilKilled holds turns and prints a line after each acknowledged write.
func chatUntilKilled(dir string) error {
	s, _, err := openIn(dir)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		b, err := s.Begin(ctx, alice, conversation.Turn{Messages: ask(fmt.Sprint("question ", i)), Model: "m"})
		if err != nil {
			return err
		}
		fmt.Println("begun", b.Answer.ID, b.Question)
		text, err := say(s, b.Answer, "word")
		if err != nil {
			return err
		}
		// What was finished stays, and what goes on with it has its text from the start.
		on, err := s.Begin(ctx, alice, goOn(b))
		if err != nil {
			return err
		}
		fmt.Println("progress", on.Answer.ID, text)
		if _, err := say(s, on.Answer, "more"); err != nil {
			return err
		}
	}
}

// say writes an answer to its end and prints a line after each acknowledged write.
func say(s *conversation.Store, answer conversation.Message, word string) (text string, err error) {
	text = answer.Text
	for n := range 3 {
		text += fmt.Sprint(word, n, ".")
		if err := s.Progress(ctx, alice, answer.ID, text, n); err != nil {
			return "", err
		}
		fmt.Println("progress", answer.ID, text)
	}
	if err := s.Finish(ctx, alice, answer.ID, conversation.Final{Status: conversation.Complete, Text: text}); err != nil {
		return "", err
	}
	fmt.Println("finished", answer.ID, text)
	return text, nil
}

// What was acknowledged is there after kill -9 at any moment, and what was running is partial.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Skip("is about SQLite's files; PostgreSQL keeps its own promises")
	}
	dir := t.TempDir()
	_, db, err := openIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secrets.Open(ctx, db, secrets.Config{File: filepath.Join(dir, "master.key")}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.WithTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES ('t1', 't1', 't1', 0)`); err != nil {
			return err
		}
		return keys.CreateKey(ctx, tx, "t1")
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	kills := 20
	if testing.Short() {
		kills = 5
	}
	for range kills {
		killed := chatAndKill(t, dir, 1+rand.IntN(30))
		checkAcknowledged(t, dir, killed)
	}
}

// chatAndKill kills a child after it has acknowledged that many writes, and returns what it said.
func chatAndKill(t *testing.T, dir string, writes int) (said []string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if said = append(said, lines.Text()); len(said) == writes {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || len(said) < writes {
		t.Fatalf("the child ended by itself after %d of %d writes: %v", len(said), writes, err)
	}
	return said
}

func checkAcknowledged(t *testing.T, dir string, said []string) {
	t.Helper()
	s, db, err := openIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.Get(ctx, &verdict, `PRAGMA integrity_check`); err != nil || verdict != "ok" {
		t.Fatalf("integrity: %s, %v", verdict, err)
	}
	if _, err := s.Interrupted(ctx); err != nil {
		t.Fatal(err)
	}
	for _, line := range said {
		what, rest, _ := strings.Cut(line, " ")
		id, value, _ := strings.Cut(rest, " ")
		m, err := s.Message(ctx, alice, id)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch what {
		case "begun":
			if q, err := s.Message(ctx, alice, value); err != nil || !strings.HasPrefix(q.Text, "question ") {
				t.Errorf("%s: %+v, %v", line, q, err)
			}
		case "progress":
			if !strings.HasPrefix(m.Text, value) {
				t.Errorf("%s: text is %q", line, m.Text)
			}
		case "finished":
			if m.Text != value || m.Status != conversation.Complete {
				t.Errorf("%s: %+v", line, m)
			}
		}
		if m.Status == conversation.Streaming {
			t.Errorf("%s: is still streaming", line)
		}
	}
}
