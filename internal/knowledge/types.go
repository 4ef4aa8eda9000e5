// Package knowledge keeps a team's documents: the files that came in, the knowledge bases that they are in, who may read
// those, and the passages that the documents are cut into. Work reads files and makes them findable, in steps that a crash
// does not lose. Search is retrieval's, which follows the log of passages (Changes) and asks who may see what (Classes).
//
// Names, files and texts are sealed with the tenant's key. Begin at Library; Work is in work.go.
package knowledge

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/knowledge/extract"
	"github.com/parley-chat/parley/internal/knowledge/split"
)

// Config are the settings of documents.
type Config struct {
	// MaxFileMB bounds one file. A request's body is bounded by server.max_body too.
	MaxFileMB int `mapstructure:"max_file_mb"`
	// MaxFiles bounds the files of one user.
	MaxFiles int `mapstructure:"max_files"`
	// ReadTime and ReadMemoryMB are what reading one file may take.
	ReadTime     time.Duration `mapstructure:"read_time"`
	ReadMemoryMB int           `mapstructure:"read_memory_mb"`
	// Passage says how documents are cut. A change counts for documents that are read from then on.
	Passage split.Config `mapstructure:",squash"`
}

// DefaultConfig suits a team.
func DefaultConfig() Config {
	l := extract.DefaultLimits()
	return Config{MaxFileMB: 64, MaxFiles: 10_000, ReadTime: l.Time, ReadMemoryMB: l.Memory, Passage: split.DefaultConfig()}
}

// Validate reports everything that is wrong with the settings.
func (c Config) Validate() error {
	switch {
	case c.MaxFileMB < 1:
		return fmt.Errorf("max_file_mb: must be 1 at least, not %d", c.MaxFileMB)
	case c.MaxFiles < 1:
		return fmt.Errorf("max_files: must be 1 at least, not %d", c.MaxFiles)
	case c.ReadTime < time.Second:
		return fmt.Errorf("read_time: must be a time of at least 1s, such as 10s, not %v", c.ReadTime)
	case c.ReadMemoryMB < 256:
		return fmt.Errorf("read_memory_mb: must be 256 at least, not %d", c.ReadMemoryMB)
	case c.Passage.Size < 64 || c.Passage.Size > 4096:
		return fmt.Errorf("passage_tokens: must be from 64 to 4096 tokens, not %d", c.Passage.Size)
	case c.Passage.Overlap < 0 || c.Passage.Overlap > c.Passage.Size/2:
		return fmt.Errorf("overlap_tokens: must be from 0 to half of passage_tokens, not %d", c.Passage.Overlap)
	}
	return nil
}

// File is one that came in.
type File struct {
	ID        string
	User      string
	Name      string
	Purpose   string // as the OpenAI API has it: assistants, user_data
	Bytes     int64
	CreatedAt time.Time
}

// Base is a knowledge base, as one reader sees it.
type Base struct {
	ID        string
	User      string // its owner
	Name      string
	About     string
	Metadata  map[string]string
	Grants    []Grant // of others than its owner
	MayWrite  bool    // add and delete documents
	MayOwn    bool    // change its name and grants, and delete it
	Files     Counts
	Bytes     int64 // of its files
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Counts are documents by state.
type Counts struct{ Waiting, Ready, Failed int }

// Grant gives somebody access to a base. Deny beats what others give.
type Grant struct {
	Kind    Subject `json:"kind"`
	Subject string  `json:"subject,omitempty" description:"The id of a user or the name of a group; empty for everyone."`
	Access  Access  `json:"access"`
}

// Subject is a kind of who is given access.
type Subject string

// The subjects.
const (
	Everyone Subject = "everyone" // of the tenant
	Group    Subject = "group"
	User     Subject = "user"
)

// Enum lists the subjects for the API's description.
func (Subject) Enum() []any { return []any{Everyone, Group, User} }

// Access is what is given.
type Access string

// The kinds of access.
const (
	Read  Access = "read"
	Write Access = "write" // and read
	Deny  Access = "deny"
)

// Enum lists them for the API's description.
func (Access) Enum() []any { return []any{Read, Write, Deny} }

// NewBase is what makes a base.
type NewBase struct {
	Name, About string
	Metadata    map[string]string
	Grants      []Grant
}

// Patch changes what is not nil.
type Patch struct {
	Name, About *string
	Metadata    *map[string]string
	Grants      *[]Grant
}

// Document is a file in a base.
type Document struct {
	ID         string
	Base, File string
	Name       string // of the file
	Title      string
	State      State
	Kind       string // of what went wrong: extract.Kind, or a fault's code
	Reason     string
	Done       int // passages that are embedded
	Passages   int
	Pages      int
	Bytes      int64 // of the file
	Attributes map[string]any
	CreatedAt  time.Time
}

// State is how far a document has come.
type State string

// The states. The first three go on by themselves.
const (
	Queued     State = "queued"
	Extracting State = "extracting"
	Embedding  State = "embedding"
	Ready      State = "ready"
	Failed     State = "failed"
)

// Limits of a base.
const (
	maxName     = 120   // characters
	maxAbout    = 2_000 // characters
	maxMetadata = 16    // as the OpenAI API has it
	maxGrants   = 200
	maxBases    = 500 // of one user
)

func (n NewBase) check() (NewBase, error) {
	n.Name = strings.Join(strings.Fields(n.Name), " ")
	n.About = strings.TrimSpace(n.About)
	switch {
	case n.Name == "":
		return n, fault.Invalid("a knowledge base needs a name").At("name")
	case !utf8.ValidString(n.Name) || utf8.RuneCountInString(n.Name) > maxName:
		return n, fault.Invalid("a name may have %d characters", maxName).At("name")
	case !utf8.ValidString(n.About) || utf8.RuneCountInString(n.About) > maxAbout:
		return n, fault.Invalid("a description may have %d characters", maxAbout).At("description")
	case len(n.Metadata) > maxMetadata:
		return n, fault.Invalid("metadata may have %d pairs", maxMetadata).At("metadata")
	case len(n.Grants) > maxGrants:
		return n, fault.Invalid("a knowledge base may have %d grants: use groups", maxGrants).At("grants")
	}
	seen := map[Grant]bool{}
	for i, g := range n.Grants {
		at := fmt.Sprintf("grants[%d]", i)
		switch {
		case g.Kind != Everyone && g.Kind != Group && g.Kind != User:
			return n, fault.Invalid("%s.kind must be everyone, group or user, not %q", at, g.Kind).At(at)
		case g.Access != Read && g.Access != Write && g.Access != Deny:
			return n, fault.Invalid("%s.access must be read, write or deny, not %q", at, g.Access).At(at)
		case (g.Kind == Everyone) != (g.Subject == ""):
			return n, fault.Invalid("%s: a group or a user has a subject, and everyone has none", at).At(at)
		}
		who := Grant{Kind: g.Kind, Subject: g.Subject}
		if seen[who] {
			return n, fault.Invalid("%s names the same as another one", at).At(at)
		}
		seen[who] = true
	}
	return n, nil
}
