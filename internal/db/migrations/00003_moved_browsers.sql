-- +goose Up
-- The link that a browser has shown: after a move it is an older one than the seat's, and the browser is told so.
ALTER TABLE seat_browser ADD COLUMN link_version BIGINT NOT NULL DEFAULT 1;
UPDATE seat_browser SET link_version = (
    SELECT link_version FROM seat WHERE seat.agency_id = seat_browser.agency_id AND seat.id = seat_browser.seat_id);
