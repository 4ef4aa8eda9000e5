package tenancy

import (
	"errors"
	"fmt"
	"time"

	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/tenancy/bearer"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
	"github.com/parley-chat/parley/internal/tenancy/oidc"
	"github.com/parley-chat/parley/internal/tenancy/password"
)

// Config is the settings of accounts.
type Config struct {
	// PasswordLogin lets local accounts sign in; switch it off where everybody comes from a provider.
	PasswordLogin bool            `mapstructure:"password_login"`
	Password      password.Config `mapstructure:"password"`
	Session       SessionConfig   `mapstructure:"session"`
	Throttle      ThrottleConfig  `mapstructure:"throttle"`
	Admin         AdminConfig     `mapstructure:"admin"`
	// OIDC lists the providers to sign in with, Issuers those whose bearer tokens are accepted.
	OIDC    []oidc.Provider `mapstructure:"oidc"`
	Issuers []bearer.Issuer `mapstructure:"issuers"`
}

// SessionConfig bounds a session.
type SessionConfig struct {
	// Lifetime ends a session however much it is used; Idle ends one that is not used.
	Lifetime time.Duration `mapstructure:"lifetime"`
	Idle     time.Duration `mapstructure:"idle"`
}

// ThrottleConfig bounds failed sign-ins. Each number is how many may fail at once; they come back
// evenly over Window, so that a guesser is slowed down and a person is not locked out for long.
type ThrottleConfig struct {
	Window time.Duration `mapstructure:"window"`
	// PerAccount counts one address's attempts at one account. It is the tight bound, and it is apart by
	// address so that a guesser does not lock out the owner, who comes from elsewhere.
	PerAccount int `mapstructure:"per_account"`
	// PerAccountTotal counts attempts at one account from everywhere; 100 is the most that NIST SP
	// 800-63B allows.
	PerAccountTotal int `mapstructure:"per_account_total"`
	// PerAddress counts one address's attempts at all accounts.
	PerAddress int `mapstructure:"per_address"`
}

// AdminConfig makes the first account unattended. Later changes here do not change the account; the key
// is different: it is what the configuration says, at each start.
type AdminConfig struct {
	Email    string         `mapstructure:"email"`
	Password secrets.Secret `mapstructure:"password"`
	// APIKey is accepted as a bearer key with every permission. It belongs to the account of Email, else
	// to the first owner, else to an account of its own that cannot sign in.
	APIKey secrets.Secret `mapstructure:"api_key"`
}

// minSeededKey is the shortest key that an operator may choose: a stored key is hashed once, without
// the cost of a password's hash, and so must not be guessable.
const minSeededKey = 20

// DefaultConfig asks for passwords, with sessions of 30 days that end after a week without use.
func DefaultConfig() Config {
	return Config{
		PasswordLogin: true,
		Password:      password.DefaultConfig(),
		Session:       SessionConfig{Lifetime: 30 * 24 * time.Hour, Idle: 7 * 24 * time.Hour},
		Throttle:      ThrottleConfig{Window: 15 * time.Minute, PerAccount: 10, PerAccountTotal: 100, PerAddress: 50},
	}
}

// Validate reports everything that is wrong with the settings, each fault with its key's path.
func (c Config) Validate() error {
	var errs []error
	add := func(path string, err error) { errs = append(errs, under(path, err)...) }
	add("password", c.Password.Validate())
	add("session", c.Session.validate())
	add("throttle", c.Throttle.validate())
	add("admin", c.Admin.validate(c.Password))
	if !c.PasswordLogin && len(c.OIDC) == 0 {
		errs = append(errs, errors.New("password_login: cannot be off without a provider in oidc, or nobody could sign in"))
	}
	names := map[string]bool{}
	for i, p := range c.OIDC {
		add(fmt.Sprintf("oidc[%d]", i), p.Validate())
		if names[p.Name] {
			errs = append(errs, fmt.Errorf("oidc[%d].name: %q is there twice", i, p.Name))
		}
		names[p.Name] = true
	}
	for i, p := range c.Issuers {
		add(fmt.Sprintf("issuers[%d]", i), p.Validate())
	}
	return errors.Join(errs...)
}

func (c SessionConfig) validate() error {
	var errs []error
	if c.Lifetime < 5*time.Minute {
		errs = append(errs, errors.New("lifetime: must be at least 5m"))
	}
	// A use is written down once a minute, so a shorter idle time would end sessions in use.
	if c.Idle < 5*time.Minute || c.Idle > c.Lifetime {
		errs = append(errs, errors.New("idle: must be at least 5m and at most the lifetime"))
	}
	return errors.Join(errs...)
}

func (c ThrottleConfig) validate() error {
	var errs []error
	if c.Window < time.Minute {
		errs = append(errs, errors.New("window: must be at least 1m"))
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"per_account", c.PerAccount}, {"per_account_total", c.PerAccountTotal}, {"per_address", c.PerAddress}} {
		if n.value < 1 {
			errs = append(errs, fmt.Errorf("%s: must be at least 1", n.name))
		}
	}
	return errors.Join(errs...)
}

func (c AdminConfig) validate(rules password.Config) error {
	var errs []error
	if c.Email != "" {
		if _, err := parseEmail(c.Email); err != nil {
			errs = append(errs, fmt.Errorf("email: %w", err))
		}
	}
	if c.Password != "" {
		if c.Email == "" {
			errs = append(errs, errors.New("email: is needed with a password"))
		}
		if err := rules.Check(c.Password.Reveal(), c.Email); err != nil {
			errs = append(errs, fmt.Errorf("password: %w", err))
		}
	} else if c.Email != "" && c.APIKey == "" {
		errs = append(errs, errors.New("password: is needed with an email (or an api_key)"))
	}
	if n := len(c.APIKey.Reveal()); n > 0 && (n < minSeededKey || n > maxBearer) {
		errs = append(errs, fmt.Errorf("api_key: must have %d to %d characters; a good one is printed by: openssl rand -hex 32", minSeededKey, maxBearer))
	}
	return errors.Join(errs...)
}

// Warnings lists settings that are legal and risky, with the reason.
func (c Config) Warnings() []string {
	var out []string
	check := func(path, address string, a issuer.Accounts) {
		if issuer.Plain(address) {
			out = append(out, fmt.Sprintf("%s.issuer: %s is not https: whoever can change traffic on the way can sign in as anybody", path, address))
		}
		if a.LinkByEmail {
			out = append(out, fmt.Sprintf("%s.link_by_email: whoever can make this issuer assert an e-mail address owns the account of that address", path))
		}
	}
	for i, p := range c.OIDC {
		check(fmt.Sprintf("oidc[%d]", i), p.Issuer, p.Accounts)
	}
	for i, p := range c.Issuers {
		check(fmt.Sprintf("issuers[%d]", i), p.Issuer, p.Accounts)
	}
	return out
}

// under puts a path before every one of joined errors.
func under(path string, err error) []error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range many.Unwrap() {
			out = append(out, under(path, e)...)
		}
		return out
	}
	return []error{fmt.Errorf("%s.%w", path, err)}
}
