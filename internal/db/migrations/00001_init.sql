-- One text for SQLite and PostgreSQL (docs/decisions/0002-one-sql-text.md):
-- ids are TEXT, times BIGINT milliseconds UTC, secrets and sealed fields BYTEA.
-- Columns named *_sealed hold AES-256-GCM envelopes; *_hash hold SHA-256 values.
-- No column anywhere holds a network address.

-- +goose Up

CREATE TABLE agency (
    id          TEXT PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,          -- in links: /t/{slug}
    name        TEXT NOT NULL,
    phone       TEXT NOT NULL,
    phone_hours TEXT NOT NULL,                 -- as people read it, per language as JSON {"de": …, "en": …}
    key_wrapped BYTEA NOT NULL,                -- the agency's data key, wrapped by the installation's key
    created_at  BIGINT NOT NULL
);

CREATE TABLE department (
    id        TEXT PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agency(id),
    name      TEXT NOT NULL
);
CREATE INDEX department_agency ON department(agency_id);

CREATE TABLE location (
    id        TEXT PRIMARY KEY,
    agency_id TEXT NOT NULL REFERENCES agency(id),
    name      TEXT NOT NULL,
    city      TEXT NOT NULL,
    phone     TEXT NOT NULL
);
CREATE INDEX location_agency ON location(agency_id);

CREATE TABLE desk (
    id            TEXT PRIMARY KEY,
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    department_id TEXT NOT NULL REFERENCES department(id),
    location_id   TEXT NOT NULL REFERENCES location(id),
    name          TEXT NOT NULL
);
CREATE INDEX desk_agency ON desk(agency_id);

CREATE TABLE service (
    id            TEXT PRIMARY KEY,
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    department_id TEXT NOT NULL REFERENCES department(id),
    name          TEXT NOT NULL,               -- JSON {"de": …, "en": …}
    minutes       BIGINT NOT NULL,
    early_minutes BIGINT NOT NULL,             -- how long before the start the waiting room opens
    late_minutes  BIGINT NOT NULL              -- how long after the end the link still works
);
CREATE INDEX service_agency ON service(agency_id);

CREATE TABLE staff (
    id            TEXT PRIMARY KEY,
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    email         TEXT NOT NULL,               -- staff sign in with it; lower case
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,               -- argon2id in PHC format
    disabled_at   BIGINT,
    created_at    BIGINT NOT NULL,
    UNIQUE (agency_id, email)
);

CREATE TABLE staff_desk (
    agency_id TEXT NOT NULL REFERENCES agency(id),
    staff_id  TEXT NOT NULL REFERENCES staff(id),
    desk_id   TEXT NOT NULL REFERENCES desk(id),
    PRIMARY KEY (agency_id, staff_id, desk_id)
);

CREATE TABLE staff_session (
    token_hash BYTEA PRIMARY KEY,
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    staff_id   TEXT NOT NULL REFERENCES staff(id),
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX staff_session_staff ON staff_session(agency_id, staff_id);

CREATE TABLE appointment (
    id             TEXT PRIMARY KEY,
    agency_id      TEXT NOT NULL REFERENCES agency(id),
    desk_id        TEXT NOT NULL REFERENCES desk(id),
    service_id     TEXT NOT NULL REFERENCES service(id),
    advisor_id     TEXT REFERENCES staff(id),  -- null: anybody of the desk
    starts_at      BIGINT NOT NULL,
    ends_at        BIGINT NOT NULL,
    status         TEXT NOT NULL,              -- booked, done, cancelled
    outcome        TEXT,                       -- held, phone, technical, noshow, cancelled
    citizen_sealed BYTEA NOT NULL,             -- name, e-mail, phone as one JSON envelope
    language       TEXT NOT NULL,
    invite_version BIGINT NOT NULL,            -- ICS SEQUENCE; rises with every move
    mail_state     TEXT NOT NULL,              -- of the newest mail about it: none, queued, sent, failed
    created_by     TEXT NOT NULL REFERENCES staff(id),
    created_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL             -- optimistic lock
);
CREATE INDEX appointment_day ON appointment(agency_id, desk_id, starts_at);

CREATE TABLE seat (
    id              TEXT PRIMARY KEY,
    agency_id       TEXT NOT NULL REFERENCES agency(id),
    appointment_id  TEXT NOT NULL REFERENCES appointment(id),
    desk_id         TEXT NOT NULL REFERENCES desk(id),
    state           TEXT NOT NULL,             -- expected, waiting, talking, closed
    closed_reason   TEXT,                      -- held, phone, technical, noshow, cancelled, expired
    door            TEXT,                      -- link, code, phone, room
    mode            TEXT,                      -- video, audio, text
    link_version    BIGINT NOT NULL,           -- which derived link is alive
    opened_at       BIGINT,                    -- latest click on the landing page
    check_failed_at BIGINT,
    arrived_at      BIGINT,
    away_since      BIGINT,                    -- beside the state: null while the page is connected
    hidden_since    BIGINT,                    -- page connected but not on the screen (locked phone, other app)
    holder_hash     BYTEA,                     -- the browser that holds the seat
    holder_page     TEXT,                      -- and the page in it
    asking_hash     BYTEA,                     -- a browser that asks to take over a talk
    asking_page     TEXT,
    asking_refused  BOOLEAN NOT NULL,          -- and was told no
    prepared_sealed BYTEA,                     -- the waiting page's commitment and offer, ready for admission
    closed_at       BIGINT,
    version         BIGINT NOT NULL
);
CREATE INDEX seat_appointment ON seat(agency_id, appointment_id);
CREATE INDEX seat_desk_state ON seat(agency_id, desk_id, state);

-- Links are derived from a key outside the database; here only their hashes.
-- Dead links stay, so that the page can say why.
CREATE TABLE seat_link (
    agency_id   TEXT NOT NULL REFERENCES agency(id),
    hash        BYTEA NOT NULL,
    seat_id     TEXT NOT NULL REFERENCES seat(id),
    version     BIGINT NOT NULL,
    dead_reason TEXT,                          -- moved, cancelled
    PRIMARY KEY (agency_id, hash)
);
CREATE INDEX seat_link_seat ON seat_link(agency_id, seat_id);

-- Browsers that have shown the secret of a seat; at most 20 for one seat.
CREATE TABLE seat_browser (
    agency_id    TEXT NOT NULL REFERENCES agency(id),
    seat_id      TEXT NOT NULL REFERENCES seat(id),
    browser_hash BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (agency_id, seat_id, browser_hash)
);

-- Connected guest pages; a row counts while its node's lease is valid.
CREATE TABLE seat_presence (
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    seat_id    TEXT NOT NULL REFERENCES seat(id),
    page       TEXT NOT NULL,
    node_id    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agency_id, seat_id, page, node_id)
);
CREATE INDEX seat_presence_node ON seat_presence(node_id);

