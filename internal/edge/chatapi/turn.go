package chatapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/retrieval/search"
	"github.com/parley-chat/parley/internal/serving"
)

// TurnRequest is the body of POST /v1/chat.completions: one turn of a kept conversation.
type TurnRequest struct {
	ConversationID string            `json:"conversation_id,omitempty" description:"Empty makes a new conversation."`
	Temporary      bool              `json:"temporary,omitempty" description:"Makes a new conversation that is never listed or found, and is deleted a day after its last change."`
	ParentID       *string           `json:"parent_id,omitempty" description:"The message to go on from: absent is the end of the chosen branch, empty the root. To edit a question send the new one with the parent of the old; to answer anew send no messages and the question as parent."`
	Continue       bool              `json:"continue,omitempty" description:"Goes on with the text of the answer that parent_id names, in a new answer beside it whose first delta is that text. Send no messages."`
	Model          string            `json:"model,omitempty" description:"An id of GET /v1/models; empty takes the default, or to continue the one that wrote the answer, if it is still there."`
	Messages       []TurnMessage     `json:"messages"`
	Params         *TurnParams       `json:"params,omitempty"`
	Tools          []json.RawMessage `json:"tools,omitempty" description:"Not available yet."`
	Retrieval      *Retrieval        `json:"retrieval,omitempty" description:"Asks for an answer from documents, whose sources come before it."`
	Response       *ResponseOptions  `json:"response,omitempty"`
}

// TurnMessage is a message to append.
type TurnMessage struct {
	Role    string `json:"role" required:"true" enum:"system,user,assistant"`
	Content string `json:"content" required:"true"`
}

// TurnParams are the settings of the generation; what is left out is the model's default.
type TurnParams struct {
	MaxTokens        int      `json:"max_tokens,omitempty" minimum:"1"`
	Temperature      *float64 `json:"temperature,omitempty" minimum:"0" maximum:"2"`
	TopP             *float64 `json:"top_p,omitempty" minimum:"0" maximum:"1"`
	TopK             *int     `json:"top_k,omitempty" minimum:"0"`
	MinP             *float64 `json:"min_p,omitempty" minimum:"0" maximum:"1"`
	RepeatPenalty    *float64 `json:"repeat_penalty,omitempty" minimum:"0" maximum:"2"`
	FrequencyPenalty float64  `json:"frequency_penalty,omitempty" minimum:"-2" maximum:"2"`
	PresencePenalty  float64  `json:"presence_penalty,omitempty" minimum:"-2" maximum:"2"`
	Seed             *int64   `json:"seed,omitempty"`
	Stop             []string `json:"stop,omitempty" maxItems:"4"`
}

// Retrieval asks for an answer from documents.
type Retrieval struct {
	Namespace string   `json:"namespace,omitempty" description:"The id of a vector store; empty searches all that the caller may read."`
	Stores    []string `json:"vector_store_ids,omitempty" description:"Several of them."`
	TopK      *int     `json:"top_k,omitempty" minimum:"1" maximum:"100"`
	Hybrid    *bool    `json:"hybrid,omitempty"`
}

func (r Retrieval) query() *search.Query {
	q := search.Query{Bases: r.Stores, Words: r.Hybrid != nil && !*r.Hybrid}
	if r.Namespace != "" {
		q.Bases = append(q.Bases, r.Namespace)
	}
	if r.TopK != nil {
		q.TopK = *r.TopK
	}
	return &q
}

// ResponseOptions says how the answer is to come.
type ResponseOptions struct {
	Stream *bool   `json:"stream,omitempty" default:"true"`
	Format *Format `json:"format,omitempty" description:"\"text\"; \"json\" is not available yet."`
}

// Format is a name, or an object with a field type.
type Format string

// UnmarshalJSON reads both forms.
func (f *Format) UnmarshalJSON(b []byte) error {
	var object struct {
		Type string `json:"type"`
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		err := json.Unmarshal(b, &object)
		*f = Format(object.Type)
		return err
	}
	return json.Unmarshal(b, (*string)(f))
}

