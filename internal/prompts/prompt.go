package prompts

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/fault"
)

// Prompt is one text of the library, as one reader sees it.
type Prompt struct {
	ID        string     `json:"id"`
	Command   string     `json:"command"`
	Title     string     `json:"title"`
	Text      string     `json:"text"`
	Shared    bool       `json:"shared" description:"Everybody of the team has it."`
	Mine      bool       `json:"mine"`
	OwnerName string     `json:"owner_name"`
	Variables []Variable `json:"variables" description:"In the order in which the text first names them."`
	UpdatedAt time.Time  `json:"updated_at"`
}

// Variable is a gap in a text that is filled before it is sent.
type Variable struct {
	Name    string `json:"name"`
	Default string `json:"default"`
}

// New is what makes a prompt.
type New struct {
	Command, Title, Text string
	Shared               bool
}

// Patch changes what is not nil.
type Patch struct {
	Command, Title, Text *string
	Shared               *bool
}

// Limits of a prompt and of the library.
const (
	maxTitle = 120    // characters
	maxText  = 20_000 // characters
	maxOwn   = 500    // prompts of one user
)

var (
	commandForm  = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	variableForm = regexp.MustCompile(`\{\{\s*([\p{L}\p{N}_][\p{L}\p{N}_ -]{0,59}?)\s*(?:\|([^{}]*))?\}\}`)
)

func (n New) check() (New, error) {
	n.Title = strings.Join(strings.Fields(n.Title), " ")
	switch {
	case !commandForm.MatchString(n.Command):
		return n, fault.Invalid("a command has 1 to 40 of a-z, 0-9 and hyphens, like summarise-mail").At("command")
	case n.Title == "":
		return n, fault.Invalid("a prompt needs a title").At("title")
	case !utf8.ValidString(n.Title) || !utf8.ValidString(n.Text):
		return n, fault.Invalid("a prompt must be valid UTF-8").At("text")
	case utf8.RuneCountInString(n.Title) > maxTitle:
		return n, fault.Invalid("a title may have %d characters", maxTitle).At("title")
	case strings.TrimSpace(n.Text) == "":
		return n, fault.Invalid("a prompt needs a text").At("text")
	case utf8.RuneCountInString(n.Text) > maxText:
		return n, fault.TooLarge("a prompt may have %d characters, this one has %d", maxText, utf8.RuneCountInString(n.Text)).At("text")
	}
	return n, nil
}

// with is n with the patch's changes.
func (n New) with(p Patch) New {
	set := func(to, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&n.Command, p.Command)
	set(&n.Title, p.Title)
	set(&n.Text, p.Text)
	if p.Shared != nil {
		n.Shared = *p.Shared
	}
	return n
}

// variables are those of a text, each once. The first default that is given counts.
func variables(text string) []Variable {
	list, at := []Variable{}, map[string]int{}
	for _, m := range variableForm.FindAllStringSubmatch(text, -1) {
		name, def := m[1], strings.TrimSpace(m[2])
		i, known := at[name]
		if !known {
			at[name] = len(list)
			list = append(list, Variable{name, def})
		} else if list[i].Default == "" {
			list[i].Default = def
		}
	}
	return list
}
