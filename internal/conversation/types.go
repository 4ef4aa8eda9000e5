package conversation

import (
	"time"

	"github.com/parley-chat/parley/internal/chat"
)

// Conversation is a tree of messages with a title.
type Conversation struct {
	ID        string    `json:"id"`
	Tenant    string    `json:"-"`
	User      string    `json:"-"`
	Title     string    `json:"title"`
	TitleBy   TitleBy   `json:"-"`
	Status    State     `json:"status"`
	Pinned    bool      `json:"pinned"`
	Leaf      string    `json:"leaf_id"` // the message that the chosen branch ends with; "" when empty
	Retention Retention `json:"retention_policy"`
	Folder    string    `json:"folder_id"` // "" outside of all folders
	Temporary bool      `json:"temporary"` // never listed or found, and gone a day after its last change
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// TitleBy says who gave the title. One that the user chose is never replaced by a generated one.
type TitleBy string

// The givers of titles.
const (
	TitleUnset TitleBy = ""
	TitleModel TitleBy = "model"
	TitleUser  TitleBy = "user"
)

// State says where a conversation is listed.
type State string

// The states of a conversation.
const (
	Active   State = "active"
	Archived State = "archived"
)

// Enum lists the states for the API's description.
func (State) Enum() []any { return []any{Active, Archived} }

// Status is how far a message has come.
type Status string

// The statuses of a message. Every message but an assistant's is Complete from the start.
const (
	Complete  Status = "complete"
	Streaming Status = "streaming" // being generated
	Partial   Status = "partial"   // stopped or cut off: the text is what had been said
	Failed    Status = "failed"
)

// Enum lists the statuses for the API's description.
func (Status) Enum() []any { return []any{Complete, Streaming, Partial, Failed} }

// Message is one stored message.
type Message struct {
	ID           string          `json:"id"`
	Tenant       string          `json:"-"`
	User         string          `json:"-"`
	Conversation string          `json:"conversation_id"`
	Parent       string          `json:"parent_id"` // "" at the root
	Role         chat.Speaker    `json:"role"`
	Text         string          `json:"text"`
	Model        string          `json:"model"`
	Status       Status          `json:"status"`
	Finish       chat.Finish     `json:"finish_reason"`
	Tokens       int             `json:"tokens"`     // of an answer, those generated
	Latency      int64           `json:"latency_ms"` // of an answer, from the question to its end
	SafetyFlags  []string        `json:"safety_flags"`
	Sources      []chat.Source   `json:"sources"`   // of an answer from documents; empty for others
	Grounding    *chat.Grounding `json:"grounding"` // of an answer that a model wrote from sources; nil for others
	Feedback     *Feedback       `json:"feedback"`  // of an answer, its reader's; nil when there is none
	CreatedAt    time.Time       `json:"created_at"`
	EditedAt     time.Time       `json:"edited_at,omitzero"` // when its text was changed in place
}

// Chat is the message as a model reads it.
func (m Message) Chat() chat.Message { return chat.Message{Role: m.Role, Text: m.Text} }

// Filter chooses what List returns.
type Filter struct {
	State  State  // "" for both
	Folder string // an id; NoFolder for what is in none; "" for all
	Query  string // every word of it occurs in the title
	Limit  int    // 1..200; 0 means 50
	Cursor string // Next of the page before; "" for the first
}

// NoFolder lists, as the Folder of a Filter, the conversations outside of all folders.
const NoFolder = "none"

// Page is a part of a list, newest first.
type Page struct {
	Data []Conversation `json:"data"`
	Next string         `json:"next_cursor"` // "" on the last page
}

// Patch changes what is not nil.
type Patch struct {
	Title     *string
	State     *State
	Pinned    *bool
	Leaf      *string
	Retention *Retention
	Folder    *string // "" takes it out of its folder
}

// Turn opens an answer.
type Turn struct {
	Conversation string // "" makes a new one
	Temporary    bool   // of a new one
	// Parent is the message to go on from: nil is the conversation's leaf, "" the root. An edit sends
	// the edited message's parent; a new attempt sends no messages and the question as the parent.
	Parent   *string
	Messages []chat.Message // appended below Parent, in order
	// Continue takes Parent, an answer that has ended, and opens one beside it that begins with its text.
	// There are no Messages then.
	Continue bool
	Model    string // that will answer
}

// Begun is an open turn.
type Begun struct {
	Conversation Conversation
	Created      bool      // the conversation is new
	Path         []Message // root to question, as the model is to read it
	Question     string    // id of the last of Path
	Answer       Message   // Streaming, and empty unless it goes on with another
}

// Final is how an answer ended.
type Final struct {
	Status      Status // Complete, Partial or Failed
	Text        string
	Finish      chat.Finish
	Tokens      int
	Latency     int64  // milliseconds from the question to the end
	Model       string // "" leaves what Begin was told
	SafetyFlags []string
	Sources     []chat.Source
	Grounding   *chat.Grounding // nil for none
}
