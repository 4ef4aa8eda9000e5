package sharing

import (
	"context"
	"maps"
	"slices"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Limits of what can be shared.
const (
	maxDays  = 365
	maxBytes = 4 << 20 // of a branch's texts together
	maxOpen  = 1000    // shares of one user that have not ended
)

// Preview shows what Create would share, and makes nothing.
func (s *Store) Preview(ctx context.Context, sc chat.Scope, r Request) (Draft, error) {
	switch {
	case r.Audience != Tenant && r.Audience != Link:
		return Draft{}, fault.Invalid(`audience is "tenant" or "link", not %q`, r.Audience).At("audience")
	case r.Audience == Link && !s.cfg.PublicLinks:
		return Draft{}, fault.Forbidden("this server shares with signed-in people only: its operator can allow public links (sharing.public_links)").
			OfKind("public_links_off").At("audience")
	case r.Days < 1 || r.Days > maxDays:
		return Draft{}, fault.Invalid("expires_in_days is from 1 to %d, not %d", maxDays, r.Days).At("expires_in_days")
	}
	b, err := s.branches.Branch(ctx, sc, r.Conversation, r.Leaf)
	if err != nil {
		return Draft{}, err
	}
	d := Draft{Title: b.Title, Messages: []SharedMessage{}, Redactions: []Redaction{}}
	size := 0
	for _, m := range b.Messages {
		// What the owner told the model beforehand, and what tools returned, was not said to anybody.
		if (m.Role != chat.User && m.Role != chat.Assistant) || m.Text == "" {
			continue
		}
		if size += len(m.Text); size > maxBytes {
			return Draft{}, fault.TooLarge("what is shared may have %d bytes of text: share an earlier part of this conversation", maxBytes).At("leaf_id")
		}
		d.Messages = append(d.Messages, m)
	}
	if len(d.Messages) == 0 {
		return Draft{}, fault.Invalid("this conversation has nothing to share yet").At("conversation_id")
	}
	if r.Redact {
		return d, s.takeOut(ctx, &d)
	}
	return d, nil
}

// takeOut redacts a draft. It stops when the caller has gone: long texts take a second or two.
func (s *Store) takeOut(ctx context.Context, d *Draft) error {
	counts := map[string]int{}
	clean := func(text *string) {
		var found map[string]int
		*text, found = s.redact(*text)
		for kind, n := range found {
			counts[kind] += n
		}
	}
	clean(&d.Title)
	for i := range d.Messages {
		if err := ctx.Err(); err != nil {
			return err
		}
		clean(&d.Messages[i].Text)
	}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		d.Redactions = append(d.Redactions, Redaction{kind, counts[kind]})
	}
	return nil
}

func (d Draft) redacted() int {
	n := 0
	for _, r := range d.Redactions {
		n += r.Count
	}
	return n
}
