package openaiapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// ChatRequest is the body of POST /v1/chat/completions. Fields that are not listed are ignored; those
// that would change the answer and are not available yet are refused.
type ChatRequest struct {
	Model               string             `json:"model,omitempty" description:"An id of GET /v1/models; empty takes the default."`
	Messages            []ChatMessage      `json:"messages" required:"true" minItems:"1"`
	Stream              bool               `json:"stream,omitempty"`
	StreamOptions       *StreamOptions     `json:"stream_options,omitempty"`
	N                   *int               `json:"n,omitempty" minimum:"1" maximum:"8"`
	MaxTokens           *int               `json:"max_tokens,omitempty" minimum:"1"`
	MaxCompletionTokens *int               `json:"max_completion_tokens,omitempty" minimum:"1"`
	Temperature         *float64           `json:"temperature,omitempty" minimum:"0" maximum:"2"`
	TopP                *float64           `json:"top_p,omitempty" minimum:"0" maximum:"1"`
	TopK                *int               `json:"top_k,omitempty" minimum:"0"`
	MinP                *float64           `json:"min_p,omitempty" minimum:"0" maximum:"1"`
	RepeatPenalty       *float64           `json:"repeat_penalty,omitempty" minimum:"0" maximum:"2"`
	FrequencyPenalty    *float64           `json:"frequency_penalty,omitempty" minimum:"-2" maximum:"2"`
	PresencePenalty     *float64           `json:"presence_penalty,omitempty" minimum:"-2" maximum:"2"`
	Seed                *int64             `json:"seed,omitempty"`
	Stop                Stop               `json:"stop,omitempty"`
	LogitBias           map[string]float64 `json:"logit_bias,omitempty"`
	Logprobs            *bool              `json:"logprobs,omitempty"`
	TopLogprobs         *int               `json:"top_logprobs,omitempty" minimum:"0" maximum:"20"`

	Tools             []Tool            `json:"tools,omitempty" maxItems:"128"`
	ToolChoice        *ToolChoice       `json:"tool_choice,omitempty"`
	ParallelToolCalls *bool             `json:"parallel_tool_calls,omitempty" description:"false allows one call an answer."`
	ResponseFormat    *ResponseFormat   `json:"response_format,omitempty"`
	Functions         []json.RawMessage `json:"functions,omitempty" description:"Not available: use tools."`
	ReasoningEffort   string            `json:"reasoning_effort,omitempty" description:"Not available yet."`
	Modalities        []string          `json:"modalities,omitempty" description:"Only text."`
	Store             *bool             `json:"store,omitempty" description:"Not available: conversations are kept by the native API."`

	ServiceTier string `json:"service_tier,omitempty" enum:"auto,default,flex,priority" description:"Flex lets all others go first where requests wait. Priority is served as default: people at the page alone go before that."`

	// These have a type that is checked, and no effect.
	User     *string           `json:"user,omitempty" description:"Taken and not used: the caller is known."`
	Metadata map[string]string `json:"metadata,omitempty" description:"Taken and not used."`
}

// ChatMessage is a message of the request.
type ChatMessage struct {
	Role       string     `json:"role" required:"true" enum:"system,developer,user,assistant,tool"`
	Content    Content    `json:"content"`
	Name       string     `json:"name,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

// StreamOptions asks for a last chunk with the usage.
type StreamOptions struct {
	IncludeUsage bool `json:"include_usage,omitempty"`
}

// Content is a text, or an array of parts: texts, and in messages of users images.
type Content struct {
	Text   string
	Images []chat.Image
}

// UnmarshalJSON reads both forms and null.
func (c *Content) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	switch {
	case bytes.Equal(b, []byte("null")):
		return nil
	case len(b) > 0 && b[0] == '"':
		return json.Unmarshal(b, &c.Text)
	}
	var parts []struct {
		Type     string  `json:"type"`
		Text     *string `json:"text"`
		ImageURL *struct {
			URL string `json:"url"`
		} `json:"image_url"`
	}
	if err := json.Unmarshal(b, &parts); err != nil {
		return fault.Invalid("content must be a text or an array of parts like {\"type\": \"text\", \"text\": \"...\"}").At("messages")
	}
	var text strings.Builder
	for _, p := range parts {
		switch {
		case p.Type == "text" && p.Text != nil:
			text.WriteString(*p.Text)
		case p.Type == "image_url" && p.ImageURL != nil:
			img, err := readImage(p.ImageURL.URL)
			if err != nil {
				return fault.From(err).At("messages")
			}
			img.At = text.Len()
			c.Images = append(c.Images, img)
		case slices.Contains([]string{"input_audio", "file"}, p.Type):
			return fault.NotYet("content of type %q is not available yet; send text or images", p.Type).At("messages")
		default:
			return fault.Invalid("a content part must be {\"type\": \"text\", \"text\": \"...\"} or {\"type\": \"image_url\", \"image_url\": {\"url\": \"data:...\"}}").At("messages")
		}
	}
	c.Text = text.String()
	return nil
}

// MarshalJSON writes the text.
func (c Content) MarshalJSON() ([]byte, error) { return json.Marshal(c.Text) }

// JSONSchemaBytes describes all forms.
func (Content) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "array", "items": {"type": "object",
		"properties": {"type": {"enum": ["text", "image_url"]}, "text": {"type": "string"}, "image_url": {"type": "object",
		"properties": {"url": {"type": "string", "description": "data:image/png;base64,... with a PNG, JPEG, WebP or GIF file"},
		"detail": {"type": "string", "description": "Taken and not used."}}, "required": ["url"]}}, "required": ["type"]}}]}`), nil
}

