package openaiapi

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

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

// ModelExtra is what Parley tells beyond the OpenAI API. What is not known of a file that somebody put
// into the models folder is left out.
type ModelExtra struct {
	Kind         serving.Kind `json:"kind" enum:"chat,embed,rerank"`
	Name         string       `json:"name"`
	Description  string       `json:"description,omitempty"`
	Default      bool         `json:"default" description:"The caller gets it where a request of its kind names no model."`
	Vision       bool         `json:"vision" description:"Messages may hold images."`
	Context      int          `json:"context,omitempty" description:"Tokens of one conversation."`
	SizeBytes    int64        `json:"size_bytes" description:"Of the file."`
	Parameters   int64        `json:"parameters,omitempty"`
	Quantisation string       `json:"quantisation,omitempty"`
	Licence      string       `json:"licence,omitempty"`
	Location     string       `json:"location" enum:"here" description:"Where it runs."`
	Price        *ModelPrice  `json:"price" description:"Null for a model that costs nothing."`
	Base         string       `json:"base,omitempty" description:"The model that it is an adapter of, whose context and engine it has."`
	Loaded       bool         `json:"loaded"`
	Memory       uint64       `json:"memory_bytes,omitempty" description:"Of a loaded model as measured, of another as expected."`
}

// ModelPrice is what a model costs, in US dollars a million tokens.
type ModelPrice struct {
	Input  float64 `json:"input"`
	Cached float64 `json:"cached"`
	Output float64 `json:"output"`
}

func (a *api) newModel(l serving.Listed, chosen map[string]bool) Model {
	m := Model{ID: l.ID, Object: "model", Created: l.Created, OwnedBy: "parley", Parley: ModelExtra{
		Kind: l.Kind, Name: l.Name, Description: l.Description, Default: chosen[l.ID], Vision: l.Projector != "", Context: l.Context, SizeBytes: l.Size,
		Parameters: l.Parameters, Quantisation: l.Quantization, Licence: l.License, Location: "here", Memory: uint64(max(l.Memory, 0)),
	}}
	if l.Base != nil {
		m.Parley.Base = l.Base.ID
	}
	if l.Loaded != nil {
		m.Parley.Loaded, m.Parley.Context = true, l.Loaded.Context
		m.Parley.Memory = cmp.Or(l.Loaded.MemoryBytes, m.Parley.Memory)
	}
	if p, ok := a.prices.Price(l.ID); ok {
		m.Parley.Price = &ModelPrice{Input: p.Input, Cached: p.Cached, Output: p.Output}
	}
	return m
}

// told lists the models as the caller is told them.
func (a *api) told(c echo.Context) ([]Model, error) {
	models, err := a.models.Models()
	if err != nil {
		return nil, err
	}
	chosen := map[string]bool{}
	for _, kind := range []serving.Kind{serving.KindChat, serving.KindEmbed, serving.KindRerank} {
		m, err := a.choose.Resolve(c.Request().Context(), edge.Identity(c), kind, "")
		if fault.Is(err, fault.CodeInternal) {
			return nil, err
		}
		chosen[m.ID] = err == nil // without a default the list is told all the same
	}
	out := make([]Model, 0, len(models))
	for _, m := range models {
		if !m.For(edge.Identity(c).Tenant) {
			continue
		}
		out = append(out, a.newModel(m, chosen))
	}
	return out, nil
}

func (a *api) list(c echo.Context) error {
	models, err := a.told(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ModelList{Object: "list", Data: models})
}

func (a *api) one(c echo.Context) error {
	models, err := a.told(c)
	if err != nil {
		return err
	}
	for _, m := range models {
		if m.ID == c.Param("*") {
			return c.JSON(http.StatusOK, m)
		}
	}
	return fault.NotFound("the model %q is not installed; GET /v1/models lists those that are", c.Param("*")).At("model").OfKind("model_not_found")
}
