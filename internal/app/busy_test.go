package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/usage"
)

// Two hundred clients hang up in the middle: every slot, goroutine and file comes back.
func TestAbortedStreamsLeaveNothing(t *testing.T) {
	var engines []*servingtest.Scripted
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		e := &servingtest.Scripted{Model: m, Replies: []string{strings.Repeat("word ", 400)}, Gate: make(chan struct{}), Context: 4096}
		go func() {
			for {
				select {
				case e.Gate <- struct{}{}:
				case <-t.Context().Done():
					return
				}
			}
		}()
		engines = append(engines, e)
		return e
	}, func(c *app.Config) { c.Database.MaxConns = 1 }) // the pool's own files are not what is counted here
	hangUp := func() {
		n := 0
		s.stream(t, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}], "stream": true}`,
			func(event) bool { n++; return n < 3 })
	}
	crowd := func() {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 25 {
					hangUp()
				}
			})
		}
		wg.Wait()
	}
	settle := func() (goroutines, files int) {
		deadline := time.Now().Add(10 * time.Second)
		for {
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			idle := engines[0].Active() == 0
			if idle || time.Now().After(deadline) {
				fds, _ := os.ReadDir("/proc/self/fd")
				return runtime.NumGoroutine(), len(fds)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	crowd()
	g0, f0 := settle()
	crowd()
	var g1, f1 int
	for range 100 { // connections close in their own time
		if g1, f1 = settle(); g1 <= g0+5 && f1 <= f0+5 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if g1 > g0+5 || f1 > f0+5 || engines[0].Active() != 0 {
		t.Errorf("goroutines %d -> %d, files %d -> %d, slots in use %d", g0, g1, f0, f1, engines[0].Active())
	}
}

func TestFullQueueIs503WithRetryAfter(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	started := make(chan struct{}, 8)
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Slots: 1, Gate: gate, Started: started}
	}, func(c *app.Config) { c.Serving.Queue = 1 })
	const body = `{"messages": [{"role": "user", "content": "hi"}]}`
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", body) })
	}
	<-started
	s.await(t, "parley_queue_length 1")
	a := s.call(t, seeded, "POST", "/v1/chat/completions", body)
	if a.status != http.StatusServiceUnavailable || a.code() != "queue_full" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	close(gate)
	wg.Wait()
}

// What the server cannot do at this moment it says before it keeps anything of the turn.
func TestRefusedTurnIsNotKept(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	started := make(chan struct{}, 8)
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Slots: 1, Context: 64, Gate: gate, Started: started}
	}, func(c *app.Config) { c.Serving.Queue = 1 })
	const body = `{"messages": [{"role": "user", "content": "hi"}], "response": {"stream": false}}`
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", body) })
	}
	<-started
	s.await(t, "parley_queue_length 1")

	refused := func(what string, a answer, status int, code string) {
		t.Helper()
		if a.status != status || a.code() != code {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	full := s.call(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "hi"}]}`, "Idempotency-Key", "busy")
	refused("full queue", full, http.StatusServiceUnavailable, "queue_full")
	if secs := full.header.Get("Retry-After"); secs == "" || !strings.Contains(string(full.body), "try again in "+secs+" s") {
		t.Errorf("Retry-After %q, but %s", secs, full.body)
	}
	refused("full queue, whole", s.call(t, seeded, "POST", "/v1/chat.completions", body), http.StatusServiceUnavailable, "queue_full")
	long := `{"messages": [{"role": "user", "content": "` + strings.Repeat("word ", 80) + `"}]}`
	refused("too long", s.call(t, seeded, "POST", "/v1/chat.completions", long), http.StatusBadRequest, "context_length_exceeded")
	socket := s.dial(t)
	socket.say(`{"type": "turn", "ref": "a", "messages": [{"role": "user", "content": "hi"}]}`)
	if m := socket.next(); m.Error == nil || m.Error.Code != "queue_full" || fmt.Sprint(m.Error.RetryAfter) != full.header.Get("Retry-After") {
		t.Errorf("over the socket: %+v", m.Error)
	}
	close(gate)
	wg.Wait()

	var list struct{ Data []any }
	s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations", nil).into(t, &list)
	if len(list.Data) != 0 {
		t.Errorf("%d conversations are kept of turns that were refused", len(list.Data))
	}
	// The path counts too, and a key of a refused request may be used again.
	var first struct {
		ConversationID string `json:"conversation_id"`
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat.completions", body, "Idempotency-Key", "busy").into(t, &first)
	long = `{"conversation_id": "` + first.ConversationID + `", "messages": [{"role": "user", "content": "` + strings.Repeat("word ", 50) + `"}]}`
	refused("with its path", s.call(t, seeded, "POST", "/v1/chat.completions", long), http.StatusBadRequest, "context_length_exceeded")
}

