package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Document is a conversation that was read. Its titles and texts are valid UTF-8 without U+0000.
type Document struct {
	Title     string // at most Limits.TitleRunes
	Pinned    bool
	Archived  bool
	CreatedAt time.Time
	UpdatedAt time.Time
	Leaf      int       // index of the message that the chosen branch ends with
	Messages  []Message // a parent comes before its children, and is not younger; never empty
}

// Message is one message of a Document.
type Message struct {
	Parent    int // index, -1 at the root
	Role      chat.Speaker
	Text      string
	Model     string
	Status    string // of an answer: "complete", "partial" or "failed"
	Finish    chat.Finish
	Tokens    int
	Latency   int64
	CreatedAt time.Time
	EditedAt  time.Time // zero when it was never changed
}

// Limits bounds what is read.
type Limits struct {
	Messages   int // of one conversation
	TextBytes  int // of one message
	TitleRunes int
	Now        time.Time // no time is later, and what has none gets this one
}

// Read reads one conversation, of Parley's own export or of ChatGPT's. When it gives an error, a fault that
// says what is wrong, the document has the title at least, if there is one.
func Read(raw json.RawMessage, l Limits) (Document, error) {
	var head struct {
		Title    word            `json:"title"`
		Messages json.RawMessage `json:"messages"`
		Mapping  json.RawMessage `json:"mapping"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return Document{}, fault.Invalid("it is not a JSON object")
	}
	d := Document{Title: l.title(string(head.Title))}
	var s *source
	var err error
	switch {
	case begins(head.Mapping, '{'):
		s, err = readChatGPT(raw, &d)
	case begins(head.Messages, '['):
		s, err = readParley(raw, &d)
	default:
		return d, fault.Invalid("it is neither a conversation of Parley (with messages) nor one of ChatGPT (with a mapping)")
	}
	if err != nil {
		return d, unreadable(err)
	}
	return d, s.into(&d, l, len(raw))
}

func begins(raw json.RawMessage, c byte) bool { return bytes.HasPrefix(raw, []byte{c}) }

func unreadable(err error) error {
	var f *fault.Error
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &kind) && kind.Field != "":
		return fault.Invalid("its field %s has a form that is not known", kind.Field)
	}
	return fault.Invalid("it has a form that is not known")
}

// title brings a title into the form in which titles are kept.
func (l Limits) title(s string) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if utf8.RuneCountInString(s) > l.TitleRunes {
		s = string([]rune(s)[:l.TitleRunes])
	}
	return s
}

// time is t, or in its place the fallback when t is missing, lies before the epoch or in the future.
func (l Limits) time(t, fallback time.Time) time.Time {
	if t.UnixMilli() <= 0 || t.After(l.Now) {
		return fallback
	}
	return t
}

// clean takes out the one character that no model and no database reads.
func clean(s string) string { return strings.ReplaceAll(s, "\x00", "") }
