package accountapi

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
)

const callbackPath = "/v1/auth/oidc/callback"

// Options tells how one can sign in.
type Options struct {
	SetupNeeded bool       `json:"setup_needed"`
	Password    bool       `json:"password"`
	MinLength   int        `json:"password_min_length"`
	OIDC        []Provider `json:"oidc"`
	Version     string     `json:"version"`
}

// Provider is an OpenID provider; URL begins a sign-in there.
type Provider struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	URL   string `json:"url"`
}

// SetupRequest makes the first account.
type SetupRequest struct {
	Token      string `json:"token" required:"true"`
	Email      string `json:"email" required:"true"`
	Name       string `json:"name" required:"true"`
	Password   string `json:"password" required:"true"`
	TenantName string `json:"tenant_name,omitempty"`
}

// LoginRequest is a sign-in by password. Tenant is needed only after a 409 "choose_tenant".
type LoginRequest struct {
	Email    string `json:"email" required:"true"`
	Password string `json:"password" required:"true"`
	Tenant   string `json:"tenant,omitempty"`
}

// StartQuery chooses a provider and the page to come back to.
type StartQuery struct {
	Provider string `query:"provider"`
	Next     string `query:"next"`
}

func (a *api) options(c echo.Context) error {
	o, err := a.Accounts.Options(c.Request().Context())
	if err != nil {
		return err
	}
	out := Options{SetupNeeded: o.SetupNeeded, Password: o.Password, MinLength: o.MinLength, OIDC: []Provider{}, Version: a.Version}
	for _, p := range o.Providers {
		out.OIDC = append(out.OIDC, Provider{Name: p.Name, Label: p.Label, URL: "/v1/auth/oidc/start?provider=" + url.QueryEscape(p.Name)})
	}
	return c.JSON(http.StatusOK, out)
}

func (a *api) setup(c echo.Context) error {
	req, err := edge.Decode[SetupRequest](c)
	if err != nil {
		return err
	}
	grant, err := a.Accounts.Setup(c.Request().Context(), req.Token, tenancy.SetupRequest{
		Email: req.Email, Name: req.Name, Password: req.Password, TenantName: req.TenantName, Client: client(c),
	})
	if err != nil {
		return err
	}
	return a.welcome(c, http.StatusCreated, grant)
}

func (a *api) login(c echo.Context) error {
	req, err := edge.Decode[LoginRequest](c)
	if err != nil {
		return err
	}
	grant, err := a.Accounts.Login(c.Request().Context(), tenancy.LoginRequest{
		Email: req.Email, Password: req.Password, Tenant: req.Tenant, Client: client(c),
	})
	var choose *tenancy.ChooseTenant
	if errors.As(err, &choose) {
		return choice{choose}
	}
	if err != nil {
		return err
	}
	return a.welcome(c, http.StatusOK, grant)
}

// choice puts the tenants to choose from into the error's body.
type choice struct{ *tenancy.ChooseTenant }

// Choices is read by edge.Detail.
func (c choice) Choices() []edge.TenantChoice {
	list := make([]edge.TenantChoice, len(c.Tenants))
	for i, t := range c.Tenants {
		list[i] = edge.TenantChoice(t)
	}
	return list
}

// Unwrap returns the fault.
func (c choice) Unwrap() error { return c.ChooseTenant.Unwrap() }

// welcome gives the browser its session and tells who has signed in.
func (a *api) welcome(c echo.Context, status int, grant tenancy.Grant) error {
	a.cookies.Set(c, grant.Token, grant.ExpiresAt)
	me, err := a.Accounts.Me(c.Request().Context(), grant.Identity)
	if err != nil {
		return err
	}
	return c.JSON(status, newMe(me, grant.Identity))
}

func (a *api) logout(c echo.Context) error {
	if err := a.Accounts.Logout(c.Request().Context(), edge.Identity(c)); err != nil {
		return err
	}
	a.cookies.Clear(c)
	return c.NoContent(http.StatusNoContent)
}

func (a *api) beginOIDC(c echo.Context) error {
	started, err := a.Accounts.BeginOIDC(c.Request().Context(), c.QueryParam("provider"), c.QueryParam("next"), a.callback(c))
	if err != nil {
		return a.backToSignIn(c, err)
	}
	a.cookies.SetFlow(c, started.Cookie, oidc.Lifetime)
	return c.Redirect(http.StatusFound, started.URL)
}

func (a *api) finishOIDC(c echo.Context) error {
	cookie := a.cookies.Flow(c)
	a.cookies.SetFlow(c, "", -time.Second)
	grant, next, err := a.Accounts.FinishOIDC(c.Request().Context(), cookie, c.QueryParams(), client(c))
	if err != nil {
		return a.backToSignIn(c, err)
	}
	a.cookies.Set(c, grant.Token, grant.ExpiresAt)
	return c.Redirect(http.StatusFound, next)
}

// backToSignIn tells a person on the page, not as JSON. An internal error stays one, for the log.
func (a *api) backToSignIn(c echo.Context, err error) error {
	f := fault.From(err)
	if f.Code == fault.CodeInternal {
		return err
	}
	return c.Redirect(http.StatusFound, "/?auth_error="+url.QueryEscape(f.Message))
}

// callback is the address that a provider sends the browser back to.
func (a *api) callback(c echo.Context) string {
	if a.Server.PublicURL != "" {
		base, err := url.Parse(a.Server.PublicURL)
		if err == nil {
			return base.JoinPath(callbackPath).String()
		}
	}
	return c.Scheme() + "://" + c.Request().Host + callbackPath
}

func newMe(me tenancy.Me, id chat.Identity) Me {
	return Me{User: me.User, Tenant: me.Tenant, Operator: id.Operator, Via: id.Via, Permissions: append([]chat.Permission{}, id.Permissions...)}
}
