package tenancy

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/group"
)

const (
	defaultPage = 50
	maxPage     = 200
)

// Status tells users who can sign in from those who cannot.
type Status string

// The statuses.
const (
	Active   Status = "active"
	Disabled Status = "disabled"
)

// UserOrder is what a list of users is sorted by.
type UserOrder string

// The orders. Who never signed in comes last by ByLogin, whichever way it goes.
const (
	ByCreated UserOrder = "created"
	ByName    UserOrder = "name"
	ByEmail   UserOrder = "email"
	ByRole    UserOrder = "role"
	ByLogin   UserOrder = "login"
)

// UserFilter chooses users of the actor's tenant. Empty fields choose all.
type UserFilter struct {
	Query  string // part of the name or the address
	Role   chat.Role
	Group  string
	Status Status
	Order  UserOrder // "" is ByCreated
	Down   bool      // the last of the order first
	Limit  int       // 0 means 50; at most 200
	Cursor string    // UserPage.Next of the page before, in the same order
}

// UserPage is a page of users.
type UserPage struct {
	Users []User
	Next  string // "" on the last page
	Total int    // on all pages
}

// neverYet stands for the last sign-in of who never signed in, after all others.
const neverYet = int64(1) << 53

// sorting is what users are sorted by: in SQL, and the same of a row, as a string or an int64.
func (f UserFilter) sorting() (sql string, of func(userRow) any) {
	switch f.Order {
	case ByName:
		return `u.search_key`, func(r userRow) any { return r.SearchKey }
	case ByEmail:
		return `u.email_key`, func(r userRow) any { return r.EmailKey }
	case ByRole:
		sql = `CASE u.role`
		for i, r := range chat.Roles() {
			sql += fmt.Sprintf(` WHEN '%s' THEN %d`, r, i)
		}
		return sql + ` ELSE -1 END`, func(r userRow) any { return int64(slices.Index(chat.Roles(), chat.Role(r.Role))) }
	case ByLogin:
		if f.Down {
			return `u.last_login_at`, func(r userRow) any { return r.LastLoginAt }
		}
		return fmt.Sprintf(`CASE u.last_login_at WHEN 0 THEN %d ELSE u.last_login_at END`, neverYet),
			func(r userRow) any { return cmp.Or(r.LastLoginAt, neverYet) }
	default:
		return `u.created_at`, func(r userRow) any { return r.CreatedAt }
	}
}

// userPlace is where a page ends: what its last user is sorted by, and the id, for those with the same.
type userPlace struct {
	Order  UserOrder `json:"o"`
	Down   bool      `json:"d,omitempty"`
	Text   *string   `json:"t,omitempty"`
	Number int64     `json:"n,omitempty"`
	ID     string    `json:"i"`
}

func (f UserFilter) cursor(value any, id string) string {
	p := userPlace{Order: f.Order, Down: f.Down, ID: id}
	switch v := value.(type) {
	case string:
		p.Text = &v
	case int64:
		p.Number = v
	}
	raw, _ := json.Marshal(p) //nolint:errchkjson // texts and numbers only
	return base64.RawURLEncoding.EncodeToString(raw)
}

// after reads what cursor wrote.
func (f UserFilter) after() (value any, id string, err error) {
	var p userPlace
	raw, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	if err != nil || json.Unmarshal(raw, &p) != nil || p.Order != f.Order || p.Down != f.Down || !chat.ValidID("usr", p.ID) ||
		(p.Text != nil) != (p.Order == ByName || p.Order == ByEmail) || p.Text != nil && strings.ContainsRune(*p.Text, 0) {
		return nil, "", fault.Invalid("cursor is not one that a list in this order gave").At("cursor")
	}
	if p.Text != nil {
		return *p.Text, p.ID, nil
	}
	return p.Number, p.ID, nil
}

