package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Whatever arrives, the answer is a clear one in the documented shape, and never the server's own error.
func checkAnswer(t *testing.T, what string, a answer) {
	t.Helper()
	if a.status >= http.StatusInternalServerError || a.status < 200 {
		t.Errorf("%s: status %d: %.300s", what, a.status, a.body)
	}
	if a.status < 400 || len(a.body) == 0 {
		return
	}
	var e struct {
		Error *struct{ Message, Type, Code string }
	}
	if err := json.Unmarshal(a.body, &e); err != nil || e.Error == nil || e.Error.Message == "" || e.Error.Type == "" || e.Error.Code == "" {
		t.Errorf("%s: an error of another shape, status %d: %.300s", what, a.status, a.body)
	}
}

// seeds are bodies that are valid for some endpoint, for the mutations to begin with.
var seeds = []string{
	`{"messages": [{"role": "user", "content": "hi"}], "stream": true, "stream_options": {"include_usage": true}}`,
	`{"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}], "n": 2, "stop": ["a", "b"], "logit_bias": {"1": 2}, "logprobs": true, "top_logprobs": 2}`,
	`{"messages": [{"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}], "max_tokens": 3, "seed": 1, "temperature": 0.5}`,
	`{"input": ["a", "b"], "encoding_format": "base64"}`, `{"input": [[1, 2], [3]]}`, `{"input": [1, 2]}`,
	`{"conversation_id": "conv_00000000000000000000000000", "parent_id": "", "messages": [], "params": {"top_k": 3}, "retrieval": {"namespace": "x", "top_k": 2}, "response": {"stream": false, "format": {"type": "text"}}}`,
	`{"title": "x", "status": "archived", "pinned": true, "leaf_id": "msg_0", "retention_policy": "days:3"}`,
	`{"conversations": [{"title": "t", "current_node": "a", "mapping": {"a": {"parent": null, "message": {"author": {"role": "user"}, "content": {"parts": ["hi"]}}}}}, {"messages": [{"id": "a", "role": "user", "text": "x"}]}]}`,
	`{"message_id": "msg_0", "text": "x", "rating": -1, "reason": "other", "comment": "c", "folder_id": "", "temporary": true, "continue": true}`,
	`{"name": "k", "permissions": ["chat", "admin"], "expires_at": "2040-01-01T00:00:00Z"}`,
	`{"email": "a@b.c", "name": "n", "role": "member", "password": "` + password + `", "groups": ["g"]}`,
	`{"slug": "s", "name": "n", "owner": {"email": "a@b.c"}}`, `{"confirm": "x"}`, `{}`, `[]`, `null`, `"text"`, `1e999`, ``,
}

// mutate makes one of many small harms to a text.
func mutate(r *rand.Rand, s string) string {
	pieces := []string{"null", "-1", "1e400", "9223372036854775808", `"\ud800"`, "\x00", "\xff", "{", "]", `""`, "true", "[[[[", strings.Repeat("a", 5000),
		`{"a":`, "\u202e", "18446744073709551616", "0.0000000001", `"💥"`}
	for range 1 + r.IntN(4) {
		if s == "" {
			return pieces[r.IntN(len(pieces))]
		}
		i := r.IntN(len(s))
		j := min(len(s), i+r.IntN(12))
		switch r.IntN(4) {
		case 0:
			s = s[:i] + s[j:]
		case 1:
			s = s[:i] + pieces[r.IntN(len(pieces))] + s[j:]
		case 2:
			s = s[:i] + s[i:j] + s[i:]
		case 3:
			s = s[:i] + string(rune(r.IntN(256))) + s[j:]
		}
	}
	return s
}

