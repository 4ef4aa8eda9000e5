package conversation

import (
	"context"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/store"
)

// Hit is one thing found.
type Hit struct {
	Conversation string       `json:"conversation_id"`
	Title        string       `json:"title"`
	Message      string       `json:"message_id"`     // "" when the title was found
	Role         chat.Speaker `json:"role,omitempty"` // "" for a title
	Snippet      string       `json:"snippet"`
	CreatedAt    time.Time    `json:"created_at"`
}

// Found is a page of hits: titles first, then messages, each newest first.
type Found struct {
	Data []Hit  `json:"data"`
	Next string `json:"next_cursor"` // "" when all has been read
	// Partial says that the work allowed for one call ran out before the page was full. Next goes on.
	Partial bool `json:"partial"`
}

// The parts of a search, as its cursor names them.
const (
	inTitles   = "t"
	inMessages = "m"
)

// searchTime bounds one call, whatever the sizes of the messages.
const searchTime = 2 * time.Second

// batchBytes is about how much text is in memory at a time.
const batchBytes = 4 << 20

// search is the state of one call.
type search struct {
	s     *Store
	sc    chat.Scope
	box   secrets.Box
	terms []folded
	limit int
	work  int // messages and titles that may still be opened
	until time.Time
	seen  map[string]string // titles by conversation
	out   Found
}

// Search finds the scope's titles and messages in which every word and quoted phrase of query occurs,
// whatever their case and accents. Nothing that could be searched lies on the disk in the clear, so it
// opens the texts one by one; one call opens a bounded number and then tells where to go on.
func (s *Store) Search(ctx context.Context, sc chat.Scope, query string, limit int, cursor string) (Found, error) {
	limit, err := checkLimit(limit)
	if err != nil {
		return Found{}, err
	}
	terms, err := parseQuery(query)
	if err != nil {
		return Found{}, err
	}
	if len(terms) == 0 {
		return Found{}, fault.Invalid("give a word to search for").At("q")
	}
	part, from, err := parseCursor(cursor, inTitles, inMessages)
	if err != nil {
		return Found{}, err
	}
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Found{}, err
	}
	until := time.Now().Add(searchTime)
	if d, ok := ctx.Deadline(); ok {
		// What is left after three quarters of the caller's time is for sending the answer.
		until = earlier(until, time.Now().Add(time.Until(d)*3/4))
	}
	f := &search{
		s: s, sc: sc, box: box, terms: terms, limit: limit, work: s.cfg.SearchMessages, until: until,
		seen: map[string]string{}, out: Found{Data: []Hit{}},
	}
	if part == inTitles {
		done, err := f.titles(ctx, from)
		if err != nil || !done {
			return f.out, err
		}
		from = start
	}
	err = f.messages(ctx, from)
	return f.out, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// stop reports whether the call ends after the row at p, and notes where the next one goes on.
func (f *search) stop(part string, p place) bool {
	f.work--
	full := len(f.out.Data) == f.limit
	if !full && f.work > 0 && time.Now().Before(f.until) {
		return false
	}
	f.out.Next, f.out.Partial = p.cursor(part), !full
	return true
}

func (f *search) titles(ctx context.Context, from place) (done bool, err error) {
	for {
		rows, err := f.s.conversationsAfter(ctx, f.sc, Filter{}, "", from, titleBatch)
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			from = place{row.UpdatedAt, row.ID}
			c, err := row.open(f.box)
			if err != nil {
				return false, err
			}
			if fold(c.Title).all(f.terms) {
				f.out.Data = append(f.out.Data, Hit{
					Conversation: c.ID, Title: c.Title, Snippet: snippet(c.Title, f.terms), CreatedAt: c.CreatedAt,
				})
			}
			if f.stop(inTitles, from) {
				return false, nil
			}
		}
		if len(rows) < titleBatch {
			return true, nil
		}
	}
}

func (f *search) messages(ctx context.Context, from place) error {
	batch := 100
	for {
		rows, err := f.s.messagesAfter(ctx, f.sc, from, batch)
		if err != nil {
			return err
		}
		size := 0
		for _, row := range rows {
			from = place{row.CreatedAt, row.ID}
			size += len(row.Text)
			if err := f.look(ctx, row); err != nil {
				return err
			}
			if f.stop(inMessages, from) {
				return nil
			}
		}
		if len(rows) < batch {
			return nil
		}
		batch = min(max(batchBytes/(size/len(rows)+1), 4), 1000)
	}
}

func (f *search) look(ctx context.Context, row messageRow) error {
	text, err := f.box.Open(row.Text, textAAD(row.ID))
	if err != nil {
		return err
	}
	if !fold(string(text)).all(f.terms) {
		return nil
	}
	title, ok := f.seen[row.Conversation]
	if !ok {
		conv, err := getConversation(ctx, f.s.db, f.sc, row.Conversation)
		if fault.Is(err, fault.CodeNotFound) {
			return nil // deleted since the batch was read
		}
		if err != nil {
			return err
		}
		if conv.Temporary != 0 {
			return nil
		}
		c, err := conv.open(f.box)
		if err != nil {
			return err
		}
		title = c.Title
		f.seen[row.Conversation] = title
	}
	f.out.Data = append(f.out.Data, Hit{
		Conversation: row.Conversation, Title: title, Message: row.ID, Role: chat.Speaker(row.Role),
		Snippet: snippet(string(text), f.terms), CreatedAt: store.Time(row.CreatedAt),
	})
	return nil
}

func (s *Store) messagesAfter(ctx context.Context, sc chat.Scope, from place, n int) ([]messageRow, error) {
	var rows []messageRow
	err := s.db.Select(ctx, &rows, `SELECT id, conversation_id, role, text, created_at FROM messages
		WHERE tenant_id = ? AND user_id = ? AND (created_at < ? OR (created_at = ? AND id < ?))
		ORDER BY created_at DESC, id DESC LIMIT ?`, sc.Tenant, sc.User, from.at, from.at, from.id, n)
	if err != nil {
		return nil, fmt.Errorf("read messages to search: %w", err)
	}
	return rows, nil
}
