-- +goose Up

-- When the agency's directory gave an account another e-mail address, until somebody has shown that it is their letter box:
-- by signing in with it and the password, or by the link of an invitation. Until then whoever has forgotten the password gets
-- no link there: else a directory's key alone would open every account.
ALTER TABLE staff ADD COLUMN readdressed_at BIGINT;

-- Roughly what somebody has signed in with, so that they find the one again that they mean: two words of our own ("firefox
-- windows"), or fewer. It goes with the session, after a day at most.
ALTER TABLE staff_session ADD COLUMN device TEXT NOT NULL DEFAULT '';
