package openaiapi

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
)

// maxChoices bounds n, since each choice takes a slot of the engine.
const maxChoices = 8

// Completion is the answer of POST /v1/chat/completions.
type Completion struct {
	ID                string   `json:"id"`
	Object            string   `json:"object"`
	Created           int64    `json:"created"`
	Model             string   `json:"model"`
	ServiceTier       string   `json:"service_tier" enum:"default,flex" description:"By which it was served."`
	SystemFingerprint string   `json:"system_fingerprint"`
	Choices           []Choice `json:"choices"`
	Usage             *Usage   `json:"usage"`
	Parley            *Extra   `json:"parley,omitempty"`
}

// Choice is one of the n answers.
type Choice struct {
	Index        int         `json:"index"`
	Message      Answer      `json:"message"`
	Logprobs     *Logprobs   `json:"logprobs"`
	FinishReason chat.Finish `json:"finish_reason"`
}

// Answer is an assistant's message. Content is null when there is nothing but calls.
type Answer struct {
	Role             string     `json:"role"`
	Content          *string    `json:"content"`
	ReasoningContent string     `json:"reasoning_content,omitempty" description:"What the model thought before it answered."`
	Refusal          *string    `json:"refusal"`
	ToolCalls        []ToolCall `json:"tool_calls,omitempty"`
}

// Chunk is one event of a stream.
type Chunk struct {
	ID                string        `json:"id"`
	Object            string        `json:"object"`
	Created           int64         `json:"created"`
	Model             string        `json:"model"`
	ServiceTier       string        `json:"service_tier" enum:"default,flex" description:"By which it is served."`
	SystemFingerprint string        `json:"system_fingerprint"`
	Choices           []ChunkChoice `json:"choices"`
	Usage             *Usage        `json:"usage"`
	Parley            *Extra        `json:"parley,omitempty"`
}

// ChunkChoice is the news of one answer.
type ChunkChoice struct {
	Index        int          `json:"index"`
	Delta        Delta        `json:"delta"`
	Logprobs     *Logprobs    `json:"logprobs"`
	FinishReason *chat.Finish `json:"finish_reason"`
}

// Delta is what is added to an answer.
type Delta struct {
	Role             string          `json:"role,omitempty"`
	Content          *string         `json:"content,omitempty"`
	ReasoningContent string          `json:"reasoning_content,omitempty" description:"What the model thinks before it answers."`
	ToolCalls        []ToolCallDelta `json:"tool_calls,omitempty"`
}

// Logprobs lists the tokens with their probabilities.
type Logprobs struct {
	Content []TokenLogprob `json:"content"`
	Refusal *string        `json:"refusal"`
}

// TokenLogprob is one token with its rivals, best first: none when they were not asked for.
type TokenLogprob struct {
	Rival
	TopLogprobs []Rival `json:"top_logprobs"`
}

// Rival is a token that could stand in this place; Bytes holds its UTF-8, which may be a part of a
// character.
type Rival struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// Usage counts the tokens: of the prompt once, of all choices together.
type Usage struct {
	PromptTokens            int               `json:"prompt_tokens"`
	CompletionTokens        int               `json:"completion_tokens"`
	TotalTokens             int               `json:"total_tokens"`
	PromptTokensDetails     PromptDetails     `json:"prompt_tokens_details"`
	CompletionTokensDetails CompletionDetails `json:"completion_tokens_details"`
}

// PromptDetails tells what of the prompt was not computed again.
type PromptDetails struct {
	CachedTokens int `json:"cached_tokens"`
}

// CompletionDetails tells what of the answer is reasoning.
type CompletionDetails struct {
	ReasoningTokens int `json:"reasoning_tokens" description:"Counted by the pieces in which they came, of which few have more than one."`
}

// Extra is Parley's own, under one key that other clients ignore.
type Extra struct {
	TraceID string       `json:"trace_id"`
	Latency chat.Timings `json:"latency_ms"`
}

