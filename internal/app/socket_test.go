package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

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
