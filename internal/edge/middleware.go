package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// HeaderTimeout shortens a request's deadline: seconds, at most what the server allows.
const HeaderTimeout = "X-Request-Timeout"

const (
	keyRequestID = "request_id"
	keyTimeLimit = "time_limit"
)

// A client's own request id is taken when it can do no harm in a log.
var goodID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// RequestID is the id under which the log knows this request.
func RequestID(c echo.Context) string {
	id, _ := c.Get(keyRequestID).(string)
	return id
}

func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !goodID.MatchString(id) {
			id = chat.NewID("req")
		}
		c.Set(keyRequestID, id)
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// observe counts and logs each request once, when its answer is complete. Errors are turned into
// answers here, so that the status is known.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(began)
		status := c.Response().Status
		s.metrics.request(c.Request().Method, c.Path(), status, took)
		level := zap.DebugLevel
		if c.Path() != pagePath && c.Path() != "/healthz" && c.Path() != "/readyz" && c.Path() != "/metrics" {
			level = zap.InfoLevel
		}
		s.log.Log(level, "request", zap.String("request_id", RequestID(c)),
			zap.String("method", c.Request().Method), zap.String("route", c.Path()),
			zap.Int("status", status), zap.Duration("took", took), zap.String("tenant", identity(c).Tenant),
			zap.String("user", identity(c).User), zap.String("ip", c.RealIP()))
		return nil
	}
}

func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch r := recover(); r {
			case nil:
			case http.ErrAbortHandler: // net/http's own sign, compared as it does
				panic(r)
			default:
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// contentPolicy lets the page load nothing but what this server gives it, and run no script and no style
// that stands in the HTML. What scripts set through the DOM is not touched by it.
const contentPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'"

func headers(secure bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", contentPolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}

// bound limits the body. Reading past the limit is an error of the reader, not of the connection.
func (s *Server) bound(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, most := c.Request(), s.cfg.MaxBody
		if own := s.bounds[r.Method+" "+c.Path()]; own > 0 {
			most = own
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		return next(c)
	}
}

var errTime = fault.Invalid("a time limit must be a number of seconds, such as 30 or 2.5").At(HeaderTimeout)

// Shorten takes so many seconds from a limit as the client asks for; it cannot ask for more time.
func Shorten(limit time.Duration, secs float64) (time.Duration, error) {
	if !(secs > 0) {
		return 0, errTime
	}
	if secs < limit.Seconds() {
		return max(time.Duration(secs*float64(time.Second)), 1), nil
	}
	return limit, nil
}

// TimeLimit is how long this request may take.
func TimeLimit(c echo.Context) time.Duration {
	limit, _ := c.Get(keyTimeLimit).(time.Duration)
	return limit
}

// deadline ends the request's context at the server's limit, or earlier where the client says so.
func (s *Server) deadline(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := s.cfg.MaxTime
		if text := c.Request().Header.Get(HeaderTimeout); text != "" {
			secs, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return errTime
			}
			if limit, err = Shorten(limit, secs); err != nil {
				return err
			}
		}
		c.Set(keyTimeLimit, limit)
		ctx, cancel := context.WithTimeout(c.Request().Context(), limit)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		err := next(c)
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && errors.Is(err, context.Canceled) {
			return ctx.Err()
		}
		return err
	}
}