func newUsage(u chat.Usage, thoughts []thought) *Usage {
	reasoning := 0
	for _, t := range thoughts {
		reasoning += t.pieces
	}
	return &Usage{
		PromptTokens: u.InputTokens, CompletionTokens: u.OutputTokens, TotalTokens: u.InputTokens + u.OutputTokens,
		PromptTokensDetails: PromptDetails{CachedTokens: u.CachedTokens}, CompletionTokensDetails: CompletionDetails{ReasoningTokens: reasoning},
	}
}

func newLogprobs(list []chat.TokenLogprob) *Logprobs {
	if list == nil {
		return nil
	}
	l := &Logprobs{Content: make([]TokenLogprob, 0, len(list))}
	for _, t := range list {
		one := TokenLogprob{Rival: newRival(t), TopLogprobs: make([]Rival, 0, len(t.Top))}
		for _, rival := range t.Top {
			one.TopLogprobs = append(one.TopLogprobs, newRival(rival))
		}
		l.Content = append(l.Content, one)
	}
	return l
}

func newRival(t chat.TokenLogprob) Rival {
	out := Rival{Token: t.Token, Logprob: t.Logprob, Bytes: make([]int, 0, len(t.Bytes))}
	for _, b := range t.Bytes {
		out.Bytes = append(out.Bytes, int(b))
	}
	return out
}

func (a *api) complete(c echo.Context) error {
	req, err := edge.Decode[ChatRequest](c)
	if err != nil {
		return err
	}
	ask, err := a.ask(c, req)
	if err != nil {
		return err
	}
	id := chat.NewID("chatcmpl")
	created := time.Now().Unix()
	if req.Stream {
		return a.stream(c, req, ask, id, created)
	}
	texts, reasonings := make([]strings.Builder, ask.Choices), make([]strings.Builder, ask.Choices)
	thoughts := make([]thought, ask.Choices)
	add := func(choice int, reasoning, text string) {
		reasonings[choice].WriteString(reasoning)
		texts[choice].WriteString(text)
	}
	calls := make([][]ToolCall, ask.Choices)
	logprobs := make([][]chat.TokenLogprob, ask.Choices)
	result, err := a.turns.Answer(c.Request().Context(), ask, orchestrator.Sink{
		Piece: func(choice int, p serving.Piece) error {
			if p.Call != nil {
				calls[choice] = addCall(calls[choice], *p.Call)
				return nil
			}
			reasoning, text := thoughts[choice].push(p.Text)
			add(choice, reasoning, text)
			logprobs[choice] = append(logprobs[choice], p.Logprobs...)
			return nil
		},
	})
	if err != nil {
		return err
	}
	out := Completion{
		ID: id, Object: "chat.completion", Created: created, Model: ask.Model.ID, ServiceTier: tier(ask.Class), SystemFingerprint: a.fingerprint,
		Usage: newUsage(result.Usage, thoughts), Parley: &Extra{TraceID: ask.Trace, Latency: result.Timings},
	}
	for i := range texts {
		reasoning, text := thoughts[i].flush()
		add(i, reasoning, text)
		choice := Choice{Index: i, FinishReason: result.Finish[i],
			Message: Answer{Role: "assistant", ReasoningContent: reasonings[i].String(), ToolCalls: calls[i]}}
		if text := texts[i].String(); text != "" || len(calls[i]) == 0 {
			choice.Message.Content = &text
		}
		if ask.Params.Logprobs {
			choice.Logprobs = newLogprobs(append([]chat.TokenLogprob{}, logprobs[i]...))
		}
		out.Choices = append(out.Choices, choice)
	}
	return c.JSON(200, out)
}

