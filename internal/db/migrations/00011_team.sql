-- +goose Up

-- What a desk says to somebody who waits, and what is answered. Rows go with the wait.
CREATE TABLE seat_message (
    id            TEXT PRIMARY KEY,
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    seat_id       TEXT NOT NULL REFERENCES seat(id),
    staff_id      TEXT NOT NULL REFERENCES staff(id),
    body_sealed   BYTEA NOT NULL,
    sent_at       BIGINT NOT NULL,
    answer_sealed BYTEA,
    answered_at   BIGINT
);
CREATE INDEX seat_message_seat ON seat_message(agency_id, seat_id, sent_at);

-- By how much a desk, or one of its people, says to be late. What was said on another day counts no more.
CREATE TABLE late (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    who       TEXT NOT NULL,                   -- id of a desk or of a member of staff
    minutes   BIGINT NOT NULL,
    until_at  BIGINT NOT NULL,
    said_by   TEXT NOT NULL REFERENCES staff(id),
    PRIMARY KEY (agency_id, who)
);

-- What who hands an appointment to a colleague lets them know; gone when it is over.
ALTER TABLE appointment ADD COLUMN note_sealed BYTEA;
ALTER TABLE appointment ADD COLUMN note_by TEXT REFERENCES staff(id);

-- How long somebody who waits can stay, as they have said.
ALTER TABLE seat ADD COLUMN stay_until BIGINT;
