package chat

import (
	"fmt"
	"strconv"
	"strings"
)

// Event is one thing that a running turn tells its reader. Exactly one of the payload fields is set.
// The JSON form is the wire form of the native API, over SSE and WebSocket alike.
type Event struct {
	ID    EventID `json:"-"`
	Start *Start  `json:"start,omitempty"`
	Queue *Queue  `json:"queue,omitempty"`
	// Sources is what the answer that follows may name. It comes before the first Delta.
	Sources []Source `json:"sources,omitempty"`
	Delta   string   `json:"delta,omitempty"`
	// Grounding comes after the last Delta of an answer that a model wrote from sources.
	Grounding *Grounding  `json:"grounding,omitempty"`
	Done      *Done       `json:"done,omitempty"`
	Error     *EventError `json:"error,omitempty"`
}

// EventID is a place in the stream of one answer: after the event numbered Seq, with the first Offset
// bytes of the answer's text told. Seq finds the place while the turn is in memory, Offset afterwards,
// from the stored text.
type EventID struct {
	Message string
	Seq     int
	Offset  int
}

// String is the form of an SSE id line.
func (id EventID) String() string { return fmt.Sprintf("%s.%d.%d", id.Message, id.Seq, id.Offset) }

// ParseEventID reads what String wrote. A bare message id is the place before the first event.
func ParseEventID(s string) (EventID, error) {
	part := strings.Split(s, ".")
	id := EventID{Message: part[0]}
	if len(part) == 3 {
		seq, err1 := strconv.Atoi(part[1])
		offset, err2 := strconv.Atoi(part[2])
		if err1 == nil && err2 == nil && seq >= 0 && offset >= 0 {
			id.Seq, id.Offset = seq, offset
		} else {
			part = nil
		}
	}
	if (len(part) != 1 && len(part) != 3) || !ValidID("msg", id.Message) {
		return EventID{}, fmt.Errorf("%q is not an event id", s)
	}
	return id, nil
}

// Start opens a stream and names what the turn has saved.
type Start struct {
	Conversation string `json:"conversation_id,omitempty"`
	Question     string `json:"user_message_id,omitempty"`
	Message      string `json:"message_id"`
	Model        string `json:"model"`
	Trace        string `json:"trace_id"`
}

// Queue says how many wait before this turn; 0 means that it is its turn.
type Queue struct {
	Position int `json:"position"`
}

// Done closes a stream that ended by itself or was stopped.
type Done struct {
	Finish  Finish  `json:"finish_reason"`
	Partial bool    `json:"partial,omitempty"` // stopped or cut off: the text is what had been told
	Usage   Usage   `json:"usage"`
	Timing  Timings `json:"latency_ms"`
}

// EventError closes a stream that failed. Code is the finest word for it, a fault's kind or code.
type EventError struct {
	Code    string `json:"code"`
	Class   string `json:"-"` // the fault's code
	Message string `json:"message"`
	Ref     string `json:"request_id,omitempty"`
	// RetryAfter is in how many seconds to ask again, where that helps; 0 tells nothing.
	RetryAfter int `json:"retry_after,omitempty"`
}

// Timings holds milliseconds by step of a turn ("queue", "prefill", "decode", "first_token", "total").
type Timings map[string]int64