// A queue that fills up after the look at it is told by the event, with the time to wait.
func TestErrorEventTellsWhenToRetry(t *testing.T) {
	t.Parallel()
	busy := fault.Busy("full; try again in 7 s").OfKind("queue_full").After(7 * time.Second)
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted { return &servingtest.Scripted{Model: m, Fail: busy} }, nil)
	var failed *chat.EventError
	s.stream(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "hi"}]}`, func(e event) bool {
		failed = e.Error
		return true
	})
	if failed == nil || failed.Code != "queue_full" || failed.RetryAfter != 7 {
		t.Errorf("streamed: %+v", failed)
	}
	a := s.call(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "hi"}], "response": {"stream": false}}`)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") != "7" {
		t.Errorf("whole: %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.body)
	}
}

// What an operator watches: every way in, every end, the waiting and the speed.
func TestMetricsTellTurnsErrorsAndWaiting(t *testing.T) {
	t.Parallel()
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Context: 64, Reply: func(g serving.Generation) string {
			return strings.Repeat("word ", len(g.Messages[0].Text))
		}}
	}, nil)
	long := `{"messages": [{"role": "user", "content": "` + strings.Repeat("word ", 80) + `"}]}`
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hello"}]}`)
	s.must(t, http.StatusBadRequest, seeded, "POST", "/v1/chat/completions", long)
	s.must(t, http.StatusBadRequest, seeded, "POST", "/v1/chat.completions", long)
	s.must(t, http.StatusOK, seeded, "POST", "/v1/embeddings", `{"input": "three small words"}`)
	s.must(t, http.StatusBadRequest, seeded, "POST", "/v1/embeddings", `{"input": "`+strings.Repeat("word ", 80)+`"}`)
	socket := s.dial(t)
	socket.say(`{"type": "turn", ` + long[1:])
	if m := socket.next(); m.Error == nil || m.Error.Code != "context_length_exceeded" {
		t.Fatalf("%+v", m)
	}
	for _, line := range []string{
		`parley_turns_total{code="",outcome="ok",surface="openai"} 2`,
		`parley_turns_total{code="context_length_exceeded",outcome="failed",surface="openai"} 2`,
		`parley_turns_total{code="context_length_exceeded",outcome="failed",surface="native"} 2`,
		`parley_first_token_seconds_count{model="tiny"} 1`,
		`parley_output_tokens_per_second_count{model="tiny"} 1`,
		`parley_queue_wait_seconds_count{model="tiny"} 2`,
		`parley_queue_wait_seconds_count{model="tiny-embed"} 2`,
		`parley_tokens_total{direction="input",model="tiny-embed"} 3`,
		`parley_queue_length 0`, `parley_queue_refused_total 0`,
	} {
		s.await(t, line)
	}
	got, _, err := s.Usage.List(context.Background(), s.scope(t, seeded), usage.Filter{})
	if err != nil || len(got) != 4 {
		t.Fatalf("usage: %+v, %v", got, err)
	}
	for _, r := range got {
		for _, step := range []string{"load", "queue", "total"} {
			if _, ok := r.Timing[step]; !ok {
				t.Errorf("%s: timings %v lack %q", r.Model, r.Timing, step)
			}
		}
	}
}

// A server that is told to stop ends what generates, tells the client of the OpenAI dialect so, and writes
// down what was spent.
func TestStopEndsOpenAIStreams(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Gate: gate}
	}, nil)
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(
		`{"stream": true, "messages": [{"role": "user", "content": "hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	seeded.on(req)
	go func() { gate <- struct{}{} }() // the answer begins with its first token
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	began := time.Now()
	if err := s.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it waited %s for a stream that it could end", took)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(text), `data: {"error":`) {
		t.Errorf("the stream ends with %v:\n%s", err, text)
	}
	again := boot(t, s.dir, nil, func(c *app.Config) { c.Database = s.cfg.Database })
	admin, err := again.Accounts.Bearer(context.Background(), seedKey)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := again.Usage.Sum(context.Background(), admin.Scope, usage.Filter{}); err != nil || sum.Output == 0 {
		t.Errorf("usage after the stop: %+v, %v", sum, err)
	}
}
