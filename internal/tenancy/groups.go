package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/group"
)

const (
	maxDescription  = 500
	maxTenantGroups = 1000
	maxMemberChange = 1000 // users in one request
)

// GroupPatch changes what is not nil.
type GroupPatch struct {
	Name        *string
	Description *string
}

// Groups lists the groups of the actor's tenant by name, also those that only an identity provider's
// claims have made.
func (s *Service) Groups(ctx context.Context, actor chat.Identity) ([]group.Group, error) {
	if err := requireAdmin(actor); err != nil {
		return nil, err
	}
	return group.List(ctx, s.db, actor.Tenant)
}

// CreateGroup makes a group. One that only users' lists know keeps its members; one that was made before
// is fault.Conflict.
func (s *Service) CreateGroup(ctx context.Context, actor chat.Identity, name, description string) (group.Group, error) {
	name, err := parseGroup(name)
	if err != nil {
		return group.Group{}, err
	}
	if description, err = parseDescription(description); err != nil {
		return group.Group{}, err
	}
	return s.changeGroup(ctx, actor, name, "created", func(tx *store.Tx, g group.Group, known bool) (string, error) {
		if known && !g.CreatedAt.IsZero() {
			return "", groupTaken(name)
		}
		all, err := group.List(ctx, tx, actor.Tenant)
		if err != nil {
			return "", err
		}
		if len(all) >= maxTenantGroups && !known {
			return "", fault.Conflict("a tenant has at most %d groups; delete some first", maxTenantGroups)
		}
		g.Description, g.CreatedAt = description, s.now()
		return name, group.Save(ctx, tx, actor.Tenant, g)
	})
}

// UpdateGroup changes a group's description, or its name in every user's list and open invitation too. A
// name that is in use is fault.Conflict: two groups are not made one by accident.
func (s *Service) UpdateGroup(ctx context.Context, actor chat.Identity, name string, p GroupPatch) (group.Group, error) {
	to := name
	var err error
	if p.Name != nil {
		if to, err = parseGroup(*p.Name); err != nil {
			return group.Group{}, err
		}
	}
	if p.Description != nil {
		if *p.Description, err = parseDescription(*p.Description); err != nil {
			return group.Group{}, err
		}
	}
	return s.changeGroup(ctx, actor, name, "changed", func(tx *store.Tx, g group.Group, known bool) (string, error) {
		if !known {
			return "", noGroup(name)
		}
		if p.Description != nil {
			if g.Description = *p.Description; g.CreatedAt.IsZero() {
				g.CreatedAt = s.now()
			}
			if err := group.Save(ctx, tx, actor.Tenant, g); err != nil {
				return "", err
			}
		}
		if to == name {
			return name, nil
		}
		if _, taken, err := group.Find(ctx, tx, actor.Tenant, to); err != nil || taken {
			if err == nil {
				err = groupTaken(to)
			}
			return "", err
		}
		return to, group.Rename(ctx, tx, actor.Tenant, name, to)
	})
}

// DeleteGroup takes a group out of every user's list and every invitation. A provider whose claims decide
// the groups brings it back at the next sign-in.
func (s *Service) DeleteGroup(ctx context.Context, actor chat.Identity, name string) error {
	_, err := s.changeGroup(ctx, actor, name, "deleted", func(tx *store.Tx, _ group.Group, known bool) (string, error) {
		if !known {
			return "", noGroup(name)
		}
		return "", group.Remove(ctx, tx, actor.Tenant, name)
	})
	return err
}

// SetMembers puts users of the actor's tenant into a group and takes others out, all or nothing. As
// everywhere, an admin does not touch an owner.
func (s *Service) SetMembers(ctx context.Context, actor chat.Identity, name string, add, remove []string) (group.Group, error) {
	if len(add)+len(remove) > maxMemberChange {
		return group.Group{}, fault.Invalid("at most %d users are added and removed at once", maxMemberChange).At("add")
	}
	if i := slices.IndexFunc(add, func(id string) bool { return slices.Contains(remove, id) }); i >= 0 {
		return group.Group{}, fault.Invalid("the user %s is to be both added and removed", add[i]).At("remove")
	}
	return s.changeGroup(ctx, actor, name, "members changed", func(tx *store.Tx, g group.Group, known bool) (string, error) {
		if !known {
			return "", noGroup(name)
		}
		if g.CreatedAt.IsZero() { // taking the last member out must not make it vanish
			g.CreatedAt = s.now()
			if err := group.Save(ctx, tx, actor.Tenant, g); err != nil {
				return "", err
			}
		}
		for _, id := range add {
			if err := s.regroup(ctx, tx, actor, id, "add", "", name); err != nil {
				return "", err
			}
		}
		for _, id := range remove {
			if err := s.regroup(ctx, tx, actor, id, "remove", name, ""); err != nil {
				return "", err
			}
		}
		return name, nil
	})
}

// regroup replaces one group by another in a user's list; "" stands for none.
func (s *Service) regroup(ctx context.Context, tx *store.Tx, actor chat.Identity, user, field, from, to string) error {
	row, err := loadUser(ctx, tx, actor.Tenant, user)
	if f := fault.From(err); f != nil && f.Code == fault.CodeNotFound {
		return f.At(field)
	}
	if err == nil {
		err = mayTouch(actor, row)
	}
	if err != nil {
		return err
	}
	groups := group.Swap(row.Groups, from, to)
	if len(readGroups(groups)) > maxGroups {
		return fault.Conflict("%s is in %d groups, which is the most that a user can be in", row.Email, maxGroups).At(field)
	}
	if groups == row.Groups {
		return nil
	}
	row.Groups, row.UpdatedAt = groups, store.Millis(s.now())
	return saveUser(ctx, tx, row)
}

// changeGroup does one change to a group, with the tenant locked so that lists do not change meanwhile.
// change is told the group and whether there is one, and returns the name that it has afterwards, "" for
// one that is gone.
func (s *Service) changeGroup(ctx context.Context, actor chat.Identity, name, what string,
	change func(tx *store.Tx, g group.Group, known bool) (string, error)) (g group.Group, err error) {
	if err := requireAdmin(actor); err != nil {
		return group.Group{}, err
	}
	if !printable(name) {
		return group.Group{}, noGroup(name)
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if _, err := openTenant(ctx, tx, actor.Tenant); err != nil {
			return err
		}
		g, known, err := group.Find(ctx, tx, actor.Tenant, name)
		if err != nil {
			return err
		}
		name, err = change(tx, g, known)
		return err
	})
	if err == nil && name != "" {
		g, _, err = group.Find(ctx, s.db, actor.Tenant, name)
	}
	if err != nil {
		return group.Group{}, fmt.Errorf("change group: %w", err)
	}
	s.log.Info("group "+what, zap.String("tenant", actor.Tenant), zap.String("by", actor.User))
	return g, nil
}

func parseGroup(name string) (string, error) {
	groups, bad := parseGroups([]string{name})
	if len(bad) > 0 {
		return "", fault.Invalid("name must be 1 to %d printable characters", maxGroup).At("name")
	}
	return groups[0], nil
}

func parseDescription(s string) (string, error) {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > maxDescription || !printable(s) {
		return "", fault.Invalid("description must be at most %d printable characters", maxDescription).At("description")
	}
	return s, nil
}

func groupTaken(name string) error {
	return fault.Conflict("there is already a group %q", name).At("name").OfKind("group_taken")
}

func noGroup(name string) error { return fault.NotFound("there is no group %q", name) }
