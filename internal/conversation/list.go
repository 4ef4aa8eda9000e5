package conversation

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// place is where a list goes on: after this row, in descending order of time and id.
type place struct {
	at int64
	id string
}

// start comes before the newest row.
var start = place{at: math.MaxInt64}

func (p place) cursor(kind string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + "." + strconv.FormatInt(p.at, 10) + "." + p.id))
}

// parseCursor reads what cursor wrote. The empty cursor is the start of the first kind.
func parseCursor(s string, kinds ...string) (kind string, p place, err error) {
	if s == "" {
		return kinds[0], start, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	part := strings.SplitN(string(raw), ".", 3)
	if err == nil && len(part) == 3 && len(part[2]) <= 64 {
		at, err := strconv.ParseInt(part[1], 10, 64)
		for _, k := range kinds {
			if k == part[0] && err == nil {
				return k, place{at, part[2]}, nil
			}
		}
	}
	return "", place{}, fault.Invalid("cursor is not one that a page before has given").At("cursor")
}

// Limits of a page.
const (
	defaultLimit = 50
	maxLimit     = 200
)

func checkLimit(n int) (int, error) {
	if n == 0 {
		return defaultLimit, nil
	}
	if n < 1 || n > maxLimit {
		return 0, fault.Invalid("limit is from 1 to %d, not %d", maxLimit, n).At("limit")
	}
	return n, nil
}

// titleBatch is how many titles are opened at a time when a list is filtered by its words.
const titleBatch = 500

// The parts of a list, as its cursor names them.
const (
	pinned = "p"
	others = "c"
)

// List returns the scope's conversations, the pinned ones first, and in each part the last changed
// first. With a Query it opens titles until the page is full.
func (s *Store) List(ctx context.Context, sc chat.Scope, f Filter) (Page, error) {
	limit, err := checkLimit(f.Limit)
	if err != nil {
		return Page{}, err
	}
	part, from, err := parseCursor(f.Cursor, pinned, others)
	if err != nil {
		return Page{}, err
	}
	box, err := s.keys.Box(ctx, sc.Tenant)
	if err != nil {
		return Page{}, err
	}
	terms, err := parseQuery(f.Query)
	if err != nil {
		return Page{}, err
	}
	batch := limit + 1
	if len(terms) > 0 {
		batch = titleBatch
	}
	if f.Folder != "" && f.Folder != NoFolder {
		if _, err := getFolder(ctx, s.db, sc, f.Folder, "folder"); err != nil {
			return Page{}, err
		}
	}
	page := Page{Data: []Conversation{}}
	for {
		rows, err := s.conversationsAfter(ctx, sc, f, part, from, batch)
		if err != nil {
			return Page{}, err
		}
		for _, row := range rows {
			c, err := row.open(box)
			if err != nil {
				return Page{}, err
			}
			if len(terms) > 0 && !fold(c.Title).all(terms) {
				continue
			}
			if len(page.Data) == limit {
				page.Next = placeOf(page.Data[limit-1])
				return page, nil
			}
			page.Data = append(page.Data, c)
		}
		if len(rows) < batch {
			if part == others {
				return page, nil
			}
			part, from = others, start
			continue
		}
		from = place{rows[len(rows)-1].UpdatedAt, rows[len(rows)-1].ID}
	}
}

// placeOf is the cursor that goes on after a conversation.
func placeOf(c Conversation) string {
	part := others
	if c.Pinned {
		part = pinned
	}
	return place{c.UpdatedAt.UnixMilli(), c.ID}.cursor(part)
}

// conversationsAfter reads on in one part of the list, or in all of it when part is "". The conditions are
// written out, so that each has its index.
func (s *Store) conversationsAfter(ctx context.Context, sc chat.Scope, f Filter, part string, from place, n int) ([]conversationRow, error) {
	query := `SELECT ` + conversationColumns + ` FROM conversations WHERE tenant_id = ? AND user_id = ? AND temporary = 0`
	args := []any{sc.Tenant, sc.User}
	if f.State != "" {
		query += ` AND status = ?`
		args = append(args, f.State)
	}
	switch part {
	case pinned:
		query += ` AND pinned = 1`
	case others:
		query += ` AND pinned = 0`
	}
	switch f.Folder {
	case "":
	case NoFolder:
		query += ` AND folder_id = ''`
	default:
		query += ` AND folder_id <> '' AND folder_id = ?`
		args = append(args, f.Folder)
	}
	query += ` AND (updated_at, id) < (?, ?) ORDER BY updated_at DESC, id DESC LIMIT ?`
	var rows []conversationRow
	if err := s.db.Select(ctx, &rows, query, append(args, from.at, from.id, n)...); err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return rows, nil
}

func prefixed(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}
