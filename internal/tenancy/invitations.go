package tenancy

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
)

const (
	defaultInviteDays = 7
	maxInviteDays     = 30
	maxInvitations    = 1000 // open ones of a tenant
)

// NewInvitation asks somebody to join the actor's tenant.
type NewInvitation struct {
	Email, Name string
	Role        chat.Role // "" means member
	Groups      []string
	Days        int // until the link ends: 1 to 30; 0 means 7
}

// Invited is what the holder of a link is told.
type Invited struct {
	Email     string
	Name      string
	Tenant    string // its name
	Role      chat.Role
	ExpiresAt time.Time
}

// AcceptRequest makes the account that an invitation offers.
type AcceptRequest struct {
	Name, Password string
	Client         Client
}

// JoinPath is the page that a link opens, with the token in its query.
func JoinPath(token string) string { return "/join?token=" + token }

// Invite makes an invitation and returns the token of its link, which is not told again. An address that
// has an account in the tenant is fault.Conflict; an earlier invitation of the same address ends. It is
// worth no more than its maker: it ends when the maker loses the right to give the role.
func (s *Service) Invite(ctx context.Context, actor chat.Identity, n NewInvitation) (invitation.Invitation, string, error) {
	none := invitation.Invitation{}
	if err := requireAdmin(actor); err != nil {
		return none, "", err
	}
	if !s.cfg.PasswordLogin {
		return none, "", fault.Forbidden("people sign in here through a provider only, and an invitation asks for a password")
	}
	if n.Days == 0 {
		n.Days = defaultInviteDays
	}
	if n.Days < 1 || n.Days > maxInviteDays {
		return none, "", fault.Invalid("expires_in_days must be 1 to %d", maxInviteDays).At("expires_in_days")
	}
	if err := mayGrant(actor, n.Role); err != nil {
		return none, "", err
	}
	user, err := s.prepareUser(ctx, NewUser{Email: n.Email, Name: n.Name, Role: n.Role, Groups: n.Groups})
	if err != nil {
		return none, "", err
	}
	if n.Name == "" {
		user.Name = "" // not the address, which a new user's name begins with
	}
	now, token := s.now(), newToken()
	v := invitation.Invitation{
		ID: chat.NewID("inv"), Email: user.Email, Name: user.Name, Role: chat.Role(user.Role), Groups: user.groups(), State: invitation.Pending,
		InvitedBy: actor.User, CreatedAt: store.Time(store.Millis(now)), ExpiresAt: store.Time(store.Millis(now.AddDate(0, 0, n.Days))),
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		tenant, err := openTenant(ctx, tx, actor.Tenant)
		if err != nil {
			return err
		}
		if err := freeAddress(ctx, tx, tenant.ID, *user); err != nil {
			return err
		}
		open, err := invitation.CountPending(ctx, tx, tenant.ID, now)
		if err != nil {
			return err
		}
		if open >= maxInvitations {
			return fault.Conflict("a tenant has at most %d open invitations; revoke some first", maxInvitations)
		}
		return invitation.Insert(ctx, tx, tenant.ID, user.EmailKey, hashToken(token), v)
	})
	if err != nil {
		return none, "", fmt.Errorf("invite: %w", err)
	}
	s.log.Info("user invited", zap.String("tenant", actor.Tenant), zap.String("invitation", v.ID), zap.String("by", actor.User))
	return v, token, nil
}

// Invitations lists those of the actor's tenant, the newest first.
func (s *Service) Invitations(ctx context.Context, actor chat.Identity) ([]invitation.Invitation, error) {
	if err := requireAdmin(actor); err != nil {
		return nil, err
	}
	return invitation.List(ctx, s.db, actor.Tenant, s.now())
}

// RevokeInvitation makes a link worthless at once.
func (s *Service) RevokeInvitation(ctx context.Context, actor chat.Identity, id string) error {
	if err := requireAdmin(actor); err != nil {
		return err
	}
	if !chat.ValidID("inv", id) {
		return fault.NotFound("there is no such invitation")
	}
	found, err := invitation.Remove(ctx, s.db, actor.Tenant, id)
	if err != nil {
		return fmt.Errorf("revoke invitation: %w", err)
	}
	if !found {
		return fault.NotFound("there is no invitation %s", id)
	}
	s.log.Info("invitation revoked", zap.String("tenant", actor.Tenant), zap.String("invitation", id), zap.String("by", actor.User))
	return nil
}

