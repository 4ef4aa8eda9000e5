package conversation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Edit changes the text of a question or an answer in place and returns the message. What stands below it
// stays as it is. It is fault.Conflict with the kind "turn_running" for an answer that is still streaming,
// and counts as a change of the conversation.
func (s *Store) Edit(ctx context.Context, sc chat.Scope, id, text string) (Message, error) {
	if err := s.cfg.checkText(text); err != nil {
		return Message{}, fault.From(err).At("text")
	}
	return s.change(ctx, sc, id, func(tx *store.Tx, box secrets.Box, row *messageRow) error {
		if row.Role != string(chat.User) && row.Role != string(chat.Assistant) {
			return fault.Invalid("only a question or an answer can be edited; %s is a message of the %s", id, row.Role).At("message_id")
		}
		if row.Role == string(chat.User) && strings.TrimSpace(text) == "" {
			return fault.Invalid("a question must not be empty").At("text")
		}
		sealed, err := box.Seal([]byte(text), textAAD(id))
		if err != nil {
			return err
		}
		row.Text, row.EditedAt = sealed, store.Millis(s.Now())
		if _, err := tx.Exec(ctx, `UPDATE messages SET text = ?, grounding = NULL, edited_at = ? WHERE id = ?`, sealed, row.EditedAt, id); err != nil {
			return fmt.Errorf("edit message %s: %w", id, err)
		}
		_, err = tx.Exec(ctx, `UPDATE conversations SET updated_at = ? WHERE id = ? AND tenant_id = ?`, row.EditedAt, row.Conversation, sc.Tenant)
		if err != nil {
			return fmt.Errorf("touch conversation of %s: %w", id, err)
		}
		return nil
	})
}

// change reads a message that has ended, lets f write what is to be different, and returns the message as
// f left it. Turns of the same conversation wait meanwhile.
func (s *Store) change(ctx context.Context, sc chat.Scope, id string, f func(tx *store.Tx, box secrets.Box, row *messageRow) error) (Message, error) {
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Message{}, err
	}
	var row messageRow
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if row, err = getMessage(ctx, tx, sc, id); err != nil {
			return err
		}
		if err := s.hold(ctx, tx, sc, row.Conversation); err != nil {
			return err
		}
		if row, err = getMessage(ctx, tx, sc, id); err != nil {
			return err
		}
		if row.Status == string(Streaming) {
			return errRunning
		}
		return f(tx, box, &row)
	})
	if err != nil {
		return Message{}, err
	}
	return row.open(box)
}

// Feedback is what a reader thinks of an answer.
type Feedback struct {
	Rating    Verdict   `json:"rating" description:"1 for good, -1 for bad."`
	Reason    Reason    `json:"reason"`
	Comment   string    `json:"comment"`
	CreatedAt time.Time `json:"created_at"`
}

// Verdict is what a reader thinks of an answer.
type Verdict int

// The verdicts.
const (
	Good Verdict = 1
	Bad  Verdict = -1
)

// Enum lists the verdicts for the API's description.
func (Verdict) Enum() []any { return []any{Good, Bad} }

// Reason is a word for what was good or bad; "" gives none.
type Reason string

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{"", "wrong", "unhelpful", "unsafe", "style", "slow", "other"}
}

// Enum lists the reasons for the API's description.
func (Reason) Enum() []any {
	list := make([]any, 0, len(Reasons()))
	for _, r := range Reasons() {
		list = append(list, r)
	}
	return list
}

// MaxCommentRunes bounds the comment of a Feedback.
const MaxCommentRunes = 2000

func commentAAD(id string) []byte { return secrets.AAD("messages", id, "rating_comment") }

func (r messageRow) feedback(box secrets.Box) (*Feedback, error) {
	if r.Rating == 0 {
		return nil, nil
	}
	f := &Feedback{Rating: Verdict(r.Rating), Reason: Reason(r.RatingReason), CreatedAt: store.Time(r.RatedAt)}
	if r.RatingComment != nil {
		comment, err := box.Open(r.RatingComment, commentAAD(r.ID))
		if err != nil {
			return nil, err
		}
		f.Comment = string(comment)
	}
	return f, nil
}

// Rate keeps what the user thinks of an answer, in the place of an earlier judgement, and returns the
// message; nil takes the judgement back. It is fault.Conflict with the kind "turn_running" for an answer
// that is still streaming.
func (s *Store) Rate(ctx context.Context, sc chat.Scope, id string, f *Feedback) (Message, error) {
	if f != nil {
		if err := f.check(); err != nil {
			return Message{}, err
		}
	}
	return s.change(ctx, sc, id, func(tx *store.Tx, box secrets.Box, row *messageRow) error {
		if row.Role != string(chat.Assistant) {
			return fault.Invalid("only an answer can be rated; %s is a message of the %s", id, row.Role).At("message_id")
		}
		row.Rating, row.RatingReason, row.RatingComment, row.RatedAt = 0, "", nil, 0
		if f != nil {
			row.Rating, row.RatingReason, row.RatedAt = int(f.Rating), string(f.Reason), store.Millis(s.Now())
			if f.Comment != "" {
				sealed, err := box.Seal([]byte(f.Comment), commentAAD(id))
				if err != nil {
					return err
				}
				row.RatingComment = sealed
			}
		}
		_, err := tx.Exec(ctx, `UPDATE messages SET rating = ?, rating_reason = ?, rating_comment = ?, rated_at = ? WHERE id = ?`,
			row.Rating, row.RatingReason, row.RatingComment, row.RatedAt, id)
		if err != nil {
			return fmt.Errorf("rate message %s: %w", id, err)
		}
		return nil
	})
}

func (f *Feedback) check() error {
	if f.Rating != Good && f.Rating != Bad {
		return fault.Invalid("rating is 1 or -1, not %d", f.Rating).At("rating")
	}
	if !slices.Contains(Reasons(), f.Reason) {
		return fault.Invalid("reason is one of wrong, unhelpful, unsafe, style, slow, other or empty, not %q", f.Reason).At("reason")
	}
	if n := utf8.RuneCountInString(f.Comment); n > MaxCommentRunes {
		return fault.Invalid("a comment may have %d characters, this one has %d", MaxCommentRunes, n).At("comment")
	}
	if !utf8.ValidString(f.Comment) {
		return fault.Invalid("a comment must be valid UTF-8").At("comment")
	}
	return nil
}
