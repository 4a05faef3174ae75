-- +goose Up

-- Reminders wait for weeks. Whose turn is next is read from the beginning of an index, however many they are: of the jobs
-- that nobody works at from job_due, of those that somebody does from this one.
CREATE INDEX job_leased ON job(lease_until) WHERE lease_until IS NOT NULL AND dead_at IS NULL;
