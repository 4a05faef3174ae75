-- +goose Up

-- Links by which people set their password: an administrator has invited them, or they have forgotten it. The secret is
-- derived from the id and a key outside the database. Used or replaced, a link is gone; what is over goes with the next one.
CREATE TABLE staff_link (
    id         TEXT PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    staff_id   TEXT NOT NULL REFERENCES staff(id),
    hash       BYTEA NOT NULL,
    reason     TEXT NOT NULL,                  -- invited, forgotten
    language   TEXT NOT NULL,                  -- of the mail
    mail_state TEXT NOT NULL,                  -- queued, sent, failed
    created_at BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    UNIQUE (agency_id, hash)
);
CREATE INDEX staff_link_staff ON staff_link(agency_id, staff_id, until_at);
