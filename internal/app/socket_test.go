package app_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/chat"
)

// socket is a client of /v1/ws.
type socket struct {
	t    *testing.T
	ctx  context.Context
	conn *websocket.Conn
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
	return &socket{t: t, ctx: ctx, conn: conn}
}

func (c *socket) say(text string) {
	c.t.Helper()
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
	if err := json.Unmarshal(data, &m); err != nil {
		c.t.Fatal(err)
	}
	return m
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
