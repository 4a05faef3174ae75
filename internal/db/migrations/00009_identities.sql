-- +goose Up

-- Who a person is elsewhere: what a provider names itself, and the name that it has for the person.
CREATE TABLE staff_identity (
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    staff_id   TEXT NOT NULL REFERENCES staff(id),
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,                -- the newest sign-in
    PRIMARY KEY (agency_id, issuer, subject)
);
CREATE INDEX staff_identity_staff ON staff_identity(agency_id, staff_id, issuer);

-- Where the session was begun, and the provider's name for it; empty: here, and none.
ALTER TABLE staff_session ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE staff_session ADD COLUMN sid TEXT NOT NULL DEFAULT '';
CREATE INDEX staff_session_elsewhere ON staff_session(agency_id, issuer, sid);

-- What must not be taken twice, as long as it could be: answers and messages of providers.
CREATE TABLE staff_once (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    hash      BYTEA NOT NULL,
    until_at  BIGINT NOT NULL,
    PRIMARY KEY (agency_id, hash)
);
