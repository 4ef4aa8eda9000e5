package wire

import (
	"context"
	"errors"
	"time"

	"github.com/parley-chat/parley/internal/fault"
)

// Error is a fault on its way.
type Error struct {
	Code    fault.Code `json:"code"`
	Kind    string     `json:"kind,omitempty"`
	Param   string     `json:"param,omitempty"`
	Message string     `json:"message"`
	RetryMS int64      `json:"retry_ms,omitempty"`
	Cause   string     `json:"cause,omitempty"` // for the log of the other side
}

// NewError is nil for nil. An error without a known meaning stays internal.
func NewError(err error) *Error {
	if err == nil {
		return nil
	}
	f := fault.From(err)
	e := &Error{Code: f.Code, Kind: f.Kind, Param: f.Param, Message: f.Message, RetryMS: f.RetryAfter.Milliseconds()}
	if cause := f.Unwrap(); cause != nil {
		e.Cause = cause.Error()
	}
	return e
}

// Err is the error again, nil for nil. One that was a context's is the same as that for errors.Is.
func (e *Error) Err() error {
	if e == nil {
		return nil
	}
	f := &fault.Error{Code: e.Code, Message: e.Message, Param: e.Param, Kind: e.Kind, RetryAfter: time.Duration(e.RetryMS) * time.Millisecond}
	switch {
	case e.Code == fault.CodeCancelled:
		return f.Because(context.Canceled)
	case e.Code == fault.CodeDeadline:
		return f.Because(context.DeadlineExceeded)
	case e.Cause != "":
		return f.Because(errors.New(e.Cause))
	}
	return f
}