// JSONSchemaBytes describes both forms.
func (Format) JSONSchemaBytes() ([]byte, error) {
	return []byte(`{"anyOf": [{"type": "string"}, {"type": "object", "properties": {"type": {"type": "string"}}}]}`), nil
}

// TurnAnswer is the answer of a turn that does not stream.
type TurnAnswer struct {
	ConversationID string               `json:"conversation_id"`
	UserMessageID  string               `json:"user_message_id"`
	TraceID        string               `json:"trace_id"`
	Message        conversation.Message `json:"message"`
	FinishReason   chat.Finish          `json:"finish_reason"`
	Usage          chat.Usage           `json:"usage"`
	LatencyMS      chat.Timings         `json:"latency_ms"`
}

// request checks a turn and gives it its inner form. It is shared by HTTP and WebSocket.
func (a *api) request(ctx context.Context, id chat.Identity, trace string, t TurnRequest) (orchestrator.Request, error) {
	r := orchestrator.Request{
		Scope: id.Scope, Trace: trace, Surface: "native",
		Turn: conversation.Turn{Conversation: t.ConversationID, Temporary: t.Temporary, Parent: t.ParentID, Continue: t.Continue},
	}
	if id.Via == chat.ViaSession {
		r.Class = serving.Interactive
	}
	if err := t.unavailable(); err != nil {
		return r, err
	}
	for i, m := range t.Messages {
		switch m.Role {
		case "system", "user", "assistant":
		default:
			return r, fault.Invalid("messages[%d].role must be system, user or assistant, not %q", i, m.Role).At("messages")
		}
		if m.Role == "user" && strings.TrimSpace(m.Content) == "" {
			return r, fault.Invalid("messages[%d].content is empty", i).At("messages")
		}
		r.Turn.Messages = append(r.Turn.Messages, chat.Message{Role: chat.Speaker(m.Role), Text: m.Content})
	}
	if t.Continue && (t.ParentID == nil || *t.ParentID == "") {
		return r, fault.Invalid("give the answer to continue as parent_id").At("parent_id")
	}
	if t.Retrieval != nil {
		r.From = t.Retrieval.query()
	}
	if len(t.Messages) == 0 && t.ParentID == nil {
		return r, fault.Invalid("send at least one message, or the parent_id of a question to answer anew").At("messages")
	}
	if p := t.Params; p != nil {
		r.Params = chat.Params{
			MaxTokens: p.MaxTokens, Temperature: p.Temperature, TopP: p.TopP, TopK: p.TopK, MinP: p.MinP,
			RepeatPenalty: p.RepeatPenalty, FrequencyPenalty: p.FrequencyPenalty, PresencePenalty: p.PresencePenalty,
			Seed: p.Seed, Stop: p.Stop,
		}
		if err := edge.CheckParams(r.Params); err != nil {
			return r, err
		}
	}
	var err error
	if t.Continue && t.Model == "" {
		if r.Model, err = a.writer(ctx, id, *t.ParentID); err == nil {
			return r, nil
		}
	}
	r.Model, err = a.models.Resolve(ctx, id, serving.KindChat, t.Model)
	return r, err
}

// writer is the model that wrote an answer, if it is still there.
func (a *api) writer(ctx context.Context, id chat.Identity, message string) (serving.Model, error) {
	m, err := a.store.Message(ctx, id.Scope, message)
	if err != nil {
		return serving.Model{}, err
	}
	return a.models.Resolve(ctx, id, serving.KindChat, m.Model)
}

