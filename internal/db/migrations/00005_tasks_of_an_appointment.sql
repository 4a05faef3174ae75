-- +goose Up

-- Each view of a seat reads the tasks about it.
CREATE INDEX task_appointment ON task(agency_id, appointment_id);
