package tenancy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/bearer"
)

const (
	keyMark     = "parley_" // begins every key that is made here, so that scanners know one that leaks
	keyShown    = len(keyMark) + 6
	maxUserKeys = 100
)

// Key is an API key as it can be shown: without the secret.
type Key struct {
	ID          string            `json:"id"`
	UserID      string            `json:"user_id"`
	Name        string            `json:"name"`
	Prefix      string            `json:"prefix"` // the first characters, to know it by
	Permissions []chat.Permission `json:"permissions"`
	CreatedAt   time.Time         `json:"created_at"`
	ExpiresAt   time.Time         `json:"expires_at,omitzero"`
	LastUsedAt  time.Time         `json:"last_used_at,omitzero"` // to the minute
}

// OwnedKey is a key with the name of its owner.
type OwnedKey struct {
	Key
	UserName string `json:"user_name"`
}

// NewKey is what makes a key. The zero ExpiresAt means never.
type NewKey struct {
	Name        string
	Permissions []chat.Permission
	ExpiresAt   time.Time
}

type keyRow struct {
	ID          string `db:"id"`
	TenantID    string `db:"tenant_id"`
	UserID      string `db:"user_id"`
	Name        string `db:"name"`
	Prefix      string `db:"prefix"`
	TokenHash   string `db:"token_hash"`
	Permissions string `db:"permissions"`
	Seeded      int64  `db:"seeded"`
	CreatedAt   int64  `db:"created_at"`
	ExpiresAt   int64  `db:"expires_at"`
	LastUsedAt  int64  `db:"last_used_at"`
}

const keyColumns = `id, tenant_id, user_id, name, prefix, token_hash, permissions, seeded, created_at, expires_at, last_used_at`

func (r keyRow) key() Key {
	return Key{
		ID: r.ID, UserID: r.UserID, Name: r.Name, Prefix: r.Prefix, Permissions: readPermissions(r.Permissions),
		CreatedAt: store.Time(r.CreatedAt), ExpiresAt: store.Time(r.ExpiresAt), LastUsedAt: store.Time(r.LastUsedAt),
	}
}

// readPermissions never fails: what cannot be read permits nothing.
func readPermissions(s string) []chat.Permission {
	list := []chat.Permission{}
	if json.Unmarshal([]byte(s), &list) != nil {
		return []chat.Permission{}
	}
	return list
}

// CreateKey makes a key of the caller's own and returns its secret, which is not told again. A key can
// never do more than its owner can at the moment of use. A key that makes a key gives it no permission
// and no time that it lacks itself.
func (s *Service) CreateKey(ctx context.Context, id chat.Identity, n NewKey) (Key, string, error) {
	if !id.Role.AtLeast(chat.RoleMember) {
		return Key{}, "", fault.Forbidden("API keys need the role %s; yours is %s", chat.RoleMember, id.Role)
	}
	if id.Via == chat.ViaKey {
		if err := s.inherit(ctx, id, &n); err != nil {
			return Key{}, "", err
		}
	}
	return s.makeKey(ctx, id.Scope, id.Role, n)
}

// CreateKeyFor makes a key for another user. It is for the shell only: a key opens its owner's
// conversations, which are no admin's to read.
func (s *Service) CreateKeyFor(ctx context.Context, actor chat.Identity, user string, n NewKey) (Key, string, error) {
	if actor.Via != ViaShell {
		return Key{}, "", fault.Forbidden("everybody makes their own API keys")
	}
	row, err := loadUser(ctx, s.db, actor.Tenant, user)
	if err != nil {
		return Key{}, "", err
	}
	return s.makeKey(ctx, row.scope(), chat.Role(row.Role), n)
}

