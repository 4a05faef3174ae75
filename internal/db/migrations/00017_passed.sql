-- +goose Up

-- A guest whose talk was interrupted since who led it may lead it no longer: since when they wait for somebody else, and
-- who that was. Beside the state, and gone with the wait.
ALTER TABLE seat ADD COLUMN passed_at BIGINT;
ALTER TABLE seat ADD COLUMN passed_from TEXT REFERENCES staff(id);
