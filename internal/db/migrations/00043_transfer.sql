-- +goose Up

-- Who leads a talk asks a colleague, or a desk, to go on with it; all of it is empty again once somebody does, or the talk
-- is over.
ALTER TABLE talk ADD COLUMN transfer_at BIGINT;
ALTER TABLE talk ADD COLUMN transfer_desk TEXT;
ALTER TABLE talk ADD COLUMN transfer_to TEXT; -- the one colleague who is asked; NULL: anybody at the desk
ALTER TABLE talk ADD COLUMN transfer_sealed BYTEA; -- what they are to know
ALTER TABLE talk ADD COLUMN transfer_by TEXT; -- the colleague who has accepted
ALTER TABLE talk ADD COLUMN transfer_ready_at BIGINT; -- since when they are waited for
ALTER TABLE talk ADD COLUMN transfer_no TEXT; -- why not: a code
ALTER TABLE talk ADD COLUMN transfer_no_by TEXT; -- and who has said so
CREATE INDEX talk_transfer ON talk(agency_id, transfer_desk) WHERE transfer_at IS NOT NULL; -- each list that is opened asks

-- No other device may ask to take over the talk that runs.
ALTER TABLE seat ADD COLUMN locked BOOLEAN NOT NULL DEFAULT FALSE;
