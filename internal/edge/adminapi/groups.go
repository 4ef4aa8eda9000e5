package adminapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/tenancy/group"
)

func (a *api) groupRoutes() []edge.Route {
	const groups = "Administration: groups"
	const claims = "Where an identity provider decides somebody's groups, it does so again at the next sign-in."
	admin := edge.Admin()
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/admin/groups", Access: admin, Handle: a.groups, Op: edge.Op{
			Tag: groups, Summary: "List the tenant's groups", Response: edge.List[group.Group]{},
			Detail: "Also those that exist in users' lists alone, as a claim of an identity provider; they have no created_at."}},
		{Method: http.MethodPost, Path: "/v1/admin/groups", Access: admin, Handle: a.createGroup, Op: edge.Op{
			Tag: groups, Summary: "Make a group", Request: NewGroup{}, Response: group.Group{}, Status: http.StatusCreated, Idempotent: true}},
		{Method: http.MethodPatch, Path: "/v1/admin/groups/:name", Access: admin, Handle: a.patchGroup, Op: edge.Op{
			Tag: groups, Summary: "Rename or describe a group; its members stay", Request: GroupPatch{}, Response: group.Group{}, Detail: claims}},
		{Method: http.MethodDelete, Path: "/v1/admin/groups/:name", Access: admin, Handle: a.deleteGroup, Op: edge.Op{
			Tag: groups, Summary: "Delete a group; its members stay users", Status: http.StatusNoContent, Detail: claims}},
		{Method: http.MethodPut, Path: "/v1/admin/groups/:name/members", Access: admin, Handle: a.setMembers, Op: edge.Op{
			Tag: groups, Summary: "Put users into a group and take others out, all or nothing", Request: MemberChange{}, Response: group.Group{}, Detail: claims}},
	}
}

// NewGroup is what makes a group.
type NewGroup struct {
	Name        string `json:"name" required:"true"`
	Description string `json:"description,omitempty"`
}

// GroupPatch changes the fields that are given.
type GroupPatch struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

// MemberChange names users by id, at most 1000 together.
type MemberChange struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

func (a *api) groups(c echo.Context) error {
	list, err := a.accounts.Groups(c.Request().Context(), edge.Identity(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[group.Group]{Data: list})
}

func (a *api) createGroup(c echo.Context) error {
	req, err := edge.Decode[NewGroup](c)
	if err != nil {
		return err
	}
	g, err := a.accounts.CreateGroup(c.Request().Context(), edge.Identity(c), req.Name, req.Description)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, g)
}

func (a *api) patchGroup(c echo.Context) error {
	req, err := edge.Decode[GroupPatch](c)
	if err != nil {
		return err
	}
	g, err := a.accounts.UpdateGroup(c.Request().Context(), edge.Identity(c), edge.PathParam(c, "name"), tenancy.GroupPatch{Name: req.Name, Description: req.Description})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, g)
}

func (a *api) deleteGroup(c echo.Context) error {
	if err := a.accounts.DeleteGroup(c.Request().Context(), edge.Identity(c), edge.PathParam(c, "name")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) setMembers(c echo.Context) error {
	req, err := edge.Decode[MemberChange](c)
	if err != nil {
		return err
	}
	g, err := a.accounts.SetMembers(c.Request().Context(), edge.Identity(c), edge.PathParam(c, "name"), req.Add, req.Remove)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, g)
}
