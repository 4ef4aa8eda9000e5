package tenancy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
)

const maxSubject = 255 // as OpenID Connect bounds it

// BeginOIDC starts a sign-in through a provider: the edge sends the browser to the URL and sets the
// cookie for oidc.Lifetime. See oidc.Logins.Begin for the arguments and errors.
func (s *Service) BeginOIDC(ctx context.Context, provider, next, redirect string) (oidc.Started, error) {
	return s.logins.Begin(ctx, provider, next, redirect)
}

// FinishOIDC ends it with what the browser brought back, opens a session and returns the path to go on
// to. Besides the errors of oidc.Logins.Finish, somebody without an account (and no rule to make one)
// or with a disabled one is fault.Forbidden.
func (s *Service) FinishOIDC(ctx context.Context, cookie string, query url.Values, c Client) (Grant, string, error) {
	done, err := s.logins.Finish(ctx, cookie, query)
	if err != nil {
		return Grant{}, "", err
	}
	user, tenant, err := s.account(ctx, done.Provider.Accounts, done.Person)
	if err != nil {
		return Grant{}, "", err
	}
	var grant Grant
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		var err error
		grant, err = s.openSession(ctx, tx, user, tenant, c)
		return err
	})
	if err != nil {
		return Grant{}, "", fmt.Errorf("sign in: %w", err)
	}
	return grant, done.Next, nil
}

// byToken returns whom a bearer token speaks for.
func (s *Service) byToken(ctx context.Context, token string) (chat.Identity, error) {
	v, err := s.tokens.Verify(ctx, token)
	if err != nil {
		return chat.Identity{}, err
	}
	user, tenant, err := s.account(ctx, v.Accounts, v.Person)
	if f := fault.From(err); f != nil && (f.Code == fault.CodeForbidden || f.Code == fault.CodeConflict) {
		// The token is good and nobody here answers to it: to the caller that is a bad credential.
		return chat.Identity{}, fault.Unauthenticated("%s", f.Message).Because(err)
	}
	if err != nil {
		return chat.Identity{}, err
	}
	return user.identity(tenant, chat.ViaToken, ""), nil
}

// account finds the user that a verified person is, links or makes one where the rules allow it, and
// brings role and groups up to date where the issuer decides them.
func (s *Service) account(ctx context.Context, a issuer.Accounts, p issuer.Person) (userRow, tenantRow, error) {
	if p.Subject == "" || len(p.Subject) > maxSubject || !printable(p.Subject) {
		return userRow{}, tenantRow{}, fault.Forbidden("the identity provider sent a subject that cannot be kept")
	}
	tenant, err := s.tenantOf(ctx, a)
	if err != nil {
		return userRow{}, tenantRow{}, err
	}
	groups, bad := parseGroups(p.Groups)
	if len(bad) > 0 {
		s.log.Warn("groups of an identity left out: too long or too many", zap.String("issuer", p.Issuer), zap.Int("count", len(bad)))
	}
	p.Groups = groups
	user, known, err := s.linked(ctx, s.db, tenant.ID, p)
	if err == nil && known && p.RoleDecided && user.Role == string(chat.RoleOwner) {
		// The last owner keeps its role whatever the issuer says; see settle.
		var n int
		n, err = ownersLeft(ctx, s.db, tenant.ID, user.ID)
		p.RoleDecided = n > 0
	}
	if err == nil && known && !differs(user, p) {
		return user, tenant, checkEnabled(user)
	}
	if err == nil {
		err = s.db.WithTx(ctx, func(tx *store.Tx) error {
			user, err = s.settle(ctx, tx, tenant.ID, a, p)
			return err
		})
	}
	if store.IsUnique(err) {
		// Two first visits at once: the other one has made the row.
		user, known, err = s.linked(ctx, s.db, tenant.ID, p)
		if err == nil && !known {
			err = fault.Conflict("this account is being made at this moment; try again")
		}
	}
	if err != nil {
		return userRow{}, tenantRow{}, fmt.Errorf("find account of identity: %w", err)
	}
	return user, tenant, checkEnabled(user)
}

func checkEnabled(u userRow) error {
	if u.DisabledAt != 0 {
		return fault.Forbidden("this account is disabled; ask an admin of your team").OfKind("account_disabled")
	}
	return nil
}

func (s *Service) tenantOf(ctx context.Context, a issuer.Accounts) (tenantRow, error) {
	var t tenantRow
	var err error
	if a.Tenant == "" {
		t, _, err = firstTenant(ctx, s.db)
	} else {
		t, err = findTenant(ctx, s.db, a.Tenant)
	}
	switch {
	case fault.Is(err, fault.CodeNotFound) || (err == nil && t.DeletedAt != 0):
		return tenantRow{}, fault.Forbidden("there is no team %q on this server", a.Tenant)
	case err == nil && t.ID == "":
		return tenantRow{}, fault.Unavailable("this server is not set up yet; open the set-up link that it printed at its start")
	}
	return t, err
}

// linked looks the identity up and notes, about once a day, that it is in use.
func (s *Service) linked(ctx context.Context, q store.Queryer, tenant string, p issuer.Person) (userRow, bool, error) {
	var rows []struct {
		Identity string `db:"identity_id"`
		LastUsed int64  `db:"identity_used"`
		userRow
	}
	err := q.Select(ctx, &rows, `SELECT i.id AS identity_id, i.last_used_at AS identity_used, `+userColumns+` FROM identities i
		JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.user_id
		WHERE i.tenant_id = ? AND i.issuer = ? AND i.subject = ?`, tenant, p.Issuer, p.Subject)
	if err != nil || len(rows) == 0 {
		return userRow{}, false, err
	}
	now := s.now()
	if now.Sub(store.Time(rows[0].LastUsed)).Hours() >= 24 {
		_, err = q.Exec(ctx, `UPDATE identities SET last_used_at = ? WHERE id = ?`, store.Millis(now), rows[0].Identity)
	}
	return rows[0].userRow, true, err
}

