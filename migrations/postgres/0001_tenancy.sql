-- +goose Up
CREATE TABLE tenants (
    id         TEXT PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    operator   BIGINT NOT NULL DEFAULT 0, -- 1 for the first tenant, whose owners manage tenants
    created_at BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE tenant_keys (
    tenant_id  TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    wrapped    BYTEA NOT NULL,               -- the tenant's keyset under the master key
    master_id  TEXT NOT NULL,             -- fingerprint of that master key
    created_at BIGINT NOT NULL
);

-- At most one tenant is the operator's, so that two first set-ups at once cannot both win.
CREATE UNIQUE INDEX tenants_operator ON tenants (operator) WHERE operator = 1;

CREATE TABLE users (
    id             TEXT PRIMARY KEY,
    tenant_id      TEXT NOT NULL REFERENCES tenants (id),
    email          TEXT NOT NULL,            -- as it was given
    email_key      TEXT NOT NULL,            -- case-folded; what is unique and what sign-in looks up
    email_verified BIGINT NOT NULL,          -- 0 when only an identity provider that does not vouch for it said so
    name           TEXT NOT NULL,
    search_key     TEXT NOT NULL,            -- name and address, case-folded
    role           TEXT NOT NULL,
    password_hash  TEXT NOT NULL DEFAULT '', -- argon2id in PHC form; '' means that no password opens it
    group_list     TEXT NOT NULL DEFAULT '[]',
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    last_login_at  BIGINT NOT NULL DEFAULT 0,
    disabled_at    BIGINT NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, email_key),
    UNIQUE (tenant_id, id)
);

CREATE INDEX users_email ON users (email_key);

-- Credentials name their user together with its tenant, so that the database itself refuses a row that
-- mixes two tenants.
CREATE TABLE sessions (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    token_hash   TEXT NOT NULL UNIQUE,       -- SHA-256 of the cookie's token, in hex
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    user_agent   TEXT NOT NULL,
    ip           TEXT NOT NULL,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX sessions_user ON sessions (tenant_id, user_id);

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,              -- the key's first characters, to know it by
    token_hash   TEXT NOT NULL UNIQUE,       -- SHA-256 of the whole key, in hex
    permissions  TEXT NOT NULL,              -- JSON list
    seeded       BIGINT NOT NULL DEFAULT 0,  -- 1 for the key that the configuration gives
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL DEFAULT 0,
    last_used_at BIGINT NOT NULL DEFAULT 0,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX api_keys_user ON api_keys (tenant_id, user_id);

CREATE TABLE identities (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    issuer       TEXT NOT NULL,              -- as in the token's iss claim
    subject      TEXT NOT NULL,              -- as in its sub claim
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    UNIQUE (tenant_id, issuer, subject),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX identities_user ON identities (tenant_id, user_id);
