package tenancy

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/password"
	"github.com/parley-chat/parley/internal/tenancy/throttle"
)

// sameEmail is how many tenants' accounts of one address a sign-in without a tenant tries. More need to
// name the tenant.
const sameEmail = 3

// LoginRequest is a sign-in by password. Tenant is a slug, needed only by who has the same password in
// several tenants.
type LoginRequest struct {
	Email, Password, Tenant string
	Client                  Client
}

// TenantChoice is one of the tenants that a sign-in fits.
type TenantChoice struct {
	Slug, Name string
}

// ChooseTenant says that the password is right in several tenants and that the caller must name one. It
// is a fault.Conflict of kind choose_tenant.
type ChooseTenant struct {
	Tenants []TenantChoice
	fault   *fault.Error
}

func (e *ChooseTenant) Error() string { return e.fault.Error() }

// Unwrap returns the fault.
func (e *ChooseTenant) Unwrap() error { return e.fault }

// wrongLogin is the one answer to every sign-in that fails, whatever the reason.
func wrongLogin() error {
	return fault.Unauthenticated("the e-mail address or the password is wrong, or the account is disabled").OfKind("wrong_login")
}

type candidate struct {
	Slug       string `db:"slug"`
	TenantName string `db:"tenant_name"`
	Operator   int64  `db:"operator"`
	userRow
}

// Login opens a session by e-mail address and password. Every failure has one message and takes one
// time: an account that does not exist is compared with a hash that nothing fits, and as many hashes
// are computed as tenants could hold the address, whether they do or not. Too many failures are
// fault.Throttled before any password is looked at; the right password does not help then either.
func (s *Service) Login(ctx context.Context, r LoginRequest) (Grant, error) {
	if !s.cfg.PasswordLogin {
		return Grant{}, fault.Forbidden("signing in by password is switched off here; use the sign-in provider")
	}
	key := loginKey(r.Email)
	forgive, err := s.attempt(key, r.Client.IP)
	if err != nil {
		return Grant{}, err
	}
	found, hashes, err := s.candidates(ctx, key, r.Tenant)
	if err != nil {
		return Grant{}, fmt.Errorf("sign in: %w", err)
	}
	nobody, err := s.nobody(ctx, key)
	if err != nil {
		return Grant{}, fmt.Errorf("sign in: %w", err)
	}
	var fit []candidate
	var rehash bool
	for i := range hashes {
		c := nobody
		if i < len(found) {
			c = found[i]
		}
		ok, stale, err := s.hasher.Verify(ctx, r.Password, c.PasswordHash)
		if err != nil {
			return Grant{}, fmt.Errorf("sign in: %w", err)
		}
		if ok {
			fit, rehash = append(fit, c), stale
		}
	}
	if len(fit) == 0 {
		return Grant{}, wrongLogin()
	}
	forgive()
	if len(fit) > 1 {
		return Grant{}, chooseTenant(fit)
	}
	return s.admit(ctx, fit[0], r, rehash)
}

