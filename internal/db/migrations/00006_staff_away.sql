-- +goose Up

-- Beside the state, as with seats: null while who leads the talk has its window connected. Those windows have their rows
-- in seat_presence, too, as pages named 'staff:' and the person's id.
ALTER TABLE talk ADD COLUMN staff_away_since BIGINT;
