-- +goose Up

-- A desk is closed when it was closed itself, and when its department or its location is. closed_at says the former or
-- the latter, shut_at only the former: what is reopened takes along what was closed only with it.
ALTER TABLE desk ADD COLUMN shut_at BIGINT;
UPDATE desk SET shut_at = closed_at;
