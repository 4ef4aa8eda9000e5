// Package shareapi is the API of sharing: showing a copy of a conversation to others, and reading one.
package shareapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/sharing"
)

// defaultDays is how long a share lasts when nobody says.
const defaultDays = 30

type api struct{ shares *sharing.Store }

// NewShare says what to share and with whom.
type NewShare struct {
	Redact        *bool            `json:"redact,omitempty" default:"true" description:"Takes personal data and secrets out of the copy."`
	Audience      sharing.Audience `json:"audience,omitempty" default:"tenant" description:"tenant: signed-in people of the team. link: anyone who holds the address, where the operator allows it."`
	ExpiresInDays *int             `json:"expires_in_days,omitempty" minimum:"1" maximum:"365" default:"30"`
	LeafID        string           `json:"leaf_id,omitempty" description:"The message that the copy ends with; absent is the end of the chosen branch."`
}

// CreatedShare is a new share with its address.
type CreatedShare struct {
	sharing.Share
	URLPath string `json:"url_path" description:"Told this once: where the server is, followed by this."`
}

// ShareList is one's own shares, newest first.
type ShareList struct {
	Data        []sharing.Share `json:"data"`
	PublicLinks bool            `json:"public_links" description:"Whether the audience link may be chosen."`
}

// Routes are the endpoints.
func Routes(shares *sharing.Store) []edge.Route {
	a := &api{shares}
	const tag = "Sharing"
	write, read := edge.Chat(chat.RoleMember), edge.Chat(chat.RoleViewer)
	guests := read
	guests.Guests = true
	return []edge.Route{
		{Method: http.MethodPost, Path: "/v1/conversations/:id/shares", Access: write, Handle: a.create, Op: edge.Op{
			Tag: tag, Summary: "Share a copy of a conversation's chosen branch", Request: NewShare{}, Response: CreatedShare{}, Status: http.StatusCreated, Idempotent: true,
			Detail: "The copy stays as it is, whatever is said or edited afterwards, and ends with its conversation. It holds what was asked and answered, without the instructions and what tools returned."}},
		{Method: http.MethodPost, Path: "/v1/conversations/:id/shares/preview", Access: write, Handle: a.preview, Op: edge.Op{
			Tag: tag, Summary: "Show what would be shared, and make nothing", Request: NewShare{}, Response: sharing.Draft{}}},
		{Method: http.MethodGet, Path: "/v1/shares", Access: read, Handle: a.list, Op: edge.Op{
			Tag: tag, Summary: "List one's own shares that have not ended", Response: ShareList{}}},
		{Method: http.MethodDelete, Path: "/v1/shares/:id", Access: write, Handle: a.revoke, Op: edge.Op{
			Tag: tag, Summary: "Stop sharing", Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/shared/:token", Access: guests, Handle: a.open, Op: edge.Op{
			Tag: tag, Summary: "Read what was shared", Response: sharing.Shared{},
			Detail: "One 404 for whatever is not there, has ended or is not the reader's to see. A guest gets 401 for what is shared with a team."}},
	}
}

func request(c echo.Context) (sharing.Request, error) {
	req, err := edge.Decode[NewShare](c)
	if err != nil {
		return sharing.Request{}, err
	}
	r := sharing.Request{Conversation: c.Param("id"), Leaf: req.LeafID, Redact: true, Audience: sharing.Tenant, Days: defaultDays}
	if req.Redact != nil {
		r.Redact = *req.Redact
	}
	if req.Audience != "" {
		r.Audience = req.Audience
	}
	if req.ExpiresInDays != nil {
		r.Days = *req.ExpiresInDays
	}
	return r, nil
}

func (a *api) create(c echo.Context) error {
	r, err := request(c)
	if err != nil {
		return err
	}
	share, token, err := a.shares.Create(c.Request().Context(), edge.Identity(c).Scope, r)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, CreatedShare{Share: share, URLPath: "/share/" + token})
}

func (a *api) preview(c echo.Context) error {
	r, err := request(c)
	if err != nil {
		return err
	}
	draft, err := a.shares.Preview(c.Request().Context(), edge.Identity(c).Scope, r)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, draft)
}

func (a *api) list(c echo.Context) error {
	list, err := a.shares.List(c.Request().Context(), edge.Identity(c).Scope)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ShareList{Data: list, PublicLinks: a.shares.PublicLinks()})
}

func (a *api) revoke(c echo.Context) error {
	if err := a.shares.Revoke(c.Request().Context(), edge.Identity(c).Scope, c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) open(c echo.Context) error {
	// Neither a search engine nor a cache on the way keeps what may be revoked.
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	c.Response().Header().Set("Cache-Control", "no-store")
	shared, err := a.shares.Open(c.Request().Context(), c.Param("token"), edge.Identity(c).Scope)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, shared)
}
