// Package adminapi is the administration of a tenant, and for the operator, of tenants.
package adminapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/tenancy"
)

type api struct{ accounts *tenancy.Service }

// Routes are the endpoints.
func Routes(accounts *tenancy.Service) []edge.Route {
	a := &api{accounts}
	const users, tenants = "Administration: users and keys", "Administration: tenants"
	admin := edge.Admin()
	operator := edge.Access{Role: chat.RoleOwner, Permission: chat.MayAdmin, Operator: true}
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/admin/users", Access: admin, Handle: a.users, Op: edge.Op{
			Tag: users, Summary: "List the tenant's users", Query: UserQuery{}, Response: UserList{}}},
		{Method: http.MethodPost, Path: "/v1/admin/users", Access: admin, Handle: a.createUser, Op: edge.Op{
			Tag: users, Summary: "Make a user", Request: NewUser{}, Response: tenancy.User{}, Status: http.StatusCreated}},
		{Method: http.MethodGet, Path: "/v1/admin/users/:id", Access: admin, Handle: a.user, Op: edge.Op{
			Tag: users, Summary: "Tell one user", Response: tenancy.User{}}},
		{Method: http.MethodPatch, Path: "/v1/admin/users/:id", Access: admin, Handle: a.patchUser, Op: edge.Op{
			Tag: users, Summary: "Change a user's name, role, groups or password, or disable it", Request: UserPatch{}, Response: tenancy.User{}}},
		{Method: http.MethodDelete, Path: "/v1/admin/users/:id", Access: admin, Handle: a.deleteUser, Op: edge.Op{
			Tag: users, Summary: "Delete a user with all conversations", Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/admin/keys", Access: admin, Handle: a.keys, Op: edge.Op{
			Tag: users, Summary: "List everybody's API keys", Response: edge.List[tenancy.Key]{}}},
		{Method: http.MethodDelete, Path: "/v1/admin/keys/:id", Access: admin, Handle: a.revokeKey, Op: edge.Op{
			Tag: users, Summary: "Revoke anybody's API key", Status: http.StatusNoContent}},

		{Method: http.MethodGet, Path: "/v1/admin/tenants", Access: operator, Handle: a.tenants, Op: edge.Op{
			Tag: tenants, Summary: "List the tenants", Response: edge.List[tenancy.Tenant]{}}},
		{Method: http.MethodPost, Path: "/v1/admin/tenants", Access: operator, Handle: a.createTenant, Op: edge.Op{
			Tag: tenants, Summary: "Make a tenant", Request: NewTenant{}, Response: tenancy.Tenant{}, Status: http.StatusCreated}},
		{Method: http.MethodGet, Path: "/v1/admin/tenants/:id", Access: operator, Handle: a.tenant, Op: edge.Op{
			Tag: tenants, Summary: "Tell one tenant", Response: tenancy.Tenant{}}},
		{Method: http.MethodPatch, Path: "/v1/admin/tenants/:id", Access: operator, Handle: a.renameTenant, Op: edge.Op{
			Tag: tenants, Summary: "Rename a tenant", Request: TenantPatch{}, Response: tenancy.Tenant{}}},
		{Method: http.MethodDelete, Path: "/v1/admin/tenants/:id", Access: operator, Handle: a.deleteTenant, Op: edge.Op{
			Tag: tenants, Summary: "Close a tenant; its data stays, encrypted", Status: http.StatusNoContent}},
		{Method: http.MethodPost, Path: "/v1/admin/tenants/:id/shred", Access: operator, Handle: a.shredTenant, Op: edge.Op{
			Tag: tenants, Summary: "Destroy a tenant's data key: its texts are unreadable for ever", Request: ShredRequest{}, Status: http.StatusNoContent}},
	}
}

// UserQuery chooses users.
type UserQuery struct {
	Q      string `query:"q" description:"Part of the name or address."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor"`
}

// UserList is a page of users.
type UserList struct {
	Data []tenancy.User `json:"data"`
	Next string         `json:"next_cursor"`
}

// NewUser is what makes a user.
type NewUser struct {
	Email    string    `json:"email" required:"true"`
	Name     string    `json:"name" required:"true"`
	Role     chat.Role `json:"role,omitempty" enum:"viewer,member,admin,owner" default:"member"`
	Password string    `json:"password,omitempty" description:"Empty for who signs in through a provider only."`
	Groups   []string  `json:"groups,omitempty"`
}

// UserPatch changes the fields that are given.
type UserPatch struct {
	Name     *string    `json:"name,omitempty"`
	Role     *chat.Role `json:"role,omitempty" enum:"viewer,member,admin,owner"`
	Disabled *bool      `json:"disabled,omitempty"`
	Password *string    `json:"password,omitempty"`
	Groups   *[]string  `json:"groups,omitempty"`
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

func (u NewUser) inner() tenancy.NewUser {
	return tenancy.NewUser{Email: u.Email, Name: u.Name, Role: u.Role, Password: u.Password, Groups: u.Groups}
}

func (a *api) users(c echo.Context) error {
	limit, err := edge.QueryInt(c, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	page, err := a.accounts.Users(c.Request().Context(), edge.Identity(c), tenancy.UserFilter{
		Query: c.QueryParam("q"), Limit: limit, Cursor: c.QueryParam("cursor"),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, UserList{Data: page.Users, Next: page.Next})
}

func (a *api) createUser(c echo.Context) error {
	req, err := edge.Decode[NewUser](c)
	if err != nil {
		return err
	}
	user, err := a.accounts.CreateUser(c.Request().Context(), edge.Identity(c), req.inner())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, user)
}

func (a *api) user(c echo.Context) error {
	user, err := a.accounts.User(c.Request().Context(), edge.Identity(c), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, user)
}

func (a *api) patchUser(c echo.Context) error {
	req, err := edge.Decode[UserPatch](c)
	if err != nil {
		return err
	}
	user, err := a.accounts.UpdateUser(c.Request().Context(), edge.Identity(c), c.Param("id"), tenancy.UserPatch{
		Name: req.Name, Role: req.Role, Disabled: req.Disabled, Password: req.Password, Groups: req.Groups,
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, user)
}

func (a *api) deleteUser(c echo.Context) error {
	if err := a.accounts.DeleteUser(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) keys(c echo.Context) error {
	list, err := a.accounts.AllKeys(c.Request().Context(), edge.Identity(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[tenancy.Key]{Data: list})
}

func (a *api) revokeKey(c echo.Context) error {
	if err := a.accounts.RevokeAnyKey(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
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
	if err := a.accounts.ShredTenant(c.Request().Context(), edge.Identity(c), c.Param("id"), req.Confirm); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
