package scope

import "strings"

// across are the statements that touch rows of more than one agency on purpose, each by its package and beginning, with
// the reason.
var across = map[string]string{
	"internal/db: SELECT COALESCE(MAX(version_id), 0) FROM \uFFFD WHERE is_applied":           "which migrations there were",
	"internal/seat: SELECT DISTINCT agency_id, seat_id FROM seat_presence WHERE node_id = $1": "a node that died served all agencies",
	"internal/seat: DELETE FROM node":                                                             "a node that died served all agencies",
	"internal/talk: SELECT talk_leg.agency_id, talk_leg.browser_sealed FROM talk_leg":             "the relay knows no agencies; the leg's name is unguessable",
	"internal/agency: SELECT agency.slug FROM agency JOIN policy":                                 "for doctors, who look at all agencies at once",
	"internal/staff: DELETE FROM staff_session WHERE expires_at <= $1":                            "age is the only criterion",
	"internal/staff: DELETE FROM staff_link WHERE until_at <= $1":                                 "age is the only criterion",
	"internal/staff: DELETE FROM staff_pairing WHERE until_at <= $1":                              "age is the only criterion",
	"internal/staff: DELETE FROM staff_once WHERE until_at <= $1":                                 "age is the only criterion",
	"internal/decided: SELECT agency_id, what, object_id, value, at FROM decided":                 "the list beside the database is the installation's",
	"internal/events: DELETE FROM stream_change WHERE created_at < $1":                            "age is the only criterion",
	"internal/jobs: UPDATE job SET lease_until = $1, lease_owner = $2":                            "whoever is free does what is due first, of whatever agency",
	"internal/jobs: SELECT (SELECT run_at FROM job WHERE dead_at IS NULL AND lease_until IS NULL": "when the next is due, of whatever agency",
}

// Across tells why a statement of a package may touch rows of more than one agency, and the exception's name; empty: it
// may not.
func Across(room, text string) (exception, reason string) {
	line := room + ": " + strings.Join(strings.Fields(text), " ")
	for known, why := range across {
		if strings.HasPrefix(line, known) {
			return known, why
		}
	}
	return "", ""
}

// Exceptions are the names of all of them.
func Exceptions() []string {
	var names []string
	for name := range across {
		names = append(names, name)
	}
	return names
}
