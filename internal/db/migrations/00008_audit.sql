-- +goose Up

-- What happened, for good (docs/decisions/0009-audit-chain.md). No column holds a name, an address or what somebody
-- typed: people stand here by pseudonyms, things by ids, and all else is a word of a list.
CREATE TABLE audit_entry (
    agency_id   TEXT NOT NULL REFERENCES agency(id),
    seq         BIGINT NOT NULL,               -- 1, 2, 3 … without a gap
    at          BIGINT NOT NULL,
    actor       TEXT NOT NULL,                 -- a pseudonym; empty where nobody in person acted, or a guest
    actor_kind  TEXT NOT NULL,                 -- staff, guest, system
    act         TEXT NOT NULL,
    object_kind TEXT NOT NULL,                 -- staff (a pseudonym), appointment, agency
    object_id   TEXT NOT NULL,
    detail      TEXT NOT NULL,                 -- codes: "outcome=held talk=…"
    prev        BYTEA NOT NULL,                -- hash of the entry before
    hash        BYTEA NOT NULL,                -- of all of the above, under a key that is not in the database
    PRIMARY KEY (agency_id, seq)
);
CREATE INDEX audit_entry_at ON audit_entry(agency_id, at, seq);
CREATE INDEX audit_entry_actor ON audit_entry(agency_id, actor, at, seq);
CREATE INDEX audit_entry_object ON audit_entry(agency_id, object_id, at, seq);

-- Where the chain ends, and where it begins since older entries were deleted.
CREATE TABLE audit_head (
    agency_id   TEXT PRIMARY KEY REFERENCES agency(id),
    seq         BIGINT NOT NULL,
    hash        BYTEA NOT NULL,
    anchor_seq  BIGINT NOT NULL,               -- the newest of the deleted entries, 0 if none
    anchor_hash BYTEA NOT NULL,
    mac         BYTEA NOT NULL                 -- of all of the above, under another key that is not in the database
);

-- Against mistakes of ours, not against whoever owns the database: entries never change, and only those go that lie
-- before the beginning.
-- +only sqlite
-- +goose StatementBegin
CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'audit_entry is append only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry
WHEN OLD.seq > COALESCE((SELECT anchor_seq FROM audit_head WHERE agency_id = OLD.agency_id), 0)
BEGIN
    SELECT RAISE(ABORT, 'audit_entry is append only');
END;
-- +goose StatementEnd
-- +only postgres
-- +goose StatementBegin
CREATE FUNCTION audit_entry_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.seq <= (SELECT anchor_seq FROM audit_head WHERE agency_id = OLD.agency_id) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_entry is append only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_entry_kept BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_kept();
CREATE TRIGGER audit_entry_whole BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_kept();
-- +only both
