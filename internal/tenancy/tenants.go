package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
)

// Tenant is one of the teams of an install, apart from all others.
type Tenant struct {
	ID        string    `json:"id"`
	Slug      string    `json:"slug"` // lowercase word, unique in the install
	Name      string    `json:"name"`
	Operator  bool      `json:"operator"` // the first tenant
	CreatedAt time.Time `json:"created_at"`
	DeletedAt time.Time `json:"deleted_at,omitzero"` // nobody signs in to a deleted tenant
}

// NewTenant is what makes a tenant. Owner may be nil; the tenant then gets its first user from the shell
// or from a provider.
type NewTenant struct {
	Slug, Name string
	Owner      *NewUser
}

type tenantRow struct {
	ID        string `db:"id"`
	Slug      string `db:"slug"`
	Name      string `db:"name"`
	Operator  int64  `db:"operator"`
	CreatedAt int64  `db:"created_at"`
	DeletedAt int64  `db:"deleted_at"`
}

const tenantColumns = `id, slug, name, operator, created_at, deleted_at`

func (r tenantRow) tenant() Tenant {
	return Tenant{
		ID: r.ID, Slug: r.Slug, Name: r.Name, Operator: r.Operator != 0,
		CreatedAt: store.Time(r.CreatedAt), DeletedAt: store.Time(r.DeletedAt),
	}
}

// CreateTenant makes a tenant with its data key. The first of an install becomes the operator's. A slug
// that is in use, also by a deleted tenant, is fault.Conflict.
func (s *Service) CreateTenant(ctx context.Context, actor chat.Identity, n NewTenant) (Tenant, error) {
	if err := requireOperator(actor); err != nil {
		return Tenant{}, err
	}
	if !slugForm.MatchString(n.Slug) {
		return Tenant{}, fault.Invalid("slug must be 1 to 48 of a-z, 0-9 and inner hyphens, like acme-research").At("slug")
	}
	name, err := parseName("name", n.Name)
	if err != nil {
		return Tenant{}, err
	}
	var owner *userRow
	if n.Owner != nil {
		o := *n.Owner
		o.Role = chat.RoleOwner
		if owner, err = s.prepareUser(ctx, o); err != nil {
			return Tenant{}, err
		}
	}
	var row tenantRow
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		var operators int
		if err := tx.Get(ctx, &operators, `SELECT COUNT(*) FROM tenants WHERE operator = 1`); err != nil {
			return err
		}
		if row, err = s.insertTenant(ctx, tx, n.Slug, name, operators == 0); err != nil {
			return err
		}
		if owner == nil {
			return nil
		}
		owner.TenantID = row.ID
		return insertUser(ctx, tx, *owner)
	})
	if store.IsUnique(err) {
		return Tenant{}, fault.Conflict("the slug %q is taken; choose another", n.Slug).At("slug")
	}
	if err != nil {
		return Tenant{}, fmt.Errorf("create tenant: %w", err)
	}
	s.log.Info("tenant created", zap.String("tenant", row.ID), zap.String("slug", row.Slug))
	return row.tenant(), nil
}

func (s *Service) insertTenant(ctx context.Context, tx *store.Tx, slug, name string, operator bool) (tenantRow, error) {
	row := tenantRow{ID: chat.NewID("ten"), Slug: slug, Name: name, CreatedAt: store.Millis(s.now())}
	if operator {
		row.Operator = 1
	}
	_, err := tx.Exec(ctx, `INSERT INTO tenants (`+tenantColumns+`) VALUES (?, ?, ?, ?, ?, 0)`,
		row.ID, row.Slug, row.Name, row.Operator, row.CreatedAt)
	if err != nil {
		return tenantRow{}, err
	}
	return row, s.keys.CreateKey(ctx, tx, row.ID)
}

// Tenants lists all tenants, the deleted ones too, oldest first.
func (s *Service) Tenants(ctx context.Context, actor chat.Identity) ([]Tenant, error) {
	if err := requireOperator(actor); err != nil {
		return nil, err
	}
	var rows []tenantRow
	if err := s.db.Select(ctx, &rows, `SELECT `+tenantColumns+` FROM tenants ORDER BY created_at, id`); err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	out := make([]Tenant, len(rows))
	for i, r := range rows {
		out[i] = r.tenant()
	}
	return out, nil
}

// Tenant returns one tenant, by its id or slug. Everybody may see its own; others are the operator's.
func (s *Service) Tenant(ctx context.Context, actor chat.Identity, id string) (Tenant, error) {
	row, err := findTenant(ctx, s.db, id)
	if err != nil {
		return Tenant{}, err
	}
	if row.ID != actor.Tenant {
		if err := requireOperator(actor); err != nil {
			return Tenant{}, fault.NotFound("there is no tenant %q", id)
		}
	}
	return row.tenant(), nil
}

