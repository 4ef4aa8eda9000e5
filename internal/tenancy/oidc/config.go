package oidc

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/parley-chat/parley/internal/secrets"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
)

// Provider is the settings of one sign-in provider.
type Provider struct {
	// Name is the provider's word in addresses; Label is what people read on the button.
	Name  string `mapstructure:"name"`
	Label string `mapstructure:"label"`
	// Issuer is the provider's issuer identifier, exactly as its discovery document spells it.
	Issuer   string `mapstructure:"issuer"`
	ClientID string `mapstructure:"client_id"`
	// ClientSecret is empty for a public client, which PKCE alone protects.
	ClientSecret secrets.Secret `mapstructure:"client_secret"`
	// Scopes default to openid, profile and email.
	Scopes []string `mapstructure:"scopes"`
	// Redirect is the callback's address as registered at the provider. Empty means the one under which
	// the browser reached this server.
	Redirect string `mapstructure:"redirect"`
	// Algorithms pins the signatures of ID tokens; empty means RS256 and ES256.
	Algorithms []string `mapstructure:"algorithms"`

	issuer.Accounts `mapstructure:",squash"`
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// Validate reports everything that is wrong with the settings.
func (p Provider) Validate() error {
	var errs []error
	if !nameForm.MatchString(p.Name) {
		errs = append(errs, fmt.Errorf("name: %q must be 1 to 32 of a-z, 0-9, - and _", p.Name))
	}
	if err := issuer.CheckURL(p.Issuer); err != nil {
		errs = append(errs, fmt.Errorf("issuer: %w", err))
	}
	if p.ClientID == "" {
		errs = append(errs, errors.New("client_id: must not be empty"))
	}
	if p.Redirect != "" {
		if err := issuer.CheckURL(p.Redirect); err != nil {
			errs = append(errs, fmt.Errorf("redirect: %w", err))
		}
	}
	if err := issuer.CheckAlgorithms(p.Algorithms); err != nil {
		errs = append(errs, fmt.Errorf("algorithms: %w", err))
	}
	return errors.Join(append(errs, p.Accounts.Validate())...)
}

func (p Provider) scopes() []string {
	if len(p.Scopes) > 0 {
		return p.Scopes
	}
	return []string{"openid", "profile", "email"}
}

func (p Provider) label() string {
	if p.Label != "" {
		return p.Label
	}
	return p.Name
}
