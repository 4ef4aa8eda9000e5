// Package invitation keeps who is asked to join a tenant, as what and until when, in the table
// invitations. The token of a link is told once and kept hashed. Who may invite whom is decided by
// tenancy.Service, in whose transactions it works; begin there.
package invitation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store"
)

// State says what has become of an invitation. One that was revoked is not kept.
type State string

// The states.
const (
	Pending  State = "pending"
	Accepted State = "accepted"
	Expired  State = "expired"
)

// Invitation asks the owner of an address to join a tenant.
type Invitation struct {
	ID         string    `json:"id"`
	Email      string    `json:"email"`
	Name       string    `json:"name"` // what the person's form begins with; may be ""
	Role       chat.Role `json:"role"`
	Groups     []string  `json:"groups"`
	State      State     `json:"state" enum:"pending,accepted,expired"`
	InvitedBy  string    `json:"invited_by"` // a user's id; "" for the shell, and once that user is gone
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	AcceptedAt time.Time `json:"accepted_at,omitzero"`
}

// Open is an invitation whose link is good.
type Open struct {
	Invitation
	Tenant string // id
}

// kept is how long an invitation is listed after its link has ended.
const kept = 30 * 24 * time.Hour

type row struct {
	ID         string `db:"id"`
	TenantID   string `db:"tenant_id"`
	Email      string `db:"email"`
	Name       string `db:"name"`
	Role       string `db:"role"`
	Groups     string `db:"group_list"`
	InvitedBy  string `db:"invited_by"`
	CreatedAt  int64  `db:"created_at"`
	ExpiresAt  int64  `db:"expires_at"`
	AcceptedAt int64  `db:"accepted_at"`
}

const columns = `i.id, i.tenant_id, i.email, i.name, i.role, i.group_list, i.invited_by, i.created_at, i.expires_at, i.accepted_at`

func (r row) invitation(now time.Time) Invitation {
	v := Invitation{
		ID: r.ID, Email: r.Email, Name: r.Name, Role: chat.Role(r.Role), Groups: []string{}, State: Pending, InvitedBy: r.InvitedBy,
		CreatedAt: store.Time(r.CreatedAt), ExpiresAt: store.Time(r.ExpiresAt), AcceptedAt: store.Time(r.AcceptedAt),
	}
	if json.Unmarshal([]byte(r.Groups), &v.Groups) != nil {
		v.Groups = []string{} // a list that cannot be read gives no groups, and so no access by them
	}
	switch {
	case r.AcceptedAt != 0:
		v.State = Accepted
	case !now.Before(v.ExpiresAt):
		v.State = Expired
	}
	return v
}

