-- +goose Up
CREATE TABLE folders (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,
    name       BYTEA NOT NULL, -- sealed with the tenant's key
    created_at BIGINT NOT NULL
);
CREATE INDEX folders_by_user ON folders (tenant_id, user_id, created_at, id);

ALTER TABLE conversations ADD COLUMN folder_id TEXT NOT NULL DEFAULT '';   -- '' outside of all folders
ALTER TABLE conversations ADD COLUMN temporary BIGINT NOT NULL DEFAULT 0; -- 1: never listed, gone a day after its last change
CREATE INDEX conversations_by_state ON conversations (tenant_id, user_id, status, pinned, updated_at, id) WHERE temporary = 0;
CREATE INDEX conversations_pinned ON conversations (tenant_id, user_id, updated_at, id) WHERE pinned = 1;
CREATE INDEX conversations_by_folder ON conversations (folder_id, updated_at, id) WHERE folder_id <> '';
CREATE INDEX conversations_temporary ON conversations (updated_at) WHERE temporary = 1;

ALTER TABLE messages ADD COLUMN latency_ms BIGINT NOT NULL DEFAULT 0; -- of an answer, from the question to its end
ALTER TABLE messages ADD COLUMN edited_at BIGINT NOT NULL DEFAULT 0;  -- 0 when its text was never changed
ALTER TABLE messages ADD COLUMN rating BIGINT NOT NULL DEFAULT 0;     -- 1 | -1, 0 when it has none
ALTER TABLE messages ADD COLUMN rating_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN rating_comment BYTEA;                  -- sealed with the tenant's key
ALTER TABLE messages ADD COLUMN rated_at BIGINT NOT NULL DEFAULT 0;
