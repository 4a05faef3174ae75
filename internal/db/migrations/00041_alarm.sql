-- +goose Up

-- Who leads a talk has called colleagues for help; all of it is empty again once the talk is over.
ALTER TABLE talk ADD COLUMN alarm_at BIGINT;
ALTER TABLE talk ADD COLUMN alarm_answered_by TEXT; -- the colleague who comes
CREATE INDEX talk_alarm ON talk(agency_id, seat_id) WHERE alarm_at IS NOT NULL; -- each list that is opened asks
