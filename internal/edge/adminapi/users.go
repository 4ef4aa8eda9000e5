package adminapi

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/tenancy"
)

func (a *api) userRoutes() []edge.Route {
	const users = "Administration: users and keys"
	admin := edge.Admin()
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/admin/users", Access: admin, Handle: a.users, Op: edge.Op{
			Tag: users, Summary: "List the tenant's users", Query: UserQuery{}, Response: UserList{}}},
		{Method: http.MethodPost, Path: "/v1/admin/users", Access: admin, Handle: a.createUser, Op: edge.Op{
			Tag: users, Summary: "Make a user", Request: NewUser{}, Response: tenancy.User{}, Status: http.StatusCreated, Idempotent: true}},
		{Method: http.MethodGet, Path: "/v1/admin/users/:id", Access: admin, Handle: a.user, Op: edge.Op{
			Tag: users, Summary: "Tell one user", Response: tenancy.User{}}},
		{Method: http.MethodPatch, Path: "/v1/admin/users/:id", Access: admin, Handle: a.patchUser, Op: edge.Op{
			Tag: users, Summary: "Change a user's name, role, groups or password, or disable it", Request: UserPatch{}, Response: tenancy.User{}}},
		{Method: http.MethodDelete, Path: "/v1/admin/users/:id", Access: admin, Handle: a.deleteUser, Op: edge.Op{
			Tag: users, Summary: "Delete a user with all conversations", Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/admin/users/:id/sessions", Access: admin, Handle: a.userSessions, Op: edge.Op{
			Tag: users, Summary: "List where a user is signed in", Response: edge.List[tenancy.Session]{}}},
		{Method: http.MethodDelete, Path: "/v1/admin/users/:id/sessions", Access: admin, Handle: a.endUserSessions, Op: edge.Op{
			Tag: users, Summary: "Sign a user out everywhere; API keys go on", Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/admin/keys", Access: admin, Handle: a.keys, Op: edge.Op{
			Tag: users, Summary: "List everybody's API keys", Response: edge.List[tenancy.OwnedKey]{}}},
		{Method: http.MethodDelete, Path: "/v1/admin/keys/:id", Access: admin, Handle: a.revokeKey, Op: edge.Op{
			Tag: users, Summary: "Revoke anybody's API key", Status: http.StatusNoContent}},
	}
}

// UserQuery chooses users.
type UserQuery struct {
	Q      string    `query:"q" description:"Part of the name or address."`
	Role   chat.Role `query:"role"`
	Group  string    `query:"group" description:"A group that they are in."`
	Status string    `query:"status" enum:"active,disabled"`
	Sort   string    `query:"sort" enum:"created,name,email,role,login,-created,-name,-email,-role,-login" description:"A minus sorts downwards; absent is created."`
	Limit  int       `query:"limit" minimum:"1" maximum:"200"`
	Cursor string    `query:"cursor"`
}

// UserList is a page of users.
type UserList struct {
	Data  []tenancy.User `json:"data"`
	Next  string         `json:"next_cursor"`
	Total int            `json:"total" description:"Users on all pages."`
}

// NewUser is what makes a user.
type NewUser struct {
	Email    string    `json:"email" required:"true"`
	Name     string    `json:"name" required:"true"`
	Role     chat.Role `json:"role,omitempty" default:"member"`
	Password string    `json:"password,omitempty" description:"Empty for who signs in through a provider only."`
	Groups   []string  `json:"groups,omitempty"`
}

// UserPatch changes the fields that are given.
type UserPatch struct {
	Name     *string    `json:"name,omitempty"`
	Role     *chat.Role `json:"role,omitempty"`
	Disabled *bool      `json:"disabled,omitempty"`
	Password *string    `json:"password,omitempty"`
	Groups   *[]string  `json:"groups,omitempty"`
}

func (u NewUser) inner() tenancy.NewUser {
	return tenancy.NewUser{Email: u.Email, Name: u.Name, Role: u.Role, Password: u.Password, Groups: u.Groups}
}

func (a *api) users(c echo.Context) error {
	limit, err := edge.QueryInt(c, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	order, down := strings.CutPrefix(c.QueryParam("sort"), "-")
	page, err := a.accounts.Users(c.Request().Context(), edge.Identity(c), tenancy.UserFilter{
		Query: c.QueryParam("q"), Role: chat.Role(c.QueryParam("role")), Group: c.QueryParam("group"),
		Status: tenancy.Status(c.QueryParam("status")), Order: tenancy.UserOrder(order), Down: down, Limit: limit, Cursor: c.QueryParam("cursor"),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, UserList{Data: page.Users, Next: page.Next, Total: page.Total})
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

func (a *api) userSessions(c echo.Context) error {
	list, err := a.accounts.UserSessions(c.Request().Context(), edge.Identity(c), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[tenancy.Session]{Data: list})
}

func (a *api) endUserSessions(c echo.Context) error {
	if err := a.accounts.EndUserSessions(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *api) keys(c echo.Context) error {
	list, err := a.accounts.AllKeys(c.Request().Context(), edge.Identity(c))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, edge.List[tenancy.OwnedKey]{Data: list})
}

func (a *api) revokeKey(c echo.Context) error {
	if err := a.accounts.RevokeAnyKey(c.Request().Context(), edge.Identity(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
