package chatapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
)

// MessageEdit is the body of PATCH /v1/messages/{id}.
type MessageEdit struct {
	Text string `json:"text" required:"true"`
}

// Rating is the body of PUT /v1/messages/{id}/feedback.
type Rating struct {
	Rating  conversation.Verdict `json:"rating" required:"true" description:"1 for good, -1 for bad."`
	Reason  conversation.Reason  `json:"reason,omitempty"`
	Comment string               `json:"comment,omitempty" maxLength:"2000"`
}

func (a *api) editMessage(c echo.Context) error {
	req, err := edge.Decode[MessageEdit](c)
	if err != nil {
		return err
	}
	m, err := a.turns.Edit(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), req.Text)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, m)
}

func (a *api) rate(c echo.Context) error {
	req, err := edge.Decode[Rating](c)
	if err != nil {
		return err
	}
	return a.rated(c, &conversation.Feedback{Rating: req.Rating, Reason: req.Reason, Comment: req.Comment})
}

func (a *api) unrate(c echo.Context) error { return a.rated(c, nil) }

func (a *api) rated(c echo.Context, f *conversation.Feedback) error {
	m, err := a.store.Rate(c.Request().Context(), edge.Identity(c).Scope, c.Param("id"), f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, m)
}
