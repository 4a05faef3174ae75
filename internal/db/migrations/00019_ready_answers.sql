-- +goose Up

-- Whether what was answered is one of the ready answers: then a code is sealed, which each page says in its own language.
ALTER TABLE seat_message ADD COLUMN answer_ready BOOLEAN NOT NULL DEFAULT FALSE;
