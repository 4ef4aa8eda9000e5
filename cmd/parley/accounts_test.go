package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/store"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/testkit"
)

// noKeys stands in for the tenants' encryption keys.
type noKeys struct{ destroyed []string }

func (*noKeys) CreateKey(context.Context, *store.Tx, string) error { return nil }

func (k *noKeys) DestroyKey(_ context.Context, _ store.Queryer, tenant string) error {
	k.destroyed = append(k.destroyed, tenant)
	return nil
}

// shell runs account commands on one fresh install.
type shell struct {
	svc  *tenancy.Service
	keys *noKeys
}

func newShell(t *testing.T) *shell {
	cfg := tenancy.DefaultConfig()
	cfg.Password.MemoryKiB, cfg.Password.Iterations = 64, 1
	keys := &noKeys{}
	return &shell{tenancy.New(testkit.Store(t), keys, cfg, zap.NewNop()), keys}
}

func (s *shell) run(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	closed := false
	open := func(context.Context) (*tenancy.Service, func(), error) { return s.svc, func() { closed = true }, nil }
	root := &cobra.Command{Use: "parley", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(newUserCmd(open, func() (string, error) { return "https://chat.x.test", nil }), newTenantCmd(open), newKeyCmd(open))
	var out bytes.Buffer
	root.SetArgs(args)
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(new(bytes.Buffer))
	err := root.ExecuteContext(t.Context())
	if err == nil && !closed {
		t.Errorf("%v left the service open", args)
	}
	return out.String(), err
}

// must runs a command that succeeds and prints every one of want.
func (s *shell) must(t *testing.T, stdin string, args []string, want ...string) string {
	t.Helper()
	out, err := s.run(t, stdin, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("%v: %q is not in:\n%s", args, w, out)
		}
	}
	return out
}

// fails runs a command that fails with these words.
func (s *shell) fails(t *testing.T, stdin string, args []string, want string) {
	t.Helper()
	if _, err := s.run(t, stdin, args...); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v: err = %v, want %q", args, err, want)
	}
}

func words(s string) []string { return strings.Fields(s) }

func TestUserCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.fails(t, "", words("user list"), "there is no tenant yet")
	s.fails(t, "", words("user add olga@x.test --role owner"), "--password-stdin")
	s.fails(t, "\n", words("user add olga@x.test --role owner --password-stdin"), "no password")
	s.fails(t, "short\n", words("user add olga@x.test --role owner --password-stdin"), "at least 8")
	s.must(t, "lantern-moss\n", words("user add olga@x.test --role owner --password-stdin"), "olga@x.test", "owner", "active")
	if _, err := s.svc.Login(t.Context(), tenancy.LoginRequest{Email: "olga@x.test", Password: "lantern-moss"}); err != nil {
		t.Fatal(err)
	}
	if needed, err := s.svc.SetupNeeded(t.Context()); needed || err != nil {
		t.Errorf("set-up is still needed: %v", err)
	}
	s.must(t, "", []string{"user", "add", "bo@x.test", "--no-password", "--group", "eng,ops", "--name", "Bo B"}, "Bo B", "member", "eng,ops")
	s.fails(t, "", words("user add bo@x.test --no-password"), "already")
	s.fails(t, "", words("user set-role bo@x.test king"), "not one of")
	s.must(t, "", words("user set-role bo@x.test admin"), "admin")
	s.must(t, "quiet-otter-9", words("user set-password bo@x.test --password-stdin"), "bo@x.test")
	if _, err := s.svc.Login(t.Context(), tenancy.LoginRequest{Email: "bo@x.test", Password: "quiet-otter-9"}); err != nil {
		t.Error(err)
	}
	s.must(t, "", words("user disable bo@x.test"), "disabled")
	s.must(t, "", words("user enable bo@x.test"), "active")
	s.fails(t, "", words("user disable olga@x.test"), "last owner")
	s.fails(t, "", words("user disable nobody@x.test"), "no user")
	var users []tenancy.User
	if err := json.Unmarshal([]byte(s.must(t, "", words("user list --json"))), &users); err != nil || len(users) != 2 || users[1].Role != chat.RoleAdmin {
		t.Errorf("users = %+v, %v", users, err)
	}
	if out := s.must(t, "", words("user list -q olga")); strings.Contains(out, "bo@") || strings.Contains(out, "argon2") {
		t.Errorf("list prints:\n%s", out)
	}
	s.fails(t, "yes\n", words("user rm bo@x.test"), "not confirmed")
	s.must(t, "bo@x.test\n", words("user rm bo@x.test"))
	s.fails(t, "", words("user rm bo@x.test --yes"), "no user")
	s.fails(t, "", words("user list --tenant nowhere"), "no tenant")
}