// unavailable validates the fields that later work fills, and says that they are not available yet.
func (t TurnRequest) unavailable() error {
	for i, tool := range t.Tools {
		var object struct {
			Type     string `json:"type"`
			Function struct {
				Name string `json:"name"`
			} `json:"function"`
		}
		at := fmt.Sprintf("tools[%d]", i)
		if json.Unmarshal(tool, &object) != nil || object.Type != "function" || object.Function.Name == "" {
			return fault.Invalid(`%s must be {"type": "function", "function": {"name": ...}}`, at).At(at)
		}
	}
	if len(t.Tools) > 0 {
		return fault.NotYet("tools are not available yet; leave the field out").At("tools")
	}
	if r := t.Retrieval; r != nil {
		if r.TopK != nil && (*r.TopK < 1 || *r.TopK > 100) {
			return fault.Invalid("retrieval.top_k must be from 1 to 100").At("retrieval.top_k")
		}
		if t.Continue {
			return fault.Invalid("an answer from documents cannot be continued: ask again").At("retrieval")
		}
	}
	if t.Response != nil && t.Response.Format != nil {
		switch *t.Response.Format {
		case "text", "":
		case "json", "json_object", "json_schema":
			return fault.NotYet("response.format %q is not available yet; use text", *t.Response.Format).At("response.format")
		default:
			return fault.Invalid("response.format must be text or json").At("response.format")
		}
	}
	return nil
}

func (a *api) turn(c echo.Context) error {
	body, err := edge.Decode[TurnRequest](c)
	if err != nil {
		return err
	}
	message := edge.Replayed(c)
	if message == "" {
		if message, err = a.begin(c, body); err != nil {
			return err
		}
	}
	if body.Response != nil && body.Response.Stream != nil && !*body.Response.Stream {
		return a.whole(c, message)
	}
	return a.follow(c, chat.EventID{Message: message})
}

func (a *api) begin(c echo.Context, body TurnRequest) (message string, err error) {
	req, err := a.request(c.Request().Context(), edge.Identity(c), edge.RequestID(c), body)
	if err != nil {
		return "", err
	}
	start, err := a.turns.Start(c.Request().Context(), req)
	if err != nil {
		return "", err
	}
	return start.Message, edge.Began(c, start.Message)
}

// whole waits for the answer. A client that hangs up meanwhile finds it in the conversation.
func (a *api) whole(c echo.Context, message string) error {
	ctx, scope := c.Request().Context(), edge.Identity(c).Scope
	var out TurnAnswer
	var failed *chat.EventError
	err := a.turns.Follow(ctx, scope, chat.EventID{Message: message}, func(e chat.Event) error {
		switch {
		case e.Start != nil:
			out.ConversationID, out.UserMessageID, out.TraceID = e.Start.Conversation, e.Start.Question, e.Start.Trace
		case e.Done != nil:
			out.FinishReason, out.Usage, out.LatencyMS = e.Done.Finish, e.Done.Usage, e.Done.Timing
		case e.Error != nil:
			failed = e.Error
		}
		return nil
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return edge.FromEvent(*failed)
	}
	m, err := a.store.Message(ctx, scope, message)
	if err != nil {
		return err
	}
	out.Message = m
	return c.JSON(http.StatusOK, out)
}

// follow streams an answer from a place on. The turn does not end when the reader goes.
func (a *api) follow(c echo.Context, after chat.EventID) error {
	s := edge.NewStream(c)
	defer s.Close()
	err := a.turns.Follow(c.Request().Context(), edge.Identity(c).Scope, after, func(e chat.Event) error {
		return s.Send(e.ID.String(), e)
	})
	if err != nil && s.Begun() {
		_ = s.Send("", edge.Event(err, edge.RequestID(c)))
	}
	return err
}

func (a *api) events(c echo.Context) error {
	after := chat.EventID{Message: c.Param("id")}
	if !chat.ValidID("msg", after.Message) {
		return fault.NotFound("there is no message %q", after.Message)
	}
	place := c.Request().Header.Get("Last-Event-ID")
	if place == "" {
		place = c.QueryParam("after")
	}
	if place != "" {
		id, err := chat.ParseEventID(place)
		if err != nil || id.Message != after.Message {
			return fault.Invalid("%q is no event of this message", place).At("Last-Event-ID")
		}
		after = id
	}
	return a.follow(c, after)
}

func (a *api) cancel(c echo.Context) error {
	if err := a.turns.Cancel(c.Request().Context(), edge.Identity(c).Scope, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
