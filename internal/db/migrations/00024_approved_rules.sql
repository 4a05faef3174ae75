-- +goose Up

-- A change of a rule that needs two people: what is to hold once somebody has agreed. Null where something else is asked for.
ALTER TABLE approval ADD COLUMN place_id TEXT;
ALTER TABLE approval ADD COLUMN rule TEXT;
ALTER TABLE approval ADD COLUMN value TEXT;    -- JSON; null: the place leaves it to those above
ALTER TABLE approval ADD COLUMN fixed BOOLEAN NOT NULL DEFAULT FALSE;
-- When what was allowed was made use of, where a command does it later, once.
ALTER TABLE approval ADD COLUMN used_at BIGINT;
