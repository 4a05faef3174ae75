-- +goose Up

-- By what an agency's directory proves to be it; only hashes. A row is deleted when the token is revoked.
CREATE TABLE scim_token (
    id         TEXT PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    hash       BYTEA NOT NULL,
    label      TEXT NOT NULL,                  -- what those who administer call it
    created_at BIGINT NOT NULL,
    created_by TEXT REFERENCES staff(id),      -- null: a command
    used_at    BIGINT                          -- to the minute
);
CREATE UNIQUE INDEX scim_token_hash ON scim_token(agency_id, hash);

-- Who an account is in the agency's directory. It stays as long as the account does.
CREATE TABLE staff_directory (
    agency_id   TEXT NOT NULL REFERENCES agency(id),
    staff_id    TEXT NOT NULL REFERENCES staff(id),
    login       TEXT NOT NULL,                 -- userName, as the directory writes it
    user_key    TEXT NOT NULL,                 -- the same, as names are compared
    external_id TEXT NOT NULL,                 -- empty: none
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    left_at     BIGINT,                        -- the directory has disabled the account, so it may enable it again
    removed_at  BIGINT,                        -- and deleted it: it knows it no longer
    PRIMARY KEY (agency_id, staff_id)
);
CREATE UNIQUE INDEX staff_directory_user ON staff_directory(agency_id, user_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX staff_directory_external ON staff_directory(agency_id, external_id) WHERE removed_at IS NULL AND external_id <> '';

CREATE TABLE scim_group (
    id          TEXT PRIMARY KEY,
    agency_id   TEXT NOT NULL REFERENCES agency(id),
    title       TEXT NOT NULL,                 -- displayName
    title_key   TEXT NOT NULL,                 -- the same, as names are compared
    external_id TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL
);
CREATE UNIQUE INDEX scim_group_title ON scim_group(agency_id, title_key);

CREATE TABLE scim_member (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    group_id  TEXT NOT NULL REFERENCES scim_group(id),
    staff_id  TEXT NOT NULL REFERENCES staff(id),
    PRIMARY KEY (agency_id, group_id, staff_id)
);
CREATE INDEX scim_member_staff ON scim_member(agency_id, staff_id);

-- Which role those in a group have, and where. The group may come later.
CREATE TABLE scim_rule (
    id         TEXT PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    title      TEXT NOT NULL,
    title_key  TEXT NOT NULL,
    role       TEXT NOT NULL,
    place_kind TEXT NOT NULL,
    place_id   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT REFERENCES staff(id)
);
CREATE UNIQUE INDEX scim_rule_once ON scim_rule(agency_id, title_key, role, place_id);

-- Whom the directory has disabled, or taken the last role from, of late; deleted after an hour, or when they are back.
CREATE TABLE scim_removal (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    staff_id  TEXT NOT NULL REFERENCES staff(id),
    at        BIGINT NOT NULL,
    PRIMARY KEY (agency_id, staff_id)
);

-- How many it may remove, and whether it was stopped since it would have removed more.
CREATE TABLE scim_guard (
    agency_id     TEXT PRIMARY KEY REFERENCES agency(id),
    share         BIGINT NOT NULL,             -- percent of the active staff
    stopped_at    BIGINT,
    refused       BIGINT NOT NULL,             -- removals refused since then
    allowed_until BIGINT                       -- somebody who administers has let it go on
);
