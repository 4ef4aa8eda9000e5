package chat

// Speaker is who says a message. The values are those of the model's chat template.
type Speaker string

// The speakers.
const (
	System    Speaker = "system"
	User      Speaker = "user"
	Assistant Speaker = "assistant"
	Tool      Speaker = "tool"
)

// Enum lists the speakers for the API's description.
func (Speaker) Enum() []any { return []any{System, User, Assistant, Tool} }

// Message is one message as a model reads it. How it is stored is conversation's matter.
type Message struct {
	Role       Speaker
	Name       string
	Text       string
	Images     []Image    // that stand in the text of a user's message
	ToolCalls  []ToolCall // asked for by an assistant message
	ToolCallID string     // the call that a tool message answers
}

// ToolCall is a model's wish to run a tool. Arguments is JSON text, as the model wrote it.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Params are the settings of one generation. A nil pointer means the model's default.
type Params struct {
	// MaxTokens bounds the answer; 0 means as far as the model's context reaches.
	MaxTokens        int
	Temperature      *float64 // 0..2; 0 is greedy
	TopP             *float64 // 0..1
	MinP             *float64 // 0..1
	TopK             *int     // 0 means no limit
	RepeatPenalty    *float64 // 1 means none
	FrequencyPenalty float64  // -2..2
	PresencePenalty  float64  // -2..2
	Seed             *int64
	Stop             []string        // at most 4; none appears in the answer
	LogitBias        map[int]float64 // token id -> -100..100
	Logprobs         bool
	TopLogprobs      int // 0..20, with Logprobs
}

// Finish is why a generation ended.
type Finish string

// The reasons, in the words of the OpenAI API.
const (
	FinishStop      Finish = "stop"
	FinishLength    Finish = "length"
	FinishToolCalls Finish = "tool_calls"
	FinishFilter    Finish = "content_filter"
)

// Usage counts the tokens of one generation.
type Usage struct {
	InputTokens  int `json:"input_tokens"`
	CachedTokens int `json:"cached_tokens"` // of the input, those whose computation was reused
	OutputTokens int `json:"output_tokens"`
}

// TokenLogprob is one token of an answer with its natural-log probability and its rivals.
type TokenLogprob struct {
	Token   string
	Bytes   []byte
	Logprob float64
	Top     []TokenLogprob // best first; their own Top is nil
}