// check reports what is wrong with a filter, and fills in limit and order.
func (f *UserFilter) check() error {
	f.Limit, f.Order = cmp.Or(f.Limit, defaultPage), cmp.Or(f.Order, ByCreated)
	switch {
	case f.Limit < 0 || f.Limit > maxPage:
		return fault.Invalid("limit must be 1 to %d", maxPage).At("limit")
	case !slices.Contains([]UserOrder{ByCreated, ByName, ByEmail, ByRole, ByLogin}, f.Order):
		return fault.Invalid("sort must be created, name, email, role or login, with - before it for downwards").At("sort")
	case !printable(f.Query) || utf8.RuneCountInString(f.Query) > maxEmail:
		return fault.Invalid("q must be at most %d printable characters", maxEmail).At("q")
	case f.Role != "" && !f.Role.Valid():
		return badRole(f.Role)
	case f.Status != "" && f.Status != Active && f.Status != Disabled:
		return fault.Invalid("status must be %s or %s", Active, Disabled).At("status")
	case !printable(f.Group) || utf8.RuneCountInString(f.Group) > maxGroup:
		return fault.Invalid("group must be at most %d printable characters", maxGroup).At("group")
	}
	return nil
}

// where is the filter in SQL. Of a group it lets through more than its members.
func (f UserFilter) where(tenant string) (sql string, args []any) {
	sql, args = `u.tenant_id = ? AND u.search_key LIKE ? ESCAPE '\'`, []any{tenant, likePattern(strings.TrimSpace(f.Query))}
	if f.Role != "" {
		sql, args = sql+` AND u.role = ?`, append(args, string(f.Role))
	}
	if f.Group != "" {
		sql, args = sql+` AND u.group_list LIKE ? ESCAPE '\'`, append(args, group.Pattern(f.Group))
	}
	switch f.Status {
	case Active:
		sql += ` AND u.disabled_at = 0`
	case Disabled:
		sql += ` AND u.disabled_at <> 0`
	}
	return sql, args
}

// Users lists users of the actor's tenant.
func (s *Service) Users(ctx context.Context, actor chat.Identity, f UserFilter) (UserPage, error) {
	if err := requireAdmin(actor); err != nil {
		return UserPage{}, err
	}
	if err := f.check(); err != nil {
		return UserPage{}, err
	}
	where, args := f.where(actor.Tenant)
	page := UserPage{Users: []User{}}
	var err error
	if page.Total, err = s.countUsers(ctx, f, where, args); err != nil {
		return UserPage{}, err
	}
	key, of := f.sorting()
	than, way := ` > `, ``
	if f.Down {
		than, way = ` < `, ` DESC`
	}
	for {
		query, values := `SELECT `+userColumns+` FROM users u WHERE `+where, slices.Clone(args)
		if f.Cursor != "" {
			value, id, err := f.after()
			if err != nil {
				return UserPage{}, err
			}
			query += ` AND (` + key + than + `? OR ` + key + ` = ? AND u.id` + than + `?)`
			values = append(values, value, value, id)
		}
		// One more row than asked for tells whether another page follows.
		var rows []userRow
		if err := s.db.Select(ctx, &rows, query+` ORDER BY `+key+way+`, u.id`+way+` LIMIT ?`, append(values, f.Limit+1)...); err != nil {
			return UserPage{}, fmt.Errorf("list users: %w", err)
		}
		last := ""
		for _, r := range rows {
			if f.Group != "" && !group.Has(r.Groups, f.Group) {
				continue
			}
			if len(page.Users) == f.Limit {
				page.Next = last
				return page, nil
			}
			page.Users = append(page.Users, r.user())
			last = f.cursor(of(r), r.ID)
		}
		if len(rows) <= f.Limit {
			return page, nil
		}
		r := rows[len(rows)-1]
		f.Cursor = f.cursor(of(r), r.ID)
	}
}

func (s *Service) countUsers(ctx context.Context, f UserFilter, where string, args []any) (n int, err error) {
	if f.Group == "" {
		if err := s.db.Get(ctx, &n, `SELECT COUNT(*) FROM users u WHERE `+where, args...); err != nil {
			return 0, fmt.Errorf("count users: %w", err)
		}
		return n, nil
	}
	var lists []string
	if err := s.db.Select(ctx, &lists, `SELECT u.group_list FROM users u WHERE `+where, args...); err != nil {
		return 0, fmt.Errorf("count users of a group: %w", err)
	}
	for _, l := range lists {
		if group.Has(l, f.Group) {
			n++
		}
	}
	return n, nil
}
