-- +goose Up
-- An agency may have a host name of its own, under which no other can be reached (internal/agency/host.go).
ALTER TABLE agency ADD COLUMN host TEXT;                -- lower case; null: only the installation's
CREATE UNIQUE INDEX agency_host ON agency(host);
-- When it was given up: its key is gone then, and with it whatever was sealed. The row stays, so that no other agency
-- ever gets the name that stands in its letters.
ALTER TABLE agency ADD COLUMN deleted_at BIGINT;

-- What one person asks for and another must allow (TEN-05).
CREATE TABLE approval (
    id         TEXT PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    act        TEXT NOT NULL,                  -- agency.delete
    asked_by   TEXT NOT NULL REFERENCES staff(id),
    asked_at   BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,                -- afterwards nobody can allow it any more
    decided_by TEXT REFERENCES staff(id),
    decided_at BIGINT,
    allowed    BIGINT                          -- 1 or 0
);
CREATE INDEX approval_asked ON approval(agency_id, asked_at);
