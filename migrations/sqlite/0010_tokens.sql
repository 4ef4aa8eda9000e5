-- +goose Up
-- The tokens of passages as late.Pack has them, sealed; NULL for a passage that was read before they were kept.
ALTER TABLE passages ADD COLUMN tokens BLOB;
