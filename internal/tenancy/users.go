package tenancy

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

// UserPatch changes what is not nil.
type UserPatch struct {
	Name     *string
	Role     *chat.Role
	Disabled *bool
	Password *string
	Groups   *[]string
}

// CreateUser makes a user of the actor's tenant. An address that is in use there is fault.Conflict. Only
// an owner makes owners.
func (s *Service) CreateUser(ctx context.Context, actor chat.Identity, n NewUser) (User, error) {
	if err := requireAdmin(actor); err != nil {
		return User{}, err
	}
	if err := mayGrant(actor, n.Role); err != nil {
		return User{}, err
	}
	row, err := s.prepareUser(ctx, n)
	if err != nil {
		return User{}, err
	}
	tenant, err := findTenant(ctx, s.db, actor.Tenant)
	if err != nil {
		return User{}, err
	}
	row.TenantID = tenant.ID
	err = insertUser(ctx, s.db, *row)
	if store.IsUnique(err) {
		return User{}, emailTaken(row.Email)
	}
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	s.log.Info("user created", zap.String("tenant", row.TenantID), zap.String("user", row.ID), zap.String("by", actor.User))
	return row.user(), nil
}

// UserNames returns the names of all users of the actor's tenant, by id.
func (s *Service) UserNames(ctx context.Context, actor chat.Identity) (map[string]string, error) {
	if err := requireAdmin(actor); err != nil {
		return nil, err
	}
	var rows []struct{ ID, Name string }
	if err := s.db.Select(ctx, &rows, `SELECT id, name FROM users WHERE tenant_id = ?`, actor.Tenant); err != nil {
		return nil, fmt.Errorf("list names of users: %w", err)
	}
	names := make(map[string]string, len(rows))
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, nil
}

// User returns one user of the actor's tenant.
func (s *Service) User(ctx context.Context, actor chat.Identity, id string) (User, error) {
	if err := requireAdmin(actor); err != nil {
		return User{}, err
	}
	row, err := loadUser(ctx, s.db, actor.Tenant, id)
	return row.user(), err
}

// UserByEmail returns the user of this address in the actor's tenant.
func (s *Service) UserByEmail(ctx context.Context, actor chat.Identity, email string) (User, error) {
	if err := requireAdmin(actor); err != nil {
		return User{}, err
	}
	rows := []userRow{}
	if address, err := parseEmail(email); err == nil {
		err := s.db.Select(ctx, &rows, `SELECT `+userColumns+` FROM users u WHERE u.tenant_id = ? AND u.email_key = ?`, actor.Tenant, fold(address))
		if err != nil {
			return User{}, fmt.Errorf("load user: %w", err)
		}
	}
	if len(rows) == 0 {
		return User{}, fault.NotFound("there is no user with the address %q", email)
	}
	return rows[0].user(), nil
}

// UpdateUser changes a user of the actor's tenant. An admin changes no owner and makes none; nobody
// raises its own role, disables itself or passes by its own password here; the last owner stays one.
// A new password or being disabled ends the user's sessions; keys of a disabled user sleep with it.
func (s *Service) UpdateUser(ctx context.Context, actor chat.Identity, id string, p UserPatch) (User, error) {
	if err := requireAdmin(actor); err != nil {
		return User{}, err
	}
	row, err := loadUser(ctx, s.db, actor.Tenant, id)
	if err != nil {
		return User{}, err
	}
	if err := mayChange(actor, row, p); err != nil {
		return User{}, err
	}
	hash := ""
	if p.Password != nil {
		if hash, err = s.hashNew(ctx, *p.Password, row.Email, row.Name); err != nil {
			return User{}, err
		}
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if err := lockTenant(ctx, tx, actor.Tenant); err != nil {
			return err
		}
		// What was allowed a moment ago is judged again on what the row is now.
		if row, err = loadUser(ctx, tx, actor.Tenant, id); err != nil {
			return err
		}
		if err := mayChange(actor, row, p); err != nil {
			return err
		}
		return s.applyPatch(ctx, tx, &row, p, hash)
	})
	if err != nil {
		return User{}, fmt.Errorf("update user %s: %w", id, err)
	}
	s.log.Info("user changed", zap.String("tenant", row.TenantID), zap.String("user", row.ID), zap.String("by", actor.User))
	return row.user(), nil
}

