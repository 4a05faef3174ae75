-- +goose Up

-- An app that shows codes (RFC 6238). The secret is sealed; who has the database alone can make no code.
CREATE TABLE staff_totp (
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    staff_id      TEXT NOT NULL REFERENCES staff(id),
    secret_sealed BYTEA NOT NULL,
    made_at       BIGINT NOT NULL,
    on_at         BIGINT,                      -- null: shown, and not yet confirmed by a code
    last_step     BIGINT NOT NULL,             -- the newest that a code was taken of: none is taken twice
    PRIMARY KEY (agency_id, staff_id)
);

-- Codes on paper, for who has lost the app. Their hashes are made with a key that is not in the database; used, one is gone.
CREATE TABLE staff_recovery (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    staff_id  TEXT NOT NULL REFERENCES staff(id),
    hash      BYTEA NOT NULL,
    PRIMARY KEY (agency_id, staff_id, hash)
);

-- Passkeys (WebAuthn): their public keys, and what their owners call them.
CREATE TABLE staff_passkey (
    id                TEXT PRIMARY KEY,
    agency_id         TEXT NOT NULL REFERENCES agency(id),
    staff_id          TEXT NOT NULL REFERENCES staff(id),
    credential_hash   BYTEA NOT NULL,          -- of its id
    credential_sealed BYTEA NOT NULL,          -- public key, counter, flags
    label_sealed      BYTEA NOT NULL,
    created_at        BIGINT NOT NULL,
    used_at           BIGINT NOT NULL,
    UNIQUE (agency_id, credential_hash)
);
CREATE INDEX staff_passkey_staff ON staff_passkey(agency_id, staff_id, created_at);
