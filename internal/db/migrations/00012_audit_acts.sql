-- +goose Up
-- Who searches the audit looks for what is rare: a role given, a copy taken.
CREATE INDEX audit_entry_act ON audit_entry(agency_id, act, at, seq);
