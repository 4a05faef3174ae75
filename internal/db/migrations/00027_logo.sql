-- +goose Up

-- The logo of each place that has one of its own, as guests are shown it: made anew from the file that was uploaded, with
-- nothing in it that acts. Nothing personal; it goes when the place takes it away.
CREATE TABLE logo (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    place_id  TEXT NOT NULL,
    version   TEXT NOT NULL,                   -- stands for what it shows, and says how large: 160x40-0123456789abcdef
    kind      TEXT NOT NULL,                   -- png, svg
    content   BYTEA NOT NULL,                  -- at most 64 kB
    PRIMARY KEY (agency_id, place_id)
);
CREATE INDEX logo_version ON logo(agency_id, version);
