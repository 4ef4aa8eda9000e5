package conversation

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Config holds the limits of what is kept.
type Config struct {
	MaxTextBytes   int `mapstructure:"max_text_bytes"`  // of one message
	MaxMessages    int `mapstructure:"max_messages"`    // of one conversation, siblings included
	MaxTurn        int `mapstructure:"max_turn"`        // messages that one turn may append
	SearchMessages int `mapstructure:"search_messages"` // that one call of Search may open
}

// DefaultConfig takes the longest texts that people paste, and bounds a search to a second or two.
func DefaultConfig() Config {
	return Config{MaxTextBytes: 1 << 20, MaxMessages: 10_000, MaxTurn: 64, SearchMessages: 50_000}
}

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	for _, f := range []struct {
		key string
		is  int
	}{
		{"max_text_bytes", c.MaxTextBytes}, {"max_messages", c.MaxMessages},
		{"max_turn", c.MaxTurn}, {"search_messages", c.SearchMessages},
	} {
		if f.is < 1 {
			errs = append(errs, errors.New(f.key+": must be at least 1"))
		}
	}
	return errors.Join(errs...)
}

// MaxTitleRunes bounds a title; a generated one is cut to it.
const MaxTitleRunes = 200

func (c Config) checkText(text string) error {
	if len(text) > c.MaxTextBytes {
		return fault.TooLarge("a message may have %d bytes, this one has %d", c.MaxTextBytes, len(text)).At("messages")
	}
	if !utf8.ValidString(text) {
		return fault.Invalid("a message must be valid UTF-8").At("messages")
	}
	return nil
}

func checkTitle(title string) (string, error) {
	title = strings.Join(strings.Fields(title), " ")
	if n := utf8.RuneCountInString(title); n > MaxTitleRunes {
		return "", fault.Invalid("a title may have %d characters, this one has %d", MaxTitleRunes, n).At("title")
	}
	if !utf8.ValidString(title) {
		return "", fault.Invalid("a title must be valid UTF-8").At("title")
	}
	return title, nil
}

// Retention is how long a conversation is kept after its last change: "keep", or "days:N".
type Retention string

// Keep is for ever.
const Keep Retention = "keep"

const maxRetentionDays = 36_500

// ParseRetention checks a policy that a user sent.
func ParseRetention(s string) (Retention, error) {
	if _, err := Retention(s).days(); err != nil {
		return "", err
	}
	return Retention(s), nil
}

// days is 0 for Keep.
func (r Retention) days() (int, error) {
	if r == Keep {
		return 0, nil
	}
	text, ok := strings.CutPrefix(string(r), "days:")
	n, err := strconv.Atoi(text)
	if !ok || err != nil || n < 1 || n > maxRetentionDays || strconv.Itoa(n) != text {
		return 0, fault.Invalid(`retention_policy is "keep" or "days:N" with N from 1 to %d, not %q`, maxRetentionDays, string(r)).
			At("retention_policy")
	}
	return n, nil
}

func retentionOf(days int) Retention {
	if days == 0 {
		return Keep
	}
	return Retention("days:" + strconv.Itoa(days))
}

// may reports whether a message of the role may stand below one of the parent's; "" is the root.
func may(parent, role chat.Speaker) bool {
	switch role {
	case chat.System:
		return parent == "" || parent == chat.System
	case chat.User:
		return parent == "" || parent == chat.System || parent == chat.Assistant
	case chat.Assistant:
		return parent == chat.User || parent == chat.Tool
	case chat.Tool:
		return parent == chat.Assistant || parent == chat.Tool
	}
	return false
}

// checkChain checks that each message may stand below the one before, and an answer below the last.
func (c Config) checkChain(parent chat.Speaker, messages []chat.Message) error {
	if len(messages) > c.MaxTurn {
		return fault.TooLarge("a turn may append %d messages, this one has %d", c.MaxTurn, len(messages)).At("messages")
	}
	for i, m := range messages {
		if !may(parent, m.Role) {
			above := string(parent)
			if above == "" {
				above = "the root"
			}
			return fault.Invalid("message %d: %q can't stand below %s", i, m.Role, above).At("messages")
		}
		if err := c.checkText(m.Text); err != nil {
			return err
		}
		parent = m.Role
	}
	if !may(parent, chat.Assistant) {
		if len(messages) == 0 {
			return fault.Invalid("to answer anew, give the question's message as parent_id; to ask, give messages").At("parent_id")
		}
		return fault.Invalid("the last message must be the user's (or a tool's), so that there is something to answer").At("messages")
	}
	return nil
}
