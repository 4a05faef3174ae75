-- +goose Up

-- What the audit knows of a guest's consent: it has an entry for each change until they are too many, then one for several.
ALTER TABLE seat ADD COLUMN consent_entered TEXT;                       -- the version of the newest entry
ALTER TABLE seat ADD COLUMN consent_held BIGINT NOT NULL DEFAULT 0;   -- changes that no entry stands for yet
ALTER TABLE seat ADD COLUMN consent_held_at BIGINT;                   -- when the last of these was
ALTER TABLE seat ADD COLUMN consent_full_at BIGINT;                   -- when as many entries may follow at once as ever
UPDATE seat SET consent_entered = consent_version;
