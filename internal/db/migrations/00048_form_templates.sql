-- +goose Up

-- Forms that a place of the agency has defined, to be filled in together in talks at its desks. What stands in them while
-- somebody fills them in is nowhere here.
CREATE TABLE form_template (
    id         TEXT PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    place_kind TEXT NOT NULL,
    place_id   TEXT NOT NULL,
    called     TEXT NOT NULL, -- the German title, folded: there is one of each at a place
    title      TEXT NOT NULL, -- by language
    fields     BIGINT NOT NULL, -- how many
    content    TEXT NOT NULL,
    version    BIGINT NOT NULL,
    UNIQUE (agency_id, place_id, called)
);