// admit opens the session of an account whose password was right.
func (s *Service) admit(ctx context.Context, c candidate, r LoginRequest, rehash bool) (Grant, error) {
	hash := ""
	if rehash {
		var err error
		if hash, err = s.hasher.Hash(ctx, r.Password); err != nil {
			return Grant{}, fmt.Errorf("sign in: %w", err)
		}
	}
	var grant Grant
	err := s.db.WithTx(ctx, func(tx *store.Tx) error {
		if hash != "" {
			_, err := tx.Exec(ctx, `UPDATE users SET password_hash = ? WHERE tenant_id = ? AND id = ? AND password_hash = ?`,
				hash, c.TenantID, c.ID, c.PasswordHash)
			if err != nil {
				return err
			}
		}
		var err error
		grant, err = s.openSession(ctx, tx, c.userRow, tenantRow{Operator: c.Operator}, r.Client)
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("sign in: %w", err)
	}
	return grant, nil
}

// candidates returns the open accounts of an address, and how many hashes a sign-in costs here: one
// when the tenant is named or there is only one, else one for each that could hold the address.
func (s *Service) candidates(ctx context.Context, emailKey, slug string) ([]candidate, int, error) {
	hashes := 1
	if slug == "" {
		err := s.db.Get(ctx, &hashes, `SELECT COUNT(*) FROM tenants WHERE deleted_at = 0`)
		if err != nil {
			return nil, 0, err
		}
		hashes = min(max(hashes, 1), sameEmail)
	} else if !slugForm.MatchString(slug) {
		return nil, 1, nil
	}
	if emailKey == "" {
		return nil, hashes, nil
	}
	var rows []candidate
	err := s.db.Select(ctx, &rows, `SELECT t.slug, t.name AS tenant_name, t.operator, `+userColumns+` FROM users u
		JOIN tenants t ON t.id = u.tenant_id
		WHERE u.email_key = ? AND u.disabled_at = 0 AND u.password_hash <> '' AND t.deleted_at = 0 AND (t.slug = ? OR ? = '')
		ORDER BY u.last_login_at DESC, u.id LIMIT ?`, emailKey, slug, slug, hashes)
	return rows, hashes, err
}

// nobody stands in for an account that is not there, for the time that it takes. Its hash is as dear as
// that of some account, always the same for an address: after a change of the cost, the accounts that
// have not signed in since are as quick as before, and so must be as many addresses without an account.
// Else the time of an answer would tell the ones from the others. The look-up is done for every sign-in,
// since it takes time too.
func (s *Service) nobody(ctx context.Context, emailKey string) (candidate, error) {
	var accounts uint64
	if err := s.db.Get(ctx, &accounts, `SELECT COUNT(*) FROM users WHERE password_hash <> ''`); err != nil {
		return candidate{}, err
	}
	var some []string
	if accounts > 0 {
		mac := hmac.New(sha256.New, s.chance[:])
		mac.Write([]byte(emailKey))
		at := binary.BigEndian.Uint64(mac.Sum(nil)) % accounts
		err := s.db.Select(ctx, &some, `SELECT password_hash FROM users WHERE password_hash <> '' ORDER BY id LIMIT 1 OFFSET ?`, int64(at))
		if err != nil {
			return candidate{}, err
		}
	}
	var c candidate
	if len(some) > 0 {
		c.PasswordHash = password.Like(some[0])
	}
	return c, nil
}

func chooseTenant(fit []candidate) error {
	e := &ChooseTenant{fault: fault.Conflict("you have an account in several teams; choose one").At("tenant").OfKind("choose_tenant")}
	for _, c := range fit {
		e.Tenants = append(e.Tenants, TenantChoice{Slug: c.Slug, Name: c.TenantName})
	}
	return e
}

// loginKey is the address as accounts are looked up by it, "" when it cannot be one.
func loginKey(email string) string {
	address, err := parseEmail(email)
	if err != nil {
		return ""
	}
	return fold(address)
}

// attempt counts a sign-in, whether the account exists or not. forgive takes it back.
func (s *Service) attempt(emailKey, ip string) (forgive func(), err error) {
	t, from := s.cfg.Throttle, addressKey(ip)
	return s.take(append(s.fromAddress(ip),
		throttle.Try{Key: "account " + emailKey, Rule: throttle.Rule{Burst: t.PerAccountTotal, Per: t.Window}},
		throttle.Try{Key: "account " + emailKey + " from " + from, Rule: throttle.Rule{Burst: t.PerAccount, Per: t.Window}})...)
}

// fromAddress is the bucket of everything that one address guesses at, none where it is not known.
func (s *Service) fromAddress(ip string) []throttle.Try {
	from := addressKey(ip)
	if from == "" {
		return nil
	}
	return []throttle.Try{{Key: "from " + from, Rule: throttle.Rule{Burst: s.cfg.Throttle.PerAddress, Per: s.cfg.Throttle.Window}}}
}

func (s *Service) take(tries ...throttle.Try) (forgive func(), err error) {
	forgive, wait := s.limiter.Take(tries...)
	if wait > 0 {
		wait = max(wait.Round(time.Second), time.Second)
		return nil, fault.Throttled("too many failed attempts; try again in %s", wait).OfKind("too_many_attempts").After(wait)
	}
	return forgive, nil
}

// confirm checks the caller's own password again, before something that a borrowed session must not do.
func (s *Service) confirm(ctx context.Context, id chat.Identity, row userRow, password, field string) error {
	forgive, err := s.take(throttle.Try{Key: "own " + id.User, Rule: throttle.Rule{Burst: s.cfg.Throttle.PerAccount, Per: s.cfg.Throttle.Window}})
	if err != nil {
		return err
	}
	ok, _, err := s.hasher.Verify(ctx, password, row.PasswordHash)
	if err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if !ok {
		return fault.Forbidden("the password is wrong").At(field).OfKind("wrong_password")
	}
	forgive()
	return nil
}
