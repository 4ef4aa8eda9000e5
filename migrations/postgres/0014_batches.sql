-- +goose Up
-- The files that were added together: the batch that a document came with, '' for one that came alone.
ALTER TABLE documents ADD COLUMN batch TEXT NOT NULL DEFAULT '';
