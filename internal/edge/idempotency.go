package edge

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/idempotency"
)

// HeaderIdempotency names a request, so that it can be repeated without being done twice.
const HeaderIdempotency = "Idempotency-Key"

const (
	keyBegan    = "idempotency_began"
	keyReplayed = "idempotency_replayed"
)

// Once remembers the answers to idempotency keys; idempotency.Keys does.
type Once interface {
	Begin(ctx context.Context, sc chat.Scope, key, bodyHash string) (idempotency.State, error)
	Complete(ctx context.Context, sc chat.Scope, key string, res idempotency.Response) error
	Point(ctx context.Context, sc chat.Scope, key, message string) error
	Release(ctx context.Context, sc chat.Scope, key string) error
}

// Began says that the request has begun the answer with this message id. From then on a repetition of
// the request follows that answer, whatever becomes of this one.
func Began(c echo.Context, message string) error {
	point, ok := c.Get(keyBegan).(func(string) error)
	if !ok {
		return nil
	}
	return point(message)
}

// Replayed returns the message id of the answer that the first request with this key began, or "".
func Replayed(c echo.Context) string {
	message, _ := c.Get(keyReplayed).(string)
	return message
}

// unrepeatable refuses a key that would not be heeded: the client would trust in it. Other methods than
// POST may be repeated anyway.
func unrepeatable(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Header.Get(HeaderIdempotency) != "" {
			return fault.Invalid("this address does not heed an %s: leave the header out", HeaderIdempotency).At(HeaderIdempotency)
		}
		return next(c)
	}
}

// idempotent answers a repeated request with the first one's answer. Only answers that are complete and
// no error are kept: what failed may be tried again.
func (s *Server) idempotent(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		key := c.Request().Header.Get(HeaderIdempotency)
		if key == "" {
			return next(c)
		}
		ctx, sc := c.Request().Context(), identity(c).Scope
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return fault.TooLarge("the body is larger than the server accepts, or ended early").Because(err)
		}
		c.Request().Body = io.NopCloser(bytes.NewReader(body))
		state, err := s.once.Begin(ctx, sc, key, idempotency.BodyHash(c.Request().Method, c.Request().URL.Path, body))
		if err != nil {
			return err
		}
		switch {
		case state.Response != nil:
			c.Response().Header().Set("Idempotency-Replayed", "true")
			return c.Blob(state.Response.Status, state.Response.ContentType, state.Response.Body)
		case state.Message != "":
			c.Response().Header().Set("Idempotency-Replayed", "true")
			c.Set(keyReplayed, state.Message)
			return next(c)
		}
		return s.first(c, sc, key, next)
	}
}

// first does a request and keeps its answer.
func (s *Server) first(c echo.Context, sc chat.Scope, key string, next echo.HandlerFunc) error {
	ctx := context.WithoutCancel(c.Request().Context())
	defer func() {
		if err := s.once.Release(ctx, sc, key); err != nil {
			s.log.Warn("idempotency key not released", zap.Error(err))
		}
	}()
	pointed := false
	c.Set(keyBegan, func(message string) error {
		pointed = true
		return s.once.Point(ctx, sc, key, message)
	})
	rec := &recorder{ResponseWriter: c.Response().Writer}
	c.Response().Writer = rec
	if err := next(c); err != nil || pointed {
		return err
	}
	if rec.over || c.Response().Status >= http.StatusBadRequest {
		return nil
	}
	err := s.once.Complete(ctx, sc, key, idempotency.Response{
		Status: c.Response().Status, ContentType: c.Response().Header().Get("Content-Type"), Body: rec.body.Bytes(),
	})
	if err != nil {
		s.log.Warn("answer not kept for its idempotency key", zap.String("request_id", RequestID(c)), zap.Error(err))
	}
	return nil
}

// recorder keeps a copy of what is written.
type recorder struct {
	http.ResponseWriter
	body bytes.Buffer
	over bool // too long to keep
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.body.Len()+len(b) > idempotency.MaxBodyBytes {
		r.over = true
		r.body.Reset()
	}
	if !r.over {
		r.body.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
