package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
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

// event is one event of the native stream with its id.
type event struct {
	id string
	chat.Event
}

// stream opens a stream and calls each for its events until that returns false or the stream ends.
func (s *site) stream(t testing.TB, who credential, method, path, body string, each func(event) bool, header ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	who.on(req)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || ct != "text/event-stream" {
		t.Fatalf("%s %s: status %d, %s", method, path, res.StatusCode, ct)
	}
	e := event{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		line := lines.Text()
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			e.id = id
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(data), &e.Event); err != nil {
				t.Fatalf("event %q: %v", data, err)
			}
			if !each(e) {
				return
			}
			e = event{}
		}
	}
}

// The whole way of a first user: set-up by the link, a question, the streamed answer, the kept
// conversation, the record of its use.
func TestFirstUserSetsUpAsksAndReads(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	token := s.SetupURL[strings.Index(s.SetupURL, "token=")+6:]
	a := s.must(t, http.StatusCreated, credential{}, "POST", "/v1/setup",
		map[string]string{"token": token, "email": "ada@x.test", "name": "Ada", "password": password, "tenant_name": "Analytical"})
	if !strings.Contains(string(a.body), `"name":"Analytical"`) {
		t.Errorf("the tenant was not named: %s", a.body)
	}
	cookie := (&http.Response{Header: a.header}).Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie: %+v", cookie)
	}
	me := credential{cookie: cookie.Value}
	s.must(t, http.StatusConflict, credential{}, "POST", "/v1/setup",
		map[string]string{"token": token, "email": "eve@x.test", "name": "Eve", "password": password})

	var text string
	var start chat.Start
	var done *chat.Done
	s.stream(t, me, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "Good morning"}]}`, func(e event) bool {
		if e.Start != nil {
			start = *e.Start
		}
		text += e.Delta
		done = e.Done
		return true
	})
	if want := servingtest.Echo(serving.Generation{Messages: []chat.Message{{Text: "Good morning"}}}); text != want || done == nil {
		t.Fatalf("answer %q, done %+v", text, done)
	}
	var tree struct {
		Data []struct{ ID, Role, Text, Status string }
	}
	s.must(t, http.StatusOK, me, "GET", "/v1/conversations/"+start.Conversation+"/messages", nil).into(t, &tree)
	if len(tree.Data) != 2 || tree.Data[0].Text != "Good morning" || tree.Data[1].Text != text || tree.Data[1].Status != "complete" {
		t.Errorf("kept: %+v", tree)
	}
	var found struct{ Data []struct{ Snippet string } }
	s.must(t, http.StatusOK, me, "GET", "/v1/conversations/search?q=MORNING", nil).into(t, &found)
	if len(found.Data) == 0 {
		t.Error("search found nothing")
	}
	metrics := string(s.must(t, http.StatusOK, credential{}, "GET", "/metrics", nil).body)
	for _, want := range []string{"parley_first_token_seconds_count", `parley_tokens_total{direction="output"`, "parley_queue_length 0", `route="/v1/chat.completions",status="200"`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
	export := s.must(t, http.StatusOK, me, "GET", "/v1/me/export", nil)
	if !strings.Contains(string(export.body), "Good morning") {
		t.Error("the export lacks the conversation")
	}
	log := s.log.String()
	if !strings.Contains(log, `"route":"/v1/chat.completions","status":200`) || !strings.Contains(log, start.Trace) {
		t.Errorf("the log lacks the request: %s", log)
	}
	for _, text := range []string{"Good morning", "several words", password, me.cookie} {
		if strings.Contains(log, text) {
			t.Errorf("the log holds %q", text)
		}
	}
	s.must(t, http.StatusNoContent, me, "DELETE", "/v1/session", nil)
	s.must(t, http.StatusUnauthorized, me, "GET", "/v1/me", nil)
}

func TestEditAndRegenerateMakeSiblings(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	type reply struct {
		ConversationID string `json:"conversation_id"`
		UserMessageID  string `json:"user_message_id"`
		Message        struct {
			ID       string `json:"id"`
			ParentID string `json:"parent_id"`
			Text     string
		}
	}
	ask := func(body map[string]any) (r reply) {
		body["response"] = map[string]any{"stream": false}
		s.must(t, http.StatusOK, seeded, "POST", "/v1/chat.completions", body).into(t, &r)
		return r
	}
	say := func(text string) []map[string]string { return []map[string]string{{"role": "user", "content": text}} }
	first := ask(map[string]any{"messages": say("one")})
	again := ask(map[string]any{"conversation_id": first.ConversationID, "parent_id": first.UserMessageID, "messages": []any{}})
	if again.Message.ParentID != first.UserMessageID || again.Message.ID == first.Message.ID {
		t.Errorf("regenerated: %+v", again)
	}
	edited := ask(map[string]any{"conversation_id": first.ConversationID, "parent_id": "", "messages": say("two")})
	if edited.UserMessageID == first.UserMessageID || !strings.Contains(edited.Message.Text, "two") {
		t.Errorf("edited: %+v", edited)
	}
	var tree struct{ Data []map[string]any }
	s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+first.ConversationID+"/messages", nil).into(t, &tree)
	if len(tree.Data) != 5 {
		t.Errorf("%d messages, want two questions and three answers", len(tree.Data))
	}
}

func TestFieldsOfLaterWorkAreValidatedAndRefused(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	ask := func(extra string) answer {
		return s.call(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "hi"}], `+extra+`}`)
	}
	for extra, code := range map[string]string{
		`"tools": [{"type": "function", "function": {"name": "f"}}]`:  "not_available_yet",
		`"tools": [{"type": "function"}]`:                             "invalid_request",
		`"retrieval": {"namespace": "n", "top_k": 5, "hybrid": true}`: "not_available_yet",
		`"retrieval": {"namespace": "n", "top_k": 1000}`:              "invalid_request",
		`"response": {"format": "json"}`:                              "not_available_yet",
		`"response": {"format": "xml"}`:                               "invalid_request",
	} {
		if a := ask(extra); a.status != http.StatusBadRequest || a.code() != code {
			t.Errorf("%s: %d %s", extra, a.status, a.body)
		}
	}
}

func TestIdempotentTurnIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	const body = `{"messages": [{"role": "user", "content": "once"}]}`
	read := func() (conversation, text string) {
		s.stream(t, seeded, "POST", "/v1/chat.completions", body, func(e event) bool {
			if e.Start != nil {
				conversation = e.Start.Conversation
			}
			text += e.Delta
			return true
		}, "Idempotency-Key", "k1")
		return
	}
	conv1, text1 := read()
	conv2, text2 := read()
	if conv1 != conv2 || text1 != text2 || text1 == "" {
		t.Errorf("%s %q, then %s %q", conv1, text1, conv2, text2)
	}
	a := s.call(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "other"}]}`, "Idempotency-Key", "k1")
	if a.status != http.StatusConflict || a.code() != "idempotency_key_reused" {
		t.Errorf("another body: %d %s", a.status, a.body)
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/embeddings", `{"input": "x"}`, "Idempotency-Key", "k2")
	again := s.must(t, http.StatusOK, seeded, "POST", "/v1/embeddings", `{"input": "x"}`, "Idempotency-Key", "k2")
	if again.header.Get("Idempotency-Replayed") != "true" {
		t.Error("the repetition was not a replay")
	}
}

func TestNoModelIsSaidAndHealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := boot(t, dir, nil, nil)
	a := s.call(t, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}]}`)
	if a.status != http.StatusServiceUnavailable || a.code() != "no_model" || !strings.Contains(string(a.body), "parley model pull") {
		t.Errorf("%d %s", a.status, a.body)
	}
	var status struct {
		Chat struct {
			Ready bool
			Fix   string
		}
	}
	s.must(t, http.StatusOK, seeded, "GET", "/v1/status", nil).into(t, &status)
	if status.Chat.Ready || status.Chat.Fix == "" || s.Missing() == "" {
		t.Errorf("%+v, %q", status, s.Missing())
	}
	tinyModel(t, filepath.Join(dir, "models", "tiny.gguf"), "llama")
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}]}`)
}

// The official clients read top_logprobs as a list, always.
func TestLogprobsAlwaysListTheirRivals(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for extra, rivals := range map[string]int{`"logprobs": true`: 0, `"logprobs": true, "top_logprobs": 0`: 0, `"logprobs": true, "top_logprobs": 2`: 2} {
		a := s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", `{"messages": [{"role": "user", "content": "hi"}], `+extra+`}`)
		var out struct {
			Choices []struct {
				Logprobs struct {
					Content []struct {
						TopLogprobs *[]map[string]any `json:"top_logprobs"`
					}
				}
			}
		}
		a.into(t, &out)
		tokens := out.Choices[0].Logprobs.Content
		if len(tokens) == 0 || tokens[0].TopLogprobs == nil || len(*tokens[0].TopLogprobs) != rivals {
			t.Errorf("%s: %.300s", extra, a.body)
		}
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

func TestWebSocketStreamsResumesAndCancels(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Replies: []string{"one two three four five"}, Gate: gate}
	}, nil)
	first := s.dial(t)
	first.say(`{"type": "turn", "ref": "a", "messages": [{"role": "user", "content": "count"}]}`)
	start := first.next()
	if start.Start == nil || start.Ref != "a" {
		t.Fatalf("%+v", start)
	}
	gate <- struct{}{}
	gate <- struct{}{}
	m := first.next()
	text := m.Delta
	_ = first.conn.CloseNow()
	gate <- struct{}{} // the turn goes on without anybody

	second := s.dial(t)
	second.say(fmt.Sprintf(`{"type": "resume", "ref": "b", "after": %q}`, m.ID))
	text += second.next().Delta
	second.say(`{"type": "cancel", "ref": "b"}`)
	var end socketMessage
	for end.Done == nil {
		end = second.next()
		text += end.Delta
	}
	if !end.Done.Partial || !strings.HasPrefix("one two three four five", text) || !strings.HasPrefix(text, "one two") {
		t.Errorf("%q, %+v", text, end.Done)
	}
	var kept struct {
		Data []struct{ Text, Status string }
	}
	s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+start.Start.Conversation+"/messages", nil).into(t, &kept)
	if kept.Data[1].Text != text || kept.Data[1].Status != "partial" {
		t.Errorf("kept %+v, told %q", kept.Data[1], text)
	}
}
