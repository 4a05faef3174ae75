-- +goose Up

-- Which accounts the demonstration has made: by them its agency is known, and none of them is made twice. They stay when the
-- account is erased.
CREATE TABLE demo_account (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    email     TEXT NOT NULL,                   -- invented, at example.org
    staff_id  TEXT REFERENCES staff(id),       -- null: it was erased before there was this table, or may have been
    PRIMARY KEY (agency_id, email)
);

-- Nobody else has these addresses: example.org receives nothing (RFC 2606).
INSERT INTO demo_account (agency_id, email, staff_id)
SELECT staff.agency_id, staff.email, staff.id
FROM staff JOIN agency ON agency.id = staff.agency_id AND agency.slug = 'demo' AND agency.deleted_at IS NULL
WHERE staff.email IN ('aylin.demir@example.org', 'jonas.weber@example.org', 'katharina.vogt@example.org', 'mehmet.aksoy@example.org',
    'sabine.krueger@example.org', 'renate.schulz@example.org', 'thomas.reuter@example.org', 'martina.lorenz@example.org',
    'ruth.hartmann@example.org', 'claudia.brandes@example.org', 'kerem.yilmaz@example.org');

-- Where accounts were erased, those that are missing may be the ones.
INSERT INTO demo_account (agency_id, email, staff_id)
SELECT DISTINCT demo_account.agency_id, missing.email, CAST(NULL AS TEXT)
FROM demo_account
CROSS JOIN (SELECT 'renate.schulz@example.org' AS email UNION ALL SELECT 'thomas.reuter@example.org' UNION ALL
    SELECT 'martina.lorenz@example.org' UNION ALL SELECT 'ruth.hartmann@example.org' UNION ALL
    SELECT 'claudia.brandes@example.org' UNION ALL SELECT 'kerem.yilmaz@example.org') AS missing
WHERE EXISTS (SELECT 1 FROM staff WHERE staff.agency_id = demo_account.agency_id AND staff.erased_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM demo_account AS known WHERE known.agency_id = demo_account.agency_id AND known.email = missing.email);
