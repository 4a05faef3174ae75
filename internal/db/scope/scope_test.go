package scope_test

import (
	"slices"
	"testing"

	"visavis/internal/db/scope"
)

func TestTEN01AStatementWithoutItsAgencyIsFound(t *testing.T) {
	rule := scope.Of([]string{"seat", "talk", "staff_desk", "desk", "department", "policy", "job"})
	for _, query := range []string{
		`SELECT id FROM seat WHERE agency_id = $1 AND id = $2`,
		`SELECT id FROM seat WHERE $1 = agency_id`,
		`SELECT id FROM seat WHERE id = $2 AND (agency_id = $1 AND state = 'waiting')`,
		`SELECT COUNT(*) FROM seat s WHERE s.agency_id = $1 AND (s.state = 'waiting' OR s.state = 'talking')`,
		`SELECT id FROM node WHERE lease_until < $1`,
		`SELECT seat.id FROM seat JOIN talk ON talk.agency_id = seat.agency_id WHERE seat.agency_id = $1`,
		`SELECT seat.id FROM seat JOIN talk ON talk.seat_id = seat.id WHERE seat.agency_id = $1 AND talk.agency_id = $1`,
		`SELECT seat.id FROM seat, talk WHERE seat.agency_id = talk.agency_id AND talk.agency_id = $1`,
		`SELECT seat.id FROM seat LEFT JOIN talk ON talk.agency_id = seat.agency_id AND talk.seat_id = seat.id WHERE seat.agency_id = $1`,
		`SELECT id FROM seat JOIN talk USING (agency_id, seat_id) WHERE seat.agency_id = $1`,
		`SELECT policy.value FROM agency JOIN policy ON policy.agency_id = agency.id WHERE agency.id = $1`,
		`SELECT agency.name FROM desk JOIN agency ON agency.id = desk.agency_id WHERE desk.agency_id = $1`,
		`SELECT id FROM seat WHERE agency_id = $1 UNION ALL SELECT id FROM talk WHERE agency_id = $1 ORDER BY id`,
		`SELECT id FROM seat WHERE agency_id = $1 AND NOT EXISTS (SELECT 1 FROM talk t WHERE t.agency_id = seat.agency_id AND t.seat_id = seat.id)`,
		`SELECT held.id FROM (SELECT id, agency_id FROM seat WHERE agency_id = $1) AS held`,
		`WITH open AS (SELECT id FROM seat WHERE agency_id = $1) SELECT id FROM open`,
		`SELECT CASE WHEN state = 'a' AND id = $2 THEN 1 ELSE 0 END FROM seat WHERE agency_id = $1 FOR UPDATE`,
		`UPDATE seat SET state = $2 WHERE agency_id = $1 RETURNING id`,
		`UPDATE seat SET state = (SELECT MAX(state) FROM talk WHERE agency_id = $1) WHERE agency_id = $1`,
		`DELETE FROM seat WHERE agency_id = $1 AND id IN (SELECT seat_id FROM talk WHERE agency_id = $1)`,
		`INSERT INTO seat (id, agency_id) VALUES ($1, $2)`,
		`INSERT INTO seat (id, agency_id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`,
		`INSERT INTO seat (id, agency_id) VALUES ($1, $2) ON CONFLICT (agency_id, id) DO UPDATE SET state = excluded.state`,
		`INSERT INTO seat (id, agency_id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET state = $3 WHERE seat.agency_id = excluded.agency_id`,
		`INSERT INTO desk (id, agency_id) SELECT $1, $2 FROM department WHERE agency_id = $2 AND id = $3`,
		`SELECT id FROM pragma_table_info(name)`,
		`SELECT id FROM seat WHERE agency_id = $%d`,
		"SELECT id FROM seat WHERE agency_id = \uFFFD AND id = \uFFFD",
		"SELECT id FROM seat WHERE agency_id = $1\uFFFD ORDER BY id",
		"SELECT id FROM seat WHERE agency_id = $1 AND id IN \uFFFD",
		"SELECT COUNT(*) FROM (\uFFFD) AS found",
		"\uFFFD AND id IN (SELECT location_id FROM desk WHERE agency_id = $1)",
		"\uFFFD JOIN talk ON talk.agency_id = seat.agency_id",
	} {
		if fault := rule.Fault(query); fault != "" {
			t.Errorf("%s: %s", fault, query)
		}
	}
	for _, query := range []string{
		`SELECT id FROM seat WHERE id = $1`,
		`SELECT id FROM seat`,
		`SELECT agency_id FROM seat WHERE id = $1`,
		`SELECT id FROM seat WHERE agency_id = $1 OR id = $2`,
		`SELECT id FROM seat WHERE (agency_id = $1 OR id = $2) AND state = 'waiting'`,
		`SELECT id FROM seat WHERE NOT agency_id = $1`,
		`SELECT id FROM seat WHERE agency_id <> $1`,
		`SELECT id FROM seat WHERE agency_id = agency_id`,
		`SELECT id FROM seat WHERE CASE WHEN $2 AND agency_id = $1 THEN TRUE ELSE TRUE END`,
		`select id from seat where id = $1`,
		`DELETE FROM seat`,
		`UPDATE seat SET agency_id = $1 WHERE id = $2`,
		`UPDATE seat SET agency_id = $1 WHERE agency_id = $2`,
		`INSERT INTO seat (id, state) VALUES ($1, $2)`,
		`INSERT INTO seat VALUES ($1, $2)`,
		`INSERT INTO seat (id, agency_id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET state = excluded.state`,
		`INSERT INTO desk (id, agency_id) SELECT $1, $2 FROM department WHERE id = $3`,
		`SELECT seat.id FROM seat JOIN talk ON talk.seat_id = seat.id WHERE seat.agency_id = $1`,
		`SELECT seat.id FROM seat, talk WHERE seat.agency_id = $1`,
		`SELECT seat.id FROM seat JOIN talk ON talk.agency_id = seat.agency_id WHERE seat.id = $1`,
		`SELECT seat.id FROM seat JOIN talk ON talk.agency_id = $2 WHERE seat.agency_id = $1`,
		`SELECT seat.id FROM seat LEFT JOIN talk ON talk.seat_id = seat.id AND seat.agency_id = $1`,
		`SELECT seat.id FROM seat RIGHT JOIN talk ON talk.agency_id = $1 AND seat.agency_id = $1`,
		`SELECT id FROM seat JOIN talk USING (seat_id) WHERE seat.agency_id = $1`,
		`SELECT agency.slug FROM agency JOIN policy ON policy.agency_id = agency.id`,
		`SELECT id FROM seat WHERE agency_id = $1 UNION SELECT id FROM talk WHERE id = $2`,
		`SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND desk_id IN (SELECT desk_id FROM staff_desk WHERE desk = $2)`,
		`SELECT id FROM seat WHERE EXISTS (SELECT 1 FROM talk WHERE talk.agency_id = $1 AND talk.agency_id = seat.agency_id)`,
		`SELECT (SELECT COUNT(*) FROM seat), 1`,
		`SELECT held.id FROM (SELECT id, agency_id FROM seat) AS held WHERE held.agency_id = $1`,
		`SELECT id FROM (seat JOIN talk ON talk.seat_id = seat.id)`,
		`WITH open AS (SELECT id FROM seat) SELECT id FROM open`,
		`DELETE FROM seat USING talk WHERE seat.agency_id = $1 AND talk.id = seat.id`,
		`UPDATE seat SET state = (SELECT MAX(state) FROM talk) WHERE agency_id = $1`,
		"DELETE FROM \uFFFD WHERE id = $1",
		"DELETE FROM staff_\uFFFD WHERE id = $1",
		"INSERT INTO \uFFFD (id) VALUES ($1)",
		"SELECT id FROM seat\uFFFD",
		"SELECT id FROM seat WHERE id IN \uFFFD",
		"\uFFFD AND id IN (SELECT seat_id FROM talk WHERE seat_id = $2)",
		"\uFFFD JOIN talk ON talk.seat_id = seat.id",
		" OR id = $3",
		"\uFFFD OR id = $3",
		`FROM seat WHERE id = $1`,
		`DELETE FROM %[1]s WHERE id = $1`,
	} {
		if fault := rule.Fault(query); fault == "" || !scope.Statement(query) {
			t.Errorf("not found: %s", query)
		}
	}
}

func TestWhatIsNoStatementIsNotTakenForOne(t *testing.T) {
	for _, text := range []string{
		"read seat: not found", "select one of these", "update the seat", "Invitations that could not be sent", "GET /api/staff", "or else",
	} {
		if scope.Statement(text) {
			t.Error(text)
		}
	}
}

func TestAnExceptionIsOfOnePackageAndOneStatement(t *testing.T) {
	if names := scope.Exceptions(); len(names) == 0 || slices.Contains(names, "") {
		t.Error(names)
	}
	known := "DELETE FROM node\n\t\tWHERE id = $1"
	for room, want := range map[string]bool{"internal/seat": true, "internal/talk": false} {
		if _, reason := scope.Across(room, known); (reason != "") != want {
			t.Errorf("%s: %q", room, reason)
		}
	}
}
