package tenancy

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

const (
	// coarse is how exactly the last use of a session or key is known: it spares a write at each request.
	coarse       = time.Minute
	maxUserAgent = 256
	maxBearer    = 16 << 10 // no token that the edge hands in is longer
)

// Client is where a request comes from, as far as the edge trusts it.
type Client struct{ IP, UserAgent string }

// Session is one signed-in browser.
type Session struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	ExpiresAt  time.Time `json:"expires_at"` // at the latest; idle time may end it before
	UserAgent  string    `json:"user_agent"`
	IP         string    `json:"ip"`
	Current    bool      `json:"current"` // the one that asks
}

// Grant is what a successful sign-in gives: the token for the cookie, which is told this once, and who
// has signed in.
type Grant struct {
	Token     string
	ExpiresAt time.Time
	Identity  chat.Identity
}

// newToken is 256 random bits as text.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// openSession starts a session for a user who has just proved who it is.
func (s *Service) openSession(ctx context.Context, tx *store.Tx, u userRow, t tenantRow, c Client) (Grant, error) {
	now, id, token := s.now(), chat.NewID("ses"), newToken()
	expires := now.Add(s.cfg.Session.Lifetime)
	_, err := tx.Exec(ctx, `INSERT INTO sessions (id, tenant_id, user_id, token_hash, created_at, last_seen_at, expires_at, user_agent, ip)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, u.TenantID, u.ID, hashToken(token), store.Millis(now), store.Millis(now),
		store.Millis(expires), shown(c.UserAgent, maxUserAgent), shown(c.IP, 64))
	if err != nil {
		return Grant{}, fmt.Errorf("open session: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE users SET last_login_at = ? WHERE tenant_id = ? AND id = ?`, store.Millis(now), u.TenantID, u.ID)
	if err != nil {
		return Grant{}, fmt.Errorf("open session: %w", err)
	}
	return Grant{Token: token, ExpiresAt: expires, Identity: u.identity(t, chat.ViaSession, id)}, nil
}

// credential is a session or key together with the user and tenant as they are now.
type credential struct {
	ID          string `db:"credential_id"`
	LastUsed    int64  `db:"last_used"`
	Permissions string `db:"permissions"`
	Operator    int64  `db:"operator"`
	userRow
}

func (c credential) identity(via chat.Via) chat.Identity {
	return c.userRow.identity(tenantRow{Operator: c.Operator}, via, c.ID)
}

// Session returns who is signed in with this token. One that is unknown, has ended, or whose user or
// tenant is closed is fault.Unauthenticated.
func (s *Service) Session(ctx context.Context, token string) (chat.Identity, error) {
	now := s.now()
	var c credential
	err := s.db.Get(ctx, &c, `SELECT s.id AS credential_id, s.last_seen_at AS last_used, '' AS permissions, t.operator, `+userColumns+`
		FROM sessions s
		JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
		JOIN tenants t ON t.id = s.tenant_id
		WHERE s.token_hash = ? AND s.expires_at > ? AND s.last_seen_at > ? AND u.disabled_at = 0 AND t.deleted_at = 0`,
		hashToken(token), store.Millis(now), store.Millis(now.Add(-s.cfg.Session.Idle)))
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Identity{}, fault.Unauthenticated("your session has ended; sign in again").OfKind("session_ended")
	}
	if err != nil {
		return chat.Identity{}, fmt.Errorf("load session: %w", err)
	}
	s.touch(ctx, `UPDATE sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?`, c)
	return c.identity(chat.ViaSession), nil
}

// touch writes down a use, at most once a minute. The request goes on when that fails: what is lost is
// only how exactly the last use is known.
func (s *Service) touch(ctx context.Context, update string, c credential) {
	now := store.Millis(s.now())
	if now-c.LastUsed < coarse.Milliseconds() {
		return
	}
	if _, err := s.db.Exec(ctx, update, now, c.ID, now); err != nil && ctx.Err() == nil {
		s.log.Warn("last use of a credential not saved", zap.String("credential", c.ID), zap.Error(err))
	}
}

// Logout ends the session that the caller came with. Without one it does nothing.
func (s *Service) Logout(ctx context.Context, id chat.Identity) error {
	if id.Via != chat.ViaSession {
		return nil
	}
	_, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE tenant_id = ? AND user_id = ? AND id = ?`, id.Tenant, id.User, id.Credential)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Sessions lists the caller's own sessions, the last used first.
func (s *Service) Sessions(ctx context.Context, id chat.Identity) ([]Session, error) {
	return s.sessionsOf(ctx, id, id.Scope)
}

// UserSessions lists where a user of the actor's tenant is signed in.
func (s *Service) UserSessions(ctx context.Context, actor chat.Identity, user string) ([]Session, error) {
	if err := requireAdmin(actor); err != nil {
		return nil, err
	}
	row, err := loadUser(ctx, s.db, actor.Tenant, user)
	if err != nil {
		return nil, err
	}
	return s.sessionsOf(ctx, actor, row.scope())
}

// EndUserSessions signs a user of the actor's tenant out everywhere. API keys go on. An admin does not
// sign an owner out.
func (s *Service) EndUserSessions(ctx context.Context, actor chat.Identity, user string) error {
	if err := requireAdmin(actor); err != nil {
		return err
	}
	row, err := loadUser(ctx, s.db, actor.Tenant, user)
	if err == nil {
		err = mayTouch(actor, row)
	}
	if err == nil {
		err = endSessions(ctx, s.db, row.TenantID, row.ID, "")
	}
	if err != nil {
		return fmt.Errorf("end sessions of %s: %w", user, err)
	}
	s.log.Info("user signed out everywhere", zap.String("tenant", actor.Tenant), zap.String("user", user), zap.String("by", actor.User))
	return nil
}

// sessionsOf lists the sessions of a scope; id is who asks.
func (s *Service) sessionsOf(ctx context.Context, id chat.Identity, sc chat.Scope) ([]Session, error) {
	var rows []struct {
		ID         string `db:"id"`
		CreatedAt  int64  `db:"created_at"`
		LastSeenAt int64  `db:"last_seen_at"`
		ExpiresAt  int64  `db:"expires_at"`
		UserAgent  string `db:"user_agent"`
		IP         string `db:"ip"`
	}
	now := s.now()
	err := s.db.Select(ctx, &rows, `SELECT id, created_at, last_seen_at, expires_at, user_agent, ip FROM sessions
		WHERE tenant_id = ? AND user_id = ? AND expires_at > ? AND last_seen_at > ? ORDER BY last_seen_at DESC, id DESC`,
		sc.Tenant, sc.User, store.Millis(now), store.Millis(now.Add(-s.cfg.Session.Idle)))
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	out := make([]Session, len(rows))
	for i, r := range rows {
		out[i] = Session{
			ID: r.ID, CreatedAt: store.Time(r.CreatedAt), LastSeenAt: store.Time(r.LastSeenAt), ExpiresAt: store.Time(r.ExpiresAt),
			UserAgent: r.UserAgent, IP: r.IP, Current: id.Via == chat.ViaSession && r.ID == id.Credential,
		}
	}
	return out, nil
}

// RevokeSession ends one of the caller's own sessions.
func (s *Service) RevokeSession(ctx context.Context, id chat.Identity, session string) error {
	if !chat.ValidID("ses", session) {
		return fault.NotFound("there is no such session")
	}
	n, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE tenant_id = ? AND user_id = ? AND id = ?`, id.Tenant, id.User, session)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if n == 0 {
		return fault.NotFound("there is no session %s", session)
	}
	return nil
}