CREATE TABLE node (
    id         TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);

CREATE TABLE talk (
    id            TEXT PRIMARY KEY,
    agency_id     TEXT NOT NULL REFERENCES agency(id),
    seat_id       TEXT NOT NULL REFERENCES seat(id),
    desk_id       TEXT NOT NULL REFERENCES desk(id),
    staff_id      TEXT NOT NULL REFERENCES staff(id),
    media_id      TEXT NOT NULL UNIQUE,        -- 8 random bytes, hex: the relay's name for the talk
    generation    BIGINT NOT NULL,
    guest_restart BIGINT NOT NULL,             -- ICE restarts within the generation, per leg
    staff_restart BIGINT NOT NULL,
    admitted_at   BIGINT NOT NULL,
    ring_until    BIGINT,                      -- the guest is being called; null once entered
    entered_at    BIGINT,
    connected_at  BIGINT,
    ended_at      BIGINT,
    signal_head   BIGINT NOT NULL,             -- number of the newest signal
    guest_print   TEXT,                        -- certificates' fingerprints of this generation
    staff_print   TEXT,
    revealed_at   BIGINT,                      -- the guest has opened its commitment
    version       BIGINT NOT NULL
);
CREATE INDEX talk_seat ON talk(agency_id, seat_id);
CREATE UNIQUE INDEX talk_live ON talk(seat_id) WHERE ended_at IS NULL;

-- One signalling queue per talk, replayed after a stream gap; emptied when the talk ends.
CREATE TABLE talk_signal (
    agency_id   TEXT NOT NULL REFERENCES agency(id),
    talk_id     TEXT NOT NULL REFERENCES talk(id),
    seq         BIGINT NOT NULL,
    generation  BIGINT NOT NULL,
    side        TEXT NOT NULL,                 -- the reader: guest or staff
    kind        TEXT NOT NULL,
    body_sealed BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (agency_id, talk_id, seq)
);

-- What the relay needs to check a leg's address: the browser's ICE credentials.
CREATE TABLE talk_leg (
    ufrag          TEXT PRIMARY KEY,
    agency_id      TEXT NOT NULL REFERENCES agency(id),
    talk_id        TEXT NOT NULL REFERENCES talk(id),
    browser_sealed BYTEA NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX talk_leg_talk ON talk_leg(agency_id, talk_id);

-- What a desk has to do: call back, find a new time.
CREATE TABLE task (
    id             TEXT PRIMARY KEY,
    agency_id      TEXT NOT NULL REFERENCES agency(id),
    desk_id        TEXT NOT NULL REFERENCES desk(id),
    appointment_id TEXT NOT NULL REFERENCES appointment(id),
    kind           TEXT NOT NULL,              -- callback, move
    body_sealed    BYTEA NOT NULL,
    created_at     BIGINT NOT NULL,
    done_at        BIGINT,
    done_by        TEXT REFERENCES staff(id)
);
CREATE INDEX task_desk ON task(agency_id, desk_id, done_at);

-- Durable queue; carries ids only, never content.
CREATE TABLE job (
    id          TEXT PRIMARY KEY,
    agency_id   TEXT NOT NULL,
    kind        TEXT NOT NULL,
    unique_key  TEXT NOT NULL,
    ref         TEXT NOT NULL,
    run_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    lease_until BIGINT,
    lease_owner TEXT,
    dead_at     BIGINT,
    last_error  TEXT,                          -- a code, never a sentence of a foreign server
    UNIQUE (kind, unique_key)
);
CREATE INDEX job_due ON job(run_at) WHERE dead_at IS NULL;

-- Numbered changes per topic; the number is taken inside the transaction under the topic's row lock.
CREATE TABLE stream (
    agency_id TEXT NOT NULL,
    topic     TEXT NOT NULL,
    head      BIGINT NOT NULL,
    PRIMARY KEY (agency_id, topic)
);
CREATE TABLE stream_change (
    agency_id  TEXT NOT NULL,
    topic      TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    ref        TEXT NOT NULL,                  -- an id, never content
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agency_id, topic, seq)
);
CREATE INDEX stream_change_age ON stream_change(created_at);
