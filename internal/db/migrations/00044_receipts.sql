-- +goose Up

-- When a guest was there and has left again: a receipt says it, and whoever leaves is no longer arrived. As "from-until" in
-- milliseconds, a few of them, with blanks between.
ALTER TABLE seat ADD COLUMN visits TEXT NOT NULL DEFAULT '';

-- The appointment after which this one was booked, at its end: whose page is still open is told of it.
ALTER TABLE appointment ADD COLUMN follows TEXT;
CREATE INDEX appointment_follows ON appointment(agency_id, follows) WHERE follows IS NOT NULL;
