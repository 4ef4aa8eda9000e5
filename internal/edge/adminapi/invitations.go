package adminapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
)

func (a *api) invitationRoutes() []edge.Route {
	const invitations = "Administration: invitations"
	admin := edge.Admin()
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/admin/invitations", Access: admin, Handle: a.invitations, Op: edge.Op{
			Tag: invitations, Summary: "List the invitations that are open, accepted or expired", Response: edge.List[invitation.Invitation]{},
			Detail: "The newest first. An invitation is listed until a month after its link ended."}},
		{Method: http.MethodPost, Path: "/v1/admin/invitations", Access: admin, Handle: a.invite, Op: edge.Op{
			Tag: invitations, Summary: "Invite somebody by a link that is told this once", Request: NewInvitation{}, Response: CreatedInvitation{}, Status: http.StatusCreated, Idempotent: true,
			Detail: "The link makes one account of this address and role. An earlier invitation of the same address ends, as does every " +
				"invitation when the person who made it may not give its role any more. An address that has an account is 409."}},
		{Method: http.MethodDelete, Path: "/v1/admin/invitations/:id", Access: admin, Handle: a.revokeInvitation, Op: edge.Op{
			Tag: invitations, Summary: "Revoke an invitation, or take one that has ended off the list", Status: http.StatusNoContent}},
	}
}

// NewInvitation invites somebody.
type NewInvitation struct {
	Email  string    `json:"email" required:"true"`
	Name   string    `json:"name,omitempty" description:"What the person's form begins with."`
	Role   chat.Role `json:"role,omitempty" default:"member" description:"Not above one's own."`
	Groups []string  `json:"groups,omitempty"`
	Days   int       `json:"expires_in_days,omitempty" minimum:"1" maximum:"30" default:"7"`
}

// CreatedInvitation is a new invitation with its link, which is not told again.
type CreatedInvitation struct {
	invitation.Invitation
	LinkPath string `json:"link_path" description:"To be opened on this server."`
}

func (a *api) invitations(c echo.Context) error {
	list, err := a.accounts.Invitations(c.Request().Context(), edge.Identity(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[invitation.Invitation]{Data: list})
}

func (a *api) invite(c echo.Context) error {
	req, err := edge.Decode[NewInvitation](c)
	if err != nil {
		return err
	}
	v, token, err := a.accounts.Invite(c.Request().Context(), edge.Identity(c), tenancy.NewInvitation{
		Email: req.Email, Name: req.Name, Role: req.Role, Groups: req.Groups, Days: req.Days,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, CreatedInvitation{Invitation: v, LinkPath: tenancy.JoinPath(token)})
}

func (a *api) revokeInvitation(c echo.Context) error {
	if err := a.accounts.RevokeInvitation(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
