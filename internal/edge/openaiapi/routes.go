// Package openaiapi is the dialect of the OpenAI API: shapes in, one Ask of the orchestrator, shapes
// out. The shapes are those that the official clients read and are tested with them.
package openaiapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
)

// Models finds installed models.
type Models interface {
	Resolve(kind serving.Kind, name string) (serving.Model, error)
	Models() ([]serving.Listed, error)
}

type api struct {
	turns       *orchestrator.Orchestrator
	models      Models
	fingerprint string
}

// Routes are the endpoints. version is told as system_fingerprint.
func Routes(turns *orchestrator.Orchestrator, models Models, version string) []edge.Route {
	a := &api{turns: turns, models: models, fingerprint: "parley-" + version}
	const tag = "OpenAI-compatible"
	return []edge.Route{
		{
			Method: http.MethodPost, Path: "/v1/chat/completions", Access: edge.Chat(chat.RoleMember), Handle: a.complete,
			Op: edge.Op{Tag: tag, Summary: "Answer a conversation", Request: ChatRequest{}, Response: Completion{}, Stream: Chunk{}, Idempotent: true,
				Detail: "With `stream` the answer comes as server-sent events that end with `data: [DONE]`. A client that hangs up ends the generation."},
		},
		{
			Method: http.MethodPost, Path: "/v1/embeddings", Access: edge.Chat(chat.RoleMember), Handle: a.embed,
			Op: edge.Op{Tag: tag, Summary: "Embed texts", Request: EmbeddingsRequest{}, Response: EmbeddingList{}, Idempotent: true},
		},
		{
			Method: http.MethodGet, Path: "/v1/models", Access: edge.Chat(chat.RoleViewer), Handle: a.list,
			Op: edge.Op{Tag: tag, Summary: "List the installed models", Response: ModelList{}},
		},
		{
			Method: http.MethodGet, Path: "/v1/models/*", Access: edge.Chat(chat.RoleViewer), Handle: a.one,
			Op: edge.Op{Tag: tag, Summary: "Tell one model", Response: Model{}, Detail: "The id may contain slashes."},
		},
	}
}

// ModelList is the answer of GET /v1/models.
type ModelList struct {
	Object string  `json:"object"`
	Data   []Model `json:"data"`
}

// Model is an installed model.
type Model struct {
	ID      string     `json:"id"`
	Object  string     `json:"object"`
	Created int64      `json:"created"`
	OwnedBy string     `json:"owned_by"`
	Parley  ModelExtra `json:"parley"`
}

// ModelExtra is what Parley tells beyond the OpenAI API.
type ModelExtra struct {
	Kind    serving.Kind `json:"kind" enum:"chat,embed"`
	Context int          `json:"context,omitempty"`
	Loaded  bool         `json:"loaded"`
	Memory  uint64       `json:"memory_bytes,omitempty"`
}

func newModel(l serving.Listed) Model {
	m := Model{ID: l.ID, Object: "model", Created: l.Created, OwnedBy: "parley", Parley: ModelExtra{Kind: l.Kind, Context: l.Context}}
	if l.Loaded != nil {
		m.Parley.Loaded, m.Parley.Context, m.Parley.Memory = true, l.Loaded.Context, l.Loaded.MemoryBytes
	}
	return m
}

func (a *api) list(c echo.Context) error {
	models, err := a.models.Models()
	if err != nil {
		return err
	}
	out := ModelList{Object: "list", Data: make([]Model, 0, len(models))}
	for _, m := range models {
		out.Data = append(out.Data, newModel(m))
	}
	return c.JSON(http.StatusOK, out)
}

func (a *api) one(c echo.Context) error {
	models, err := a.models.Models()
	if err != nil {
		return err
	}
	for _, m := range models {
		if m.ID == c.Param("*") {
			return c.JSON(http.StatusOK, newModel(m))
		}
	}
	return fault.NotFound("the model %q is not installed; GET /v1/models lists those that are", c.Param("*")).At("model").OfKind("model_not_found")
}
