-- +goose Up

-- A device that somebody pairs with the session that they work in, to take sound and picture there: a link, good once and
-- for two minutes, opens a session of its own on it. That has a parent, and ends with it.
CREATE TABLE staff_pairing (
    id         TEXT PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    staff_id   TEXT NOT NULL REFERENCES staff(id),
    parent     BYTEA NOT NULL UNIQUE REFERENCES staff_session(token_hash) ON DELETE CASCADE, -- a newer link replaces the one before
    hash       BYTEA NOT NULL UNIQUE,
    until_at   BIGINT NOT NULL
);
CREATE INDEX staff_pairing_staff ON staff_pairing(agency_id, staff_id);

ALTER TABLE staff_session ADD COLUMN parent BYTEA REFERENCES staff_session(token_hash) ON DELETE CASCADE;
ALTER TABLE staff_session ADD COLUMN pairing TEXT NOT NULL DEFAULT ''; -- what the device is called; empty: a session that somebody has signed in to
CREATE UNIQUE INDEX staff_session_parent ON staff_session(parent); -- one device for each session

-- Which device takes a talk's sound and picture; empty: the talk's window does.
ALTER TABLE talk ADD COLUMN pairing TEXT NOT NULL DEFAULT '';
