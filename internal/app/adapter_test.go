package app_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parley-chat/parley/configs"
	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge/openaiapi"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/catalogue"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/tenancy"
)

// An adapter answers the tenant that has it. For all others there is no such model, whatever they ask.
func TestAdapterOfOneTenant(t *testing.T) {
	t.Parallel()
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Reply: func(g serving.Generation) string {
			if g.Adapter == nil {
				return "plain"
			}
			return "by " + g.Adapter.ID
		}}
	}, nil)
	var owner tenancy.Tenant
	for _, slug := range []string{"b", "a"} {
		var err error
		if owner, err = s.Accounts.CreateTenant(t.Context(), tenancy.Console(""), tenancy.NewTenant{Slug: slug, Name: slug}); err != nil {
			t.Fatal(err)
		}
		s.user(t, slug, slug+"@adapter.test", chat.RoleMember)
	}
	theirs, others := s.signIn(t, "a@adapter.test"), s.signIn(t, "b@adapter.test")

	file := filepath.Join(t.TempDir(), "mine.gguf")
	gguftest.WriteLora(t, file, 32, 32) // as tinyModel's weight
	shell, err := catalogue.Open(catalogue.DefaultConfig(), catalogue.DefaultEngineConfig(), s.dir, configs.FS)
	if err != nil {
		t.Fatal(err)
	}
	a := catalogue.Adapter{Base: "tiny", Scale: 1, Tenants: []string{owner.ID}}
	if err := shell.AddAdapter(t.Context(), file, "mine", a, catalogue.Silent{}); err != nil {
		t.Fatal(err)
	}

	question := `{"model": "mine", "messages": [{"role": "user", "content": "hi"}]}`
	for who, has := range map[credential]bool{theirs: true, others: false, seeded: false} {
		status := http.StatusNotFound
		if has {
			status = http.StatusOK
		}
		if a := s.must(t, status, who, "POST", "/v1/chat/completions", question); strings.Contains(string(a.body), `"by mine"`) != has {
			t.Errorf("answered was %s", a.body)
		}
		s.must(t, status, who, "GET", "/v1/models/mine", nil)
		var listed openaiapi.ModelList
		list := s.must(t, http.StatusOK, who, "GET", "/v1/models", nil)
		list.into(t, &listed)
		if strings.Contains(string(list.body), `"mine"`) != has {
			t.Errorf("listed are %s", list.body)
		}
	}
	if m := s.model(t, "mine"); m.Adapter == nil || m.Adapter.Base != "tiny" || len(m.Adapter.Tenants) != 1 || !m.Installed {
		t.Errorf("operators are told %+v", m)
	}
	plain := strings.Replace(question, "mine", "tiny", 1)
	if a := s.must(t, http.StatusOK, theirs, "POST", "/v1/chat/completions", plain); !strings.Contains(string(a.body), `"plain"`) {
		t.Errorf("without the adapter: %s", a.body)
	}
}
