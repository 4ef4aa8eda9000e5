package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// socket is a client of /v1/ws.
type socket struct {
	t        *testing.T
	ctx      context.Context
	conn     *websocket.Conn
	contract *contract
}

// socketMessage is what the server says.
type socketMessage struct {
	Type, Ref, ID string
	chat.Event
}

// dial opens a socket with the seeded key, or with the headers given instead.
func (s *site) dial(t *testing.T, header ...string) *socket {
	t.Helper()
	h := http.Header{}
	if len(header) == 0 {
		header = []string{"Authorization", "Bearer " + seedKey}
	}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	conn, _, err := websocket.Dial(ctx, strings.Replace(s.url, "http", "ws", 1)+"/v1/ws", &websocket.DialOptions{HTTPHeader: h})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.CloseNow()
		cancel()
	})
	return &socket{t: t, ctx: ctx, conn: conn, contract: s.contract}
}

func (c *socket) say(text string) {
	c.t.Helper()
	c.contract.checkSchema(c.t, "SocketRequest", []byte(text))
	if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *socket) next() (m socketMessage) {
	c.t.Helper()
	_, data, err := c.conn.Read(c.ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	c.contract.checkSchema(c.t, "SocketReply", data)
	if err := json.Unmarshal(data, &m); err != nil {
		c.t.Fatal(err)
	}
	return m
}

// A turn over the socket ends at the deadline of its handshake, or at its own.
func TestSocketTurnsHeedDeadlines(t *testing.T) {
	t.Parallel()
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Gate: make(chan struct{})} // never says a word
	}, nil)
	ended := func(c *socket) *chat.EventError {
		for {
			if m := c.next(); m.Error != nil {
				return m.Error
			}
		}
	}
	const turn = `{"type": "turn", "ref": "a", "messages": [{"role": "user", "content": "hi"}]`
	byHeader := s.dial(t, "Authorization", "Bearer "+seedKey, "X-Request-Timeout", "0.05")
	byHeader.say(turn + `}`)
	if e := ended(byHeader); e.Code != "deadline_exceeded" {
		t.Errorf("by the handshake: %+v", e)
	}
	byField := s.dial(t)
	byField.say(turn + `, "timeout": 0.05}`)
	if e := ended(byField); e.Code != "deadline_exceeded" {
		t.Errorf("by the field: %+v", e)
	}
	if err := byField.conn.Write(byField.ctx, websocket.MessageText, []byte(turn+`, "timeout": 0}`)); err != nil {
		t.Fatal(err)
	}
	if e := ended(byField); e.Code != "invalid_request" {
		t.Errorf("no time at all: %+v", e)
	}
	if a := s.handshake(t, map[string]string{"X-Request-Timeout": "soon"}); a.status != http.StatusBadRequest {
		t.Errorf("a malformed header: %d %s", a.status, a.body)
	}
}

// handshake asks for a WebSocket with these headers, "" taking one away, and hangs up if it gets it.
func (s *site) handshake(t *testing.T, header map[string]string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.url+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	seeded.on(req)
	good := map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
	maps.Copy(good, header)
	for name, value := range good {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusSwitchingProtocols {
		return answer{status: res.StatusCode, header: res.Header}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, body}
	s.contract.check(t, http.MethodGet, "/v1/ws", a)
	return a
}

func TestWrongHandshakeGetsTheDocumentedError(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, func(c *app.Config) { c.Server.Origins = []string{"https://intranet.example"} })
	for _, c := range []struct {
		header map[string]string
		status int
		code   string
	}{
		{nil, http.StatusSwitchingProtocols, ""},
		{map[string]string{"Origin": s.url}, http.StatusSwitchingProtocols, ""},
		{map[string]string{"Origin": "https://intranet.example"}, http.StatusSwitchingProtocols, ""},
		{map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden, "cross_origin"},
		{map[string]string{"Origin": "null"}, http.StatusForbidden, "cross_origin"},
		{map[string]string{"Sec-WebSocket-Version": ""}, http.StatusBadRequest, "websocket_handshake"},
		{map[string]string{"Sec-WebSocket-Version": "12"}, http.StatusBadRequest, "websocket_handshake"},
		{map[string]string{"Sec-WebSocket-Key": ""}, http.StatusBadRequest, "websocket_handshake"},
		{map[string]string{"Sec-WebSocket-Key": "short"}, http.StatusBadRequest, "websocket_handshake"},
		{map[string]string{"Connection": ""}, http.StatusBadRequest, "websocket_handshake"},
		{map[string]string{"Upgrade": ""}, http.StatusBadRequest, "websocket_handshake"},
		{map[string]string{"Upgrade": "h2c"}, http.StatusBadRequest, "websocket_handshake"},
	} {
		a := s.handshake(t, c.header)
		if a.status != c.status || a.code() != c.code {
			t.Errorf("%v: %d %s", c.header, a.status, a.body)
		}
		if c.code != "" && a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%v: Content-Type %q", c.header, a.header.Get("Content-Type"))
		}
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
