-- +goose Up
-- How far an answer rests on its sources, as chat.Grounding in JSON, sealed; NULL for one that was not judged.
ALTER TABLE messages ADD COLUMN grounding BYTEA;