// Stop is one stop string or up to four.
type Stop []string

// UnmarshalJSON reads both forms and null.
func (s *Stop) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		*s = Stop{""}
		return json.Unmarshal(b, &(*s)[0])
	}
	if err := json.Unmarshal(b, (*[]string)(s)); err != nil {
		return fault.Invalid("stop must be a text or an array of up to 4 texts").At("stop")
	}
	return nil
}

// JSONSchemaBytes describes both forms.
func (Stop) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "array", "items": {"type": "string"}, "maxItems": 4}]}`), nil
}

// params checks the settings and gives them their inner form.
func (r ChatRequest) params() (chat.Params, error) {
	p := chat.Params{
		Temperature: r.Temperature, TopP: r.TopP, TopK: r.TopK, MinP: r.MinP, RepeatPenalty: r.RepeatPenalty,
		Seed: r.Seed, Stop: r.Stop,
	}
	limit, field := r.MaxCompletionTokens, "max_completion_tokens"
	if limit == nil {
		limit, field = r.MaxTokens, "max_tokens"
	}
	if limit != nil {
		if *limit < 1 {
			return p, fault.Invalid("%s must be at least 1", field).At(field)
		}
		p.MaxTokens = *limit
	}
	if r.FrequencyPenalty != nil {
		p.FrequencyPenalty = *r.FrequencyPenalty
	}
	if r.PresencePenalty != nil {
		p.PresencePenalty = *r.PresencePenalty
	}
	if r.Logprobs != nil {
		p.Logprobs = *r.Logprobs
	}
	if r.TopLogprobs != nil {
		if p.TopLogprobs = *r.TopLogprobs; !p.Logprobs {
			return p, fault.Invalid("top_logprobs needs logprobs to be true").At("top_logprobs")
		}
	}
	for token, bias := range r.LogitBias {
		id, err := strconv.Atoi(token)
		if err != nil || id < 0 {
			return p, fault.Invalid("the keys of logit_bias must be token ids, not %q", token).At("logit_bias")
		}
		if p.LogitBias == nil {
			p.LogitBias = map[int]float64{}
		}
		p.LogitBias[id] = bias
	}
	return p, edge.CheckParams(p)
}

// messages checks the conversation and gives it its inner form.
func (r ChatRequest) messages() ([]chat.Message, error) {
	if len(r.Messages) == 0 {
		return nil, fault.Invalid("messages must hold at least one message").At("messages")
	}
	list := make([]chat.Message, 0, len(r.Messages))
	images := 0
	for i, m := range r.Messages {
		at := "messages[" + strconv.Itoa(i) + "]"
		msg := chat.Message{Role: chat.Speaker(m.Role), Name: m.Name, Text: m.Content.Text, ToolCallID: m.ToolCallID}
		switch m.Role {
		case "developer":
			msg.Role = chat.System
		case "system", "assistant":
		case "user":
			if strings.TrimSpace(m.Content.Text) == "" && len(m.Content.Images) == 0 {
				return nil, fault.Invalid("%s.content is empty", at).At(at + ".content")
			}
			msg.Images = m.Content.Images
			if images += len(msg.Images); images > maxImages {
				return nil, fault.Invalid("the messages hold more than %d images: leave out the oldest", maxImages).At(at + ".content")
			}
		case "tool":
			if m.ToolCallID == "" {
				return nil, fault.Invalid("%s: a tool message needs tool_call_id", at).At(at + ".tool_call_id")
			}
		default:
			return nil, fault.Invalid("%s.role must be one of system, developer, user, assistant, tool; not %q", at, m.Role).At(at + ".role")
		}
		if m.Role != "user" && len(m.Content.Images) > 0 {
			return nil, fault.Invalid("%s: only a user's message can hold images", at).At(at + ".content")
		}
		for _, call := range m.ToolCalls {
			msg.ToolCalls = append(msg.ToolCalls, chat.ToolCall{ID: call.ID, Name: call.Function.Name, Arguments: call.Function.Arguments})
		}
		list = append(list, msg)
	}
	return list, nil
}

// The tiers by which answers are given.
const (
	tierDefault = "default"
	tierFlex    = "flex"
)

// class reads the tier. Nothing that a request says about itself lets it go before people at the page.
func (r ChatRequest) class() (serving.Class, error) {
	switch r.ServiceTier {
	case "", "auto", tierDefault, "priority":
		return serving.Standard, nil
	case tierFlex:
		return serving.Background, nil
	}
	return 0, fault.Invalid("service_tier must be auto, default, flex or priority, not %q", r.ServiceTier).At("service_tier")
}

// tier is the name of the class that a request was served by.
func tier(c serving.Class) string {
	if c == serving.Background {
		return tierFlex
	}
	return tierDefault
}

// unavailable refuses what would silently be ignored otherwise.
func (r ChatRequest) unavailable() error {
	switch {
	case len(r.Functions) > 0:
		return fault.NotYet("functions are not available; leave the field out").At("functions")
	case r.ReasoningEffort != "" && r.ReasoningEffort != "none":
		return fault.NotYet("reasoning_effort is not available yet; leave the field out").At("reasoning_effort")
	case slices.ContainsFunc(r.Modalities, func(m string) bool { return m != "text" }):
		return fault.NotYet("only the modality text is available").At("modalities")
	case r.Store != nil && *r.Store:
		return fault.NotYet("store is not available; POST /v1/chat.completions keeps conversations").At("store")
	}
	return nil
}
