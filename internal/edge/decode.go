package edge

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/fault"
)

// Decode reads the JSON body into a T. Unknown fields are ignored, as clients of the OpenAI API expect.
// What cannot be read is fault.Invalid and names the field where it can.
func Decode[T any](c echo.Context) (T, error) {
	var v T
	if ct := c.Request().Header.Get("Content-Type"); ct != "" {
		if kind, _, err := mime.ParseMediaType(ct); err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return v, fault.MediaType("the Content-Type must be application/json, not %q", ct)
		}
	}
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return v, fault.TooLarge("the body is larger than %d bytes", maxBytes(err))
		}
		return v, fault.Invalid("the body ended early").Because(err)
	}
	return v, Unmarshal(body, &v)
}

// Unmarshal reads one JSON value, with the faults of Decode.
func Unmarshal(body []byte, v any) error {
	if !utf8.Valid(body) {
		return fault.Invalid("the body is not valid UTF-8")
	}
	err := json.Unmarshal(body, v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var f *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case len(strings.TrimSpace(string(body))) == 0:
		return fault.Invalid("the body is empty; send a JSON object")
	case errors.As(err, &syntax):
		return fault.Invalid("the body is not valid JSON at byte %d: %s", syntax.Offset, syntax.Error())
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			field = "the body"
		}
		return fault.Invalid("%s must be a JSON %s, not a %s", field, jsonKind(kind.Type.Kind().String()), kind.Value).At(kind.Field)
	default:
		return fault.Invalid("the body cannot be read: %s", err.Error())
	}
}

func jsonKind(k string) string {
	switch {
	case k == "struct" || k == "map":
		return "object"
	case k == "slice":
		return "array"
	case k == "bool":
		return "boolean"
	case k == "string":
		return "string"
	case strings.HasPrefix(k, "int") || strings.HasPrefix(k, "uint"):
		return "whole number"
	case strings.HasPrefix(k, "float"):
		return "number"
	}
	return k
}

func maxBytes(err error) int64 {
	var m *http.MaxBytesError
	if errors.As(err, &m) {
		return m.Limit
	}
	return 0
}

// QueryInt reads a whole number of the query; absent gives def, and outside lo..hi is a fault.
func QueryInt(c echo.Context, name string, def, lo, hi int) (int, error) {
	text := c.QueryParam(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi {
		return 0, fault.Invalid("%s must be a whole number from %d to %d", name, lo, hi).At(name)
	}
	return n, nil
}

// QueryTime reads a time of the query as RFC 3339 writes it; absent gives the zero time.
func QueryTime(c echo.Context, name string) (time.Time, error) {
	text := c.QueryParam(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fault.Invalid("%s must be a time like 2026-01-31T00:00:00Z", name).At(name)
	}
	return at, nil
}

// PathParam is a parameter of the path that may hold any character. Echo leaves it escaped when the path
// needs its raw form, as one with an escaped slash does.
func PathParam(c echo.Context, name string) string {
	value := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return value
	}
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value
}
