-- +goose Up

-- When a person last did something in this browser, beyond opening the link as mail scanners do; null: never.
ALTER TABLE seat_browser ADD COLUMN acted_at BIGINT;
-- At most 20 of each kind are bound to a seat. Of those bound so far nobody knows; none of them may lose its place.
UPDATE seat_browser SET acted_at = created_at;