// ask checks the request as a whole.
func (a *api) ask(c echo.Context, req ChatRequest) (orchestrator.Ask, error) {
	id := edge.Identity(c)
	ask := orchestrator.Ask{Scope: id.Scope, Trace: edge.RequestID(c), Surface: "openai", Choices: 1}
	if err := req.unavailable(); err != nil {
		return ask, err
	}
	if req.N != nil {
		if *req.N < 1 || *req.N > maxChoices {
			return ask, fault.Invalid("n must be from 1 to %s", strconv.Itoa(maxChoices)).At("n")
		}
		ask.Choices = *req.N
	}
	var err error
	if ask.Messages, err = req.messages(); err != nil {
		return ask, err
	}
	if ask.Params, err = req.params(); err != nil {
		return ask, err
	}
	if ask.Format, err = req.ResponseFormat.format(); err != nil {
		return ask, err
	}
	if ask.Tools, err = req.toolUse(); err != nil {
		return ask, err
	}
	if ask.Class, err = req.class(); err != nil {
		return ask, err
	}
	ask.Model, err = a.choose.Resolve(c.Request().Context(), id, serving.KindChat, req.Model)
	return ask, err
}

func (a *api) stream(c echo.Context, req ChatRequest, ask orchestrator.Ask, id string, created int64) error {
	s := edge.NewStream(c)
	defer s.Close()
	withUsage := req.StreamOptions != nil && req.StreamOptions.IncludeUsage
	send := func(choices []ChunkChoice, usage *Usage, extra *Extra) error {
		chunk := Chunk{ID: id, Object: "chat.completion.chunk", Created: created, Model: ask.Model.ID, ServiceTier: tier(ask.Class),
			SystemFingerprint: a.fingerprint, Choices: choices, Usage: usage, Parley: extra}
		return s.Send("", chunkForm(chunk, withUsage))
	}
	told := make([]bool, ask.Choices)
	open := func(choice int) error {
		if told[choice] {
			return nil
		}
		told[choice] = true
		return send([]ChunkChoice{{Index: choice, Delta: Delta{Role: "assistant", Content: new(string)}}}, nil, nil)
	}
	thoughts := make([]thought, ask.Choices)
	write := func(choice int, reasoning, text string, logprobs *Logprobs) error {
		d := Delta{ReasoningContent: reasoning}
		if text != "" {
			d.Content = &text
		}
		if reasoning == "" && text == "" && logprobs == nil { // it is held back
			return nil
		}
		return send([]ChunkChoice{{Index: choice, Delta: d, Logprobs: logprobs}}, nil, nil)
	}
	result, err := a.turns.Answer(c.Request().Context(), ask, orchestrator.Sink{
		Piece: func(choice int, p serving.Piece) error {
			if err := open(choice); err != nil {
				return err
			}
			if p.Call != nil {
				return send([]ChunkChoice{{Index: choice, Delta: Delta{ToolCalls: []ToolCallDelta{newCallDelta(*p.Call)}}}}, nil, nil)
			}
			reasoning, text := thoughts[choice].push(p.Text)
			return write(choice, reasoning, text, newLogprobs(p.Logprobs))
		},
		Finished: func(choice int, why chat.Finish) error {
			if err := open(choice); err != nil {
				return err
			}
			reasoning, text := thoughts[choice].flush()
			if err := write(choice, reasoning, text, nil); err != nil {
				return err
			}
			return send([]ChunkChoice{{Index: choice, FinishReason: &why}}, nil, nil)
		},
	})
	if err != nil {
		if s.Begun() {
			_, detail := edge.Detail(err, edge.RequestID(c))
			_ = s.Send("", edge.ErrorBody{Error: detail}) // the reader may be gone, and then that is the error
		}
		return err
	}
	if withUsage {
		if err := send([]ChunkChoice{}, newUsage(result.Usage, thoughts), &Extra{TraceID: ask.Trace, Latency: result.Timings}); err != nil {
			return err
		}
	}
	return s.SendRaw("[DONE]")
}

// chunkForm leaves the field usage out unless the client asked for it: with it, every chunk but the
// last has usage null.
func chunkForm(chunk Chunk, withUsage bool) any {
	if withUsage {
		return chunk
	}
	return struct {
		Chunk
		Usage *Usage `json:"usage,omitempty"`
	}{Chunk: chunk}
}
