package edge

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// ErrorBody is the body of every error, in the shape of the OpenAI API.
type ErrorBody struct {
	Error ErrorDetail `json:"error"`
}

// ErrorDetail tells a program (Type, Code, Param) and a person (Message) what is wrong.
type ErrorDetail struct {
	Message   string  `json:"message"`
	Type      string  `json:"type"`
	Param     *string `json:"param"`
	Code      string  `json:"code"`
	RequestID string  `json:"request_id,omitempty"`
	// Tenants lists the choices of a sign-in that fits several tenants (code "choose_tenant").
	Tenants []TenantChoice `json:"tenants,omitempty"`
}

// TenantChoice is one of the tenants that a sign-in fits.
type TenantChoice struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// table is the only place where a fault becomes a status. The types are OpenAI's words.
var table = map[fault.Code]struct {
	status int
	kind   string
}{
	fault.CodeInvalid:         {http.StatusBadRequest, "invalid_request_error"},
	fault.CodeUnauthenticated: {http.StatusUnauthorized, "authentication_error"},
	fault.CodeForbidden:       {http.StatusForbidden, "permission_error"},
	fault.CodeNotFound:        {http.StatusNotFound, "not_found_error"},
	fault.CodeMethod:          {http.StatusMethodNotAllowed, "invalid_request_error"},
	fault.CodeConflict:        {http.StatusConflict, "conflict_error"},
	fault.CodeTooLarge:        {http.StatusRequestEntityTooLarge, "invalid_request_error"},
	fault.CodeMediaType:       {http.StatusUnsupportedMediaType, "invalid_request_error"},
	fault.CodeThrottled:       {http.StatusTooManyRequests, "rate_limit_error"},
	fault.CodeCancelled:       {499, "cancelled_error"}, // nginx's "client closed request"
	fault.CodeInternal:        {http.StatusInternalServerError, "server_error"},
	fault.CodeNotYet:          {http.StatusBadRequest, "invalid_request_error"},
	fault.CodeBusy:            {http.StatusServiceUnavailable, "overloaded_error"},
	fault.CodeUnavailable:     {http.StatusServiceUnavailable, "service_unavailable_error"},
	fault.CodeDeadline:        {http.StatusGatewayTimeout, "timeout_error"},
}

// Detail gives an error its wire form.
func Detail(err error, requestID string) (status int, d ErrorDetail) {
	f := fault.From(err)
	row := table[f.Code]
	d = ErrorDetail{Message: f.Message, Type: row.kind, Code: string(f.Code), RequestID: requestID}
	if f.Kind != "" {
		d.Code = f.Kind
	}
	if f.Param != "" {
		d.Param = &f.Param
	}
	if f.Code == fault.CodeInternal {
		d.Message += "; the operator finds it in the log by the request id"
	}
	var choice interface{ Choices() []TenantChoice }
	if errors.As(err, &choice) {
		d.Tenants = choice.Choices()
	}
	return row.status, d
}

// fail is echo's error handler. It is the only place that logs the error of a request.
func (s *Server) fail(err error, c echo.Context) {
	err = fromEcho(err)
	f := fault.From(err)
	if f.Code == fault.CodeInternal {
		s.log.Error("request failed", zap.String("request_id", RequestID(c)),
			zap.String("route", c.Path()), zap.Error(err))
	}
	if c.Response().Committed {
		return // a stream has told its reader itself
	}
	status, d := Detail(err, RequestID(c))
	if secs := f.RetrySeconds(); secs > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(secs))
	}
	if f.Code == fault.CodeUnauthenticated {
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="parley"`)
	}
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(status)
		return
	}
	_ = c.JSON(status, ErrorBody{Error: d}) // the client may be gone, and nobody else is to tell
}

// fromEcho gives the errors of the router and its middleware their fault.
func fromEcho(err error) error {
	var he *echo.HTTPError
	if !errors.As(err, &he) || errors.As(err, new(*fault.Error)) {
		return err
	}
	switch he.Code {
	case http.StatusNotFound:
		return fault.NotFound("there is no such address; GET /docs lists the ones there are").OfKind("unknown_url")
	case http.StatusMethodNotAllowed:
		return fault.Method("this address does not take that method; the header Allow tells which it takes")
	case http.StatusRequestEntityTooLarge:
		return fault.TooLarge("the body is larger than the server accepts")
	case http.StatusInternalServerError:
		return err
	default:
		return fault.Invalid("the request cannot be read: %v", he.Message)
	}
}

// FromEvent gives the error that closed a stream its fault again, for who did not stream.
func FromEvent(e chat.EventError) error {
	f := &fault.Error{Code: fault.Code(e.Class), Message: e.Message}
	if e.Code != e.Class {
		f.Kind = e.Code
	}
	return f.After(time.Duration(e.RetryAfter) * time.Second)
}

// Event gives an error the form in which it closes a stream of the native API.
func Event(err error, requestID string) chat.Event {
	_, d := Detail(err, requestID)
	return chat.Event{Error: &chat.EventError{
		Code: d.Code, Message: d.Message, Ref: requestID, RetryAfter: fault.From(err).RetrySeconds(),
	}}
}
