package issuer

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
)

// Accounts says what becomes of a person whom an issuer vouches for. It is part of the settings of a
// sign-in provider and of a token issuer.
type Accounts struct {
	// Tenant is the slug of the tenant that this issuer's people belong to; empty is the first tenant.
	Tenant string `mapstructure:"tenant"`
	// AutoCreate makes an account at somebody's first visit. Without it an admin makes the account, and
	// LinkByEmail joins the two.
	AutoCreate bool `mapstructure:"auto_create"`
	// LinkByEmail joins a person to an existing account of the same address, when the issuer says that
	// the address is verified. The risk: whoever can make this issuer assert an address then owns
	// that account, so set it only for an issuer which the organisation itself controls.
	LinkByEmail bool `mapstructure:"link_by_email"`
	// AssumeVerified takes every address as verified, for an issuer that sends no email_verified claim
	// and hands out addresses of its own organisation only.
	AssumeVerified bool `mapstructure:"assume_verified"`
	// DefaultRole is given when no rule of Roles fits: at creation, and at each visit when RoleClaim is
	// set. Empty means member.
	DefaultRole chat.Role `mapstructure:"default_role"`
	// RoleClaim names the claim whose values Roles maps. When set, the issuer decides the role at each
	// visit. A dotted name reaches into objects ("realm_access.roles").
	RoleClaim string `mapstructure:"role_claim"`
	// Roles maps values of RoleClaim; of several that fit, the strongest role counts.
	Roles []RoleRule `mapstructure:"roles"`
	// GroupsClaim names the claim that lists the person's groups. When set, they replace the account's
	// groups at each visit.
	GroupsClaim string `mapstructure:"groups_claim"`
}

// RoleRule gives a role to a value of the role claim.
type RoleRule struct {
	Value string    `mapstructure:"value"`
	Role  chat.Role `mapstructure:"role"`
}

// Person is whom a token speaks of.
type Person struct {
	Issuer, Subject string
	Email           string // "" when the token tells none
	EmailVerified   bool
	Name            string
	Role            chat.Role // what a new account gets
	RoleDecided     bool      // the role also replaces that of an existing account
	Groups          []string
	GroupsDecided   bool
}

// Validate reports everything that is wrong with the settings.
func (a Accounts) Validate() error {
	var errs []error
	if a.DefaultRole != "" && !a.DefaultRole.Valid() {
		errs = append(errs, fmt.Errorf("default_role: %q is not one of %v", a.DefaultRole, chat.Roles()))
	}
	if len(a.Roles) > 0 && a.RoleClaim == "" {
		errs = append(errs, errors.New("roles: needs role_claim, the claim whose values it maps"))
	}
	for i, r := range a.Roles {
		if r.Value == "" {
			errs = append(errs, fmt.Errorf("roles[%d].value: must not be empty", i))
		}
		if !r.Role.Valid() {
			errs = append(errs, fmt.Errorf("roles[%d].role: %q is not one of %v", i, r.Role, chat.Roles()))
		}
	}
	return errors.Join(errs...)
}

// Person reads the claims by these rules.
func (a Accounts) Person(c Claims) Person {
	p := Person{
		Issuer: c.text("iss"), Subject: c.text("sub"), Email: c.text("email"), Name: c.text("name"),
		Role: a.DefaultRole, RoleDecided: a.RoleClaim != "", GroupsDecided: a.GroupsClaim != "",
	}
	if p.Name == "" {
		p.Name = c.text("preferred_username")
	}
	// Some issuers send the flag as text.
	p.EmailVerified = p.Email != "" && (a.AssumeVerified || c["email_verified"] == true || c["email_verified"] == "true")
	if p.Role == "" {
		p.Role = chat.RoleMember
	}
	values, ruled := c.list(a.RoleClaim), false
	for _, r := range a.Roles {
		if slices.Contains(values, r.Value) && (!ruled || r.Role.AtLeast(p.Role)) {
			p.Role, ruled = r.Role, true
		}
	}
	p.Groups = c.list(a.GroupsClaim)
	return p
}

// Complete reports whether the claims hold all that these rules read, so that the userinfo endpoint
// need not be asked.
func (a Accounts) Complete(c Claims) bool {
	for _, name := range []string{"email", a.RoleClaim, a.GroupsClaim} {
		if name != "" && c.find(name) == nil {
			return false
		}
	}
	return true
}

// find looks up a claim by its literal name, then by a path of names with dots between them.
func (c Claims) find(name string) any {
	if v, ok := c[name]; ok {
		return v
	}
	var at any = map[string]any(c)
	for _, step := range strings.Split(name, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[step]
	}
	return at
}

// list reads a claim that is a text or a list of texts; anything else in it is left out.
func (c Claims) list(name string) []string {
	if name == "" {
		return nil
	}
	switch v := c.find(name).(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok && s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// CheckURL reports what is wrong with an address of an issuer; CheckAlgorithms does so for its
// algorithms.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return fmt.Errorf("%q is not an https:// address", s)
	}
	return nil
}

// CheckAlgorithms reports algorithms that are unknown or not asymmetric.
func CheckAlgorithms(list []string) error {
	for _, a := range list {
		if !slices.Contains(Algorithms(), a) {
			return fmt.Errorf("%q is not accepted; use some of %v", a, Algorithms())
		}
	}
	return nil
}

// Plain reports whether the address is reached without TLS over more than this machine, which is legal
// and risky: anybody on the way can sign in as anybody.
func Plain(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}