func TestInviteCommand(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.fails(t, "", words("user invite ann@x.test"), "there is no tenant yet")
	s.must(t, "lantern-moss\n", words("user add olga@x.test --role owner --password-stdin"))
	s.must(t, "", words("tenant add beta"))
	s.fails(t, "", words("user invite olga@x.test"), "already")
	s.fails(t, "", words("user invite ann@x.test --role king"), "not one of")
	s.fails(t, "", words("user invite ann@x.test --days 31"), "1 to 30")
	s.fails(t, "", words("user invite ann@x.test --tenant nowhere"), "no tenant")
	out := s.must(t, "", words("user invite ann@x.test --role admin --tenant beta --group eng --days 2"))
	token, ok := strings.CutPrefix(strings.TrimSpace(out), "https://chat.x.test/join?token=")
	if !ok || strings.Contains(token, "\n") {
		t.Fatalf("printed %q", out)
	}
	g, err := s.svc.AcceptInvitation(t.Context(), token, tenancy.AcceptRequest{Name: "Ann", Password: "quiet-otter-9"})
	if err != nil || g.Identity.Role != chat.RoleAdmin || !slices.Equal(g.Identity.Groups, []string{"eng"}) {
		t.Errorf("%+v, %v", g.Identity, err)
	}
	s.must(t, "", words("user list --tenant beta"), "ann@x.test")
	var made struct{ Email, State, Link string }
	if err := json.Unmarshal([]byte(s.must(t, "", words("user invite bo@x.test --json"))), &made); err != nil ||
		made.Email != "bo@x.test" || made.State != "pending" || !strings.HasPrefix(made.Link, "https://chat.x.test/join?token=") {
		t.Errorf("made %+v, %v", made, err)
	}
}

func TestTenantCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must(t, "", words("tenant add acme"), "acme", "first")
	s.must(t, "", []string{"tenant", "add", "beta", "--name", "Beta Team"}, "Beta Team", "active")
	s.fails(t, "", words("tenant add Beta"), "slug")
	s.must(t, "lantern-moss", words("user add b@x.test --tenant beta --role owner --password-stdin"), "owner")
	s.must(t, "", []string{"tenant", "rename", "beta", "Beta II"}, "Beta II")
	s.fails(t, "no\n", words("tenant rm beta"), "not confirmed")
	s.must(t, "", words("tenant rm beta --yes"))
	s.must(t, "", words("tenant list"), "closed")
	s.fails(t, "", words("tenant rm acme --yes"), "first tenant")
	s.fails(t, "", words("tenant shred beta --confirm acme"), "confirm")
	s.fails(t, "\n", words("tenant shred beta"), "not confirmed")
	if len(s.keys.destroyed) != 0 {
		t.Fatalf("destroyed unconfirmed: %v", s.keys.destroyed)
	}
	s.must(t, "beta\n", words("tenant shred beta"))
	var list []tenancy.Tenant
	if err := json.Unmarshal([]byte(s.must(t, "", words("tenant list --json"))), &list); err != nil || len(list) != 2 {
		t.Fatalf("tenants = %+v, %v", list, err)
	}
	if !slices.Equal(s.keys.destroyed, []string{list[1].ID}) {
		t.Errorf("destroyed %v, want the key of %s", s.keys.destroyed, list[1].ID)
	}
}

func TestKeyCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must(t, "lantern-moss", words("user add olga@x.test --role owner --password-stdin"))
	secret := strings.TrimSpace(s.must(t, "", words("key add olga@x.test --name ci --permission chat,admin --expires-in 1h")))
	id, err := s.svc.Bearer(t.Context(), secret)
	if err != nil || id.Email != "olga@x.test" || !id.May(chat.MayAdmin) {
		t.Fatalf("identity = %+v, %v", id, err)
	}
	s.fails(t, "", words("key add olga@x.test --permission root"), "not one of")
	s.fails(t, "", words("key add olga@x.test --expires-in -1h"), "future")
	s.fails(t, "", words("key add nobody@x.test"), "no user")
	var made struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(s.must(t, "", words("key add olga@x.test --json"))), &made); err != nil || !strings.HasPrefix(made.Secret, "parley_") {
		t.Errorf("made %+v, %v", made, err)
	}
	if out := s.must(t, "", words("key list"), "ci", "admin,chat"); strings.Contains(out, secret) {
		t.Error("the list shows a secret")
	}
	s.must(t, "", []string{"key", "revoke", id.Credential})
	if _, err := s.svc.Bearer(t.Context(), secret); err == nil {
		t.Error("a revoked key is accepted")
	}
	s.fails(t, "", []string{"key", "revoke", id.Credential}, "no API key")
}

// TestOpenFails hands up what keeps the install from being opened.
func TestOpenFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no database")
	cmd := newUserCmd(func(context.Context) (*tenancy.Service, func(), error) { return nil, nil, broken }, nil)
	cmd.SetArgs([]string{"list"})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	if err := cmd.ExecuteContext(t.Context()); !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
}

func (k *noKeys) Scrub(context.Context) error { return nil }
