package chatapi

import (
	"net/http"
	"strings"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/fault"
)

// accept makes a WebSocket of the request. What is wrong with the handshake is a fault, so that it is
// answered in the shape of every error.
func (a *api) accept(c echo.Context) (*websocket.Conn, error) {
	if !strings.EqualFold(c.Request().Header.Get("Upgrade"), "websocket") {
		return nil, fault.Invalid("this address speaks WebSocket: connect with ws:// or wss://").OfKind("websocket_handshake")
	}
	refused := &refusal{ResponseWriter: c.Response()}
	// coder/websocket refuses pages of other origins; API clients send no Origin.
	conn, err := websocket.Accept(refused, c.Request(), &websocket.AcceptOptions{OriginPatterns: a.origins()})
	if err == nil {
		return conn, nil
	}
	c.Response().Header().Del(echo.HeaderContentType) // of the library's answer
	switch {
	case refused.status == http.StatusForbidden:
		return nil, fault.Forbidden("this page is of another origin; an operator can allow it by the setting server.origins").OfKind("cross_origin")
	case refused.status >= http.StatusInternalServerError || refused.status == 0:
		return nil, err
	}
	return nil, fault.Invalid("the WebSocket handshake is wrong: connect by HTTP/1.1 with the headers Connection: Upgrade, " +
		"Upgrade: websocket, Sec-WebSocket-Version: 13 and one Sec-WebSocket-Key of 16 bytes in base64").OfKind("websocket_handshake").Because(err)
}

// refusal keeps the library's own answer to a wrong handshake from the client.
type refusal struct {
	http.ResponseWriter
	status int
}

func (r *refusal) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		r.status = status
		return
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *refusal) Write(b []byte) (int, error) {
	if r.status != 0 {
		return len(b), nil
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets the library reach the connection.
func (r *refusal) Unwrap() http.ResponseWriter { return r.ResponseWriter }
