// Package guardrails holds what keeps texts from saying more than they should. Each part is a folder of
// its own that works on plain text and knows neither tenants nor databases. Begin at pii, which finds
// personal data and secrets and takes them out.
package guardrails
