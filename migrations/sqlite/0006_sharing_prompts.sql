-- +goose Up
-- A share goes with its conversation, whoever or whatever deletes that.
CREATE TABLE shares (
    id              TEXT PRIMARY KEY,
    tenant_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    token_hash      TEXT NOT NULL UNIQUE,      -- SHA-256 of the token in the address, in hex
    audience        TEXT NOT NULL,             -- tenant | link
    title           BLOB NOT NULL,             -- sealed with the tenant's key
    messages        BLOB NOT NULL,             -- sealed JSON: the copy, as it was shared
    message_count   BIGINT NOT NULL,
    redacted        BIGINT NOT NULL,           -- how many places were taken out
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX shares_by_user ON shares (tenant_id, user_id, created_at, id);
CREATE INDEX shares_by_conversation ON shares (conversation_id);
CREATE INDEX shares_by_expiry ON shares (expires_at);

CREATE TABLE prompts (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,
    command    TEXT NOT NULL,
    title      BLOB NOT NULL,                  -- sealed with the tenant's key
    text       BLOB NOT NULL,                  -- sealed likewise
    shared     BIGINT NOT NULL DEFAULT 0,      -- 1 for all of the tenant
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, user_id, command)
);
-- Among the shared ones a command means one thing.
CREATE UNIQUE INDEX prompts_shared ON prompts (tenant_id, command) WHERE shared = 1;