// differs reports whether the person's claims change the account.
func differs(u userRow, p issuer.Person) bool {
	return (p.RoleDecided && string(p.Role) != u.Role) || (p.GroupsDecided && toJSON(p.Groups) != u.Groups) ||
		(p.EmailVerified && u.EmailVerified == 0 && fold(p.Email) == u.EmailKey)
}

// settle writes what a visit changes: the account, its link, its role and groups.
func (s *Service) settle(ctx context.Context, tx *store.Tx, tenant string, a issuer.Accounts, p issuer.Person) (userRow, error) {
	if err := lockTenant(ctx, tx, tenant); err != nil {
		return userRow{}, err
	}
	user, known, err := s.linked(ctx, tx, tenant, p)
	if err != nil {
		return userRow{}, err
	}
	if !known {
		if user, err = s.join(ctx, tx, tenant, a, p); err != nil {
			return userRow{}, err
		}
	}
	if user.DisabledAt != 0 || !differs(user, p) {
		return user, nil
	}
	if p.RoleDecided && string(p.Role) != user.Role {
		switch err := keepOwner(ctx, tx, user); {
		case fault.Is(err, fault.CodeConflict):
			s.log.Warn("an issuer took the role from the last owner; the role is kept", zap.String("tenant", tenant), zap.String("user", user.ID))
		case err != nil:
			return userRow{}, err
		default:
			user.Role = string(p.Role)
		}
	}
	if p.GroupsDecided {
		user.Groups = toJSON(p.Groups)
	}
	if p.EmailVerified && fold(p.Email) == user.EmailKey {
		user.EmailVerified = 1
	}
	user.UpdatedAt = store.Millis(s.now())
	return user, saveUser(ctx, tx, user)
}

// join links an unknown identity to the account of its address, or makes an account for it.
func (s *Service) join(ctx context.Context, tx *store.Tx, tenant string, a issuer.Accounts, p issuer.Person) (userRow, error) {
	email, err := parseEmail(p.Email)
	verified := err == nil && p.EmailVerified
	if err != nil {
		email = inventedEmail(p)
	}
	var same []userRow
	if err := tx.Select(ctx, &same, `SELECT `+userColumns+` FROM users u WHERE u.tenant_id = ? AND u.email_key = ?`, tenant, fold(email)); err != nil {
		return userRow{}, err
	}
	if len(same) == 0 {
		if !a.AutoCreate {
			return userRow{}, fault.Forbidden("you have no account here; ask an admin of your team to make one").OfKind("no_account")
		}
		name := shown(p.Name, maxName)
		if name == "" {
			name = email
		}
		row := s.newUserRow(email, name, p.Role)
		row.TenantID, row.Groups = tenant, toJSON(p.Groups)
		if verified {
			row.EmailVerified = 1
		}
		if err := insertUser(ctx, tx, row); err != nil {
			return userRow{}, err
		}
		s.log.Info("user created at first visit", zap.String("tenant", tenant), zap.String("user", row.ID), zap.String("issuer", p.Issuer))
		return row, s.link(ctx, tx, row, p)
	}
	return same[0], s.linkExisting(ctx, tx, same[0], a, p, verified)
}

// linkExisting joins an identity to an account that is there. Both sides must be sure of the address,
// and the issuer must not know the account by another subject already: then the address has passed to
// another person.
func (s *Service) linkExisting(ctx context.Context, tx *store.Tx, u userRow, a issuer.Accounts, p issuer.Person, verified bool) error {
	refused := fault.Forbidden("an account with your e-mail address exists and is not linked to this sign-in; ask an admin of your team").OfKind("not_linked")
	if !a.LinkByEmail || !verified || u.EmailVerified == 0 {
		return refused
	}
	var others int
	err := tx.Get(ctx, &others, `SELECT COUNT(*) FROM identities WHERE tenant_id = ? AND user_id = ? AND issuer = ?`, u.TenantID, u.ID, p.Issuer)
	if err != nil {
		return err
	}
	if others > 0 {
		return refused
	}
	if err := checkEnabled(u); err != nil {
		return err
	}
	s.log.Info("identity linked by e-mail address", zap.String("tenant", u.TenantID), zap.String("user", u.ID), zap.String("issuer", p.Issuer))
	return s.link(ctx, tx, u, p)
}

func (s *Service) link(ctx context.Context, tx *store.Tx, u userRow, p issuer.Person) error {
	now := store.Millis(s.now())
	_, err := tx.Exec(ctx, `INSERT INTO identities (id, tenant_id, user_id, issuer, subject, created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		chat.NewID("idn"), u.TenantID, u.ID, p.Issuer, p.Subject, now, now)
	return err
}

// inventedEmail stands in for the address of somebody whose issuer tells none, such as a program. The
// top-level domain is reserved: no mail can go there and nobody can own it.
func inventedEmail(p issuer.Person) string {
	sum := sha256.Sum256([]byte(p.Issuer + "\x00" + p.Subject))
	return hex.EncodeToString(sum[:10]) + "@external.invalid"
}
