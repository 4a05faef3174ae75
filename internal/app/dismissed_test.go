package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
)

// finishing are the routes whose request is answered although its sender is dismissed while its body comes, each with the
// reason why that may be. A new route that changes something refuses, or gets a line here.
var finishing = map[string]string{
	"POST /api/staff/audit/people":                    "looks, and changes nothing",
	"POST /api/staff/desks/{desk}/substitutes/search": "looks, and changes nothing",
	"POST /api/staff/people/search":                   "looks, and changes nothing",
	"POST /api/staff/talks/{talk}/transfer/desks":     "looks, and changes nothing",
	"POST /api/staff/talks/{talk}/detour":             "a way to the relay, which lets nobody into a talk that has passed",
}

// beside are the routes that are not held, each with the reason. Nor are those by which nobody is signed in yet, and those
// that delete: they have no body for which anybody could be kept waiting.
var beside = map[string]string{
	"POST /api/staff/audit/check":              "takes no body, looks, and changes nothing",
	"POST /api/staff/account/password":         "one's own, of an account that is disabled",
	"POST /api/staff/account/factor/on":        "one's own, with a code that the stage does not know",
	"POST /api/staff/people/{id}/invite":       "takes no body",
	"POST /api/staff/approvals/{id}/read":      "takes no body",
	"POST /api/staff/people/{id}/factor/reset": "takes no body",
	"POST /api/staff/talks/{talk}/scan":        "asks who sends it before it reads, changes nothing after, and the stage has no scanner",
	"POST /api/staff/account/passkeys":         "one's own, with an answer that only a device can give",

	"POST /api/staff/account/passkeys/{id}/remove": "one's own, of which the stage has none",
}

// Whoever is dismissed while a request of theirs is under way was let in before, and changes nothing any more.
func TestACC08WhoIsDismissedWhileAnyRequestOfTheirsIsUnderWayChangesNothing(t *testing.T) {
	s := newStage(t)
	table := readAccessTable(t)
	left := maps.Clone(beside)
	maps.Copy(left, finishing)
	for _, route := range s.routes() {
		if !held(route) {
			continue
		}
		if beside[route] != "" {
			delete(left, route)
			continue
		}
		actor := table.first(route, "2")
		if actor == "" { // or who is let in, and meets a conflict
			actor = table.first(route, "409")
		}
		prop := s.props()[route]
		if actor == "" || prop.body == nil {
			t.Errorf("nobody succeeds with %s, or it has no body: say why it is not held", route)
			continue
		}
		delete(left, route)
		status, changed := s.dismissing(route, prop, actor)
		_, may := finishing[route]
		// Whose password is asked for once more has none any more: 403.
		refused := status == http.StatusUnauthorized || status == http.StatusForbidden && strings.HasPrefix(route, "POST /api/staff/account/")
		switch {
		case may && refused:
			t.Errorf("%s refuses: it needs no exception", route)
		case !may && !refused:
			t.Errorf("%s of who is dismissed meanwhile: %d", route, status)
		case changed != "":
			t.Errorf("%s of who is dismissed meanwhile changed %s", route, changed)
		}
	}
	for route := range left {
		t.Errorf("there is no route %s any more", route)
	}
}

// first is who of the agency is answered so, before all others of the table.
func (t table) first(route, answer string) string {
	for i, cell := range t.rows[route] {
		if t.actors[i] != "other agency" && strings.HasPrefix(cell, answer) {
			return t.actors[i]
		}
	}
	return ""
}

// held tells of a route whether somebody who is signed in sends a body to it.
func held(route string) bool {
	method, path, _ := strings.Cut(route, " ")
	if method == http.MethodGet || method == http.MethodDelete || !strings.HasPrefix(path, "/api/staff/") {
		return false
	}
	return !slices.ContainsFunc([]string{"session", "password", "sso/", "devices/use"}, func(before string) bool {
		return strings.HasPrefix(path, "/api/staff/"+before)
	})
}

// dismissing sends a request of somebody whom the agency dismisses before its body has come.
func (s *stage) dismissing(route string, p prop, actor string) (status int, changed string) {
	s.t.Helper()
	one := &scene{stage: s}
	if p.ready != nil {
		p.ready(one)
	}
	kind, text := "application/json", ""
	switch body := p.body(one).(type) {
	case form:
		kind, text = body.kind, body.text
	default:
		plain, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(plain)
	}
	method, path, _ := strings.Cut(route, " ")
	by, path, who := s.as(actor), one.fill(path), s.people[actor]
	before := one.all()
	status = by.KeptOpen(method, path, kind, text, func() {
		s.Tx(func(tx *db.Tx) error { return s.Staff.Disable(s.t.Context(), tx, s.o.Agency, staff.Author{}, who.ID) })
	})
	for table, rows := range one.all() {
		if rows != before[table] {
			changed += table + " "
		}
	}
	s.Exec(`UPDATE staff SET disabled_at = NULL WHERE agency_id = $1 AND id = $2`, s.o.Agency, who.ID)
	delete(s.open, actor)
	if one.booked != nil {
		s.done(*one.booked)
	}
	return status, changed
}

// all is what there is of the agency, but for what a dismissal changes: accounts, sessions, and what is told of them. Where
// there is a talk, that passes.
func (s *scene) all() map[string]string {
	s.t.Helper()
	without := []string{"staff", "staff_session", "stream", "stream_change", "job", "audit_entry", "audit_head", "seat_presence", "decided"}
	if s.talk != "" {
		without = append(without, "talk", "talk_signal", "talk_leg", "seat")
	}
	all := map[string]string{}
	for _, table := range dbtest.AgencyTables(s.t, s.DB) {
		if !slices.Contains(without, table) {
			all[table] = s.dump(table)
		}
	}
	return all
}

func (s *scene) dump(table string) string {
	s.t.Helper()
	rows, err := s.DB.Read().QueryContext(s.t.Context(), `SELECT * FROM `+table+` WHERE agency_id = $1`, s.o.Agency)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	var text strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			s.t.Fatal(err)
		}
		for _, value := range values {
			fmt.Fprintf(&text, "%v|", *value.(*any))
		}
		text.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return text.String()
}
