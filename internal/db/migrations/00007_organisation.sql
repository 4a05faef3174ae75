-- +goose Up

-- What an agency itself calls a place or a service: an import finds by it what is there already.
ALTER TABLE department ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE location ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE desk ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE service ADD COLUMN code TEXT NOT NULL DEFAULT '';
UPDATE department SET code = id;
UPDATE location SET code = id;
UPDATE desk SET code = id;
UPDATE service SET code = id;
CREATE UNIQUE INDEX department_code ON department(agency_id, code);
CREATE UNIQUE INDEX location_code ON location(agency_id, code);
CREATE UNIQUE INDEX desk_code ON desk(agency_id, code);
CREATE UNIQUE INDEX service_code ON service(agency_id, code);

-- Null while it is in use. What is closed stays: appointments of former times name it.
ALTER TABLE department ADD COLUMN closed_at BIGINT;
ALTER TABLE location ADD COLUMN closed_at BIGINT;
ALTER TABLE desk ADD COLUMN closed_at BIGINT;
ALTER TABLE service ADD COLUMN closed_at BIGINT;

CREATE INDEX desk_department ON desk(agency_id, department_id);
CREATE INDEX desk_location ON desk(agency_id, location_id);

-- What people type to find something, without capitals and accents; it begins with the name, and orders lists.
ALTER TABLE location ADD COLUMN search TEXT NOT NULL DEFAULT '';
ALTER TABLE desk ADD COLUMN search TEXT NOT NULL DEFAULT '';
ALTER TABLE staff ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE location SET search = lower(replace(replace(replace(replace(replace(replace(replace(
    name || ' ' || city, 'ä', 'a'), 'ö', 'o'), 'ü', 'u'), 'Ä', 'a'), 'Ö', 'o'), 'Ü', 'u'), 'ß', 'ss'));
UPDATE desk SET search = lower(replace(replace(replace(replace(replace(replace(replace(
    name, 'ä', 'a'), 'ö', 'o'), 'ü', 'u'), 'Ä', 'a'), 'Ö', 'o'), 'Ü', 'u'), 'ß', 'ss'));
UPDATE staff SET search = lower(replace(replace(replace(replace(replace(replace(replace(
    name || ' ' || email, 'ä', 'a'), 'ö', 'o'), 'ü', 'u'), 'Ä', 'a'), 'Ö', 'o'), 'Ü', 'u'), 'ß', 'ss'));
CREATE INDEX location_search ON location(agency_id, search, id);
CREATE INDEX desk_search ON desk(agency_id, search, id);
CREATE INDEX staff_search ON staff(agency_id, search, id);

-- What a person may do, and where: at a place and at everything below it.
CREATE TABLE staff_role (
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    staff_id   TEXT NOT NULL REFERENCES staff(id),
    role       TEXT NOT NULL,
    place_kind TEXT NOT NULL,                  -- agency, department, location, desk
    place_id   TEXT NOT NULL,
    source     TEXT NOT NULL,                  -- hand, import, claim, scim, substitute: each takes back only what it gave
    from_at    BIGINT NOT NULL,
    until_at   BIGINT,                         -- null: without end
    given_by   TEXT REFERENCES staff(id),      -- null: nobody in person
    given_at   BIGINT NOT NULL,
    PRIMARY KEY (agency_id, staff_id, role, place_id, source)
);
CREATE INDEX staff_role_place ON staff_role(agency_id, place_id);
INSERT INTO staff_role (agency_id, staff_id, role, place_kind, place_id, source, from_at, given_at)
SELECT staff_desk.agency_id, staff_desk.staff_id, staff.role, 'desk', staff_desk.desk_id, 'hand', staff.created_at, staff.created_at
FROM staff_desk JOIN staff ON staff.agency_id = staff_desk.agency_id AND staff.id = staff_desk.staff_id;

-- From here on staff_desk is made from staff_role: where a person works at present, and in which role at the most.
ALTER TABLE staff_desk ADD COLUMN role TEXT NOT NULL DEFAULT 'advisor';
UPDATE staff_desk SET role = (
    SELECT staff.role FROM staff WHERE staff.agency_id = staff_desk.agency_id AND staff.id = staff_desk.staff_id);
CREATE INDEX staff_desk_desk ON staff_desk(agency_id, desk_id);
ALTER TABLE staff DROP COLUMN role;

-- What a place has decided for itself and for what is below it; who has not decided has what is decided above.
CREATE TABLE policy (
    agency_id  TEXT NOT NULL REFERENCES agency(id),
    place_kind TEXT NOT NULL,                  -- agency, department, service, location, desk
    place_id   TEXT NOT NULL,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,                  -- JSON
    fixed      BOOLEAN NOT NULL,               -- nobody below may decide otherwise
    changed_at BIGINT NOT NULL,
    changed_by TEXT REFERENCES staff(id),      -- null: an import
    PRIMARY KEY (agency_id, place_id, name)
);
