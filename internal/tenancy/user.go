package tenancy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
)

// User is a person's account in one tenant. The same person in two tenants has two.
type User struct {
	ID          string    `json:"id"`
	Email       string    `json:"email"`
	Name        string    `json:"name"`
	Role        chat.Role `json:"role"`
	Groups      []string  `json:"groups"`
	Disabled    bool      `json:"disabled"`
	HasPassword bool      `json:"has_password"` // false for who signs in through a provider only
	CreatedAt   time.Time `json:"created_at"`
	LastLoginAt time.Time `json:"last_login_at,omitzero"`
}

type userRow struct {
	ID            string `db:"id"`
	TenantID      string `db:"tenant_id"`
	Email         string `db:"email"`
	EmailKey      string `db:"email_key"`
	EmailVerified int64  `db:"email_verified"`
	Name          string `db:"name"`
	SearchKey     string `db:"search_key"`
	Role          string `db:"role"`
	PasswordHash  string `db:"password_hash"`
	Groups        string `db:"group_list"`
	CreatedAt     int64  `db:"created_at"`
	UpdatedAt     int64  `db:"updated_at"`
	LastLoginAt   int64  `db:"last_login_at"`
	DisabledAt    int64  `db:"disabled_at"`
}

// userColumns are those of userRow, of the table under the alias u.
const userColumns = `u.id, u.tenant_id, u.email, u.email_key, u.email_verified, u.name, u.search_key, u.role, u.password_hash,
	u.group_list, u.created_at, u.updated_at, u.last_login_at, u.disabled_at`

func (r userRow) user() User {
	return User{
		ID: r.ID, Email: r.Email, Name: r.Name, Role: chat.Role(r.Role), Groups: r.groups(),
		Disabled: r.DisabledAt != 0, HasPassword: r.PasswordHash != "",
		CreatedAt: store.Time(r.CreatedAt), LastLoginAt: store.Time(r.LastLoginAt),
	}
}

func (r userRow) scope() chat.Scope {
	return chat.Scope{Tenant: r.TenantID, User: r.ID, Groups: r.groups()}
}

func (r userRow) groups() []string { return readGroups(r.Groups) }

// identity is the caller that this user is, in this tenant.
func (r userRow) identity(t tenantRow, via chat.Via, credential string) chat.Identity {
	role := chat.Role(r.Role)
	return chat.Identity{
		Scope: r.scope(), Role: role, Email: r.Email, Name: r.Name, Via: via, Credential: credential,
		FirstTenant: t.Operator != 0, Operator: t.Operator != 0 && role == chat.RoleOwner,
	}
}

// readGroups never fails: a list that cannot be read gives no groups, and so no access by them.
func readGroups(s string) []string {
	groups := []string{}
	if json.Unmarshal([]byte(s), &groups) != nil {
		return []string{}
	}
	return groups
}

// NewUser is what makes a user. An empty password makes one that signs in through a provider only.
type NewUser struct {
	Email, Name string
	Role        chat.Role // "" means member
	Password    string
	Groups      []string
}

// prepareUser checks a new user and hashes its password, which takes time and so is done before any
// transaction. The tenant is left open.
func (s *Service) prepareUser(ctx context.Context, n NewUser) (*userRow, error) {
	email, err := parseEmail(n.Email)
	if err != nil {
		return nil, fault.Invalid("email %s", err).At("email")
	}
	if n.Name == "" {
		n.Name = email
	}
	name, err := parseName("name", n.Name)
	if err != nil {
		return nil, err
	}
	if n.Role == "" {
		n.Role = chat.RoleMember
	}
	if !n.Role.Valid() {
		return nil, badRole(n.Role)
	}
	groups, bad := parseGroups(n.Groups)
	if len(bad) > 0 {
		return nil, badGroups()
	}
	hash := ""
	if n.Password != "" {
		if hash, err = s.hashNew(ctx, n.Password, email, name); err != nil {
			return nil, err
		}
	}
	row := s.newUserRow(email, name, n.Role)
	row.EmailVerified, row.PasswordHash, row.Groups = 1, hash, toJSON(groups)
	return &row, nil
}

func (s *Service) newUserRow(email, name string, role chat.Role) userRow {
	now := store.Millis(s.now())
	return userRow{
		ID: chat.NewID("usr"), Email: email, EmailKey: fold(email), Name: name, SearchKey: searchKey(name, email),
		Role: string(role), Groups: "[]", CreatedAt: now, UpdatedAt: now,
	}
}

