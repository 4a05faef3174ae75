-- +goose Up

-- When an account's name and address were deleted. Its row stays, since others name it.
ALTER TABLE staff ADD COLUMN erased_at BIGINT;
CREATE INDEX staff_disabled ON staff(agency_id, disabled_at) WHERE disabled_at IS NOT NULL AND erased_at IS NULL;

-- Each hour somebody looks for what has been kept long enough.
CREATE INDEX appointment_over ON appointment(agency_id, service_id, ends_at);
