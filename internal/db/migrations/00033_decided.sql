-- +goose Up

-- What people have decided and a backup of before does not know: of each account and each rule on how long data is kept
-- the last decision. It stands once more in a file beside the database (docs/decisions/0016-what-a-backup-does-not-know.md).
CREATE TABLE decided (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    what      TEXT NOT NULL,                   -- account, or the name of a rule
    object_id TEXT NOT NULL,                   -- of the account or the place
    value     TEXT NOT NULL,                   -- disabled, enabled; of a rule its days, or above
    at        BIGINT NOT NULL,
    PRIMARY KEY (agency_id, object_id, what)
);

INSERT INTO decided (agency_id, what, object_id, value, at)
SELECT staff.agency_id, 'account', staff.id, 'disabled', staff.disabled_at
FROM staff JOIN agency ON agency.id = staff.agency_id AND agency.deleted_at IS NULL
WHERE staff.disabled_at IS NOT NULL AND staff.erased_at IS NULL;

INSERT INTO decided (agency_id, what, object_id, value, at)
SELECT agency_id, name, place_id, CASE WHEN fixed THEN value || ',fixed' ELSE value END, changed_at
FROM policy WHERE name IN ('kept.appointments', 'kept.accounts', 'kept.audit');
