// Package tenancy keeps tenants, their users and everything by which a caller proves who it is:
// passwords, sessions, API keys, identities at OpenID providers and bearer tokens. It turns a credential
// into a chat.Identity (Session, Bearer) and holds the rules of who may change whom.
//
// It owns the tables tenants, users, sessions, api_keys, identities, invitations and user_groups. It speaks no HTTP: cookies,
// headers and cross-origin checks are the edge's.
//
// Three rules hold everywhere. A row is only reached through a tenant that comes from the caller's
// identity, and a row of another tenant is not found. What a credential is worth is read from the
// database at each request, so that a changed role, a disabled user or a revoked key acts at once. And
// a tenant always keeps an owner who can sign in.
//
// Begin at Service. The parts that need no database are in the folders below: password, throttle,
// issuer, oidc and bearer. Those that keep a table of their own are there too, and work in the
// transactions of Service: invitation and group.
package tenancy