// Insert writes a new invitation down. emailKey is the case-folded address, tokenHash what Find looks up.
// An earlier invitation of the same address that nobody has accepted ends: its link is worth nothing more.
func Insert(ctx context.Context, tx *store.Tx, tenant, emailKey, tokenHash string, v Invitation) error {
	groups, err := json.Marshal(v.Groups)
	if err != nil {
		return fmt.Errorf("write groups: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM invitations WHERE tenant_id = ? AND email_key = ? AND accepted_at = 0`, tenant, emailKey); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO invitations (id, tenant_id, email, email_key, name, role, group_list, token_hash, invited_by, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, v.ID, tenant, v.Email, emailKey, v.Name, string(v.Role), string(groups), tokenHash,
		v.InvitedBy, store.Millis(v.CreatedAt), store.Millis(v.ExpiresAt))
	return err
}

// CountPending counts the tenant's invitations whose links are good.
func CountPending(ctx context.Context, q store.Queryer, tenant string, now time.Time) (n int, err error) {
	err = q.Get(ctx, &n, `SELECT COUNT(*) FROM invitations WHERE tenant_id = ? AND accepted_at = 0 AND expires_at > ?`, tenant, store.Millis(now))
	return n, err
}

// List returns the tenant's invitations, newest first.
func List(ctx context.Context, q store.Queryer, tenant string, now time.Time) ([]Invitation, error) {
	var rows []row
	if err := q.Select(ctx, &rows, `SELECT `+columns+` FROM invitations i WHERE i.tenant_id = ? ORDER BY i.id DESC`, tenant); err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	out := make([]Invitation, len(rows))
	for i, r := range rows {
		out[i] = r.invitation(now)
	}
	return out, nil
}

// Remove revokes an invitation, or takes one that has ended off the list. It reports whether there was one.
func Remove(ctx context.Context, q store.Queryer, tenant, id string) (bool, error) {
	n, err := q.Exec(ctx, `DELETE FROM invitations WHERE tenant_id = ? AND id = ?`, tenant, id)
	return n > 0, err
}

// Find looks a link's token up. It is false for one that is unknown, used, expired or of a closed tenant.
func Find(ctx context.Context, q store.Queryer, tokenHash string, now time.Time) (Open, bool, error) {
	var r row
	err := q.Get(ctx, &r, `SELECT `+columns+` FROM invitations i JOIN tenants t ON t.id = i.tenant_id
		WHERE i.token_hash = ? AND i.accepted_at = 0 AND i.expires_at > ? AND t.deleted_at = 0`, tokenHash, store.Millis(now))
	if errors.Is(err, sql.ErrNoRows) {
		return Open{}, false, nil
	}
	if err != nil {
		return Open{}, false, fmt.Errorf("load invitation: %w", err)
	}
	return Open{Invitation: r.invitation(now), Tenant: r.TenantID}, true, nil
}

// Take uses an invitation up for the user that comes of it. Of two who try at once, one is told true.
func Take(ctx context.Context, tx *store.Tx, tenant, id, user string, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE invitations SET accepted_at = ?, accepted_by = ? WHERE tenant_id = ? AND id = ? AND accepted_at = 0 AND expires_at > ?`,
		store.Millis(now), user, tenant, id, store.Millis(now))
	return n > 0, err
}

// Limit withdraws the open invitations of a user that ask for more than may is: of a user that may not
// invite any more, all of them.
func Limit(ctx context.Context, q store.Queryer, tenant, user string, may func(chat.Role) bool) error {
	for _, role := range chat.Roles() {
		if may(role) {
			continue
		}
		_, err := q.Exec(ctx, `DELETE FROM invitations WHERE tenant_id = ? AND invited_by = ? AND role = ? AND accepted_at = 0`, tenant, user, string(role))
		if err != nil {
			return fmt.Errorf("withdraw invitations: %w", err)
		}
	}
	return nil
}

// Forget removes what is kept of a user that is deleted: the invitation it came by, and those it made
// that are still open.
func Forget(ctx context.Context, tx *store.Tx, tenant, user string) error {
	for _, change := range []string{
		`DELETE FROM invitations WHERE tenant_id = ? AND accepted_by = ?`,
		`DELETE FROM invitations WHERE tenant_id = ? AND invited_by = ? AND accepted_at = 0`,
		`UPDATE invitations SET invited_by = '' WHERE tenant_id = ? AND invited_by = ?`,
	} {
		if _, err := tx.Exec(ctx, change, tenant, user); err != nil {
			return fmt.Errorf("forget user in invitations: %w", err)
		}
	}
	return nil
}

// Clear removes all invitations of a tenant that is closed.
func Clear(ctx context.Context, tx *store.Tx, tenant string) error {
	_, err := tx.Exec(ctx, `DELETE FROM invitations WHERE tenant_id = ?`, tenant)
	return err
}

// Sweep removes the invitations whose links ended a month ago.
func Sweep(ctx context.Context, q store.Queryer, now time.Time) error {
	_, err := q.Exec(ctx, `DELETE FROM invitations WHERE expires_at <= ?`, store.Millis(now.Add(-kept)))
	return err
}
