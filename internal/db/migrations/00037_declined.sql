-- +goose Up

-- Why somebody declined what another had asked for, in their words; deleted after a month (docs/operator/retention.md).
ALTER TABLE approval ADD COLUMN reason_sealed BYTEA;
-- When who had asked has read that it was declined. Until then it is told them first; what is long over is no news.
ALTER TABLE approval ADD COLUMN read_at BIGINT;
UPDATE approval SET read_at = decided_at WHERE decided_at IS NOT NULL;
