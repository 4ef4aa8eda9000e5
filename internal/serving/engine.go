package serving

import (
	"context"
	"slices"

	"github.com/parley-chat/parley/internal/chat"
)

// Engine is one loaded model. Implementations are safe for many goroutines, and pass servingtest.Run.
//
// Errors: a request that the model cannot take is a fault.Invalid that names the field (a prompt longer
// than the context has the kind "context_length_exceeded" and tells both figures); an engine that is
// closed or has failed is fault.Unavailable. When ctx ends, the generation stops within one step of the
// engine and the error is ctx's.
type Engine interface {
	// Generate answers one prompt. It calls emit from the caller's goroutine, in order, with pieces of
	// whole UTF-8 characters that join to the answer; no piece holds any part of a stop string. An
	// error of emit ends the generation and is returned as it is. With an error, Outcome still counts
	// the tokens spent.
	Generate(ctx context.Context, g Generation, emit func(Piece) error) (Outcome, error)
	// Check refuses what Generate would refuse for its messages, above all a prompt that is too long. It
	// takes no slot and waits for nobody.
	Check(g Generation) error
	// Embed returns one vector of unit length for each input, in order. It is fault.Invalid for a model that
	// does not embed.
	Embed(ctx context.Context, inputs []Input) (Embeddings, error)
	// Info tells what the engine found in the model.
	Info() Info
	// Close ends what runs, waits for it and frees the model's memory. It may be called twice.
	Close() error
}

// Loader opens models. Load returns when the model can answer; a file that is no usable model is a
// fault.Unavailable that says what is wrong with it.
type Loader interface {
	Load(ctx context.Context, m Model) (Engine, error)
}

// Meter is an Engine that counts what it does; remote ones may not know.
type Meter interface {
	Work() Work
}

// Ranker is an Engine that judges texts by a question: every model of KindRerank is one.
type Ranker interface {
	// Rank returns a score between 0 and 1 for each document, in order.
	Rank(ctx context.Context, r Ranking) (Scores, error)
}

// Ranking asks how well documents answer a query.
type Ranking struct {
	Query     string
	Documents []string
	// MaxTokens cuts each document after so many tokens; 0 cuts none, and one that does not fit is fault.Invalid.
	MaxTokens int
}

// Scores is the answer to a Ranking.
type Scores struct {
	Scores  []float32
	Usage   chat.Usage
	Timings chat.Timings // as of Embeddings
}

// Mortal is an Engine that can end by itself, with the process or the machine that runs it. Its requests then
// end with a fault.Unavailable of kind EngineCrashed, and the model has to be loaded again.
type Mortal interface {
	Dead() bool
}

// EngineCrashed is the kind of fault of a request whose engine ended by itself.
const EngineCrashed = "engine_crashed"

// Work counts since the model was loaded.
type Work struct {
	Steps        int64 // batches computed
	Tokens       int64 // in them
	Guessed      int64 // of those, tokens that were guessed, and how many of them were right
	GuessedRight int64
	Cells        int // room of the key-value cache, in tokens
	Held         int // tokens in it now, those kept for reuse included
}

// Generation asks for one answer.
type Generation struct {
	Messages []chat.Message
	// Continue says that the last message is an answer that is not finished: what is generated goes on with
	// its text. The outcome's usage counts that text as input.
	Continue bool
	Params   chat.Params
	// Adapter, when not nil, is added to the model. The Service sets it.
	Adapter *Adapter
	// Class says who goes first where requests wait for the engine; engines do not heed it.
	Class Class
	// Tenant owns what is computed: it is reused for the same tenant's other requests with the same adapter only.
	Tenant string
	// Volatile says that nothing of it may be written to a disk.
	Volatile bool
	// Format, when not nil, is what the answer must be. An answer that ends by itself is JSON that fits; one
	// with finish "length" is the beginning of such. A schema that the engine cannot promise is a fault.Invalid
	// of kind "schema_not_supported", "schema_too_complex" or "schema_unsatisfiable".
	Format *chat.Format
	// Tools are what the answer may or must call. Calls come as pieces with Call, and an answer that ends by
	// itself after one has the finish "tool_calls". The arguments of a call that is forced fit the tool's
	// schema; of others, they are what the model wrote.
	Tools chat.ToolUse
}

