-- +goose Up

-- Before a row is deleted, the database looks for rows that refer to it: by its id alone, which is unique across agencies.
-- An index that begins with the agency does not help it, and each deleted row cost a look at all rows of all agencies.
-- Ids find as well what is asked for by agency and id, so these take the place of those that began with the agency.
CREATE INDEX seat_by_appointment ON seat(appointment_id);
DROP INDEX seat_appointment;
CREATE INDEX task_by_appointment ON task(appointment_id);
DROP INDEX task_appointment;
CREATE INDEX seat_link_by_seat ON seat_link(seat_id);
DROP INDEX seat_link_seat;
CREATE INDEX seat_message_by_seat ON seat_message(seat_id, sent_at);
DROP INDEX seat_message_seat;
CREATE INDEX talk_leg_by_talk ON talk_leg(talk_id);
DROP INDEX talk_leg_talk;
-- The agency's own stays here: by it an agency's talks are found when it is given up, among those of all others.
CREATE INDEX talk_by_seat ON talk(seat_id);
-- These have a primary key that begins with the agency.
CREATE INDEX seat_browser_by_seat ON seat_browser(seat_id);
CREATE INDEX seat_presence_by_seat ON seat_presence(seat_id);
CREATE INDEX talk_signal_by_talk ON talk_signal(talk_id);
CREATE INDEX scim_member_by_group ON scim_member(group_id);
