package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
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
		`"tools": [{"type": "function", "function": {"name": "f"}}]`: "not_available_yet",
		`"tools": [{"type": "function"}]`:                            "invalid_request",
		`"retrieval": {"namespace": "n", "top_k": 1000}`:             "invalid_request",
		`"response": {"format": "json"}`:                             "not_available_yet",
		`"response": {"format": "xml"}`:                              "invalid_request",
	} {
		if a := ask(extra); a.status != http.StatusBadRequest || a.code() != code {
			t.Errorf("%s: %d %s", extra, a.status, a.body)
		}
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

// A client that lost its stream reads on from the last event that it had, with nothing twice and nothing
// missing, while the answer grows and after it.
func TestStreamResumesOverHTTP(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Replies: []string{"eins zwei drei vier fünf"}, Gate: gate}
	}, nil)
	var start *chat.Start
	var last, text string
	s.stream(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "count"}]}`, func(e event) bool {
		last = e.id
		if text += e.Delta; e.Start != nil {
			start = e.Start
			go func() { gate <- struct{}{}; gate <- struct{}{} }()
		}
		return !strings.Contains(text, "zwei")
	})
	close(gate)
	path := "/v1/messages/" + start.Message + "/events"
	for what, header := range map[string][]string{"by header": {"Last-Event-ID", last}, "by query": nil} {
		rest, done := "", false
		at := path
		if header == nil {
			at += "?after=" + last
		}
		s.stream(t, seeded, "GET", at, "", func(e event) bool {
			rest, done = rest+e.Delta, e.Done != nil
			if e.Start != nil {
				t.Errorf("%s: the start was told twice", what)
			}
			return true
		}, header...)
		if text+rest != "eins zwei drei vier fünf" || !done {
			t.Errorf("%s: %q, then %q", what, text, rest)
		}
	}
	for _, bad := range []string{"nothing", start.Message + ".1", start.Message + ".-1.0", "msg_00000000000000000000000000.1.2", start.Message + ".999.9999"} {
		if a := s.call(t, seeded, "GET", path, nil, "Last-Event-ID", bad); a.status != http.StatusBadRequest || a.code() != "invalid_request" {
			t.Errorf("Last-Event-ID %q: %d %s", bad, a.status, a.body)
		}
	}
}

// The client's own deadline ends a native stream by an event, and one that is none is refused.
func TestDeadlineOfTheClient(t *testing.T) {
	t.Parallel()
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Gate: make(chan struct{})}
	}, nil)
	const body = `{"messages": [{"role": "user", "content": "hi"}]}`
	var failed *chat.EventError
	s.stream(t, seeded, "POST", "/v1/chat.completions", body, func(e event) bool {
		failed = e.Error
		return true
	}, "X-Request-Timeout", "0.05")
	if failed == nil || failed.Code != "deadline_exceeded" {
		t.Errorf("streamed: %+v", failed)
	}
	for _, path := range []string{"/v1/chat.completions", "/v1/chat/completions"} {
		a := s.call(t, seeded, "POST", path, `{"messages": [{"role": "user", "content": "hi"}], "response": {"stream": false}}`, "X-Request-Timeout", "0.05")
		if a.status != http.StatusGatewayTimeout || a.code() != "deadline_exceeded" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		for _, bad := range []string{"soon", "0", "-1", "NaN", "1e999", "1s", "0x", "1,5", "--"} {
			if a := s.call(t, seeded, "POST", path, body, "X-Request-Timeout", bad); a.status != http.StatusBadRequest || a.code() != "invalid_request" {
				t.Errorf("%s with %q: %d %s", path, bad, a.status, a.body)
			}
		}
	}
}
