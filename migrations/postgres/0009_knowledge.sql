-- +goose Up
-- What is sealed is so with the tenant's key.
CREATE TABLE files (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,
    name       BYTEA NOT NULL,     -- sealed
    purpose    TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX files_by_user ON files (tenant_id, user_id, created_at, id);

-- A file's bytes, in parts so that no row is large.
CREATE TABLE file_parts (
    file_id TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    part    BIGINT NOT NULL,
    data    BYTEA NOT NULL,        -- sealed
    PRIMARY KEY (file_id, part)
);

CREATE TABLE knowledge_bases (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,     -- its owner, who may do everything with it
    class      BIGINT NOT NULL,   -- by which the index knows its passages
    name       BYTEA NOT NULL,     -- sealed
    about      BYTEA NOT NULL,     -- sealed
    metadata   BYTEA NOT NULL,     -- sealed JSON
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, class)
);

CREATE TABLE knowledge_grants (
    base_id TEXT NOT NULL REFERENCES knowledge_bases (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,        -- everyone | group | user
    subject TEXT NOT NULL,        -- a group's name, a user's id, or ''
    access  TEXT NOT NULL,        -- read | write | deny
    PRIMARY KEY (base_id, kind, subject)
);

CREATE TABLE documents (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    base_id    TEXT NOT NULL REFERENCES knowledge_bases (id) ON DELETE CASCADE,
    file_id    TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL,     -- who added it
    state      TEXT NOT NULL,     -- queued | extracting | embedding | ready | failed
    kind       TEXT NOT NULL DEFAULT '',  -- of what went wrong
    reason     TEXT NOT NULL DEFAULT '',
    title      BYTEA,              -- sealed; NULL until the file was read
    text       BYTEA,              -- sealed: the version that passages are ranges of
    pages      TEXT NOT NULL DEFAULT '[]',  -- JSON: the bytes of the text where pages begin
    attributes BYTEA NOT NULL,     -- sealed JSON
    done       BIGINT NOT NULL DEFAULT 0,  -- passages that are embedded, of
    passages   BIGINT NOT NULL DEFAULT 0,
    model      TEXT NOT NULL DEFAULT '',   -- by which they are
    attempts   BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (base_id, file_id)
);
CREATE INDEX documents_due ON documents (due_at, id) WHERE state IN ('queued', 'extracting', 'embedding');
CREATE INDEX documents_by_file ON documents (file_id);

-- The passages, and the log that indexes follow: what changes gets the tenant's next seq. What is deleted stays as an
-- empty row until no index can need it.
CREATE TABLE passages (
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id          BIGINT NOT NULL,
    document_id TEXT NOT NULL,
    class       BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    live        BIGINT NOT NULL,
    lang        TEXT NOT NULL,
    start_at    BIGINT NOT NULL,
    end_at      BIGINT NOT NULL,
    page        BIGINT NOT NULL,
    heading     BYTEA,             -- sealed
    text        BYTEA,             -- sealed
    vectors     BYTEA,             -- sealed
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX passages_by_seq ON passages (tenant_id, seq);
CREATE INDEX passages_by_document ON passages (document_id);

CREATE TABLE knowledge_clocks (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    seq       BIGINT NOT NULL,    -- the last that was given, as below
    passage   BIGINT NOT NULL,
    class     BIGINT NOT NULL
);

-- What an answer rests on, as sealed JSON.
ALTER TABLE messages ADD COLUMN sources BYTEA;
