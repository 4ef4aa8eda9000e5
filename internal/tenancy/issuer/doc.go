// Package issuer is what signing in through a provider and checking a bearer token have in common: one
// trusted OpenID issuer, found by lazy discovery, whose signing keys are cached and whose tokens are
// verified, and the rules that turn their claims into a person with a tenant, a role and groups. It
// knows no user and no table. Begin at Source.Verify.
package issuer
