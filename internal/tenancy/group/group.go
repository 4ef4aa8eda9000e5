// Package group keeps the groups of a tenant: what is said of one in the table user_groups, and who is in
// it in the lists that users and invitations carry. A group may exist in those lists alone, as a claim of
// an identity provider. Who may change them is decided by tenancy.Service; begin there.
package group

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/store"
)

// Group is a set of users that access can be given to by name.
type Group struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Members     int       `json:"members"`
	CreatedAt   time.Time `json:"created_at,omitzero"` // absent for one that only users' lists know
}

type row struct {
	Name        string `db:"name"`
	Description string `db:"description"`
	CreatedAt   int64  `db:"created_at"`
}

func (r row) group(members int) Group {
	return Group{Name: r.Name, Description: r.Description, Members: members, CreatedAt: store.Time(r.CreatedAt)}
}

// List returns all groups of a tenant, by name.
func List(ctx context.Context, q store.Queryer, tenant string) ([]Group, error) {
	var rows []row
	if err := q.Select(ctx, &rows, `SELECT name, description, created_at FROM user_groups WHERE tenant_id = ?`, tenant); err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	var lists []string
	if err := q.Select(ctx, &lists, `SELECT group_list FROM users WHERE tenant_id = ? AND group_list <> '[]'`, tenant); err != nil {
		return nil, fmt.Errorf("count members of groups: %w", err)
	}
	members := map[string]int{}
	for _, l := range lists {
		for _, name := range parse(l) {
			members[name]++
		}
	}
	all := map[string]Group{}
	for name, n := range members {
		all[name] = Group{Name: name, Members: n}
	}
	for _, r := range rows {
		all[r.Name] = r.group(members[r.Name])
	}
	out := slices.AppendSeq([]Group{}, maps.Values(all))
	slices.SortFunc(out, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Find returns one group, and whether there is one of this name.
func Find(ctx context.Context, q store.Queryer, tenant, name string) (Group, bool, error) {
	var r row
	err := q.Get(ctx, &r, `SELECT name, description, created_at FROM user_groups WHERE tenant_id = ? AND name = ?`, tenant, name)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Group{}, false, fmt.Errorf("load group: %w", err)
	}
	in, err := holders(ctx, q, `users`, tenant, name)
	if err != nil {
		return Group{}, false, err
	}
	r.Name = name
	return r.group(len(in)), known || len(in) > 0, nil
}

// Save writes down what is said of a group, whether it was there or not.
func Save(ctx context.Context, q store.Queryer, tenant string, g Group) error {
	_, err := q.Exec(ctx, `INSERT INTO user_groups (tenant_id, name, description, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (tenant_id, name) DO UPDATE SET description = excluded.description`, tenant, g.Name, g.Description, store.Millis(g.CreatedAt))
	if err != nil {
		return fmt.Errorf("save group: %w", err)
	}
	return nil
}

// Remove deletes a group and takes it out of every list. The tenant must be locked.
func Remove(ctx context.Context, tx *store.Tx, tenant, name string) error {
	_, err := tx.Exec(ctx, `DELETE FROM user_groups WHERE tenant_id = ? AND name = ?`, tenant, name)
	if err != nil {
		return fmt.Errorf("delete group: %w", err)
	}
	return replace(ctx, tx, tenant, name, "")
}

// Rename gives a group another name, in every list too. The name must be free and the tenant locked.
func Rename(ctx context.Context, tx *store.Tx, tenant, name, to string) error {
	_, err := tx.Exec(ctx, `UPDATE user_groups SET name = ? WHERE tenant_id = ? AND name = ?`, to, tenant, name)
	if err != nil {
		return fmt.Errorf("rename group: %w", err)
	}
	return replace(ctx, tx, tenant, name, to)
}

// replace puts one name for another, or for "" none, into the lists that have it.
func replace(ctx context.Context, tx *store.Tx, tenant, name, to string) error {
	for _, table := range []string{`users`, `invitations`} {
		rows, err := holders(ctx, tx, table, tenant, name)
		if err != nil {
			return err
		}
		for _, h := range rows {
			if _, err := tx.Exec(ctx, `UPDATE `+table+` SET group_list = ? WHERE tenant_id = ? AND id = ?`, Swap(h.Groups, name, to), tenant, h.ID); err != nil {
				return fmt.Errorf("change group in lists: %w", err)
			}
		}
	}
	return nil
}

// holder is a row with a list that names a group.
type holder struct {
	ID     string `db:"id"`
	Groups string `db:"group_list"`
}

func holders(ctx context.Context, q store.Queryer, table, tenant, name string) ([]holder, error) {
	var rows []holder
	err := q.Select(ctx, &rows, `SELECT id, group_list FROM `+table+` WHERE tenant_id = ? AND group_list LIKE ? ESCAPE '\' ORDER BY id`, tenant, Pattern(name))
	if err != nil {
		return nil, fmt.Errorf("look for members of a group: %w", err)
	}
	return slices.DeleteFunc(rows, func(h holder) bool { return !Has(h.Groups, name) }), nil
}

// Pattern is a LIKE pattern (with ESCAPE '\') for the lists that name a group. It also fits some others:
// what it finds is asked again by Has.
func Pattern(name string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(quoted(name)) + "%"
}

// Has reports whether a list names a group.
func Has(list, name string) bool { return slices.Contains(parse(list), name) }

// Swap returns the list with one group replaced by another; "" stands for none, on either side.
func Swap(list, name, to string) string {
	groups := slices.DeleteFunc(parse(list), func(g string) bool { return g == name || g == to })
	if to != "" {
		groups = append(groups, to)
	}
	slices.Sort(groups)
	text, err := json.Marshal(groups)
	if err != nil {
		panic(fmt.Sprintf("a list of words is not JSON: %v", err))
	}
	return string(text)
}

func quoted(name string) string {
	text, err := json.Marshal(name)
	if err != nil {
		panic(fmt.Sprintf("a word is not JSON: %v", err))
	}
	return string(text)
}

// parse never fails: a list that cannot be read names no groups.
func parse(list string) []string {
	groups := []string{}
	if json.Unmarshal([]byte(list), &groups) != nil {
		return []string{}
	}
	return groups
}
