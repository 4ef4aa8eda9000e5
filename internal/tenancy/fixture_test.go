package tenancy

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy/password"
	"github.com/parley-chat/parley/internal/testkit"
)

const goodPassword = "lantern-moss"

// keyring notes which tenants have a key.
type keyring struct {
	mu   sync.Mutex
	keys map[string]bool
	fail error
}

func (k *keyring) CreateKey(_ context.Context, _ *store.Tx, tenant string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[tenant] = true
	return k.fail
}

func (k *keyring) DestroyKey(_ context.Context, _ store.Queryer, tenant string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, tenant)
	return k.fail
}

func (k *keyring) has(tenant string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[tenant]
}

type fixture struct {
	*Service
	clock *testkit.Clock
	ring  *keyring
	owner chat.Identity // signed in to the first tenant
}

// bare makes a service on a fresh database, before any set-up.
func bare(t *testing.T, change ...func(*Config)) *fixture {
	t.Helper()
	return onto(t, testkit.Store(t), change...)
}

func onto(t *testing.T, db *store.DB, change ...func(*Config)) *fixture {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Password = password.Config{MinLength: 8, MemoryKiB: 64, Iterations: 1, Parallelism: 1, Concurrency: 4}
	for _, f := range change {
		f(&cfg)
	}
	f := &fixture{clock: testkit.NewClock(time.Now().Truncate(time.Millisecond)), ring: &keyring{keys: map[string]bool{}}}
	f.Service = newAt(db, f.ring, cfg, zap.NewNop(), f.clock.Now)
	return f
}

// setUp is bare with a first tenant "Acme" and its owner.
func setUp(t *testing.T, change ...func(*Config)) *fixture {
	t.Helper()
	f := bare(t, change...)
	token, err := f.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.Setup(t.Context(), token, SetupRequest{Email: "owner@acme.test", Name: "Olga Owner", Password: goodPassword, TenantName: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	f.owner = g.Identity
	return f
}

// patch changes a user of the first tenant, as its owner.
func (f *fixture) patch(id string, p UserPatch) error {
	_, err := f.UpdateUser(context.Background(), f.owner, id, p)
	return err
}

// user makes a user of the first tenant and signs it in.
func (f *fixture) user(t *testing.T, email string, role chat.Role) chat.Identity {
	t.Helper()
	return f.userIn(t, f.owner.Tenant, email, role)
}

func (f *fixture) userIn(t *testing.T, tenant, email string, role chat.Role) chat.Identity {
	t.Helper()
	if _, err := f.CreateUser(t.Context(), Console(tenant), NewUser{Email: email, Name: "N " + email, Role: role, Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	tn, err := f.Tenant(t.Context(), Console(tenant), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return f.login(t, email, goodPassword, tn.Slug).Identity
}

func (f *fixture) login(t *testing.T, email, pw, tenant string) Grant {
	t.Helper()
	g, err := f.Login(t.Context(), LoginRequest{Email: email, Password: pw, Tenant: tenant, Client: Client{IP: "192.0.2.1", UserAgent: "test"}})
	if err != nil {
		t.Fatalf("sign in %s: %v", email, err)
	}
	return g
}

func (f *fixture) tenant(t *testing.T, slug string) Tenant {
	t.Helper()
	tn, err := f.CreateTenant(t.Context(), Console(""), NewTenant{Slug: slug, Name: "Tenant " + slug})
	if err != nil {
		t.Fatal(err)
	}
	return tn
}

func wantCode(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%s: err = %v, want %s", what, err, code)
	}
}

func wantKind(t *testing.T, what string, err error, kind string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind {
		t.Errorf("%s: err = %v, want kind %s", what, err, kind)
	}
}

func ptr[T any](v T) *T { return &v }

func (k *keyring) Scrub(context.Context) error { return nil }
