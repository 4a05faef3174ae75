-- +goose Up

-- When a guest was there and has left again: a receipt says it, and whoever leaves is no longer arrived. As "from-until" in
-- milliseconds, a few of them, with blanks between.
ALTER TABLE seat ADD COLUMN visits TEXT NOT NULL DEFAULT '';
