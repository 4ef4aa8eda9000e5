package tenancy

import (
	"context"
	"crypto/rand"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/bearer"
	"github.com/parley-chat/parley/internal/tenancy/invitation"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
	"github.com/parley-chat/parley/internal/tenancy/password"
	"github.com/parley-chat/parley/internal/tenancy/throttle"
)

// TenantKeys makes and destroys the key that a tenant's texts are encrypted with, in the transaction
// that makes or shreds the tenant. Scrub, after the commit, takes the destroyed bytes off the disk.
type TenantKeys interface {
	CreateKey(ctx context.Context, tx *store.Tx, tenant string) error
	DestroyKey(ctx context.Context, q store.Queryer, tenant string) error
	Scrub(ctx context.Context) error
}

// DeleteHook removes what another feature keeps of a user, in the transaction that deletes the user.
type DeleteHook func(ctx context.Context, tx *store.Tx, sc chat.Scope) error

// Service is the accounts of an install. It is safe for many goroutines.
type Service struct {
	db       *store.DB
	keys     TenantKeys
	cfg      Config
	log      *zap.Logger
	now      func() time.Time
	hasher   *password.Hasher
	limiter  *throttle.Limiter
	logins   *oidc.Logins
	tokens   *bearer.Verifier
	onDelete []DeleteHook
	onShred  func(ctx context.Context, tenant string) (copies int, err error)
	setup    setupGate
	chance   [32]byte // what of the accounts an address without one is likened to; see nobody
}

// throttleSize bounds the memory of failed sign-ins: about 100 bytes for each key.
const throttleSize = 50_000

// New makes the service. It touches neither database nor network.
func New(db *store.DB, keys TenantKeys, cfg Config, log *zap.Logger) *Service {
	return newAt(db, keys, cfg, log, time.Now)
}

func newAt(db *store.DB, keys TenantKeys, cfg Config, log *zap.Logger, now func() time.Time) *Service {
	s := &Service{
		db: db, keys: keys, cfg: cfg, log: log.Named("tenancy"), now: now,
		hasher:  password.NewHasher(cfg.Password),
		limiter: throttle.New(throttleSize, now),
		logins:  oidc.New(cfg.OIDC, now),
		tokens:  bearer.New(cfg.Issuers, now),
	}
	_, _ = rand.Read(s.chance[:]) // never fails: crypto/rand ends the process instead
	return s
}

// OnDelete adds a hook. All hooks are added before the service is used.
func (s *Service) OnDelete(h DeleteHook) { s.onDelete = append(s.onDelete, h) }

// OnShred sets what takes a shredded tenant's key out of the copies that the install keeps of itself; it
// returns in how many it was. It is set before the service is used.
func (s *Service) OnShred(h func(ctx context.Context, tenant string) (copies int, err error)) {
	s.onShred = h
}

// ViaShell is how somebody with a shell on the server's machine acts. No request carries it.
const ViaShell chat.Via = "shell"

// Console is the identity of such a person in one tenant: it may what an owner and the operator may,
// and has no account of its own.
func Console(tenant string) chat.Identity {
	return chat.Identity{Scope: chat.Scope{Tenant: tenant}, Role: chat.RoleOwner, Name: "shell", Via: ViaShell, FirstTenant: true, Operator: true}
}

func requireAdmin(actor chat.Identity) error {
	if !actor.May(chat.MayAdmin) {
		return fault.Forbidden("this API key lacks the permission %q", chat.MayAdmin)
	}
	if !actor.Role.AtLeast(chat.RoleAdmin) {
		return fault.Forbidden("this needs the role %s; yours is %s", chat.RoleAdmin, actor.Role)
	}
	return nil
}

func requireOperator(actor chat.Identity) error {
	if err := requireAdmin(actor); err != nil {
		return err
	}
	if !actor.Operator {
		return fault.Forbidden("only an owner of the first tenant manages tenants")
	}
	return nil
}

// lockTenant makes the changes of one tenant's users wait for each other, so that two of its owners
// cannot demote one another at once. SQLite has one writer at a time anyway.
func lockTenant(ctx context.Context, tx *store.Tx, tenant string) error {
	_, err := tx.Exec(ctx, `UPDATE tenants SET name = name WHERE id = ?`, tenant)
	return err
}

// Sweep deletes sessions that have ended, and keys and invitations that expired a month ago. It is called now and then.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	_, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE expires_at <= ? OR last_seen_at <= ?`,
		store.Millis(now), store.Millis(now.Add(-s.cfg.Session.Idle)))
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `DELETE FROM api_keys WHERE expires_at > 0 AND expires_at <= ?`, store.Millis(now.AddDate(0, -1, 0)))
	if err != nil {
		return err
	}
	return invitation.Sweep(ctx, s.db, now)
}

// Options is what the sign-in page needs to know before anybody has signed in.
type Options struct {
	SetupNeeded bool
	Password    bool
	MinLength   int // of a password, in characters
	Providers   []oidc.Info
}

// Options returns what the sign-in page offers.
func (s *Service) Options(ctx context.Context) (Options, error) {
	needed, err := s.SetupNeeded(ctx)
	return Options{SetupNeeded: needed, Password: s.cfg.PasswordLogin, MinLength: s.cfg.Password.MinLength, Providers: s.logins.Providers()}, err
}
