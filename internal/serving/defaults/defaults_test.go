package defaults_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/defaults"
	"github.com/parley-chat/parley/internal/testkit"
)

var (
	ctx    = context.Background()
	admin  = chat.Identity{Scope: chat.Scope{Tenant: "t1", User: "a"}, Role: chat.RoleAdmin}
	member = chat.Identity{Scope: chat.Scope{Tenant: "t1", User: "m"}, Role: chat.RoleMember}
	eve    = chat.Identity{Scope: chat.Scope{Tenant: "t2", User: "m"}, Role: chat.RoleMember}
)

// installed are models by id; the default of a kind is the one of that name.
type installed map[string]serving.Kind

func (i installed) Resolve(_ string, kind serving.Kind, name string) (serving.Model, error) {
	if name == "" {
		name = "the " + string(kind)
	}
	switch got, ok := i[name]; {
	case !ok:
		return serving.Model{}, fault.NotFound("the model %q is not installed", name).OfKind("model_not_found")
	case got != kind:
		return serving.Model{}, fault.Invalid("the model %q is for %s", name, got).OfKind("model_not_suitable")
	}
	return serving.Model{ID: name, Kind: kind}, nil
}

func setup(t *testing.T) (*defaults.Defaults, installed) {
	t.Helper()
	db := testkit.Store(t)
	for _, id := range []string{"t1", "t2"} {
		if _, err := db.Exec(ctx, `INSERT INTO tenants (id, slug, name, created_at) VALUES (?, ?, ?, 0)`, id, id, id); err != nil {
			t.Fatal(err)
		}
	}
	models := installed{"the chat": serving.KindChat, "the embed": serving.KindEmbed, "small": serving.KindChat, "large": serving.KindChat}
	return defaults.New(db, models), models
}

func TestEachRoleGetsItsModel(t *testing.T) {
	t.Parallel()
	d, models := setup(t)
	put := func(c defaults.Choice) {
		t.Helper()
		if err := d.Put(ctx, admin.Scope, c); err != nil {
			t.Fatal(err)
		}
	}
	gets := func(when string, want map[string]chat.Identity) {
		t.Helper()
		for model, id := range want {
			if m, err := d.Resolve(ctx, id, serving.KindChat, ""); err != nil || m.ID != model {
				t.Errorf("%s, the %s of %s gets %q (%v), want %q", when, id.Role, id.Tenant, m.ID, err, model)
			}
		}
	}
	gets("at first", map[string]chat.Identity{"the chat": member})
	put(defaults.Choice{chat.RoleAdmin: "large", "": "small", chat.RoleViewer: ""})
	gets("chosen", map[string]chat.Identity{"large": admin, "small": member, "the chat": eve})
	if c, err := d.Get(ctx, member.Scope); err != nil || !maps.Equal(c, defaults.Choice{chat.RoleAdmin: "large", "": "small"}) {
		t.Errorf("kept: %v, %v", c, err)
	}
	if m, err := d.Resolve(ctx, member, serving.KindChat, "large"); err != nil || m.ID != "large" {
		t.Errorf("by name: %v, %v", m, err)
	}
	if m, err := d.Resolve(ctx, admin, serving.KindEmbed, ""); err != nil || m.ID != "the embed" {
		t.Errorf("to embed: %v, %v", m, err)
	}
	if _, err := d.Resolve(ctx, admin, serving.KindChat, "none"); fault.From(err).Kind != "model_not_found" {
		t.Errorf("a name that is not installed: %v", err)
	}

	delete(models, "large")
	gets("with one removed", map[string]chat.Identity{"small": admin})
	delete(models, "small")
	gets("with both removed", map[string]chat.Identity{"the chat": admin})
	broken, err := d.Broken(ctx)
	want := []defaults.Broken{{Tenant: "t1", Role: "", Model: "small"}, {Tenant: "t1", Role: chat.RoleAdmin, Model: "large"}}
	if err != nil || !slices.Equal(broken, want) {
		t.Errorf("broken: %v, %v", broken, err)
	}
	put(defaults.Choice{"": "the chat"})
	if broken, err := d.Broken(ctx); err != nil || len(broken) > 0 {
		t.Errorf("mended: %v, %v", broken, err)
	}
}

func TestOnlyInstalledChatModelsCanBeChosen(t *testing.T) {
	t.Parallel()
	d, _ := setup(t)
	for model, c := range map[string]struct {
		role  chat.Role
		param string
	}{"none": {chat.RoleMember, "chat.member"}, "the embed": {"", "chat.default"}, "small": {"king", "chat"}} {
		err := d.Put(ctx, admin.Scope, defaults.Choice{c.role: model})
		if !fault.Is(err, fault.CodeInvalid) || fault.From(err).Param != c.param {
			t.Errorf("%s for %q: %v at %q", model, c.role, err, fault.From(err).Param)
		}
	}
	if c, err := d.Get(ctx, admin.Scope); err != nil || len(c) > 0 {
		t.Errorf("something was kept: %v, %v", c, err)
	}
}
