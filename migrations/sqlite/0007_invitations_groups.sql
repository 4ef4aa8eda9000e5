-- +goose Up
CREATE TABLE invitations (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    email       TEXT NOT NULL,             -- as it was given
    email_key   TEXT NOT NULL,             -- case-folded, as in users
    name        TEXT NOT NULL,             -- what the form begins with; may be ''
    role        TEXT NOT NULL,
    group_list  TEXT NOT NULL DEFAULT '[]',
    token_hash  TEXT NOT NULL UNIQUE,      -- SHA-256 of the link's token, in hex
    invited_by  TEXT NOT NULL,             -- '' for the shell, and once that user is gone
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    accepted_at BIGINT NOT NULL DEFAULT 0,
    accepted_by TEXT NOT NULL DEFAULT ''   -- the user that came of it
);
CREATE INDEX invitations_by_tenant ON invitations (tenant_id, id);

-- A group needs no row to exist: users may hold it as a claim of their identity provider.
CREATE TABLE user_groups (
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

ALTER TABLE usage_records ADD COLUMN total_ms BIGINT NOT NULL DEFAULT 0; -- latency_ms.total, to be summed
UPDATE usage_records SET total_ms = COALESCE(json_extract(latency_ms, '$.total'), 0);

-- Sums of usage_records by UTC day, so that a summary reads few rows however many turns there were.
CREATE TABLE usage_days (
    tenant_id     TEXT NOT NULL,
    day           BIGINT NOT NULL,           -- since 1970
    user_id       TEXT NOT NULL,             -- '' once the user is gone
    model         TEXT NOT NULL,
    surface       TEXT NOT NULL,
    requests      BIGINT NOT NULL,
    failed        BIGINT NOT NULL,
    input_tokens  BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost_usd      DOUBLE PRECISION NOT NULL,
    total_ms      BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, day, user_id, model, surface)
);
CREATE INDEX usage_days_by_user ON usage_days (tenant_id, user_id, day);

INSERT INTO usage_days (tenant_id, day, user_id, model, surface, requests, failed, input_tokens, cached_tokens, output_tokens, cost_usd, total_ms)
SELECT tenant_id, created_at / 86400000, user_id, model, surface, COUNT(*), SUM(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END),
    SUM(input_tokens), SUM(cached_tokens), SUM(output_tokens), SUM(cost_usd), SUM(total_ms)
FROM usage_records GROUP BY tenant_id, created_at / 86400000, user_id, model, surface;
