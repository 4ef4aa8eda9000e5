-- +goose Up
CREATE TABLE idempotency_keys (
    tenant_id  TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    key_hash   TEXT NOT NULL,              -- SHA-256 of what the client sent
    state      TEXT NOT NULL,              -- running | pointed | done
    body_hash  BLOB NOT NULL,             -- sealed, since the hash of a short text can be guessed
    message_id TEXT NOT NULL DEFAULT '',   -- the answer that a native turn began
    response   BLOB,                      -- sealed JSON, once done
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, key_hash)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
