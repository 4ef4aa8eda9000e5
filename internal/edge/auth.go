package edge

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

const (
	keyIdentity = "identity"
	keyRecheck  = "recheck"
)

// Identity is the caller of an endpoint that is not public.
func Identity(c echo.Context) chat.Identity { return identity(c) }

func identity(c echo.Context) chat.Identity {
	id, _ := c.Get(keyIdentity).(chat.Identity)
	return id
}

// admit lets through whom the route's Access names.
func (s *Server) admit(a Access, next echo.HandlerFunc) echo.HandlerFunc {
	guard := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if a.Public {
			// A foreign page could still sign its victim in as somebody else.
			if err := guard.Check(c.Request()); err != nil {
				return fault.Forbidden("this request comes from a page of another origin").OfKind("cross_origin")
			}
			return next(c)
		}
		id, err := s.authenticate(c)
		if a.Guests && fault.Is(err, fault.CodeUnauthenticated) {
			return next(c)
		}
		if err != nil {
			return err
		}
		c.Set(keyIdentity, id)
		header, cookies := c.Request().Header.Get("Authorization"), c.Request().Header.Values("Cookie")
		c.Set(keyRecheck, func(ctx context.Context) error {
			_, err := s.credential(ctx, header, cookies)
			return err
		})
		if id.Via == chat.ViaSession {
			// A cookie is sent by the browser whoever asks: an unsafe request must come from our own page.
			if err := guard.Check(c.Request()); err != nil {
				return fault.Forbidden("this request comes from a page of another origin").OfKind("cross_origin")
			}
		}
		switch {
		case a.SessionOnly && id.Via != chat.ViaSession:
			return fault.Forbidden("this needs a person's sign-in; API keys and tokens may not do it").OfKind("session_required")
		case a.Permission != "" && !id.May(a.Permission):
			return fault.Forbidden("this API key lacks the permission %q", a.Permission).OfKind("missing_permission")
		case !id.Role.AtLeast(a.Role):
			return fault.Forbidden("this needs the role %s; yours is %s", a.Role, id.Role).OfKind("missing_role")
		case a.FirstTenant && !id.FirstTenant:
			return fault.Forbidden("this is for administrators of the first tenant").OfKind("missing_role")
		case a.Operator && !id.Operator:
			return fault.Forbidden("this is for owners of the first tenant").OfKind("missing_role")
		}
		return next(c)
	}
}

// Recheck returns a function that tells whether the caller's credential is still good. What stays open
// for long asks it again and again, since a key may be revoked meanwhile.
func Recheck(c echo.Context) func(context.Context) error {
	check, _ := c.Get(keyRecheck).(func(context.Context) error)
	return check
}

func (s *Server) authenticate(c echo.Context) (chat.Identity, error) {
	h := c.Request().Header
	return s.credential(c.Request().Context(), h.Get("Authorization"), h.Values("Cookie"))
}

// credential takes the Authorization header where there is one, and the cookie otherwise.
func (s *Server) credential(ctx context.Context, header string, cookies []string) (chat.Identity, error) {
	if header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
			return chat.Identity{}, fault.Unauthenticated("the Authorization header must be: Bearer KEY").OfKind("invalid_api_key")
		}
		return s.auth.Bearer(ctx, strings.TrimSpace(token))
	}
	cookie, err := (&http.Request{Header: http.Header{"Cookie": cookies}}).Cookie(s.cookies.name())
	if err != nil {
		return chat.Identity{}, fault.Unauthenticated("sign in, or send an API key as: Authorization: Bearer KEY")
	}
	return s.auth.Session(ctx, cookie.Value)
}

// Cookies sets and clears the session's cookie.
type Cookies struct{ secure bool }

// NewCookies makes cookies that demand HTTPS when secure.
func NewCookies(secure bool) Cookies { return Cookies{secure} }

// The __Host- prefix binds a cookie to this very host over HTTPS. Lax, not Strict: a link from a mail
// must find its reader signed in.
func (k Cookies) name() string {
	if k.secure {
		return "__Host-parley_session"
	}
	return "parley_session"
}

// Set gives the browser a session.
func (k Cookies) Set(c echo.Context, token string, expires time.Time) {
	k.put(c, http.Cookie{Name: k.name(), Value: token, Expires: expires})
}

func (k Cookies) put(c echo.Context, cookie http.Cookie) {
	cookie.Path, cookie.HttpOnly, cookie.Secure, cookie.SameSite = "/", true, k.secure, http.SameSiteLaxMode
	c.SetCookie(&cookie)
}

// Clear takes the session from the browser.
func (k Cookies) Clear(c echo.Context) {
	k.put(c, http.Cookie{Name: k.name(), MaxAge: -1})
}

func (k Cookies) flow() string { return k.name() + "_flow" }

// SetFlow gives the browser what a sign-in under way elsewhere needs; a lifetime below zero takes it away.
func (k Cookies) SetFlow(c echo.Context, value string, lifetime time.Duration) {
	k.put(c, http.Cookie{Name: k.flow(), Value: value, MaxAge: int(lifetime.Seconds())})
}

// Flow returns what SetFlow gave, or "".
func (k Cookies) Flow(c echo.Context) string {
	cookie, err := c.Cookie(k.flow())
	if err != nil {
		return ""
	}
	return cookie.Value
}
