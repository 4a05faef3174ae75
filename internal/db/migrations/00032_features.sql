-- +goose Up
-- What may be used in a talk, by the rules at its admission: it stays so until the talk is over.
ALTER TABLE talk ADD COLUMN features TEXT NOT NULL DEFAULT 'chat screen';
