-- +goose Up

-- Each page that waits asks whose talk was interrupted at its desk: few, if any, of all who wait there.
CREATE INDEX seat_passed ON seat(agency_id, desk_id, state) WHERE passed_at IS NOT NULL;
