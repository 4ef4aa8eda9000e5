// Package promptapi is the API of the prompt library.
package promptapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/prompts"
)

type api struct{ prompts *prompts.Store }

// NewPrompt is what makes a prompt.
type NewPrompt struct {
	Command string `json:"command" required:"true" pattern:"^[a-z0-9-]{1,40}$"`
	Title   string `json:"title" required:"true"`
	Text    string `json:"text" required:"true" description:"At most 20000 characters; {{name}} and {{name|default}} are variables."`
	Shared  bool   `json:"shared,omitempty" description:"With everybody of the team."`
}

// PromptPatch changes the fields that are given.
type PromptPatch struct {
	Command *string `json:"command,omitempty"`
	Title   *string `json:"title,omitempty"`
	Text    *string `json:"text,omitempty"`
	Shared  *bool   `json:"shared,omitempty"`
}

// Routes are the endpoints.
func Routes(library *prompts.Store) []edge.Route {
	a := &api{library}
	const tag = "Prompts"
	write, read := edge.Chat(chat.RoleMember), edge.Chat(chat.RoleViewer)
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/prompts", Access: read, Handle: a.list, Op: edge.Op{
			Tag: tag, Summary: "List one's own prompts and the team's shared ones", Response: edge.List[prompts.Prompt]{}}},
		{Method: http.MethodPost, Path: "/v1/prompts", Access: write, Handle: a.create, Op: edge.Op{
			Tag: tag, Summary: "Make a prompt", Request: NewPrompt{}, Response: prompts.Prompt{}, Status: http.StatusCreated, Idempotent: true}},
		{Method: http.MethodPatch, Path: "/v1/prompts/:id", Access: write, Handle: a.update, Op: edge.Op{
			Tag: tag, Summary: "Change a prompt: one's own, or as an admin a shared one", Request: PromptPatch{}, Response: prompts.Prompt{}}},
		{Method: http.MethodDelete, Path: "/v1/prompts/:id", Access: write, Handle: a.remove, Op: edge.Op{
			Tag: tag, Summary: "Delete a prompt: one's own, or as an admin a shared one", Status: http.StatusNoContent}},
	}
}

func (a *api) list(c echo.Context) error {
	list, err := a.prompts.List(c.Request().Context(), edge.Identity(c).Scope)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[prompts.Prompt]{Data: list})
}

func (a *api) create(c echo.Context) error {
	req, err := edge.Decode[NewPrompt](c)
	if err != nil {
		return err
	}
	p, err := a.prompts.Create(c.Request().Context(), edge.Identity(c).Scope, prompts.New{
		Command: req.Command, Title: req.Title, Text: req.Text, Shared: req.Shared,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, p)
}

func (a *api) update(c echo.Context) error {
	req, err := edge.Decode[PromptPatch](c)
	if err != nil {
		return err
	}
	p, err := a.prompts.Update(c.Request().Context(), edge.Identity(c), c.Param("id"), prompts.Patch{
		Command: req.Command, Title: req.Title, Text: req.Text, Shared: req.Shared,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, p)
}

func (a *api) remove(c echo.Context) error {
	if err := a.prompts.Delete(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
