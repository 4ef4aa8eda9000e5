package issuer_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/issuer/issuertest"
)

var expect = issuer.Expect{Audience: "a"}

func good(exp time.Time) map[string]any {
	return map[string]any{"aud": "a", "sub": "s", "exp": exp.Unix()}
}

// TestKeysAreCached has many tokens cost one fetch, and many bad ones few: anybody can send those.
func TestKeysAreCached(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	s := issuer.NewSource(p.URL, "", time.Now)
	token := p.Token(good(time.Now().Add(time.Hour)))
	for range 20 {
		if _, err := s.Verify(t.Context(), token, expect); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.Fetches(); n != 1 {
		t.Errorf("%d fetches for one key, want 1", n)
	}
	priv, _ := p.Key()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			bad := issuertest.Sign(jwt.SigningMethodRS256, priv, "no-such-key", p.Complete(good(time.Now().Add(time.Hour))))
			if _, err := s.Verify(t.Context(), bad, expect); !fault.Is(err, fault.CodeUnauthenticated) {
				t.Errorf("unknown key id: %v", err)
			}
		})
	}
	wg.Wait()
	if n := p.Fetches(); n > 4 {
		t.Errorf("%d fetches after 50 unknown key ids", n)
	}
	if _, err := s.Verify(t.Context(), token, expect); err != nil {
		t.Errorf("a good token after the flood: %v", err)
	}
}

// TestRotation takes the new key at once, and the withdrawn one no longer than an hour.
func TestRotation(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	now := time.Now()
	s := issuer.NewSource(p.URL, "", func() time.Time { return now })
	old := p.Token(good(now.Add(100 * time.Hour)))
	if _, err := s.Verify(t.Context(), old, expect); err != nil {
		t.Fatal(err)
	}
	p.Rotate()
	if _, err := s.Verify(t.Context(), old, expect); err != nil {
		t.Errorf("within the hour no fetch is needed: %v", err)
	}
	now = now.Add(61 * time.Minute)
	if _, err := s.Verify(t.Context(), old, expect); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("a withdrawn key after an hour: %v", err)
	}
	if _, err := s.Verify(t.Context(), p.Token(good(now.Add(time.Hour))), expect); err != nil {
		t.Errorf("the new key: %v", err)
	}
}

// TestOutage goes on with known keys for a day, and says that it is the issuer who is down to whoever
// comes with unknown ones.
func TestOutage(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	now := time.Now()
	s := issuer.NewSource(p.URL, "", func() time.Time { return now })
	token := p.Token(good(now.Add(100 * time.Hour)))
	if _, err := s.Verify(t.Context(), token, expect); err != nil {
		t.Fatal(err)
	}
	p.SetDown(true)
	for range 3 {
		now = now.Add(7 * time.Hour)
		if _, err := s.Verify(t.Context(), token, expect); err != nil {
			t.Errorf("after %v: %v", now, err)
		}
	}
	now = now.Add(7 * time.Hour)
	if _, err := s.Verify(t.Context(), token, expect); err == nil {
		t.Error("keys are trusted for longer than a day without the issuer")
	}
	fresh := issuer.NewSource(p.URL, p.URL+"/jwks", time.Now)
	if _, err := fresh.Verify(t.Context(), token, expect); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("no keys at all: %v", err)
	}
}

func TestWrongDiscovery(t *testing.T) {
	t.Parallel()
	p := issuertest.Start(t)
	s := issuer.NewSource(p.URL+"/", "", time.Now) // the document names the issuer without the slash
	if _, err := s.Verify(t.Context(), p.Token(good(time.Now().Add(time.Hour))), expect); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("err = %v", err)
	}
}

func TestPerson(t *testing.T) {
	t.Parallel()
	rules := issuer.Accounts{
		RoleClaim: "https://x.example/roles", GroupsClaim: "a.b", DefaultRole: chat.RoleViewer,
		Roles: []issuer.RoleRule{{Value: "adm", Role: chat.RoleAdmin}, {Value: "mem", Role: chat.RoleMember}},
	}
	cases := []struct {
		name   string
		claims issuer.Claims
		rules  issuer.Accounts
		want   issuer.Person
	}{
		{"nothing", issuer.Claims{}, issuer.Accounts{}, issuer.Person{Role: chat.RoleMember}},
		{"default role", issuer.Claims{"https://x.example/roles": "other"}, rules, issuer.Person{Role: chat.RoleViewer, RoleDecided: true, GroupsDecided: true}},
		{"strongest role", issuer.Claims{"https://x.example/roles": []any{"mem", "adm", 3}}, rules, issuer.Person{Role: chat.RoleAdmin, RoleDecided: true, GroupsDecided: true}},
		{"a role above the default only by rule", issuer.Claims{"https://x.example/roles": "mem"}, rules, issuer.Person{Role: chat.RoleMember, RoleDecided: true, GroupsDecided: true}},
		{"nested groups", issuer.Claims{"a": map[string]any{"b": []any{"g1", "", "g2"}}}, rules, issuer.Person{Role: chat.RoleViewer, RoleDecided: true, Groups: []string{"g1", "g2"}, GroupsDecided: true}},
		{"unverified", issuer.Claims{"email": "a@b.c", "email_verified": "yes"}, issuer.Accounts{}, issuer.Person{Email: "a@b.c", Role: chat.RoleMember}},
		{"assumed", issuer.Claims{"email": "a@b.c", "preferred_username": "al"}, issuer.Accounts{AssumeVerified: true}, issuer.Person{Email: "a@b.c", EmailVerified: true, Name: "al", Role: chat.RoleMember}},
		{"wrong types", issuer.Claims{"email": 3, "name": []any{}, "a": "x", "https://x.example/roles": map[string]any{}}, rules, issuer.Person{Role: chat.RoleViewer, RoleDecided: true, GroupsDecided: true}},
		{"a weaker rule than the default", issuer.Claims{"r": "low"}, issuer.Accounts{RoleClaim: "r", DefaultRole: chat.RoleAdmin, Roles: []issuer.RoleRule{{Value: "low", Role: chat.RoleViewer}}}, issuer.Person{Role: chat.RoleViewer, RoleDecided: true}},
	}
	for _, c := range cases {
		if got := c.rules.Person(c.claims); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"https://idp.example": false, "http://127.0.0.1:8": false, "http://localhost/x": false, "http://[::1]:9/": false,
		"http://idp.example": true, "http://10.0.0.1": true,
	} {
		if issuer.Plain(in) != want {
			t.Errorf("Plain(%q) = %v", in, !want)
		}
	}
	if err := issuer.CheckAlgorithms(issuer.Algorithms()); err != nil {
		t.Error(err)
	}
	for _, a := range []string{"HS256", "none", "", "rs256"} {
		if err := issuer.CheckAlgorithms([]string{a}); err == nil || !strings.Contains(err.Error(), a) {
			t.Errorf("algorithm %q: %v", a, err)
		}
	}
}