func (s *Service) applyPatch(ctx context.Context, tx *store.Tx, row *userRow, p UserPatch, hash string) error {
	disable := p.Disabled != nil && *p.Disabled && row.DisabledAt == 0
	if disable || (p.Role != nil && *p.Role != chat.RoleOwner) {
		if err := keepOwner(ctx, tx, *row); err != nil {
			return err
		}
	}
	now := store.Millis(s.now())
	row.UpdatedAt = now
	if p.Name != nil {
		name, err := parseName("name", *p.Name)
		if err != nil {
			return err
		}
		row.Name = name
	}
	if p.Role != nil {
		row.Role = string(*p.Role)
	}
	if p.Groups != nil {
		groups, bad := parseGroups(*p.Groups)
		if len(bad) > 0 {
			return badGroups()
		}
		row.Groups = toJSON(groups)
	}
	if p.Disabled != nil {
		row.DisabledAt = 0
		if *p.Disabled {
			row.DisabledAt = now
		}
	}
	if hash != "" {
		row.PasswordHash = hash
	}
	if disable || hash != "" {
		if err := endSessions(ctx, tx, row.TenantID, row.ID, ""); err != nil {
			return err
		}
	}
	return saveUser(ctx, tx, *row)
}

// DeleteUser deletes a user of the actor's tenant with all that is kept of it. One's own account is
// deleted by DeleteMe, which asks for the password.
func (s *Service) DeleteUser(ctx context.Context, actor chat.Identity, id string) error {
	if err := requireAdmin(actor); err != nil {
		return err
	}
	if id == actor.User {
		return fault.Forbidden("your own account is deleted in your own settings, with your password")
	}
	err := s.db.WithTx(ctx, func(tx *store.Tx) error {
		if err := lockTenant(ctx, tx, actor.Tenant); err != nil {
			return err
		}
		row, err := loadUser(ctx, tx, actor.Tenant, id)
		if err != nil {
			return err
		}
		if err := mayTouch(actor, row); err != nil {
			return err
		}
		return s.removeUser(ctx, tx, row)
	})
	if err != nil {
		return fmt.Errorf("delete user %s: %w", id, err)
	}
	s.log.Info("user deleted", zap.String("tenant", actor.Tenant), zap.String("user", id), zap.String("by", actor.User))
	return nil
}

// mayTouch keeps admins from owners.
func mayTouch(actor chat.Identity, target userRow) error {
	if chat.Role(target.Role) == chat.RoleOwner && actor.Role != chat.RoleOwner {
		return fault.Forbidden("only an owner may do this to an owner")
	}
	return nil
}

func mayGrant(actor chat.Identity, role chat.Role) error {
	if role == chat.RoleOwner && actor.Role != chat.RoleOwner {
		return fault.Forbidden("only an owner makes owners").At("role")
	}
	return nil
}

func mayChange(actor chat.Identity, target userRow, p UserPatch) error {
	if err := mayTouch(actor, target); err != nil {
		return err
	}
	if p.Role != nil {
		if !p.Role.Valid() {
			return badRole(*p.Role)
		}
		if err := mayGrant(actor, *p.Role); err != nil {
			return err
		}
	}
	if target.ID != actor.User {
		return nil
	}
	switch now := chat.Role(target.Role); {
	case p.Role != nil && *p.Role != now && p.Role.AtLeast(now):
		return fault.Forbidden("nobody raises its own role").At("role")
	case p.Disabled != nil && *p.Disabled:
		return fault.Forbidden("nobody disables itself").At("disabled")
	case p.Password != nil:
		return fault.Forbidden("your own password is changed in your own settings, with the present one").At("password")
	}
	return nil
}
