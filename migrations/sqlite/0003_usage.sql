-- +goose Up
CREATE TABLE usage_records (
    id              TEXT PRIMARY KEY,
    trace_id        TEXT NOT NULL,
    tenant_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,             -- '' once the user is gone: what was spent stays counted
    conversation_id TEXT NOT NULL DEFAULT '',
    message_id      TEXT NOT NULL DEFAULT '',
    model           TEXT NOT NULL,
    surface         TEXT NOT NULL,             -- which interface asked
    input_tokens    BIGINT NOT NULL DEFAULT 0,
    cached_tokens   BIGINT NOT NULL DEFAULT 0, -- of the input, those whose computation was reused
    output_tokens   BIGINT NOT NULL DEFAULT 0,
    latency_ms      TEXT NOT NULL DEFAULT '{}',
    cost_usd        DOUBLE PRECISION NOT NULL DEFAULT 0,
    outcome         TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX usage_records_by_tenant ON usage_records (tenant_id, created_at, id);
CREATE INDEX usage_records_by_user ON usage_records (tenant_id, user_id, created_at);
