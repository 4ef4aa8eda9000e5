// Package defaults keeps which model the people of a tenant get where they name none, by role. Begin at
// Resolve, which is how the APIs find the model of a request.
package defaults

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/store"
)

// Models finds installed models; serving.Service does.
type Models interface {
	Resolve(tenant string, kind serving.Kind, name string) (serving.Model, error)
}

// Choice says which model each role gets. The role "" stands for every role that is not named. Where it
// says nothing, the install's default is taken.
type Choice map[chat.Role]string

// Defaults are the choices of all tenants, in the table model_defaults. It is safe for many goroutines.
type Defaults struct {
	db     *store.DB
	models Models
}

// New makes the defaults of an install.
func New(db *store.DB, models Models) *Defaults { return &Defaults{db, models} }

// Resolve finds the model that a request means, with the faults of serving.Service.Resolve. Without a
// name it is the one chosen for the caller's role, else for its tenant, else the install's default. A
// choice that is not installed any more is passed over: people go on chatting, and Broken tells it.
func (d *Defaults) Resolve(ctx context.Context, id chat.Identity, kind serving.Kind, name string) (serving.Model, error) {
	if name != "" || kind != serving.KindChat {
		return d.models.Resolve(id.Tenant, kind, name)
	}
	choice, err := d.Get(ctx, id.Scope)
	if err != nil {
		return serving.Model{}, err
	}
	for _, role := range []chat.Role{id.Role, ""} {
		if choice[role] == "" {
			continue
		}
		m, err := d.models.Resolve(id.Tenant, kind, choice[role])
		if err == nil || fault.Is(err, fault.CodeInternal) {
			return m, err
		}
	}
	return d.models.Resolve(id.Tenant, kind, "")
}

type row struct {
	Tenant string    `db:"tenant_id"`
	Role   chat.Role `db:"role"`
	Model  string    `db:"model"`
}

// Get returns the tenant's choice of chat models.
func (d *Defaults) Get(ctx context.Context, sc chat.Scope) (Choice, error) {
	var rows []row
	err := d.db.Select(ctx, &rows, `SELECT tenant_id, role, model FROM model_defaults WHERE tenant_id = ? AND kind = ?`, sc.Tenant, serving.KindChat)
	if err != nil {
		return nil, fmt.Errorf("read model defaults: %w", err)
	}
	choice := Choice{}
	for _, r := range rows {
		choice[r.Role] = r.Model
	}
	return choice, nil
}

// Put replaces the tenant's choice. A model that is not installed, or does not chat, is fault.Invalid and
// names its field, like chat.member.
func (d *Defaults) Put(ctx context.Context, sc chat.Scope, choice Choice) error {
	for role, model := range choice {
		if role != "" && !role.Valid() {
			return fault.Invalid("there is no role %q", role).At("chat")
		}
		if model == "" {
			continue
		}
		if _, err := d.models.Resolve(sc.Tenant, serving.KindChat, model); fault.Is(err, fault.CodeInternal) {
			return err
		} else if err != nil {
			return fault.Invalid("%s", fault.From(err).Message).At(field(role)).OfKind(fault.From(err).Kind)
		}
	}
	err := d.db.WithTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM model_defaults WHERE tenant_id = ? AND kind = ?`, sc.Tenant, serving.KindChat); err != nil {
			return err
		}
		for role, model := range choice {
			if model == "" {
				continue
			}
			if _, err := tx.Exec(ctx, `INSERT INTO model_defaults (tenant_id, kind, role, model) VALUES (?, ?, ?, ?)`,
				sc.Tenant, serving.KindChat, role, model); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save model defaults: %w", err)
	}
	return nil
}

func field(role chat.Role) string {
	if role == "" {
		return "chat.default"
	}
	return "chat." + string(role)
}

// Broken is a choice that cannot be heeded.
type Broken struct {
	Tenant string
	Role   chat.Role // "" is every role that is not named
	Model  string
}

// Broken lists the choices of all tenants that name a model which is not installed any more.
func (d *Defaults) Broken(ctx context.Context) ([]Broken, error) {
	var rows []row
	err := d.db.Select(ctx, &rows, `SELECT tenant_id, role, model FROM model_defaults WHERE kind = ? ORDER BY tenant_id, role`, serving.KindChat)
	if err != nil {
		return nil, fmt.Errorf("list model defaults: %w", err)
	}
	var broken []Broken
	for _, r := range rows {
		if _, err := d.models.Resolve(r.Tenant, serving.KindChat, r.Model); fault.Is(err, fault.CodeInternal) {
			return nil, err
		} else if err != nil {
			broken = append(broken, Broken(r))
		}
	}
	return broken, nil
}