func (s *Service) inherit(ctx context.Context, id chat.Identity, n *NewKey) error {
	for _, p := range n.Permissions {
		if !id.May(p) {
			return fault.Forbidden("this API key lacks the permission %q and cannot give it to another", p).At("permissions")
		}
	}
	var ends int64
	err := s.db.Get(ctx, &ends, `SELECT expires_at FROM api_keys WHERE tenant_id = ? AND user_id = ? AND id = ?`, id.Tenant, id.User, id.Credential)
	if err != nil {
		return fmt.Errorf("load own key: %w", err)
	}
	switch {
	case ends == 0:
	case n.ExpiresAt.IsZero():
		n.ExpiresAt = store.Time(ends)
	case n.ExpiresAt.After(store.Time(ends)):
		return fault.Forbidden("this API key cannot make one that lives longer than itself").At("expires_at")
	}
	return nil
}

func (s *Service) makeKey(ctx context.Context, sc chat.Scope, role chat.Role, n NewKey) (Key, string, error) {
	name, err := parseName("name", n.Name)
	if err != nil {
		return Key{}, "", err
	}
	permissions, err := parsePermissions(n.Permissions, role)
	if err != nil {
		return Key{}, "", err
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(s.now()) {
		return Key{}, "", fault.Invalid("expires_at must be in the future").At("expires_at")
	}
	secret := keyMark + newToken()
	row := keyRow{
		ID: chat.NewID("key"), TenantID: sc.Tenant, UserID: sc.User, Name: name, Prefix: secret[:keyShown],
		TokenHash: hashToken(secret), Permissions: toJSON(permissions), CreatedAt: store.Millis(s.now()),
	}
	if !n.ExpiresAt.IsZero() {
		row.ExpiresAt = store.Millis(n.ExpiresAt)
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		// The lock keeps the count true until the key is there.
		if err := lockTenant(ctx, tx, sc.Tenant); err != nil {
			return err
		}
		var have int
		if err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM api_keys WHERE tenant_id = ? AND user_id = ?`, sc.Tenant, sc.User); err != nil {
			return err
		}
		if have >= maxUserKeys {
			return fault.Conflict("a user has at most %d API keys; revoke one first", maxUserKeys)
		}
		return insertKey(ctx, tx, row)
	})
	if err != nil {
		return Key{}, "", fmt.Errorf("create API key: %w", err)
	}
	s.log.Info("API key created", zap.String("tenant", sc.Tenant), zap.String("user", sc.User), zap.String("key", row.ID))
	return row.key(), secret, nil
}

func parsePermissions(list []chat.Permission, role chat.Role) ([]chat.Permission, error) {
	if len(list) == 0 {
		return nil, fault.Invalid("permissions must name at least one of %v", chat.Permissions()).At("permissions")
	}
	for _, p := range list {
		if !slices.Contains(chat.Permissions(), p) {
			return nil, fault.Invalid("permission %q is not one of %v", p, chat.Permissions()).At("permissions")
		}
		if p == chat.MayAdmin && !role.AtLeast(chat.RoleAdmin) {
			return nil, fault.Forbidden("the permission %q needs the role %s; the owner of this key is %s", p, chat.RoleAdmin, role).At("permissions")
		}
	}
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out), nil
}

func insertKey(ctx context.Context, q store.Queryer, r keyRow) error {
	_, err := q.Exec(ctx, `INSERT INTO api_keys (`+keyColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.TenantID, r.UserID, r.Name, r.Prefix, r.TokenHash, r.Permissions, r.Seeded, r.CreatedAt, r.ExpiresAt, r.LastUsedAt)
	return err
}

// Keys lists the caller's own keys, the newest first.
func (s *Service) Keys(ctx context.Context, id chat.Identity) ([]Key, error) {
	return s.selectKeys(ctx, `tenant_id = ? AND user_id = ?`, id.Tenant, id.User)
}

// AllKeys lists the keys of everybody in the actor's tenant, the newest first.
func (s *Service) AllKeys(ctx context.Context, actor chat.Identity) ([]OwnedKey, error) {
	if err := requireAdmin(actor); err != nil {
		return nil, err
	}
	var rows []struct {
		keyRow
		UserName string `db:"user_name"`
	}
	err := s.db.Select(ctx, &rows, `SELECT k.id, k.user_id, k.name, k.prefix, k.permissions, k.created_at, k.expires_at, k.last_used_at, u.name AS user_name
		FROM api_keys k JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id WHERE k.tenant_id = ? ORDER BY k.id DESC`, actor.Tenant)
	if err != nil {
		return nil, fmt.Errorf("list everybody's API keys: %w", err)
	}
	out := make([]OwnedKey, len(rows))
	for i, r := range rows {
		out[i] = OwnedKey{Key: r.key(), UserName: r.UserName}
	}
	return out, nil
}

func (s *Service) selectKeys(ctx context.Context, where string, args ...any) ([]Key, error) {
	var rows []keyRow
	if err := s.db.Select(ctx, &rows, `SELECT `+keyColumns+` FROM api_keys WHERE `+where+` ORDER BY id DESC`, args...); err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	out := make([]Key, len(rows))
	for i, r := range rows {
		out[i] = r.key()
	}
	return out, nil
}

// RevokeKey ends one of the caller's own keys at once. The key that the configuration gives comes back
// at the next start.
func (s *Service) RevokeKey(ctx context.Context, id chat.Identity, key string) error {
	if !chat.ValidID("key", key) {
		return fault.NotFound("there is no such API key")
	}
	n, err := s.db.Exec(ctx, `DELETE FROM api_keys WHERE tenant_id = ? AND user_id = ? AND id = ?`, id.Tenant, id.User, key)
	if err != nil {
		return fmt.Errorf("revoke API key: %w", err)
	}
	if n == 0 {
		return fault.NotFound("there is no API key %s", key)
	}
	s.log.Info("API key revoked", zap.String("tenant", id.Tenant), zap.String("key", key), zap.String("by", id.User))
	return nil
}

// RevokeAnyKey ends anybody's key in the actor's tenant. An admin does not end an owner's.
func (s *Service) RevokeAnyKey(ctx context.Context, actor chat.Identity, key string) error {
	if err := requireAdmin(actor); err != nil {
		return err
	}
	if !chat.ValidID("key", key) {
		return fault.NotFound("there is no such API key")
	}
	var owner userRow
	err := s.db.Get(ctx, &owner, `SELECT `+userColumns+` FROM users u JOIN api_keys k ON k.tenant_id = u.tenant_id AND k.user_id = u.id
		WHERE k.tenant_id = ? AND k.id = ?`, actor.Tenant, key)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.NotFound("there is no API key %s", key)
	}
	if err != nil {
		return fmt.Errorf("load API key: %w", err)
	}
	if err := mayTouch(actor, owner); err != nil {
		return err
	}
	actor.User = owner.ID
	return s.RevokeKey(ctx, actor, key)
}

// Bearer returns whom a bearer credential speaks for: an API key, or else a token of a configured
// issuer. One that is not accepted is fault.Unauthenticated.
func (s *Service) Bearer(ctx context.Context, token string) (chat.Identity, error) {
	refused := fault.Unauthenticated("this API key or token is not accepted: it may be mistyped, expired or revoked").OfKind("invalid_api_key")
	if token == "" || len(token) > maxBearer {
		return chat.Identity{}, refused
	}
	var c credential
	err := s.db.Get(ctx, &c, `SELECT k.id AS credential_id, k.last_used_at AS last_used, k.permissions, t.operator, `+userColumns+`
		FROM api_keys k
		JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
		JOIN tenants t ON t.id = k.tenant_id
		WHERE k.token_hash = ? AND (k.expires_at = 0 OR k.expires_at > ?) AND u.disabled_at = 0 AND t.deleted_at = 0`,
		hashToken(token), store.Millis(s.now()))
	switch {
	case err == nil:
		s.touch(ctx, `UPDATE api_keys SET last_used_at = ? WHERE id = ? AND last_used_at < ?`, c)
		id := c.identity(chat.ViaKey)
		id.Permissions = readPermissions(c.Permissions)
		return id, nil
	case !errors.Is(err, sql.ErrNoRows):
		return chat.Identity{}, fmt.Errorf("load API key: %w", err)
	case len(s.cfg.Issuers) > 0 && bearer.LooksLike(token):
		return s.byToken(ctx, token)
	}
	return chat.Identity{}, refused
}
