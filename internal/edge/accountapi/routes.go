// Package accountapi is a person's own account: set-up, invitation, sign-in, profile, sessions, keys,
// usage, export and deletion.
package accountapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/prompts"
	"github.com/parley-chat/parley/internal/sharing"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/usage"
)

// Parts are what the endpoints ask.
type Parts struct {
	Accounts      *tenancy.Service
	Conversations *conversation.Store
	Shares        *sharing.Store
	Prompts       *prompts.Store
	Usage         *usage.Book
	Server        edge.Config
	Version       string
}

type api struct {
	Parts
	cookies edge.Cookies
}

// Routes are the endpoints.
func Routes(p Parts) []edge.Route {
	a := &api{p, edge.NewCookies(p.Server.Secure())}
	const signIn, own = "Sign-in", "Own account"
	public, mine := edge.Public(), edge.Own()
	return []edge.Route{
		{Method: http.MethodGet, Path: "/v1/auth/options", Access: public, Handle: a.options, Op: edge.Op{
			Tag: signIn, Summary: "Tell how one can sign in", Response: Options{}}},
		{Method: http.MethodPost, Path: "/v1/setup", Access: public, Handle: a.setup, Op: edge.Op{
			Tag: signIn, Summary: "Make the first account, by the link that the server printed", Request: SetupRequest{}, Response: Me{}, Status: http.StatusCreated}},
		{Method: http.MethodGet, Path: "/v1/invitations", Access: public, Handle: a.invitation, Op: edge.Op{
			Tag: signIn, Summary: "Tell what the link of an invitation offers", Query: TokenQuery{}, Response: Invited{},
			Detail: "A link that is unknown, used, revoked or has expired is 404, whichever it is."}},
		{Method: http.MethodPost, Path: "/v1/invitations/accept", Access: public, Handle: a.acceptInvitation, Op: edge.Op{
			Tag: signIn, Summary: "Make the account that an invitation offers, and sign in", Request: AcceptRequest{}, Response: Me{}, Status: http.StatusCreated}},
		{Method: http.MethodPost, Path: "/v1/session", Access: public, Handle: a.login, Op: edge.Op{
			Tag: signIn, Summary: "Sign in by password", Request: LoginRequest{}, Response: Me{}}},
		{Method: http.MethodDelete, Path: "/v1/session", Access: mine, Handle: a.logout, Op: edge.Op{
			Tag: signIn, Summary: "Sign out", Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/auth/oidc/start", Access: public, Handle: a.beginOIDC, Op: edge.Op{
			Tag: signIn, Summary: "Go to an OpenID provider to sign in", Query: StartQuery{}, Status: http.StatusFound}},
		{Method: http.MethodGet, Path: "/v1/auth/oidc/callback", Access: public, Handle: a.finishOIDC, Op: edge.Op{
			Tag: signIn, Summary: "Come back from an OpenID provider", Status: http.StatusFound}},

		{Method: http.MethodGet, Path: "/v1/me", Access: edge.Access{Role: chat.RoleViewer}, Handle: a.me, Op: edge.Op{
			Tag: own, Summary: "Tell who is calling", Response: Me{}}},
		{Method: http.MethodPatch, Path: "/v1/me", Access: mine, Handle: a.patchMe, Op: edge.Op{
			Tag: own, Summary: "Change one's name or password", Request: MePatch{}, Response: Me{}}},
		{Method: http.MethodDelete, Path: "/v1/me", Access: mine, Handle: a.deleteMe, Op: edge.Op{
			Tag: own, Summary: "Delete one's account with all conversations", Request: DeleteRequest{}, Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/me/export", Access: mine, Handle: a.export, Op: edge.Op{
			Tag: own, Summary: "Download everything that is kept of oneself", Response: ExportDocument{}}},
		{Method: http.MethodGet, Path: "/v1/me/sessions", Access: mine, Handle: a.sessions, Op: edge.Op{
			Tag: own, Summary: "List where one is signed in", Response: edge.List[tenancy.Session]{}}},
		{Method: http.MethodDelete, Path: "/v1/me/sessions/:id", Access: mine, Handle: a.revokeSession, Op: edge.Op{
			Tag: own, Summary: "Sign out somewhere", Status: http.StatusNoContent}},
		{Method: http.MethodGet, Path: "/v1/usage", Access: edge.Access{Role: chat.RoleViewer}, Handle: a.usage, Op: edge.Op{
			Tag: own, Summary: "Sum up by day what one's own turns took", Query: OwnUsageQuery{}, Response: usage.Report{},
			Detail: "Days are in UTC. One without a turn has no row."}},
		{Method: http.MethodGet, Path: "/v1/keys", Access: mine, Handle: a.keys, Op: edge.Op{
			Tag: own, Summary: "List one's API keys", Response: edge.List[tenancy.Key]{}}},
		{Method: http.MethodPost, Path: "/v1/keys", Access: mine, Handle: a.createKey, Op: edge.Op{
			Tag: own, Summary: "Make an API key; its secret is told this once", Request: NewKey{}, Response: CreatedKey{}, Status: http.StatusCreated, Idempotent: true,
			Detail: "With an `Idempotency-Key` the answer, the secret in it, is kept encrypted for 24 hours and told again to its maker alone."}},
		{Method: http.MethodDelete, Path: "/v1/keys/:id", Access: mine, Handle: a.revokeKey, Op: edge.Op{
			Tag: own, Summary: "Revoke an API key", Status: http.StatusNoContent}},
	}
}

func client(c echo.Context) tenancy.Client {
	return tenancy.Client{IP: c.RealIP(), UserAgent: c.Request().UserAgent()}
}
