package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/app"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/issuer/issuertest"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
)

// A browser's way through the endpoints: to the provider with a cookie for the way, back with a code, in
// with a session. What the provider checks and what we check of it is tested in tenancy.
func TestSignInThroughAProvider(t *testing.T) {
	t.Parallel()
	provider := issuertest.Start(t)
	s := boot(t, "", nil, func(c *app.Config) {
		c.Accounts.OIDC = []oidc.Provider{{
			Name: "corp", Label: "Corp", Issuer: provider.URL, ClientID: issuertest.ClientID, ClientSecret: issuertest.ClientSecret,
			Accounts: issuer.Accounts{AutoCreate: true},
		}}
	})
	var options struct{ OIDC []struct{ URL string } }
	s.must(t, http.StatusOK, credential{}, "GET", "/v1/auth/options", nil).into(t, &options)
	begun := s.must(t, http.StatusFound, credential{}, "GET", options.OIDC[0].URL+"&next=/c/conv_1", nil)
	flow := cookieOf(t, begun, "parley_session_flow")
	query := provider.Visit(t, begun.header.Get("Location"))

	if a := s.must(t, http.StatusFound, credential{}, "GET", "/v1/auth/oidc/callback?"+query.Encode(), nil); !strings.Contains(a.header.Get("Location"), "auth_error") {
		t.Errorf("without the browser's cookie: sent to %s", a.header.Get("Location"))
	}
	back := s.must(t, http.StatusFound, credential{}, "GET", "/v1/auth/oidc/callback?"+query.Encode(), nil, "Cookie", "parley_session_flow="+flow)
	if to := back.header.Get("Location"); to != "/c/conv_1" {
		t.Fatalf("sent to %s", to)
	}
	var me struct{ User struct{ Email, Role string } }
	s.must(t, http.StatusOK, credential{cookie: cookieOf(t, back, "parley_session")}, "GET", "/v1/me", nil).into(t, &me)
	if me.User.Email != "ada@example.test" || me.User.Role != "member" {
		t.Errorf("%+v", me)
	}

	denied := s.must(t, http.StatusFound, credential{}, "GET", options.OIDC[0].URL, nil)
	flow = cookieOf(t, denied, "parley_session_flow")
	state, err := url.Parse(denied.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	no := url.Values{"error": {"access_denied"}, "state": {state.Query().Get("state")}}
	if a := s.must(t, http.StatusFound, credential{}, "GET", "/v1/auth/oidc/callback?"+no.Encode(), nil, "Cookie", "parley_session_flow="+flow); !strings.HasPrefix(a.header.Get("Location"), "/?auth_error=") {
		t.Errorf("after a refusal: sent to %s", a.header.Get("Location"))
	}
}

func cookieOf(t *testing.T, a answer, name string) string {
	t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	t.Fatalf("no cookie %s", name)
	return ""
}
