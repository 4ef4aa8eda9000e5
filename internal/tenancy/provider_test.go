package tenancy

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
)

// TestRealProvider signs in at a true OpenID provider, as a browser does: it is sent away, fills in the
// form, and comes back. TEST_OIDC_ISSUER names the provider; its client TEST_OIDC_CLIENT_ID (with
// TEST_OIDC_CLIENT_SECRET, empty for a public one) must know TEST_OIDC_REDIRECT_URI.
func TestRealProvider(t *testing.T) {
	t.Parallel()
	address := os.Getenv("TEST_OIDC_ISSUER")
	if address == "" {
		t.Skip("TEST_OIDC_ISSUER is not set: it names a running OpenID provider")
	}
	provider := oidc.Provider{
		Name: "real", Issuer: address, ClientID: os.Getenv("TEST_OIDC_CLIENT_ID"),
		ClientSecret: secrets.Secret(os.Getenv("TEST_OIDC_CLIENT_SECRET")), Redirect: os.Getenv("TEST_OIDC_REDIRECT_URI"),
		// The provider tells the client's own id in a claim of a scope of its own, which serves as a group.
		Scopes:   []string{"openid", "profile", "email", "custom_scope"},
		Accounts: issuer.Accounts{AutoCreate: true, LinkByEmail: true, GroupsClaim: "custom_claim.client"},
	}
	f := setUp(t, func(c *Config) { c.OIDC = []oidc.Provider{provider} })
	f.now = time.Now
	ctx := t.Context()
	// The account of the provider's user exists already and is found by its verified address.
	alice := f.user(t, "alice@example.test", chat.RoleAdmin)

	begun, err := f.BeginOIDC(ctx, "real", "/c/7", "")
	if err != nil {
		t.Fatal(err)
	}
	back := throughForm(t, begun.URL, provider.Redirect, os.Getenv("TEST_OIDC_USER"), os.Getenv("TEST_OIDC_PASSWORD"))
	g, next, err := f.FinishOIDC(ctx, begun.Cookie, back, Client{UserAgent: "browser"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := f.Session(ctx, g.Token)
	if err != nil || next != "/c/7" || id.Email != "alice@example.test" || id.User != alice.User || id.Role != chat.RoleAdmin {
		t.Errorf("identity = %+v, next = %q, %v", id, next, err)
	}
	if !slices.Equal(id.Groups, []string{provider.ClientID}) {
		t.Errorf("groups = %v, want the claim's %q", id.Groups, provider.ClientID)
	}
	_, _, err = f.FinishOIDC(ctx, begun.Cookie, back, Client{})
	wantKind(t, "the same return twice", err, "login_state")
}

// throughForm follows the provider's redirects, answers its login form, and returns the query with which
// it sends the browser to the callback.
func throughForm(t *testing.T, address, callback, user, password string) url.Values {
	t.Helper()
	var back url.Values
	arrived := errors.New("arrived")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			back = r.URL.Query()
			return arrived
		}
		return nil
	}}
	resp, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	form := resp.Request.URL // the form posts to its own address with the request's id
	fields := url.Values{"id": {form.Query().Get("authRequestID")}, "username": {user}, "password": {password}}
	form.RawQuery = ""
	resp, err = browser.PostForm(form.String(), fields)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, arrived) {
		t.Fatalf("the provider did not send the browser back: %v", err)
	}
	return back
}
