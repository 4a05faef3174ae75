-- +goose Up
-- Each booking looks for what else an advisor has at its time.
CREATE INDEX appointment_advisor ON appointment(agency_id, advisor_id, starts_at);
