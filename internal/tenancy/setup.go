package tenancy

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

const (
	firstTenantName = "Team"
	seedEmail       = "admin@localhost" // of the account that holds a seeded key and cannot sign in
	seedKeyName     = "from the configuration"
)

// setupGate holds the one-time token. It lives in memory: a restart makes a new one, and the old link is
// worth nothing.
type setupGate struct {
	mu   sync.Mutex
	hash string // "" when no token is out
}

// SetupRequest makes the first account.
type SetupRequest struct {
	Email, Name, Password string
	TenantName            string // "" means Team
	Client                Client
}

// SetupNeeded reports whether the install waits for its first account: no owner of the first tenant can
// sign in.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	_, needed, err := firstTenant(ctx, s.db)
	return needed, err
}

// firstTenant returns the operator's tenant (without an id when there is none) and whether it lacks an
// owner who can sign in.
func firstTenant(ctx context.Context, q store.Queryer) (t tenantRow, needed bool, err error) {
	err = q.Get(ctx, &t, `SELECT `+tenantColumns+` FROM tenants WHERE operator = 1`)
	if errors.Is(err, sql.ErrNoRows) {
		return tenantRow{}, true, nil
	}
	if err != nil {
		return tenantRow{}, false, fmt.Errorf("load first tenant: %w", err)
	}
	n, err := ownersLeft(ctx, q, t.ID, "")
	return t, n == 0, err
}

// SetupToken makes the token of the set-up link and makes any earlier one void. It is "" when no set-up
// is needed.
func (s *Service) SetupToken(ctx context.Context) (string, error) {
	needed, err := s.SetupNeeded(ctx)
	if err != nil || !needed {
		return "", err
	}
	token := newToken()
	s.setup.mu.Lock()
	defer s.setup.mu.Unlock()
	s.setup.hash = hashToken(token)
	return token, nil
}

// Setup makes the first tenant and its owner, and signs the owner in. A wrong token is fault.Forbidden;
// fault.Conflict says that somebody was first. A request that is refused for its content leaves the
// token good.
func (s *Service) Setup(ctx context.Context, token string, r SetupRequest) (Grant, error) {
	// One at a time: the token is compared, used and made void under the lock. What another process
	// on the same database does is settled by the database.
	s.setup.mu.Lock()
	defer s.setup.mu.Unlock()
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return Grant{}, err
	}
	if !needed {
		return Grant{}, setupDone()
	}
	if s.setup.hash == "" || subtle.ConstantTimeCompare([]byte(hashToken(token)), []byte(s.setup.hash)) != 1 {
		return Grant{}, fault.Forbidden("this set-up link is not valid; use the one that the server printed at its last start").OfKind("wrong_setup_token")
	}
	if r.Password == "" {
		return Grant{}, fault.Invalid("password must not be empty").At("password")
	}
	owner, err := s.prepareUser(ctx, NewUser{Email: r.Email, Name: r.Name, Role: chat.RoleOwner, Password: r.Password})
	if err != nil {
		return Grant{}, err
	}
	if strings.TrimSpace(r.TenantName) == "" {
		r.TenantName = firstTenantName
	}
	name, err := parseName("tenant_name", r.TenantName)
	if err != nil {
		return Grant{}, err
	}
	var grant Grant
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		tenant, err := s.makeFirst(ctx, tx, name, owner)
		if err != nil {
			return err
		}
		grant, err = s.openSession(ctx, tx, *owner, tenant, r.Client)
		return err
	})
	if store.IsUnique(err) {
		return Grant{}, setupDone()
	}
	if err != nil {
		return Grant{}, fmt.Errorf("set up: %w", err)
	}
	s.setup.hash = ""
	s.log.Info("set up", zap.String("tenant", grant.Identity.Tenant), zap.String("user", grant.Identity.User))
	return grant, nil
}

func setupDone() error {
	return fault.Conflict("this server is set up already; sign in").OfKind("already_set_up")
}

