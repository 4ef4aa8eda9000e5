package adminapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/tenancy"
)

func (a *api) tenantRoutes() []edge.Route {
	const tenants = "Administration: tenants"
	operator := edge.Access{Role: chat.RoleOwner, Permission: chat.MayAdmin, Operator: true}
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/admin/tenants", Access: operator, Handle: a.tenants, Op: edge.Op{
			Tag: tenants, Summary: "List the tenants", Response: edge.List[tenancy.Tenant]{}}},
		{Method: http.MethodPost, Path: "/v1/admin/tenants", Access: operator, Handle: a.createTenant, Op: edge.Op{
			Tag: tenants, Summary: "Make a tenant", Request: NewTenant{}, Response: tenancy.Tenant{}, Status: http.StatusCreated, Idempotent: true}},
		{Method: http.MethodGet, Path: "/v1/admin/tenants/:id", Access: operator, Handle: a.tenant, Op: edge.Op{
			Tag: tenants, Summary: "Tell one tenant", Response: tenancy.Tenant{}}},
		{Method: http.MethodPatch, Path: "/v1/admin/tenants/:id", Access: operator, Handle: a.renameTenant, Op: edge.Op{
			Tag: tenants, Summary: "Rename a tenant", Request: TenantPatch{}, Response: tenancy.Tenant{}}},
		{Method: http.MethodDelete, Path: "/v1/admin/tenants/:id", Access: operator, Handle: a.deleteTenant, Op: edge.Op{
			Tag: tenants, Summary: "Close a tenant; its data stays, encrypted", Status: http.StatusNoContent}},
		{Method: http.MethodPost, Path: "/v1/admin/tenants/:id/shred", Access: operator, Handle: a.shredTenant, Op: edge.Op{
			Tag: tenants, Summary: "Destroy a tenant's data key: its texts are unreadable for ever", Request: ShredRequest{}, Response: Shredded{},
			Detail: "The server's own snapshots lose the key too, and no backup that is restored here brings it back. A backup elsewhere still holds it: destroy those as well."}},
	}
}

// NewTenant is what makes a tenant.
type NewTenant struct {
	Slug  string   `json:"slug" required:"true"`
	Name  string   `json:"name" required:"true"`
	Owner *NewUser `json:"owner,omitempty" description:"The tenant's first owner."`
}

// TenantPatch renames a tenant.
type TenantPatch struct {
	Name string `json:"name" required:"true"`
}

// ShredRequest confirms the destruction of a tenant's key.
type ShredRequest struct {
	Confirm string `json:"confirm" required:"true" description:"The tenant's slug."`
}

// Shredded tells what was done beyond the database.
type Shredded struct {
	Snapshots int `json:"snapshots" description:"Snapshots of the server that held the key; it was taken out of them."`
}

func (a *api) tenants(c echo.Context) error {
	list, err := a.accounts.Tenants(c.Request().Context(), edge.Identity(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[tenancy.Tenant]{Data: list})
}

func (a *api) createTenant(c echo.Context) error {
	req, err := edge.Decode[NewTenant](c)
	if err != nil {
		return err
	}
	n := tenancy.NewTenant{Slug: req.Slug, Name: req.Name}
	if req.Owner != nil {
		owner := req.Owner.inner()
		n.Owner = &owner
	}
	t, err := a.accounts.CreateTenant(c.Request().Context(), edge.Identity(c), n)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, t)
}

func (a *api) tenant(c echo.Context) error {
	t, err := a.accounts.Tenant(c.Request().Context(), edge.Identity(c), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, t)
}

func (a *api) renameTenant(c echo.Context) error {
	req, err := edge.Decode[TenantPatch](c)
	if err != nil {
		return err
	}
	t, err := a.accounts.RenameTenant(c.Request().Context(), edge.Identity(c), c.Param("id"), req.Name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, t)
}

func (a *api) deleteTenant(c echo.Context) error {
	if err := a.accounts.DeleteTenant(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) shredTenant(c echo.Context) error {
	req, err := edge.Decode[ShredRequest](c)
	if err != nil {
		return err
	}
	snapshots, err := a.accounts.ShredTenant(c.Request().Context(), edge.Identity(c), c.Param("id"), req.Confirm)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Shredded{Snapshots: snapshots})
}
