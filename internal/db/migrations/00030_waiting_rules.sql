-- +goose Up

-- How early the waiting room opens and how late a link works are decided like every other rule. What a service said
-- otherwise than it is now where nobody decides, it has decided; what it said alike, nobody may ever have said: every
-- service had a number. An agency that was given up has no rules.
INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at)
SELECT service.agency_id, 'service', service.id, 'waiting.early', CAST(service.early_minutes AS TEXT), FALSE, agency.created_at
FROM service JOIN agency ON agency.id = service.agency_id
WHERE service.early_minutes <> 10 AND agency.deleted_at IS NULL;
INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at)
SELECT service.agency_id, 'service', service.id, 'waiting.late', CAST(service.late_minutes AS TEXT), FALSE, agency.created_at
FROM service JOIN agency ON agency.id = service.agency_id
WHERE service.late_minutes <> 15 AND agency.deleted_at IS NULL;
ALTER TABLE service DROP COLUMN early_minutes;
ALTER TABLE service DROP COLUMN late_minutes;