// hashNew checks a new password by the policy and hashes it.
func (s *Service) hashNew(ctx context.Context, password, email, name string) (string, error) {
	if err := s.cfg.Password.Check(password, email, name); err != nil {
		return "", err
	}
	return s.hasher.Hash(ctx, password)
}

func insertUser(ctx context.Context, q store.Queryer, r userRow) error {
	_, err := q.Exec(ctx, `INSERT INTO users (id, tenant_id, email, email_key, email_verified, name, search_key, role, password_hash,
		group_list, created_at, updated_at, last_login_at, disabled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.TenantID, r.Email, r.EmailKey, r.EmailVerified, r.Name, r.SearchKey, r.Role, r.PasswordHash,
		r.Groups, r.CreatedAt, r.UpdatedAt, r.LastLoginAt, r.DisabledAt)
	return err
}

// saveUser writes what can change, and withdraws the invitations that the user may no longer offer.
func saveUser(ctx context.Context, q store.Queryer, r userRow) error {
	_, err := q.Exec(ctx, `UPDATE users SET email_verified = ?, name = ?, search_key = ?, role = ?, password_hash = ?, group_list = ?,
		updated_at = ?, disabled_at = ? WHERE tenant_id = ? AND id = ?`,
		r.EmailVerified, r.Name, searchKey(r.Name, r.Email), r.Role, r.PasswordHash, r.Groups,
		r.UpdatedAt, r.DisabledAt, r.TenantID, r.ID)
	if err != nil {
		return err
	}
	return limitInvitations(ctx, q, r)
}

func loadUser(ctx context.Context, q store.Queryer, tenant, id string) (userRow, error) {
	var row userRow
	if !chat.ValidID("usr", id) {
		return row, fault.NotFound("there is no such user")
	}
	err := q.Get(ctx, &row, `SELECT `+userColumns+` FROM users u WHERE u.tenant_id = ? AND u.id = ?`, tenant, id)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.NotFound("there is no user %s", id)
	}
	if err != nil {
		return row, fmt.Errorf("load user %s: %w", id, err)
	}
	return row, nil
}

// ownersLeft counts the tenant's owners besides one user who can sign in, by password or provider.
func ownersLeft(ctx context.Context, q store.Queryer, tenant, except string) (int, error) {
	var n int
	err := q.Get(ctx, &n, `SELECT COUNT(*) FROM users u WHERE u.tenant_id = ? AND u.id <> ? AND u.role = ? AND u.disabled_at = 0
		AND (u.password_hash <> '' OR EXISTS (SELECT 1 FROM identities i WHERE i.tenant_id = u.tenant_id AND i.user_id = u.id))`,
		tenant, except, string(chat.RoleOwner))
	if err != nil {
		return 0, fmt.Errorf("count owners: %w", err)
	}
	return n, nil
}

// keepOwner refuses to take the last owner from a tenant. The tenant must be locked.
func keepOwner(ctx context.Context, tx *store.Tx, r userRow) error {
	if chat.Role(r.Role) != chat.RoleOwner {
		return nil
	}
	n, err := ownersLeft(ctx, tx, r.TenantID, r.ID)
	if err == nil && n == 0 {
		return fault.Conflict("%s is the last owner of this tenant; make another user an owner first", r.Email).OfKind("last_owner")
	}
	return err
}

// removeUser deletes a user and, by the hooks, everything that is kept of it.
func (s *Service) removeUser(ctx context.Context, tx *store.Tx, r userRow) error {
	if err := keepOwner(ctx, tx, r); err != nil {
		return err
	}
	for _, hook := range s.onDelete {
		if err := hook(ctx, tx, r.scope()); err != nil {
			return err
		}
	}
	if err := invitation.Forget(ctx, tx, r.TenantID, r.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM users WHERE tenant_id = ? AND id = ?`, r.TenantID, r.ID)
	return err
}

func endSessions(ctx context.Context, q store.Queryer, tenant, user, exceptID string) error {
	_, err := q.Exec(ctx, `DELETE FROM sessions WHERE tenant_id = ? AND user_id = ? AND id <> ?`, tenant, user, exceptID)
	return err
}

func searchKey(name, email string) string { return fold(name + "\n" + email) }

func badRole(r chat.Role) error {
	return fault.Invalid("role %q is not one of %v", r, chat.Roles()).At("role")
}

func badGroups() error {
	return fault.Invalid("groups must be at most %d names of 1 to %d printable characters", maxGroups, maxGroup).At("groups")
}

func emailTaken(email string) error {
	return fault.Conflict("there is already a user with the address %s", email).At("email").OfKind("email_taken")
}
