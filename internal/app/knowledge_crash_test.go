package app_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// library is what a client of a server was told of its documents: by number, whether a document is in.
type library struct {
	mu    sync.Mutex
	in    map[int]bool
	files map[int]string
	next  int
}

// try makes a call that may break off; it reports whether it was answered with 200.
func (s *site) try(method, path, body, kind string, into any, t *testing.T) (ok bool) {
	t.Helper()
	defer func() {
		if recover() != nil { // it broke off, as it should
			ok = false
		}
	}()
	a := s.call(fatalPanics{}, seeded, method, path, body, "Content-Type", kind)
	if a.status != http.StatusOK {
		return false
	}
	if into != nil {
		a.into(t, into)
	}
	return true
}

func form(name, content string) (body, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("purpose", "assistants") // a buffer takes everything
	part, _ := w.CreateFormFile("file", name)
	_, _ = part.Write([]byte(content))
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// busy adds documents and takes others out until the server is gone, and notes what it was told.
func (l *library) busy(t *testing.T, s *site, store string) {
	t.Helper()
	for {
		time.Sleep(20 * time.Millisecond) // so that what comes in is read within seconds
		l.mu.Lock()
		n := l.next
		l.next++
		l.mu.Unlock()
		body, kind := form(fmt.Sprintf("d%d.txt", n), fmt.Sprintf("The word of this document is unique%d.", n))
		var file, added vectorStore
		if !s.try("POST", "/v1/files", body, kind, &file, t) {
			return
		}
		if !s.try("POST", store+"/files", `{"file_id": "`+file.ID+`"}`, "application/json", &added, t) {
			return
		}
		l.mu.Lock()
		l.in[n], l.files[n] = true, file.ID
		old, there := l.files[n-3], l.in[n-3]
		if there && n%2 == 0 {
			delete(l.in, n-3) // whether it is gone is not known until the server says so
			delete(l.files, n-3)
		}
		l.mu.Unlock()
		if there && n%2 == 0 {
			if !s.try("DELETE", store+"/files/"+old, "", "application/json", nil, t) {
				return
			}
			l.mu.Lock()
			l.in[n-3] = false
			l.mu.Unlock()
		}
	}
}

// check waits until all is read, and holds what is found against what was told.
func (l *library) check(t *testing.T, s *site, store string, from int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var all struct{ Data []vectorStore }
		s.must(t, http.StatusOK, seeded, "GET", store+"/files?filter=in_progress", nil).into(t, &all)
		if len(all.Data) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d documents are still on their way: %+v", len(all.Data), all.Data[0])
		}
	}
	for n, in := range l.in {
		if n < from {
			continue
		}
		var found struct{ Data []struct{ Text string } }
		s.must(t, http.StatusOK, seeded, "POST", "/v1/search", fmt.Sprintf(`{"query": "unique%d", "hybrid": false}`, n)).into(t, &found)
		if got := len(found.Data) == 1; got != in {
			t.Errorf("document %d: found %v, and the client was told %v", n, got, in)
		}
	}
}

// Many times the server dies while documents come in, are read and are taken out. Nothing that was acknowledged is lost,
// and nothing that was taken out is found again.
func TestKillNineWhileReadingDocuments(t *testing.T) {
	rounds := 15
	if testing.Short() {
		rounds = 3
	}
	if n, err := strconv.Atoi(os.Getenv("PARLEY_TEST_KILLS")); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	tinyModel(t, filepath.Join(dir, "models", "tiny.gguf"), "llama")
	tinyModel(t, filepath.Join(dir, "models", "tiny-embed.gguf"), "bert")
	l := &library{in: map[int]bool{}, files: map[int]string{}}
	store := ""
	for round := range rounds {
		cmd, s := startChild(t, dir)
		if store == "" {
			var made vectorStore
			s.must(t, http.StatusOK, seeded, "POST", "/v1/vector_stores", `{"name": "Rules"}`).into(t, &made)
			store = "/v1/vector_stores/" + made.ID
		}
		l.check(t, s, store, max(0, l.next-12))
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { l.busy(t, s, store) })
		}
		time.Sleep(time.Duration(20+(round*37)%250) * time.Millisecond) // the moment that this test is about
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		wg.Wait()
	}
	checkIntegrity(t, dir)
	cmd, s := startChild(t, dir)
	l.check(t, s, store, 0)
	if len(l.in) < rounds {
		t.Errorf("only %d documents were acknowledged in %d rounds", len(l.in), rounds)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
