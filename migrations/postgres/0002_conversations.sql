-- +goose Up
CREATE TABLE conversations (
    id             TEXT PRIMARY KEY,
    tenant_id      TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id        TEXT NOT NULL,
    title          BYTEA NOT NULL,             -- sealed with the tenant's key
    title_by       TEXT NOT NULL DEFAULT '',   -- '' none yet, 'model' generated, 'user' chosen
    status         TEXT NOT NULL,              -- active | archived
    pinned         BIGINT NOT NULL DEFAULT 0,
    leaf_id        TEXT NOT NULL DEFAULT '',   -- the chosen end of the tree; '' while it is empty
    retention_days BIGINT NOT NULL DEFAULT 0,  -- 0 keeps it
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX conversations_by_user ON conversations (tenant_id, user_id, updated_at, id);

CREATE TABLE messages (
    id              TEXT PRIMARY KEY,
    tenant_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id       TEXT NOT NULL DEFAULT '',  -- '' at the root
    role            TEXT NOT NULL,
    text            BYTEA NOT NULL,            -- sealed with the tenant's key
    model           TEXT NOT NULL DEFAULT '',
    status          TEXT NOT NULL,             -- complete | streaming | partial | failed
    finish_reason   TEXT NOT NULL DEFAULT '',
    tokens          BIGINT NOT NULL DEFAULT 0,
    safety_flags    TEXT NOT NULL DEFAULT '[]',
    created_at      BIGINT NOT NULL
);
CREATE INDEX messages_by_conversation ON messages (conversation_id, created_at, id);
CREATE INDEX messages_by_user ON messages (tenant_id, user_id, created_at, id);
CREATE INDEX messages_streaming ON messages (status) WHERE status = 'streaming';
