-- +goose Up

-- Each text about the legal basis that guests were shown, or may be. A changed text is another one, none is ever changed,
-- and none is deleted while the agency is there: it says what people agreed to. Nothing personal.
CREATE TABLE legal_text (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    version   TEXT NOT NULL,                   -- stands for what it says
    said      TEXT NOT NULL,                   -- JSON, by language
    kept_at   BIGINT NOT NULL,
    PRIMARY KEY (agency_id, version)
);

-- What the guest was shown, and agreed to where that is asked for. They go with the seat.
ALTER TABLE seat ADD COLUMN notice_version TEXT;
ALTER TABLE seat ADD COLUMN consent_version TEXT;  -- null: not agreed, or taken back
ALTER TABLE seat ADD COLUMN consented_at BIGINT;
