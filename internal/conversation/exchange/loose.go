package exchange

import (
	"bytes"
	"encoding/json"
	"math"
	"time"
	"unicode"

	"github.com/parley-chat/parley/internal/chat"
)

// word is a string, or "" in the place of anything else: an export with a surprise in one field is still
// worth reading.
type word string

// UnmarshalJSON never fails.
func (w *word) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = ""
	}
	*w = word(s)
	return nil
}

// flag is true for the JSON true alone.
type flag bool

// UnmarshalJSON never fails.
func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag(bytes.Equal(b, []byte("true")))
	return nil
}

// count is a whole number from 0 to a billion, or 0.
type count int

// UnmarshalJSON never fails.
func (c *count) UnmarshalJSON(b []byte) error {
	var n float64
	if json.Unmarshal(b, &n) == nil && n >= 0 && n <= 1e9 {
		*c = count(n)
	}
	return nil
}

// moment is a time in RFC 3339 or in seconds since the epoch, or the zero time.
type moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(b []byte) error {
	var seconds float64
	switch {
	case begins(b, '"'):
		if m.Time.UnmarshalJSON(b) != nil {
			m.Time = time.Time{}
		}
	case json.Unmarshal(b, &seconds) == nil && seconds > 0 && seconds < 1e11:
		whole, rest := math.Modf(seconds)
		m.Time = time.Unix(int64(whole), int64(rest*1e9)).UTC()
	}
	return nil
}

// model is the name of a model, or "" when it can be none.
func (w word) model() string {
	if len(w) > 100 {
		return ""
	}
	for _, r := range w {
		if !unicode.IsPrint(r) {
			return ""
		}
	}
	return string(w)
}

func (w word) finish() chat.Finish {
	switch f := chat.Finish(w); f {
	case chat.FinishStop, chat.FinishLength, chat.FinishToolCalls, chat.FinishFilter:
		return f
	}
	return ""
}
