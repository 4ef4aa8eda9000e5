// Package openaiapi is the dialect of the OpenAI API: shapes in, one Ask of the orchestrator, shapes
// out. The shapes are those that the official clients read and are tested with them.
package openaiapi

import (
	"context"
	"net/http"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/usage"
)

// Chooser finds the model that a caller means.
type Chooser interface {
	Resolve(ctx context.Context, id chat.Identity, kind serving.Kind, name string) (serving.Model, error)
}

// Models lists installed models.
type Models interface {
	Models() ([]serving.Listed, error)
}

// Prices knows what models cost; false is for one that costs nothing.
type Prices interface {
	Price(model string) (usage.Price, bool)
}

type api struct {
	turns       *orchestrator.Orchestrator
	choose      Chooser
	models      Models
	prices      Prices
	fingerprint string
}

// Routes are the endpoints. version is told as system_fingerprint.
func Routes(turns *orchestrator.Orchestrator, choose Chooser, models Models, prices Prices, version string) []edge.Route {
	a := &api{turns: turns, choose: choose, models: models, prices: prices, fingerprint: "parley-" + version}
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
			Method: http.MethodPost, Path: "/v1/rerank", Access: edge.Chat(chat.RoleMember), Handle: a.rerank,
			Op: edge.Op{Tag: tag, Summary: "Sort texts by how well they answer a query", Request: RerankRequest{}, Response: Reranked{}, Idempotent: true,
				Detail: "As Cohere's and Jina's. A reranking model reads query and text together; an embedding model, which is taken where no other is installed, compares vectors."},
		},
		{
			Method: http.MethodPost, Path: "/v2/rerank", Access: edge.Chat(chat.RoleMember), Handle: a.rerank,
			Op: edge.Op{Tag: tag, Summary: "The same, where Cohere's clients look for it", Request: RerankRequest{}, Response: Reranked{}, Idempotent: true},
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
