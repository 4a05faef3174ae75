-- +goose Up

-- Somebody's desks are settled when a role of theirs begins or ends. Roles that were given for a time before have no job
-- for it yet: it comes at once, and plans the next.
INSERT INTO job (id, agency_id, kind, unique_key, ref, run_at, attempts)
SELECT DISTINCT 'settle-' || staff_id, agency_id, 'staff.settle', staff_id, staff_id, 0, 0 FROM staff_role WHERE until_at IS NOT NULL;

-- Who substitutes at a desk.
CREATE INDEX staff_role_substitutes ON staff_role(agency_id, place_id, source, until_at);
