package chatapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
)

const (
	// pingEvery finds a reader that is gone without a word.
	pingEvery   = 20 * time.Second
	socketWrite = 30 * time.Second
	// maxFollowing bounds the streams of one socket.
	maxFollowing = 32
	maxRef       = 64
)

// SocketFrame is a message from the client without the fields of a turn.
type SocketFrame struct {
	Type    string   `json:"type" required:"true" enum:"turn,resume,cancel,ping"`
	Ref     string   `json:"ref,omitempty" maxLength:"64" description:"The client's own name of the stream, told with each event."`
	After   string   `json:"after,omitempty" description:"Of resume: the id of the last event that was read, or of the answer."`
	Message string   `json:"message_id,omitempty" description:"Of cancel: the answer, when it is not this socket's ref."`
	Timeout *float64 `json:"timeout,omitempty" exclusiveMinimum:"0" description:"Of turn: seconds that it may take, when less than the server allows."`
}

// SocketRequest is a message from the client. The fields of a turn stand beside its own.
type SocketRequest struct {
	SocketFrame
	TurnRequest
}

// SocketReply is a message to the client: an event with the ref of the stream that it belongs to.
type SocketReply struct {
	Type string `json:"type,omitempty" enum:"pong"`
	Ref  string `json:"ref,omitempty"`
	ID   string `json:"id,omitempty"`
	chat.Event
}

// session is one open socket.
type session struct {
	api  *api
	id   chat.Identity
	good func(context.Context) error // whether the credential still holds
	most time.Duration               // of a turn
	conn *websocket.Conn
	work sync.WaitGroup

	mu        sync.Mutex
	following map[string]string // ref -> message id, "" until the turn has begun
}

func (a *api) socket(c echo.Context) error {
	conn, err := a.accept(c)
	if err != nil {
		return err
	}
	conn.SetReadLimit(a.sockets.MaxBody)
	s := &session{api: a, id: edge.Identity(c), good: edge.Recheck(c), most: edge.TimeLimit(c), conn: conn, following: map[string]string{}}
	// The request's deadline is for one answer; the socket lives as long as its reader.
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.Request().Context()))
	defer cancel()
	s.work.Go(func() { s.keepAlive(ctx, cancel) })
	err = s.read(ctx)
	cancel()
	s.work.Wait() // the readers of streams; the turns themselves go on
	a.log.Debug("socket closed", zap.String("request_id", edge.RequestID(c)), zap.Error(err))
	_ = conn.CloseNow()
	return nil
}

func (a *api) origins() []string {
	var hosts []string
	for _, origin := range append([]string{a.sockets.PublicURL}, a.sockets.Origins...) {
		if u, err := url.Parse(origin); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

func (s *session) keepAlive(ctx context.Context, cancel context.CancelFunc) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pingCtx, stop := context.WithTimeout(ctx, socketWrite)
		err := errors.Join(s.good(pingCtx), s.conn.Ping(pingCtx))
		stop()
		if err != nil {
			cancel()
			return
		}
	}
}

func (s *session) read(ctx context.Context) error {
	for {
		kind, data, err := s.conn.Read(ctx)
		if err != nil {
			return err
		}
		var f SocketFrame
		if kind != websocket.MessageText {
			err = fault.Invalid("send text frames that hold JSON")
		} else if err = edge.Unmarshal(data, &f); err == nil {
			err = s.handle(ctx, f, data)
		}
		if err != nil {
			if err := s.fail(ctx, f.Ref, err); err != nil {
				return err
			}
		}
	}
}

func (s *session) handle(ctx context.Context, f SocketFrame, data []byte) error {
	if len(f.Ref) > maxRef {
		return fault.Invalid("ref takes at most %d bytes", maxRef).At("ref")
	}
	if err := s.good(ctx); err != nil {
		return err
	}
	switch f.Type {
	case "ping":
		return s.send(ctx, SocketReply{Type: "pong", Ref: f.Ref})
	case "turn":
		return s.begin(ctx, f, data)
	case "resume":
		after, err := chat.ParseEventID(f.After)
		if err != nil {
			return fault.Invalid("after must be an event id or the id of an answer").At("after")
		}
		if err := s.claim(f.Ref); err != nil {
			return err
		}
		s.follow(ctx, f.Ref, after)
		return nil
	case "cancel":
		s.mu.Lock()
		message := s.following[f.Ref]
		s.mu.Unlock()
		if f.Message != "" {
			message = f.Message
		}
		if message == "" {
			return fault.NotFound("nothing runs under this ref; send the message_id").At("ref")
		}
		return s.api.turns.Cancel(ctx, s.id.Scope, message)
	default:
		return fault.Invalid(`type must be "turn", "resume", "cancel" or "ping"`).At("type")
	}
}

func (s *session) begin(ctx context.Context, f SocketFrame, data []byte) error {
	var t TurnRequest
	if err := edge.Unmarshal(data, &t); err != nil {
		return err
	}
	limit := s.most
	if f.Timeout != nil {
		var err error
		if limit, err = edge.Shorten(limit, *f.Timeout); err != nil {
			return fault.From(err).At("timeout")
		}
	}
	req, err := s.api.request(ctx, s.id, chat.NewID("req"), t)
	if err != nil {
		return err
	}
	if err := s.claim(f.Ref); err != nil {
		return err
	}
	turnCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel() // ends nothing: a turn takes the deadline, not the cancellation
	start, err := s.api.turns.Start(turnCtx, req)
	if err != nil {
		s.leave(f.Ref)
		return err
	}
	s.follow(ctx, f.Ref, chat.EventID{Message: start.Message})
	return nil
}

// claim takes a ref for a new stream of this socket.
func (s *session) claim(ref string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.following[ref]; taken {
		return fault.Conflict("the ref %q is in use on this socket; choose another", ref).At("ref")
	}
	if len(s.following) >= maxFollowing {
		return fault.Busy("one socket follows at most %d answers at once", maxFollowing).After(time.Second)
	}
	s.following[ref] = ""
	return nil
}

func (s *session) leave(ref string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.following, ref)
}

func (s *session) follow(ctx context.Context, ref string, after chat.EventID) {
	s.mu.Lock()
	s.following[ref] = after.Message
	s.mu.Unlock()
	s.work.Go(func() {
		defer s.leave(ref)
		err := s.api.turns.Follow(ctx, s.id.Scope, after, func(e chat.Event) error {
			return s.send(ctx, SocketReply{Ref: ref, ID: e.ID.String(), Event: e})
		})
		if err != nil && ctx.Err() == nil {
			_ = s.fail(ctx, ref, err) // the reader may be gone, which read will notice
		}
	})
}

func (s *session) fail(ctx context.Context, ref string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	f := fault.From(err)
	if f.Code == fault.CodeInternal {
		s.api.log.Error("socket request failed", zap.Error(err))
	}
	return s.send(ctx, SocketReply{Ref: ref, Event: edge.Event(err, "")})
}

// send is safe for several streams at once: the library serialises writers.
func (s *session) send(ctx context.Context, r SocketReply) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, socketWrite)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, data)
}
