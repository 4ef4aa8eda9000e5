package openaiapi

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
)

// maxInputs is the bound of the OpenAI API.
const maxInputs = 2048

// EmbeddingsRequest is the body of POST /v1/embeddings.
type EmbeddingsRequest struct {
	Model          string  `json:"model,omitempty" description:"An id of GET /v1/models; empty takes the default."`
	Input          Inputs  `json:"input" required:"true"`
	Dimensions     *int    `json:"dimensions,omitempty" description:"Only the model's own length."`
	EncodingFormat string  `json:"encoding_format,omitempty" enum:"float,base64"`
	User           *string `json:"user,omitempty" description:"Taken and not used: the caller is known."`
}

// Inputs is a text, an array of texts, an array of token ids or an array of such arrays.
type Inputs []serving.Input

// UnmarshalJSON reads the four forms.
func (in *Inputs) UnmarshalJSON(b []byte) error {
	bad := fault.Invalid("input must be a text, an array of texts, an array of token ids or an array of such arrays").At("input")
	var one string
	if json.Unmarshal(b, &one) == nil && !bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		*in = Inputs{{Text: one}}
		return nil
	}
	var tokens []int
	if json.Unmarshal(b, &tokens) == nil && len(tokens) > 0 {
		*in = Inputs{{Tokens: tokens}}
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(b, &items) != nil {
		return bad
	}
	for _, item := range items {
		var input serving.Input
		if json.Unmarshal(item, &input.Text) != nil && json.Unmarshal(item, &input.Tokens) != nil {
			return bad
		}
		if bytes.Equal(bytes.TrimSpace(item), []byte("null")) {
			return bad
		}
		*in = append(*in, input)
	}
	return nil
}

// JSONSchemaBytes describes the four forms.
func (Inputs) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}},
		{"type": "array", "items": {"type": "integer"}},
		{"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}]}`), nil
}

// EmbeddingList is the answer of POST /v1/embeddings.
type EmbeddingList struct {
	Object string      `json:"object"`
	Data   []Embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  ReadUsage   `json:"usage"`
}

// Embedding is one vector of unit length: an array of numbers, or base64 of little-endian float32.
type Embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding Vector `json:"embedding"`
}

// Vector is written as an array, or as base64 when it was asked for.
type Vector struct {
	Numbers []float32
	Base64  bool
}

// MarshalJSON writes the form that was asked for.
func (v Vector) MarshalJSON() ([]byte, error) {
	if v.Base64 {
		return json.Marshal(base64Floats(v.Numbers))
	}
	return json.Marshal(v.Numbers)
}

// JSONSchemaBytes describes both forms.
func (Vector) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "string", "contentEncoding": "base64"}]}`), nil
}

// ReadUsage counts the tokens of a request that writes none: they were all read.
type ReadUsage struct {
	PromptTokens int `json:"prompt_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

func newReadUsage(u chat.Usage) ReadUsage {
	return ReadUsage{PromptTokens: u.InputTokens, TotalTokens: u.InputTokens}
}

func (a *api) embed(c echo.Context) error {
	req, err := edge.Decode[EmbeddingsRequest](c)
	if err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	m, err := a.choose.Resolve(c.Request().Context(), edge.Identity(c), serving.KindEmbed, req.Model)
	if err != nil {
		return err
	}
	out, err := a.turns.Embed(c.Request().Context(), orchestrator.Ask{
		Scope: edge.Identity(c).Scope, Trace: edge.RequestID(c), Surface: "openai", Model: m,
	}, req.Input)
	if err != nil {
		return err
	}
	list := EmbeddingList{Object: "list", Model: m.ID, Data: make([]Embedding, 0, len(out.Vectors)),
		Usage: newReadUsage(out.Usage)}
	for i, v := range out.Vectors {
		if req.Dimensions != nil && *req.Dimensions != len(v) {
			return fault.Invalid("the model %q has %d dimensions and cannot be shortened; leave dimensions out", m.ID, len(v)).At("dimensions")
		}
		list.Data = append(list.Data, Embedding{Object: "embedding", Index: i, Embedding: Vector{v, req.EncodingFormat == "base64"}})
	}
	return c.JSON(200, list)
}

func (r EmbeddingsRequest) check() error {
	switch {
	case len(r.Input) == 0:
		return fault.Invalid("input must hold at least one text").At("input")
	case len(r.Input) > maxInputs:
		return fault.Invalid("input takes at most %d texts, not %d", maxInputs, len(r.Input)).At("input")
	case r.EncodingFormat != "" && r.EncodingFormat != "float" && r.EncodingFormat != "base64":
		return fault.Invalid("encoding_format must be float or base64").At("encoding_format")
	}
	for i, in := range r.Input {
		if in.Text == "" && len(in.Tokens) == 0 {
			return fault.Invalid("input[%d] is empty", i).At("input[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}

func base64Floats(v []float32) string {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(b)
}
