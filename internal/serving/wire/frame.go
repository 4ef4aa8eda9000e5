package wire

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
)

// Version is that of the protocol. Both sides must speak the same.
const Version = 1

// Frame is one thing that is said. Exactly one of the payload fields is set. ID is the request that it belongs
// to, and 0 for what belongs to the connection.
type Frame struct {
	ID uint64 `json:"id,omitempty"`

	Hello *Hello `json:"hello,omitempty"` // both ways, first

	// The server asks.
	Load     *Load     `json:"load,omitempty"`
	Check    *Generate `json:"check,omitempty"`
	Generate *Generate `json:"generate,omitempty"`
	Embed    *Embed    `json:"embed,omitempty"`
	Rank     *Rank     `json:"rank,omitempty"`
	Unload   *Unload   `json:"unload,omitempty"`
	Cancel   *Cancel   `json:"cancel,omitempty"`
	Forget   *Forget   `json:"forget,omitempty"`

	// The worker answers.
	Piece      *serving.Piece  `json:"piece,omitempty"`
	Outcome    *Outcome        `json:"outcome,omitempty"`
	Loaded     *Loaded         `json:"loaded,omitempty"`
	Embeddings *Embeddings     `json:"embeddings,omitempty"`
	Scores     *serving.Scores `json:"scores,omitempty"`
	Done       *Done           `json:"done,omitempty"`
	Error      *Error          `json:"error,omitempty"`
	Work       *Work           `json:"work,omitempty"`
}

// Hello opens a connection. An Error in its place refuses it.
type Hello struct {
	Protocol int    `json:"protocol"`
	Build    string `json:"build"` // the release, for people
}

// Load asks for a model. Its id is from then on the engine's, by which the other requests name it.
type Load struct {
	Model serving.Model `json:"model"`
}

// Generate asks for an answer, or in a check, whether there would be one.
type Generate struct {
	Engine     uint64             `json:"engine"`
	Generation serving.Generation `json:"generation"`
}

// Embed asks for vectors.
type Embed struct {
	Engine uint64          `json:"engine"`
	Inputs []serving.Input `json:"inputs"`
}

// Rank asks for scores of an engine that ranks.
type Rank struct {
	Engine  uint64          `json:"engine"`
	Ranking serving.Ranking `json:"ranking"`
}

// Unload ends what the engine runs and frees it; done says that it has.
type Unload struct {
	Engine uint64 `json:"engine"`
}

// Cancel ends a request. The frame that ends it still comes, with what was spent.
type Cancel struct{}

// Forget drops what was computed for a tenant and is kept for reuse. Nothing answers.
type Forget struct {
	Tenant string `json:"tenant"`
}

// Outcome ends a generation. Error is set where it failed or was cancelled.
type Outcome struct {
	Finish  chat.Finish  `json:"finish,omitempty"`
	Usage   chat.Usage   `json:"usage"`
	Timings chat.Timings `json:"timings,omitempty"`
	Error   *Error       `json:"error,omitempty"`
}

// Loaded says that a model can answer. Metered means that frames of Work will tell what it does, Ranks that it
// can be asked for scores.
type Loaded struct {
	Info    serving.Info `json:"info"`
	Metered bool         `json:"metered,omitempty"`
	Ranks   bool         `json:"ranks,omitempty"`
}

// Embeddings ends an Embed.
type Embeddings struct {
	Vectors []Vector     `json:"vectors"`
	Each    []Signed     `json:"each,omitempty"`
	Usage   chat.Usage   `json:"usage"`
	Timings chat.Timings `json:"timings,omitempty"`
}

// Done ends a request that has nothing to tell.
type Done struct{}

// Work tells what an engine has done since it was loaded. It comes by itself, when something has changed and
// not more often than once a second.
type Work struct {
	Engine uint64       `json:"engine"`
	Work   serving.Work `json:"work"`
}

// Vector is written as base64 of its numbers, little-endian: exact, and a third of what digits take.
type Vector []float32

// MarshalText implements encoding.TextMarshaler.
func (v Vector) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Vector) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("read vector: %w", err)
	}
	if len(raw)%4 != 0 {
		return fmt.Errorf("read vector: %d bytes are no whole numbers", len(raw))
	}
	*v = make(Vector, len(raw)/4)
	for i := range *v {
		(*v)[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return nil
}

// Signed is written as base64 of its bytes.
type Signed []int8

// MarshalText implements encoding.TextMarshaler.
func (s Signed) MarshalText() ([]byte, error) {
	raw := make([]byte, len(s))
	for i, x := range s {
		raw[i] = byte(x)
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Signed) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("read signed bytes: %w", err)
	}
	*s = make(Signed, len(raw))
	for i, x := range raw {
		(*s)[i] = int8(x) //nolint:gosec // the same eight bits
	}
	return nil
}
