-- +goose Up
CREATE TABLE model_defaults (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,  -- chat
    role      TEXT NOT NULL,  -- '' for every role without a row of its own
    model     TEXT NOT NULL,  -- may be uninstalled meanwhile
    PRIMARY KEY (tenant_id, kind, role)
);
