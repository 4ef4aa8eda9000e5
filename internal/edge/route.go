package edge

import (
	"github.com/labstack/echo/v4"

	"github.com/parley-chat/parley/internal/chat"
)

// Route is one endpoint, in full: the server registers it, checks its Access before Handle runs, and
// the OpenAPI document is made from its Op. An endpoint cannot be added without saying who may call it.
type Route struct {
	Method string
	Path   string // echo's form, "/v1/keys/:id"
	Access Access
	Op     Op
	// MaxBody bounds the body where it is not the server's bound that counts; 0 is that.
	MaxBody int64
	Handle  echo.HandlerFunc
}

// Access says who may call an endpoint.
type Access struct {
	// Public lets anyone in; the other fields are then unused.
	Public bool
	// Guests lets in who shows no credential, too; Handle sees an empty Identity then. A credential that is
	// no good counts as none, and one that is good is held to the other fields.
	Guests bool
	// Role is the weakest role that may call.
	Role chat.Role
	// Permission must be among those of an API key; sessions and tokens have all.
	Permission chat.Permission
	// SessionOnly keeps API keys and tokens out: what guards the account itself needs a person.
	SessionOnly bool
	// FirstTenant admits only people of the first tenant, and Operator only its owners.
	FirstTenant, Operator bool
}

// Public lets anyone in.
func Public() Access { return Access{Public: true} }

// Chat admits a role that may use the permission to chat.
func Chat(least chat.Role) Access { return Access{Role: least, Permission: chat.MayChat} }

// Admin admits administrators.
func Admin() Access { return Access{Role: chat.RoleAdmin, Permission: chat.MayAdmin} }

// Operators admits administrators of the first tenant, who look after the server itself.
func Operators() Access {
	return Access{Role: chat.RoleAdmin, Permission: chat.MayAdmin, FirstTenant: true}
}

// Own admits any signed-in person to their own account, by session only.
func Own() Access { return Access{Role: chat.RoleViewer, SessionOnly: true} }

// Op documents an endpoint. Request and Response are values of the types that are decoded and encoded,
// nil for none; their doc comments and tags become the schema.
type Op struct {
	Tag      string // section of the documentation
	Summary  string // one line
	Detail   string // Markdown, may be ""
	Request  any    // body
	Query    any    // struct with tags query, or header
	Response any    // body of success
	Status   int    // of success; 0 means 200
	Stream   any    // the JSON of one server-sent event, when the endpoint can stream
	Socket   Socket // the messages of a WebSocket
	// Idempotent says that an Idempotency-Key is honoured.
	Idempotent bool
}

// Socket holds values of the types of a WebSocket's messages, nil for none.
type Socket struct{ Client, Server any }

// List is the body of a list without pages.
type List[T any] struct {
	Data []T `json:"data"`
}
