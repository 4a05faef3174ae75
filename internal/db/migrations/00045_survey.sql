-- +goose Up

-- What guests have said after their talks, added up: no row is what one of them said. The month is that in which they said
-- it, by the office's clock (2026-11).
CREATE TABLE survey_count (
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    department_id TEXT NOT NULL REFERENCES department(id),
    month         TEXT NOT NULL,
    question      TEXT NOT NULL,
    answer        TEXT NOT NULL,
    n             BIGINT NOT NULL,
    PRIMARY KEY (agency_id, month, department_id, question, answer)
);

-- What they have written beside it, sealed. The id is drawn by lot, so that it tells no order.
CREATE TABLE survey_line (
    id            TEXT PRIMARY KEY,
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    department_id TEXT NOT NULL REFERENCES department(id),
    month         TEXT NOT NULL,
    text_sealed   BYTEA NOT NULL
);
CREATE INDEX survey_line_month ON survey_line(agency_id, month, department_id);

-- At which seats nobody is asked any more. Neither what was said there nor when.
CREATE TABLE survey_done (
    seat_id   TEXT PRIMARY KEY REFERENCES seat(id),
    agency_id TEXT NOT NULL REFERENCES agency(id)
);
CREATE INDEX survey_done_agency ON survey_done(agency_id);
