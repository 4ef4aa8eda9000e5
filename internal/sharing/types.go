package sharing

import (
	"context"
	"time"

	"github.com/parley-chat/parley/internal/chat"
)

// Config says what may be shared with whom.
type Config struct {
	// PublicLinks lets people share with everybody who holds the address, signed in or not. Without it
	// such shares can neither be made nor, where there are some, be read.
	PublicLinks bool `mapstructure:"public_links"`
}

// DefaultConfig keeps shares within the tenant.
func DefaultConfig() Config { return Config{} }

// Warnings names what is legal and risky.
func (c Config) Warnings() []string {
	if c.PublicLinks {
		return []string{"sharing.public_links: conversations can be shared with people who do not sign in"}
	}
	return nil
}

// Audience says who may read a share, beside holding its address.
type Audience string

// The audiences.
const (
	Tenant Audience = "tenant" // who is signed in to the owner's tenant
	Link   Audience = "link"   // anyone
)

// Enum lists the audiences for the API's description.
func (Audience) Enum() []any { return []any{Tenant, Link} }

// Branch is what can be shared: a conversation's title, and its messages from the root to one end.
type Branch struct {
	Title    string
	Messages []SharedMessage
}

// SharedMessage is one message of a shared branch.
type SharedMessage struct {
	Role      chat.Speaker `json:"role"`
	Text      string       `json:"text"`
	Model     string       `json:"model"`
	CreatedAt time.Time    `json:"created_at"`
}

// Branches reads the scope's own conversations. An empty leaf is the chosen branch's. It gives
// fault.NotFound for what is not the scope's, and fault.Conflict while an answer is being written.
type Branches interface {
	Branch(ctx context.Context, sc chat.Scope, conversation, leaf string) (Branch, error)
}

// Redact takes personal data out of a text and counts what it took out, by kind.
type Redact func(text string) (string, map[string]int)

// Person is who shares.
type Person struct{ Name, Tenant string }

// People knows who shares. It gives fault.NotFound for who is gone or disabled, and for a closed tenant:
// what they have shared is then not to be read.
type People interface {
	Person(ctx context.Context, sc chat.Scope) (Person, error)
}

// Request is what makes a share.
type Request struct {
	Conversation string
	Leaf         string // "" is the chosen branch's
	Redact       bool
	Audience     Audience
	Days         int // until it expires
}

// Redaction counts the places of one kind that were taken out.
type Redaction struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

// Draft is what a share would show.
type Draft struct {
	Title      string          `json:"title"`
	Messages   []SharedMessage `json:"messages"`
	Redactions []Redaction     `json:"redactions"`
}

// Share is a shared copy as its owner sees it.
type Share struct {
	ID           string    `json:"id"`
	Conversation string    `json:"conversation_id"`
	Title        string    `json:"title"`
	Audience     Audience  `json:"audience"`
	Redacted     int       `json:"redacted" description:"How many places were taken out."`
	CreatedAt    time.Time `json:"created_at"`
	ExpiresAt    time.Time `json:"expires_at"`
	Messages     int       `json:"messages" description:"How many it has."`
}

// Shared is the copy as its readers see it.
type Shared struct {
	Title     string          `json:"title"`
	Tenant    string          `json:"tenant" description:"The name of the team."`
	SharedBy  string          `json:"shared_by"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	Messages  []SharedMessage `json:"messages"`
}
