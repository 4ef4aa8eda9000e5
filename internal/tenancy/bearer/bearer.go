// Package bearer checks access tokens (JWTs) that other systems send in the Authorization header,
// against the published keys of the issuers that are configured. It ends with a verified person; which
// account that is, is decided by tenancy.
package bearer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/tenancy/issuer"
)

const (
	maxToken  = 16 << 10
	maxLeeway = 5 * time.Minute
)

// Issuer is the settings of one issuer of access tokens.
type Issuer struct {
	// Issuer must equal the token's iss claim.
	Issuer string `mapstructure:"issuer"`
	// Audience must be in the token's aud claim. Choose one that belongs to Parley alone: a token for
	// another service must not open this one.
	Audience string `mapstructure:"audience"`
	// JWKSURL is where the issuer publishes its keys; empty means that discovery tells.
	JWKSURL string `mapstructure:"jwks_url"`
	// Algorithms pins the signatures; empty means RS256 and ES256. Only asymmetric ones are accepted.
	Algorithms []string `mapstructure:"algorithms"`
	// Leeway is how far the clocks may be apart.
	Leeway time.Duration `mapstructure:"leeway"`
	// TenantClaim names the claim that holds the tenant's slug, for an issuer that serves several. A
	// token without it is refused. Empty means that all belong to Tenant.
	TenantClaim string `mapstructure:"tenant_claim"`

	issuer.Accounts `mapstructure:",squash"`
}

// Validate reports everything that is wrong with the settings.
func (i Issuer) Validate() error {
	var errs []error
	if err := issuer.CheckURL(i.Issuer); err != nil {
		errs = append(errs, fmt.Errorf("issuer: %w", err))
	}
	if i.Audience == "" {
		errs = append(errs, errors.New("audience: must not be empty, or a token for any other service would be accepted"))
	}
	if i.JWKSURL != "" {
		if err := issuer.CheckURL(i.JWKSURL); err != nil {
			errs = append(errs, fmt.Errorf("jwks_url: %w", err))
		}
	}
	if err := issuer.CheckAlgorithms(i.Algorithms); err != nil {
		errs = append(errs, fmt.Errorf("algorithms: %w", err))
	}
	if i.Leeway < 0 || i.Leeway > maxLeeway {
		errs = append(errs, fmt.Errorf("leeway: must be 0 to %s", maxLeeway))
	}
	if i.TenantClaim != "" && i.Tenant != "" {
		errs = append(errs, errors.New("tenant_claim: cannot be set together with tenant"))
	}
	return errors.Join(append(errs, i.Accounts.Validate())...)
}

// Verifier checks tokens of all configured issuers. It is safe for many goroutines.
type Verifier struct{ trusted []trusted }

type trusted struct {
	Issuer
	source *issuer.Source
}

// New makes a verifier. now is time.Now but in tests.
func New(issuers []Issuer, now func() time.Time) *Verifier {
	v := &Verifier{}
	for _, i := range issuers {
		v.trusted = append(v.trusted, trusted{i, issuer.NewSource(i.Issuer, i.JWKSURL, now)})
	}
	return v
}

// Verified is a token that is accepted.
type Verified struct {
	issuer.Accounts // Tenant is filled in from the tenant claim where one is configured
	Person          issuer.Person
}

// Verify checks a token. One that is not accepted is fault.Unauthenticated, keys that cannot be fetched
// are fault.Unavailable.
func (v *Verifier) Verify(ctx context.Context, token string) (Verified, error) {
	refused := error(fault.Unauthenticated("this bearer token is not accepted"))
	iss, ok := unverifiedIssuer(token)
	if !ok {
		return Verified{}, refused
	}
	// An issuer may be configured several times, for several audiences: the first that accepts counts.
	for _, t := range v.trusted {
		if t.Issuer.Issuer != iss {
			continue
		}
		claims, err := t.source.Verify(ctx, token, issuer.Expect{Audience: t.Audience, Algorithms: t.Algorithms, Leeway: t.Leeway})
		if err == nil {
			var out Verified
			if out, err = t.read(claims); err == nil {
				return out, nil
			}
		}
		refused = err
	}
	return Verified{}, refused
}

func (t trusted) read(c issuer.Claims) (Verified, error) {
	out := Verified{Accounts: t.Accounts, Person: t.Person(c)}
	if t.TenantClaim != "" {
		slug, _ := c[t.TenantClaim].(string)
		if slug == "" {
			return Verified{}, fault.Unauthenticated("this bearer token names no tenant; it needs the claim %q", t.TenantClaim)
		}
		out.Tenant = slug
	}
	return out, nil
}

// LooksLike reports whether a credential has the form of a signed JWT.
func LooksLike(token string) bool {
	return strings.Count(token, ".") == 2
}

// unverifiedIssuer reads the iss claim before anything is checked. It only chooses the keys to check
// with.
func unverifiedIssuer(token string) (string, bool) {
	if !LooksLike(token) || len(token) > maxToken {
		return "", false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return "", false
	}
	var c struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return "", false
	}
	return c.Issuer, true
}
