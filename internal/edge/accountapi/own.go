package accountapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/prompts"
	"github.com/parley-chat/parley/internal/sharing"
	"github.com/parley-chat/parley/internal/tenancy"
)

// Me is who is calling, and by what credential.
type Me struct {
	User        tenancy.User      `json:"user"`
	Tenant      tenancy.Tenant    `json:"tenant"`
	Operator    bool              `json:"operator"`
	Via         chat.Via          `json:"via" enum:"session,key,token"`
	Permissions []chat.Permission `json:"permissions" description:"Of an API key; others are limited by the role alone."`
}

// MePatch changes the fields that are given. A new password needs the present one, and ends all other
// sessions.
type MePatch struct {
	Name            *string `json:"name,omitempty"`
	CurrentPassword string  `json:"current_password,omitempty"`
	NewPassword     *string `json:"new_password,omitempty"`
}

// DeleteRequest confirms the deletion of an account.
type DeleteRequest struct {
	Password string `json:"password,omitempty" description:"May be empty for an account without one, within ten minutes of signing in."`
}

// ExportDocument is everything that is kept of a person.
type ExportDocument struct {
	Account       tenancy.Export  `json:"account"`
	Conversations json.RawMessage `json:"conversations"`
	// Shares are told without the copies, whose addresses nobody knows but who was given them.
	Shares  []sharing.Share  `json:"shares"`
	Prompts []prompts.Prompt `json:"prompts"`
}

// NewKey is what makes an API key.
type NewKey struct {
	Name        string            `json:"name" required:"true"`
	Permissions []chat.Permission `json:"permissions" required:"true"`
	ExpiresAt   time.Time         `json:"expires_at,omitzero" description:"Absent means never."`
}

// CreatedKey is a new key with its secret.
type CreatedKey struct {
	tenancy.Key
	Secret string `json:"secret"`
}

func (a *api) me(c echo.Context) error {
	id := edge.Identity(c)
	me, err := a.Accounts.Me(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newMe(me, id))
}

func (a *api) patchMe(c echo.Context) error {
	req, err := edge.Decode[MePatch](c)
	if err != nil {
		return err
	}
	id := edge.Identity(c)
	me, err := a.Accounts.UpdateMe(c.Request().Context(), id, tenancy.MePatch{
		Name: req.Name, CurrentPassword: req.CurrentPassword, NewPassword: req.NewPassword,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newMe(me, id))
}

func (a *api) deleteMe(c echo.Context) error {
	req, err := edge.Decode[DeleteRequest](c)
	if err != nil {
		return err
	}
	if err := a.Accounts.DeleteMe(c.Request().Context(), edge.Identity(c), req.Password); err != nil {
		return err
	}
	a.cookies.Clear(c)
	return c.NoContent(http.StatusNoContent)
}

func (a *api) export(c echo.Context) error {
	ctx, id := c.Request().Context(), edge.Identity(c)
	account, err := a.Accounts.Export(ctx, id)
	if err != nil {
		return err
	}
	var conversations bytes.Buffer
	if err := a.Conversations.Export(ctx, id.Scope, &conversations); err != nil {
		return err
	}
	shares, err := a.Shares.List(ctx, id.Scope)
	if err != nil {
		return err
	}
	library, err := a.Prompts.List(ctx, id.Scope)
	if err != nil {
		return err
	}
	library = slices.DeleteFunc(library, func(p prompts.Prompt) bool { return !p.Mine })
	c.Response().Header().Set("Content-Disposition", `attachment; filename="parley-export.json"`)
	return c.JSON(http.StatusOK, ExportDocument{Account: account, Conversations: conversations.Bytes(), Shares: shares, Prompts: library})
}

func (a *api) sessions(c echo.Context) error {
	list, err := a.Accounts.Sessions(c.Request().Context(), edge.Identity(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[tenancy.Session]{Data: list})
}

func (a *api) revokeSession(c echo.Context) error {
	if err := a.Accounts.RevokeSession(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) keys(c echo.Context) error {
	list, err := a.Accounts.Keys(c.Request().Context(), edge.Identity(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[tenancy.Key]{Data: list})
}

func (a *api) createKey(c echo.Context) error {
	req, err := edge.Decode[NewKey](c)
	if err != nil {
		return err
	}
	key, secret, err := a.Accounts.CreateKey(c.Request().Context(), edge.Identity(c), tenancy.NewKey{
		Name: req.Name, Permissions: req.Permissions, ExpiresAt: req.ExpiresAt,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, CreatedKey{Key: key, Secret: secret})
}

func (a *api) revokeKey(c echo.Context) error {
	if err := a.Accounts.RevokeKey(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
