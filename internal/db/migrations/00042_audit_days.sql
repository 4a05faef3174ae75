-- +goose Up

-- The longest that the installation has ever said for an agency that has decided nothing: else whoever configures it could
-- shorten alone what two people of the agency have to want.
ALTER TABLE agency ADD COLUMN audit_days BIGINT NOT NULL DEFAULT 0;
