// Package fault is the vocabulary of things that go wrong. A fault carries a Code, by which the edge
// chooses the status, and a message that is safe to show to the user. Every other error is internal:
// the user sees a short reference and the log holds the rest.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure it is. The edge maps each to one HTTP status.
type Code string

// The codes, with the status that the edge gives each.
const (
	CodeInvalid         Code = "invalid_request"        // 400: the caller must change the request
	CodeUnauthenticated Code = "unauthenticated"        // 401: no credential, or a bad one
	CodeForbidden       Code = "forbidden"              // 403: known, but may not
	CodeNotFound        Code = "not_found"              // 404: absent, or not the caller's to see
	CodeMethod          Code = "method_not_allowed"     // 405: the address takes other methods
	CodeConflict        Code = "conflict"               // 409: the state does not allow it
	CodeTooLarge        Code = "too_large"              // 413: over a limit on size
	CodeMediaType       Code = "unsupported_media_type" // 415: the body is of a type that is not read
	CodeThrottled       Code = "throttled"              // 429: this caller asks too often
	CodeCancelled       Code = "cancelled"              // 499: the caller hung up or cancelled
	CodeInternal        Code = "internal"               // 500: ours to mend
	CodeNotYet          Code = "not_available_yet"      // 400: part of the interface, not of this release (clients retry a 501)
	CodeBusy            Code = "busy"                   // 503 + Retry-After: full now, try again
	CodeUnavailable     Code = "unavailable"            // 503: a part is missing until an operator acts
	CodeDeadline        Code = "deadline_exceeded"      // 504: the time allowed ran out
)

// Error is a failure whose meaning is known.
type Error struct {
	Code    Code
	Message string // safe to show; says what to do
	Param   string // the request field at fault, "" if none
	// Kind is a stable word for programs, finer than Code ("context_length_exceeded",
	// "model_not_found"). "" means that Code says enough.
	Kind       string
	RetryAfter time.Duration // for CodeBusy and CodeThrottled
	cause      error
}

func (e *Error) Error() string {
	if e.cause != nil {
		return e.Message + ": " + e.cause.Error()
	}
	return e.Message
}

// Unwrap returns the error that caused this one, or nil.
func (e *Error) Unwrap() error { return e.cause }

// At returns a copy that names the request field at fault.
func (e *Error) At(param string) *Error {
	c := *e
	c.Param = param
	return &c
}

// OfKind returns a copy with the finer kind.
func (e *Error) OfKind(kind string) *Error {
	c := *e
	c.Kind = kind
	return &c
}

// After returns a copy that tells the caller when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// RetrySeconds is RetryAfter in whole seconds, rounded up; 0 when there is no use in trying again.
func (e *Error) RetrySeconds() int { return int((e.RetryAfter + time.Second - 1) / time.Second) }

// Because returns a copy that keeps the cause for the log. The cause is never shown.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

func newf(code Code, format string, args []any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid says that the request must change.
func Invalid(format string, args ...any) *Error { return newf(CodeInvalid, format, args) }

// Unauthenticated says that there is no credential, or a bad one.
func Unauthenticated(format string, args ...any) *Error {
	return newf(CodeUnauthenticated, format, args)
}

// Forbidden says that the caller is known and may not.
func Forbidden(format string, args ...any) *Error { return newf(CodeForbidden, format, args) }

// NotFound says that there is no such thing, or that it is not the caller's to see.
func NotFound(format string, args ...any) *Error { return newf(CodeNotFound, format, args) }

// Method says that the address takes other methods.
func Method(format string, args ...any) *Error { return newf(CodeMethod, format, args) }

// MediaType says that a body of this type is not read.
func MediaType(format string, args ...any) *Error { return newf(CodeMediaType, format, args) }

// Conflict says that the present state does not allow it.
func Conflict(format string, args ...any) *Error { return newf(CodeConflict, format, args) }

// TooLarge says that a limit on size is passed.
func TooLarge(format string, args ...any) *Error { return newf(CodeTooLarge, format, args) }

// Throttled says that this caller asks too often; set when to return with After.
func Throttled(format string, args ...any) *Error { return newf(CodeThrottled, format, args) }

// NotYet says that a known part of the interface is not in this release.
func NotYet(format string, args ...any) *Error { return newf(CodeNotYet, format, args) }

// Busy says that capacity is full now; set when to return with After.
func Busy(format string, args ...any) *Error { return newf(CodeBusy, format, args) }

// Unavailable says that a part is missing until an operator acts; the message names the command.
func Unavailable(format string, args ...any) *Error { return newf(CodeUnavailable, format, args) }

// From gives any error its fault. A fault in the chain is returned as it is, context errors become
// CodeCancelled and CodeDeadline, and everything else CodeInternal with a message that tells nothing.
// From(nil) is nil.
func From(err error) *Error {
	var f *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.DeadlineExceeded):
		return newf(CodeDeadline, "the time allowed for this request ran out", nil).Because(err)
	case errors.Is(err, context.Canceled):
		return newf(CodeCancelled, "the request was cancelled", nil).Because(err)
	default:
		return newf(CodeInternal, "something went wrong on the server", nil).Because(err)
	}
}

// Is reports whether err is, or wraps, a fault of this code.
func Is(err error, code Code) bool { return err != nil && From(err).Code == code }