// findTenant looks a tenant up by id or slug.
func findTenant(ctx context.Context, q store.Queryer, id string) (tenantRow, error) {
	var row tenantRow
	if !chat.ValidID("ten", id) && !slugForm.MatchString(id) {
		return row, fault.NotFound("there is no such tenant")
	}
	err := q.Get(ctx, &row, `SELECT `+tenantColumns+` FROM tenants WHERE id = ? OR slug = ?`, id, id)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fault.NotFound("there is no tenant %q", id)
	}
	if err != nil {
		return row, fmt.Errorf("load tenant: %w", err)
	}
	return row, nil
}

// RenameTenant changes the name that people see. The slug stays, since configurations name it.
func (s *Service) RenameTenant(ctx context.Context, actor chat.Identity, id, name string) (Tenant, error) {
	if err := requireOperator(actor); err != nil {
		return Tenant{}, err
	}
	name, err := parseName("name", name)
	if err != nil {
		return Tenant{}, err
	}
	row, err := findTenant(ctx, s.db, id)
	if err != nil {
		return Tenant{}, err
	}
	if _, err := s.db.Exec(ctx, `UPDATE tenants SET name = ? WHERE id = ?`, name, row.ID); err != nil {
		return Tenant{}, fmt.Errorf("rename tenant: %w", err)
	}
	row.Name = name
	return row.tenant(), nil
}

// DeleteTenant closes a tenant: its people are signed out and cannot come back, its keys stop working.
// Its data stays, encrypted, until the tenant is shredded. The operator's tenant cannot be deleted.
func (s *Service) DeleteTenant(ctx context.Context, actor chat.Identity, id string) error {
	row, err := s.removable(ctx, actor, id)
	if err != nil {
		return err
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error { return s.closeTenant(ctx, tx, row) })
	if err != nil {
		return fmt.Errorf("delete tenant: %w", err)
	}
	s.log.Info("tenant deleted", zap.String("tenant", row.ID))
	return nil
}

// ShredTenant destroys a tenant's data key, which makes its texts unreadable for ever, and closes the
// tenant if it is open. confirm must be its slug. It returns in how many of the install's snapshots the
// key was, which are without it now; after an error it must be run again.
func (s *Service) ShredTenant(ctx context.Context, actor chat.Identity, id, confirm string) (snapshots int, err error) {
	row, err := s.removable(ctx, actor, id)
	if err != nil {
		return 0, err
	}
	if strings.TrimSpace(confirm) != row.Slug {
		return 0, fault.Invalid("to destroy this tenant's texts for ever, confirm with its slug %q", row.Slug).At("confirm")
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if err := s.closeTenant(ctx, tx, row); err != nil {
			return err
		}
		return s.keys.DestroyKey(ctx, tx, row.ID)
	})
	if err != nil {
		return 0, fmt.Errorf("shred tenant: %w", err)
	}
	err = s.keys.Scrub(ctx)
	if err == nil && s.onShred != nil {
		snapshots, err = s.onShred(ctx, row.ID)
	}
	if err != nil {
		return snapshots, fmt.Errorf("the tenant's key is destroyed, but its bytes may still be on the disk (%w): "+
			"run this again", err)
	}
	s.log.Warn("tenant shredded", zap.String("tenant", row.ID), zap.String("by", actor.User), zap.Int("snapshots", snapshots))
	return snapshots, nil
}

func (s *Service) removable(ctx context.Context, actor chat.Identity, id string) (tenantRow, error) {
	if err := requireOperator(actor); err != nil {
		return tenantRow{}, err
	}
	row, err := findTenant(ctx, s.db, id)
	if err != nil {
		return tenantRow{}, err
	}
	if row.Operator != 0 {
		return tenantRow{}, fault.Conflict("the first tenant manages all others and cannot be removed; to end the whole install, delete its data and its master key")
	}
	return row, nil
}

func (s *Service) closeTenant(ctx context.Context, tx *store.Tx, row tenantRow) error {
	// First the tenant's own row, which is what an invitation that is being accepted waits for.
	_, err := tx.Exec(ctx, `UPDATE tenants SET deleted_at = ? WHERE id = ? AND deleted_at = 0`, store.Millis(s.now()), row.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE tenant_id = ?`, row.ID); err != nil {
		return err
	}
	return invitation.Clear(ctx, tx, row.ID)
}
