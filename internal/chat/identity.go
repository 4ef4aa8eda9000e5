package chat

import "slices"

// Scope is the one permission set. Whatever reads or writes a tenant's data takes it as an explicit
// argument, so that a query without a tenant cannot be expressed.
type Scope struct {
	Tenant string
	User   string
	Groups []string // from the identity provider's claims or set by an admin
}

// Role is what a user may do in its tenant. Roles are ordered: each may do what the ones below may.
type Role string

// The roles, weakest first.
const (
	RoleViewer Role = "viewer" // reads what is shared with it; does not generate
	RoleMember Role = "member" // chats, and keeps API keys of its own
	RoleAdmin  Role = "admin"  // manages the tenant's users and keys
	RoleOwner  Role = "owner"  // may do anything in the tenant, and of the first tenant, also manage tenants
)

// Roles lists every role, weakest first.
func Roles() []Role { return []Role{RoleViewer, RoleMember, RoleAdmin, RoleOwner} }

// Enum lists the roles for the API's description.
func (Role) Enum() []any { return []any{RoleViewer, RoleMember, RoleAdmin, RoleOwner} }

// Valid reports whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// AtLeast reports whether r may do what min may. An unknown role may nothing.
func (r Role) AtLeast(least Role) bool {
	return r.Valid() && slices.Index(Roles(), r) >= slices.Index(Roles(), least)
}

// Permission is what an API key is good for. A session or a bearer token has all of them, and what it
// may do is decided by its role alone.
type Permission string

// The permissions that a key can hold.
const (
	MayChat  Permission = "chat"  // generate, embed, list models, own conversations
	MayAdmin Permission = "admin" // the administration of the tenant, as far as the user's role goes
)

// Permissions lists every permission.
func Permissions() []Permission { return []Permission{MayChat, MayAdmin} }

// Enum lists the permissions for the API's description.
func (Permission) Enum() []any { return []any{MayChat, MayAdmin} }

// Via is how a caller proved who it is.
type Via string

// The kinds of credential.
const (
	ViaSession Via = "session" // cookie
	ViaKey     Via = "key"     // API key
	ViaToken   Via = "token"   // bearer JWT of a trusted issuer
)

// Identity is an authenticated caller.
type Identity struct {
	Scope
	Role        Role
	Email       string
	Name        string
	Via         Via
	Credential  string       // id of the session or the key, "" for a token
	Permissions []Permission // of an API key; nil for the others, which are limited by role alone
	FirstTenant bool         // of the first tenant, whose admins manage the models and see how the server does
	Operator    bool         // an owner of it: may manage tenants
}

// May reports whether the caller's credential carries the permission.
func (id Identity) May(p Permission) bool {
	return id.Via != ViaKey || slices.Contains(id.Permissions, p)
}
