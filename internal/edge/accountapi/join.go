package accountapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/tenancy"
)

// TokenQuery carries a link's token.
type TokenQuery struct {
	Token string `query:"token" required:"true"`
}

// Invited is what the holder of an invitation's link is told.
type Invited struct {
	Email     string    `json:"email"`
	Name      string    `json:"name" description:"What the form begins with; may be empty."`
	Tenant    string    `json:"tenant" description:"The team's name."`
	Role      chat.Role `json:"role"`
	ExpiresAt time.Time `json:"expires_at"`
}

// AcceptRequest makes the account that an invitation offers.
type AcceptRequest struct {
	Token    string `json:"token" required:"true"`
	Name     string `json:"name" required:"true"`
	Password string `json:"password" required:"true"`
}

func (a *api) invitation(c echo.Context) error {
	v, err := a.Accounts.Invitation(c.Request().Context(), c.QueryParam("token"), client(c))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, Invited{Email: v.Email, Name: v.Name, Tenant: v.Tenant, Role: v.Role, ExpiresAt: v.ExpiresAt})
}

func (a *api) acceptInvitation(c echo.Context) error {
	req, err := edge.Decode[AcceptRequest](c)
	if err != nil {
		return err
	}
	grant, err := a.Accounts.AcceptInvitation(c.Request().Context(), req.Token, tenancy.AcceptRequest{
		Name: req.Name, Password: req.Password, Client: client(c),
	})
	if err != nil {
		return err
	}
	return a.welcome(c, http.StatusCreated, grant)
}