// makeFirst makes the first owner, and the first tenant where there is none. An account of the same
// address that holds a seeded key becomes that owner. It is fault.Conflict when the tenant has an owner.
func (s *Service) makeFirst(ctx context.Context, tx *store.Tx, name string, owner *userRow) (tenantRow, error) {
	tenant, needed, err := firstTenant(ctx, tx)
	if err != nil {
		return tenantRow{}, err
	}
	if tenant.ID == "" {
		if tenant, err = s.insertTenant(ctx, tx, slugOf(name), name, true); err != nil {
			return tenantRow{}, err
		}
	} else {
		if err := lockTenant(ctx, tx, tenant.ID); err != nil {
			return tenantRow{}, err
		}
		if _, needed, err = firstTenant(ctx, tx); err != nil {
			return tenantRow{}, err
		}
	}
	if !needed {
		return tenantRow{}, setupDone()
	}
	if tenant.Name != name && tenant.Name == firstTenantName { // made for a seeded key, before anybody could name it
		tenant.Name = name
		if _, err := tx.Exec(ctx, `UPDATE tenants SET name = ? WHERE id = ?`, name, tenant.ID); err != nil {
			return tenantRow{}, err
		}
	}
	owner.TenantID = tenant.ID
	var same []userRow
	err = tx.Select(ctx, &same, `SELECT `+userColumns+` FROM users u WHERE u.tenant_id = ? AND u.email_key = ?`, tenant.ID, owner.EmailKey)
	if err != nil {
		return tenantRow{}, err
	}
	if len(same) == 0 {
		return tenant, insertUser(ctx, tx, *owner)
	}
	owner.ID, owner.CreatedAt = same[0].ID, same[0].CreatedAt
	return tenant, saveUser(ctx, tx, *owner)
}

// EnsureAdmin does what the admin settings say: it makes the first owner when there is none, and makes
// the seeded key what the configuration gives, or removes it when it gives none. It may run at each
// start, and in two processes at once.
func (s *Service) EnsureAdmin(ctx context.Context) error {
	err := s.ensureAdmin(ctx)
	if store.IsUnique(err) {
		err = s.ensureAdmin(ctx) // another process made the same rows first; now they are there
	}
	if err != nil {
		return fmt.Errorf("set up the configured admin: %w", err)
	}
	return nil
}

func (s *Service) ensureAdmin(ctx context.Context) error {
	a := s.cfg.Admin
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	var owner *userRow
	if needed && a.Password != "" {
		owner, err = s.prepareUser(ctx, NewUser{Email: a.Email, Role: chat.RoleOwner, Password: a.Password.Reveal()})
		if err != nil {
			return err
		}
	}
	return s.db.WithTx(ctx, func(tx *store.Tx) error {
		if owner != nil {
			_, err := s.makeFirst(ctx, tx, firstTenantName, owner)
			if err != nil && !fault.Is(err, fault.CodeConflict) {
				return err
			}
		}
		return s.seedKey(ctx, tx)
	})
}

// seedKey makes the configured key the only seeded one.
func (s *Service) seedKey(ctx context.Context, tx *store.Tx) error {
	secret := s.cfg.Admin.APIKey.Reveal()
	hash := ""
	if secret != "" {
		hash = hashToken(secret)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM api_keys WHERE seeded = 1 AND token_hash <> ?`, hash); err != nil || secret == "" {
		return err
	}
	holder, err := s.keyHolder(ctx, tx)
	if err != nil {
		return err
	}
	permissions := toJSON(chat.Permissions())
	n, err := tx.Exec(ctx, `UPDATE api_keys SET tenant_id = ?, user_id = ?, permissions = ?, expires_at = 0, seeded = 1 WHERE token_hash = ?`,
		holder.TenantID, holder.ID, permissions, hash)
	if err != nil || n > 0 {
		return err
	}
	return insertKey(ctx, tx, keyRow{
		ID: chat.NewID("key"), TenantID: holder.TenantID, UserID: holder.ID, Name: seedKeyName,
		Prefix: secret[:4] + "…", TokenHash: hash, Permissions: permissions, Seeded: 1, CreatedAt: store.Millis(s.now()),
	})
}

// keyHolder returns whose key the seeded one is: the configured address's, else the first owner's, else
// an owner's that is made for it and has no way to sign in.
func (s *Service) keyHolder(ctx context.Context, tx *store.Tx) (userRow, error) {
	tenant, _, err := firstTenant(ctx, tx)
	if err != nil {
		return userRow{}, err
	}
	if tenant.ID == "" {
		if tenant, err = s.insertTenant(ctx, tx, slugOf(firstTenantName), firstTenantName, true); err != nil {
			return userRow{}, err
		}
	}
	var rows []userRow
	err = tx.Select(ctx, &rows, `SELECT `+userColumns+` FROM users u WHERE u.tenant_id = ? AND u.disabled_at = 0
		AND (u.email_key = ? OR u.role = ?) ORDER BY CASE WHEN u.email_key = ? THEN 0 ELSE 1 END, u.id LIMIT 1`,
		tenant.ID, fold(s.cfg.Admin.Email), string(chat.RoleOwner), fold(s.cfg.Admin.Email))
	if err != nil || len(rows) > 0 {
		return first(rows), err
	}
	email := s.cfg.Admin.Email
	if email == "" {
		email = seedEmail
	}
	row := s.newUserRow(email, email, chat.RoleOwner)
	row.TenantID, row.EmailVerified = tenant.ID, 1
	return row, insertUser(ctx, tx, row)
}

func first(rows []userRow) userRow {
	if len(rows) == 0 {
		return userRow{}
	}
	return rows[0]
}