func TestHostileRequestsGetClearAnswers(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, withEngine(t)) // nothing is to be fetched
	routes := s.Routes()
	const rounds = 3000
	r := rand.New(rand.NewPCG(1, 2))
	statuses := map[int]int{}
	headers := []string{"Idempotency-Key", "X-Request-Timeout", "Last-Event-ID", "Content-Type", "X-Request-Id", "Authorization", "Cookie", "Origin", "Accept-Encoding"}
	for range rounds {
		route := routes[r.IntN(len(routes))]
		path := strings.NewReplacer(":id", "conv_00000000000000000000000000", "*", "x%2Fy").Replace(route.Path)
		if r.IntN(3) == 0 {
			path = clean(mutate(r, path))
		}
		if r.IntN(3) == 0 {
			path += "?" + clean(mutate(r, "limit=5&cursor=abc&q=x&archived=true&after=msg_0.1.2"))
		}
		var header []string
		if r.IntN(3) == 0 {
			header = []string{headers[r.IntN(len(headers))], printable(mutate(r, "msg_00000000000000000000000000.1.2"))}
		}
		body := seeds[r.IntN(len(seeds))]
		if r.IntN(6) > 0 {
			body = mutate(r, body)
		}
		if route.Path == "/v1/me" && route.Method == http.MethodDelete || strings.Contains(path, "/shred") {
			continue // nothing of ours is to go
		}
		who := seeded
		if r.IntN(12) == 0 {
			who = credential{bearer: printable(mutate(r, seedKey)), cookie: "x"}
		}
		a := s.call(t, who, route.Method, path, body, header...)
		checkAnswer(t, route.Method+" "+path+" "+body, a)
		statuses[a.status]++
	}
	// The mutations must reach both sides of the checks, or this test proves nothing.
	for _, want := range []int{200, 201, 302, 400, 401, 403, 404} {
		if statuses[want] == 0 {
			t.Errorf("no answer had status %d: %v", want, statuses)
		}
	}
	s.must(t, http.StatusOK, seeded, "GET", "/readyz", nil)
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat/completions", seeds[0])
}

// clean keeps a mutated path one that Go's client sends at all.
func clean(s string) string {
	return "/" + strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e || r == '#' || r == '%' {
			return -1
		}
		return r
	}, s), "/?")
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// What Go's client would not send: broken request lines, header floods, bodies that end early.
func TestBrokenHTTPDoesNoHarm(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	for _, raw := range []string{
		"GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00", "POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"GET /" + strings.Repeat("a", 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: "+strings.Repeat("b", 1000)+"\r\n", 200) + "\r\n",
		"POST /v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n",
		"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET //..//../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(conn, raw)
		_ = conn.(*net.TCPConn).CloseWrite()
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			if res.StatusCode == http.StatusInternalServerError {
				t.Errorf("%.60q: status %d", raw, res.StatusCode)
			}
			body, _ := io.ReadAll(res.Body)
			if strings.Contains(string(body), "root:") {
				t.Errorf("%.60q leaked a file", raw)
			}
			_ = res.Body.Close()
		}
		_ = conn.Close()
	}
	s.must(t, http.StatusOK, seeded, "GET", "/readyz", nil)
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	body := `{"messages": "` + strings.Repeat("x", 5<<20) + `"}`
	for _, path := range []string{"/v1/chat/completions", "/v1/chat.completions", "/v1/session"} {
		for _, header := range [][]string{nil, {"Idempotency-Key", "big"}} {
			if path == "/v1/session" && header != nil {
				continue
			}
			a := s.call(t, seeded, "POST", path, body, header...)
			if a.status != http.StatusRequestEntityTooLarge || a.code() != "too_large" {
				t.Errorf("%s %v: %d %s", path, header, a.status, a.body)
			}
		}
	}
}