// Invitation tells the holder of a link what it offers. Whatever is wrong with the link is one
// fault.NotFound, and who tries many is fault.Throttled.
func (s *Service) Invitation(ctx context.Context, token string, c Client) (Invited, error) {
	v, err := s.invited(ctx, token, c)
	if err != nil {
		return Invited{}, err
	}
	tenant, err := findTenant(ctx, s.db, v.Tenant)
	if err != nil {
		return Invited{}, err
	}
	return Invited{Email: v.Email, Name: v.Name, Tenant: tenant.Name, Role: v.Role, ExpiresAt: v.ExpiresAt}, nil
}

// AcceptInvitation makes the account, uses the link up and signs the person in, all or nothing. Of two
// who come with one link, one gets the account and the other fault.NotFound. A request that is refused
// for its content leaves the link good.
func (s *Service) AcceptInvitation(ctx context.Context, token string, r AcceptRequest) (Grant, error) {
	v, err := s.invited(ctx, token, r.Client)
	if err != nil {
		return Grant{}, err
	}
	if !s.cfg.PasswordLogin {
		return Grant{}, fault.Forbidden("signing in by password is switched off here; use the sign-in provider")
	}
	if r.Password == "" {
		return Grant{}, fault.Invalid("password must not be empty").At("password")
	}
	n := NewUser{Email: v.Email, Name: r.Name, Role: v.Role, Groups: v.Groups}
	user, err := s.prepareUser(ctx, n)
	if err != nil {
		return Grant{}, err
	}
	// Before the password is hashed, which costs time and memory.
	if err := freeAddress(ctx, s.db, v.Tenant, *user); err != nil {
		return Grant{}, err
	}
	if user.PasswordHash, err = s.hashNew(ctx, r.Password, user.Email, user.Name); err != nil {
		return Grant{}, err
	}
	user.TenantID = v.Tenant
	var grant Grant
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		tenant, err := openTenant(ctx, tx, v.Tenant)
		if err != nil {
			return err
		}
		taken, err := invitation.Take(ctx, tx, v.Tenant, v.ID, user.ID, s.now())
		if err != nil {
			return err
		}
		if !taken {
			return badInvitation()
		}
		if err := insertUser(ctx, tx, *user); err != nil {
			return err
		}
		grant, err = s.openSession(ctx, tx, *user, tenant, r.Client)
		return err
	})
	switch {
	case store.IsUnique(err):
		return Grant{}, emailTaken(user.Email)
	case fault.Is(err, fault.CodeNotFound):
		return Grant{}, badInvitation()
	case err != nil:
		return Grant{}, fmt.Errorf("accept invitation: %w", err)
	}
	s.log.Info("invitation accepted", zap.String("tenant", v.Tenant), zap.String("invitation", v.ID), zap.String("user", user.ID))
	return grant, nil
}

// invited looks a token up and counts the attempt with those at signing in, until the token turns out good.
func (s *Service) invited(ctx context.Context, token string, c Client) (invitation.Open, error) {
	forgive, err := s.take(s.fromAddress(c.IP)...)
	if err != nil {
		return invitation.Open{}, err
	}
	if token == "" || len(token) > maxBearer {
		return invitation.Open{}, badInvitation()
	}
	v, found, err := invitation.Find(ctx, s.db, hashToken(token), s.now())
	if err != nil {
		return invitation.Open{}, err
	}
	if !found {
		return invitation.Open{}, badInvitation()
	}
	forgive()
	return v, nil
}

func badInvitation() error {
	return fault.NotFound("this invitation is not valid: it may have been used, revoked or have expired; ask for another").OfKind("wrong_invitation")
}

// openTenant locks a tenant and returns it as it is then. One that is closed is fault.NotFound.
func openTenant(ctx context.Context, tx *store.Tx, id string) (tenantRow, error) {
	if err := lockTenant(ctx, tx, id); err != nil {
		return tenantRow{}, err
	}
	t, err := findTenant(ctx, tx, id)
	if err == nil && t.DeletedAt != 0 {
		err = fault.NotFound("the tenant %q is closed", t.Slug)
	}
	return t, err
}

// freeAddress refuses an address that has an account in the tenant.
func freeAddress(ctx context.Context, q store.Queryer, tenant string, u userRow) error {
	var n int
	if err := q.Get(ctx, &n, `SELECT COUNT(*) FROM users u WHERE u.tenant_id = ? AND u.email_key = ?`, tenant, u.EmailKey); err != nil {
		return fmt.Errorf("look for the address: %w", err)
	}
	if n > 0 {
		return emailTaken(u.Email)
	}
	return nil
}

// limitInvitations withdraws what a user may no longer offer.
func limitInvitations(ctx context.Context, q store.Queryer, r userRow) error {
	inviter := chat.Role(r.Role)
	return invitation.Limit(ctx, q, r.TenantID, r.ID, func(role chat.Role) bool {
		return r.DisabledAt == 0 && inviter.AtLeast(chat.RoleAdmin) && inviter.AtLeast(role)
	})
}
