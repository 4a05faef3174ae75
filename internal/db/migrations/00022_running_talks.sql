-- +goose Up
-- Each guest who waits is told how long it takes by the talks that are running; there are few of them among all that ever
-- were.
CREATE INDEX talk_running_staff ON talk(agency_id, staff_id) WHERE ended_at IS NULL;
CREATE INDEX talk_running_desk ON talk(agency_id, desk_id) WHERE ended_at IS NULL;
