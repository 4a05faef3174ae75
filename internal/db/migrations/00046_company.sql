-- +goose Up
-- More than one guest in an appointment: who accompanies or represents the citizen, or interprets, has a seat of their own,
-- with their own link and language. What they are called stands with the seat; the citizen's name, with the appointment.
ALTER TABLE seat ADD COLUMN role TEXT NOT NULL DEFAULT 'citizen'; -- citizen, companion, representative, interpreter
ALTER TABLE seat ADD COLUMN name_sealed BYTEA;                    -- null: the citizen's
ALTER TABLE seat ADD COLUMN language TEXT;                        -- null: the appointment's
ALTER TABLE seat ADD COLUMN invited_at BIGINT;                    -- null: with the appointment
CREATE INDEX seat_company ON seat(agency_id, appointment_id) WHERE role <> 'citizen';

-- A talk with one of them belongs to the citizen's, and ends with it.
ALTER TABLE talk ADD COLUMN beside TEXT;
CREATE INDEX talk_beside ON talk(agency_id, beside);
