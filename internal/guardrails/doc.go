// Package guardrails holds what keeps texts from saying more than they should, and from doing what they should not. A
// Guard judges a text, by where in a turn it stands, with checks (what is in it?) and a Policy (what of it matters
// here?). It knows neither tenants nor databases. Begin at Guard.Judge; pii finds personal data and secrets.
package guardrails
