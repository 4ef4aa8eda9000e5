package tenancy

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// freshLogin is how recent a sign-in must be to stand in for a password that the account does not have.
const freshLogin = 10 * time.Minute

// Me is the caller's own account and tenant.
type Me struct {
	User   User
	Tenant Tenant
}

// MePatch changes what is not nil. A new password needs the present one.
type MePatch struct {
	Name            *string
	CurrentPassword string
	NewPassword     *string
}

// Export is what is kept of a user here, for the person's own copy. No secret is in it.
type Export struct {
	User       User             `json:"user"`
	Tenant     Tenant           `json:"tenant"`
	Identities []LinkedIdentity `json:"identities"`
	Sessions   []Session        `json:"sessions"`
	Keys       []Key            `json:"keys"`
}

// LinkedIdentity is how an issuer knows a user.
type LinkedIdentity struct {
	Issuer     string    `json:"issuer"`
	Subject    string    `json:"subject"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
}

// Me returns the caller's account. An identity without one (the shell) is fault.NotFound.
func (s *Service) Me(ctx context.Context, id chat.Identity) (Me, error) {
	user, err := loadUser(ctx, s.db, id.Tenant, id.User)
	if err != nil {
		return Me{}, err
	}
	tenant, err := findTenant(ctx, s.db, id.Tenant)
	if err != nil {
		return Me{}, err
	}
	return Me{User: user.user(), Tenant: tenant.tenant()}, nil
}

// UpdateMe changes the caller's own account. A new password ends all of its sessions but this one; its
// API keys go on, since programs hold them.
func (s *Service) UpdateMe(ctx context.Context, id chat.Identity, p MePatch) (Me, error) {
	row, err := loadUser(ctx, s.db, id.Tenant, id.User)
	if err != nil {
		return Me{}, err
	}
	name := row.Name
	if p.Name != nil {
		if name, err = parseName("name", *p.Name); err != nil {
			return Me{}, err
		}
	}
	hash := ""
	if p.NewPassword != nil {
		if hash, err = s.changePassword(ctx, id, row, p); err != nil {
			return Me{}, err
		}
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE users SET name = ?, search_key = ?, updated_at = ? WHERE tenant_id = ? AND id = ?`,
			name, searchKey(name, row.Email), store.Millis(s.now()), id.Tenant, id.User)
		if err != nil || hash == "" {
			return err
		}
		// The hash must still be the one that was confirmed: an admin may have set another meanwhile.
		n, err := tx.Exec(ctx, `UPDATE users SET password_hash = ? WHERE tenant_id = ? AND id = ? AND password_hash = ?`,
			hash, id.Tenant, id.User, row.PasswordHash)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict("the password was changed elsewhere at this moment; try again")
		}
		keep := ""
		if id.Via == chat.ViaSession {
			keep = id.Credential
		}
		return endSessions(ctx, tx, id.Tenant, id.User, keep)
	})
	if err != nil {
		return Me{}, fmt.Errorf("update own account: %w", err)
	}
	return s.Me(ctx, id)
}

func (s *Service) changePassword(ctx context.Context, id chat.Identity, row userRow, p MePatch) (string, error) {
	if row.PasswordHash == "" {
		return "", fault.Forbidden("this account signs in through a provider; an admin can give it a password").At("new_password")
	}
	if err := s.confirm(ctx, id, row, p.CurrentPassword, "current_password"); err != nil {
		return "", err
	}
	if err := s.cfg.Password.Check(*p.NewPassword, row.Email, row.Name); err != nil {
		if f := fault.From(err); f.Code == fault.CodeInvalid {
			return "", f.At("new_password")
		}
		return "", err
	}
	return s.hasher.Hash(ctx, *p.NewPassword)
}

// DeleteMe deletes the caller's own account and everything that is kept of it. It asks for the
// password, or where the account has none, for a session that was opened within ten minutes. The last
// owner of a tenant is fault.Conflict.
func (s *Service) DeleteMe(ctx context.Context, id chat.Identity, password string) error {
	row, err := loadUser(ctx, s.db, id.Tenant, id.User)
	if err != nil {
		return err
	}
	if row.PasswordHash != "" {
		err = s.confirm(ctx, id, row, password, "password")
	} else {
		err = s.recent(ctx, id)
	}
	if err != nil {
		return err
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if err := lockTenant(ctx, tx, id.Tenant); err != nil {
			return err
		}
		row, err := loadUser(ctx, tx, id.Tenant, id.User)
		if err != nil {
			return err
		}
		return s.removeUser(ctx, tx, row)
	})
	if err != nil {
		return fmt.Errorf("delete own account: %w", err)
	}
	s.log.Info("user deleted itself", zap.String("tenant", id.Tenant), zap.String("user", id.User))
	return nil
}

// recent asks for a session that has just been opened.
func (s *Service) recent(ctx context.Context, id chat.Identity) error {
	stale := fault.Forbidden("sign in again, then do this within %d minutes", int(freshLogin.Minutes())).OfKind("sign_in_again")
	if id.Via != chat.ViaSession {
		return stale
	}
	var opened []int64
	err := s.db.Select(ctx, &opened, `SELECT created_at FROM sessions WHERE tenant_id = ? AND user_id = ? AND id = ?`, id.Tenant, id.User, id.Credential)
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	if len(opened) == 0 || s.now().Sub(store.Time(opened[0])) > freshLogin {
		return stale
	}
	return nil
}

// Export returns everything that is kept of the caller here.
func (s *Service) Export(ctx context.Context, id chat.Identity) (Export, error) {
	me, err := s.Me(ctx, id)
	if err != nil {
		return Export{}, err
	}
	out := Export{User: me.User, Tenant: me.Tenant, Identities: []LinkedIdentity{}}
	if out.Sessions, err = s.Sessions(ctx, id); err != nil {
		return Export{}, err
	}
	if out.Keys, err = s.Keys(ctx, id); err != nil {
		return Export{}, err
	}
	var rows []struct {
		Issuer     string `db:"issuer"`
		Subject    string `db:"subject"`
		CreatedAt  int64  `db:"created_at"`
		LastUsedAt int64  `db:"last_used_at"`
	}
	err = s.db.Select(ctx, &rows, `SELECT issuer, subject, created_at, last_used_at FROM identities WHERE tenant_id = ? AND user_id = ? ORDER BY id`, id.Tenant, id.User)
	if err != nil {
		return Export{}, fmt.Errorf("list identities: %w", err)
	}
	for _, r := range rows {
		out.Identities = append(out.Identities, LinkedIdentity{r.Issuer, r.Subject, store.Time(r.CreatedAt), store.Time(r.LastUsedAt)})
	}
	return out, nil
}