// Nesting as deep as a body can be exhausts no stack and takes no time.
func TestDeepNestingIsRefused(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	const depth = 1 << 18
	for _, body := range []string{
		strings.Repeat("[", depth), strings.Repeat("[", depth) + strings.Repeat("]", depth), strings.Repeat(`{"a":`, depth/4),
		`{"messages": ` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`,
		`{"messages": [{"role": "user", "content": ` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}]}`,
		`{"messages": [{"role": "user", "content": "hi"}], "tools": [` + strings.Repeat(`{"a":`, depth/4) + "1" + strings.Repeat("}", depth/4) + `]}`,
		`{"input": ` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`,
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/chat.completions", "/v1/embeddings", "/v1/session", "/v1/admin/users"} {
			what := fmt.Sprintf("%s %.40s", path, body)
			a := s.call(t, seeded, "POST", path, body)
			checkAnswer(t, what, a)
			if a.status != http.StatusBadRequest {
				t.Errorf("%s: %d %.200s", what, a.status, a.body)
			}
		}
	}
	socket := s.dial(t)
	if err := socket.conn.Write(socket.ctx, websocket.MessageText, []byte(`{"type": "turn", "messages": `+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`)); err != nil {
		t.Fatal(err)
	}
	if m := socket.next(); m.Error == nil || m.Error.Code != "invalid_request" {
		t.Errorf("over the socket: %+v", m)
	}
}

func TestHostileHandshakesGetClearAnswers(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	r := rand.New(rand.NewPCG(5, 6))
	good := map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": s.url, "Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Protocol": "chat"}
	names := slices.Sorted(maps.Keys(good))
	statuses := map[int]int{}
	for range 300 {
		header := maps.Clone(good)
		for range 1 + r.IntN(2) {
			name := names[r.IntN(len(names))]
			header[name] = strings.TrimSpace(printable(strings.ToValidUTF8(mutate(r, header[name]), "?")))
		}
		a := s.handshake(t, header)
		if a.status != http.StatusSwitchingProtocols {
			checkAnswer(t, fmt.Sprint(header), a)
		}
		statuses[a.status]++
	}
	for _, want := range []int{http.StatusSwitchingProtocols, http.StatusBadRequest, http.StatusForbidden} {
		if statuses[want] == 0 {
			t.Errorf("no answer had status %d: %v", want, statuses)
		}
	}
}

func TestHostileWebSocketFramesGetClearAnswers(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	dial := func() *websocket.Conn {
		conn, _, err := websocket.Dial(ctx, strings.Replace(s.url, "http", "ws", 1)+"/v1/ws",
			&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + seedKey}}})
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	conn := dial()
	r := rand.New(rand.NewPCG(3, 4))
	frames := append([]string{
		`{"type": "resume", "ref": "1", "after": "msg_00000000000000000000000000.1.2"}`,
		`{"type": "cancel", "message_id": "msg_00000000000000000000000000"}`, `{"type": "ping"}`, `{"type": 1}`,
		`{"type": "turn", "ref": "` + strings.Repeat("r", 100) + `"}`,
	}, seeds...)
	for range 300 {
		kind := websocket.MessageText
		frame := mutate(r, frames[r.IntN(len(frames))])
		if r.IntN(10) == 0 {
			kind = websocket.MessageBinary
		}
		if err := conn.Write(ctx, kind, []byte(strings.ToValidUTF8(frame, "?"))); err != nil {
			t.Fatalf("after %q: %v", frame, err)
		}
		_, data, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("after %q: %v", frame, err)
		}
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil || strings.Contains(string(data), `"internal"`) {
			t.Errorf("%q was answered %s", frame, data)
		}
	}
	// A frame over the limit closes this socket and no other.
	_ = conn.Write(ctx, websocket.MessageText, []byte(strings.Repeat("x", 5<<20)))
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			if websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
				t.Errorf("over the limit: %v", err)
			}
			break
		}
	}
	next := dial()
	if err := next.Write(ctx, websocket.MessageText, []byte(`{"type": "ping", "ref": "z"}`)); err != nil {
		t.Fatal(err)
	}
	if _, data, err := next.Read(ctx); err != nil || !strings.Contains(string(data), "pong") {
		t.Errorf("%s, %v", data, err)
	}
	_ = next.CloseNow()
}