// Piece is a part of an answer: text, or of a tool call. Logprobs has an entry a token when the request asked for them; a piece
// may hold none or several tokens, since text waits until its characters are whole and cannot be the
// beginning of a stop string or of a call. The tokens of calls have none.
type Piece struct {
	Text     string
	Logprobs []chat.TokenLogprob
	Call     *chat.CallDelta // when not nil, Text is empty
}

// Outcome is how a generation ended.
type Outcome struct {
	Finish  chat.Finish
	Usage   chat.Usage
	Timings chat.Timings // milliseconds: "prefill" (admission to first token), "decode" (first token to end)
}

// Input is one text to embed, given as text or as the model's own token ids.
type Input struct {
	Text   string
	Tokens []int // used when not nil
	// Each asks for the vectors of its tokens too. It holds for all inputs of a request.
	Each bool `json:",omitempty"`
}

// Texts makes inputs of texts, with the vectors of their tokens or without.
func Texts(texts []string, each bool) []Input {
	inputs := make([]Input, len(texts))
	for i, t := range texts {
		inputs[i] = Input{Text: t, Each: each}
	}
	return inputs
}

// Embeddings holds vectors of Info.Dim numbers each.
type Embeddings struct {
	Vectors [][]float32
	// Each has the vectors of every input's tokens, one after the other, Info.Dim signed bytes each, whose lengths
	// compare within a text. The first and the last token are often marks of the model's. It is nil where it was not
	// asked for, or where the engine cannot.
	Each    [][]int8
	Usage   chat.Usage
	Timings chat.Timings // milliseconds; engines may leave it nil
}

// Kind is what a model is for.
type Kind string

// The kinds.
const (
	KindChat   Kind = "chat"
	KindEmbed  Kind = "embed"
	KindRerank Kind = "rerank" // it reads a question and a text together and says how well the text answers
)

// Model is an installed model file, or another one with an adapter.
type Model struct {
	ID   string // name by which the API knows it
	Kind Kind
	Path string // the GGUF file
	// Projector is the GGUF file by which a chat model sees images, "" when it reads text only.
	Projector string
	Context   int   // tokens that a conversation may use; 0 means what the model was trained for
	Created   int64 // unix seconds of installation
	// Base is the model that this one is an adapter of, nil for one that stands alone. An adapter's Path is that of
	// its own file, and it has the Kind, the Projector and the Context of its base.
	Base  *Model
	Scale float32 // of an adapter: how much of it is added; 1 is what it was trained for
	// Tenants are the only ones that the model exists for; nil means all.
	Tenants []string
	About
}

// ProjectorFile is the name of a model's projector in the folder of the model files.
func ProjectorFile(id string) string { return ProjectorPrefix + id + ".gguf" }

// ProjectorPrefix begins the names of projectors, which are no models.
const ProjectorPrefix = "mmproj-"

// Adapter changes what a loaded model computes for one request: LoRA, small matrices whose product is added to its
// weights.
type Adapter struct {
	ID    string // of the model that consists of this and its base
	Path  string // the GGUF file
	Scale float32
}

// Root is the model that an engine loads: the base of an adapter, and any other model itself.
func (m Model) Root() Model {
	if m.Base != nil {
		return *m.Base
	}
	return m
}

func (m Model) adapter() *Adapter {
	if m.Base == nil {
		return nil
	}
	return &Adapter{ID: m.ID, Path: m.Path, Scale: m.Scale}
}

// For tells whether the model exists for a tenant.
func (m Model) For(tenant string) bool { return m.Tenants == nil || slices.Contains(m.Tenants, tenant) }

// Needs foresees the bytes that the model takes when it is loaded. Where nothing is known but the file, a fifth
// more than its size is a guess for the cache and the buffers.
func (m Model) Needs() int64 {
	if m.Memory > 0 {
		return m.Memory
	}
	return m.Size + m.Size/5
}

// About is what there is to tell of a model. Figures that are not known are 0, words "".
type About struct {
	Name         string
	Description  string
	License      string
	Size         int64 // bytes of the file
	Parameters   int64
	Quantization string // the type that most of the weights have: "Q4_1"
	Memory       int64  // bytes that a conversation is expected to take, weights included
}

// Info is what an engine knows of its loaded model.
type Info struct {
	Model       Model
	Context     int    // tokens of one sequence
	Slots       int    // sequences at once
	Dim         int    // length of an embedding
	MemoryBytes uint64 // native memory of weights and context, as far as the library tells
	Description string // "llama 135M Q4_1"
}
