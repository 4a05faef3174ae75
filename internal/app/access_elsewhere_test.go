package app

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/staff"
	"visavis/internal/vault"
	"visavis/internal/worldtest"
)

// The table asks about a desk, which nobody elsewhere even sees: whoever might change it would be refused its view. Whatever
// else there is, everybody sees who administers anything, so that nothing but the act itself is between them and a change.
func TestTEN01WhoAdministersElsewhereChangesNoPlaceHere(t *testing.T) {
	s := &scene{stage: newStage(t)}
	desk := s.desk(s.o, s.o.Desk)
	const places = "/api/staff/places"
	for _, made := range []worldtest.Body{
		{"kind": "department", "code": vault.NewID(), "name": "Neu"},
		{"kind": "location", "code": vault.NewID(), "name": "Neu", "city": "Lindenau", "phone": "0711 1"},
		{"kind": "service", "code": vault.NewID(), "name": "Neu", "minutes": 30, "department": desk.DepartmentID},
	} {
		s.onlyHere(http.MethodPost, places, made)
	}
	for kind, id := range map[agency.Kind]string{
		agency.OfAgency: s.o.Agency, agency.OfDepartment: desk.DepartmentID, agency.OfLocation: desk.LocationID, agency.OfService: s.o.Service,
	} {
		at := places + "/" + id
		s.onlyHere(http.MethodPut, at+"/rules/waiting.early", worldtest.Body{"value": 30})
		s.onlyHere(http.MethodDelete, at+"/rules/waiting.early", nil)
		if kind != agency.OfService { // which has none
			s.onlyHere(http.MethodPost, at+"/forms", worldtest.Body{"form": aForm()})
		}
		if kind != agency.OfAgency { // which is changed by a command
			s.onlyHere(http.MethodPost, at, worldtest.Body{"version": s.seen(at), "name": "Anders"})
		}
	}
}

// onlyHere lets those ask who may do it elsewhere only, and then somebody who may.
func (s *scene) onlyHere(method, path string, body any) {
	s.t.Helper()
	if got := s.as("elsewhere").Send(method, path, body); got.Status != http.StatusForbidden {
		s.t.Errorf("%s %s %v answers elsewhere with %d", method, path, body, got.Status)
	}
	s.as("agency admin").Send(method, path, body).OK(s.t)
}

// What somebody may do next door adds nothing to what they may do here.
func TestTEN01WhoReceivesHereAndDoesEverythingElsewhereReceivesHere(t *testing.T) {
	s := newStage(t)
	table := readAccessTable(t)
	next := s.desk(s.o, s.o.Desk2)
	const both = "reception here"
	s.employ(s.o, both, append(everyRole(agency.OfDesk, next.ID), append(everyRole(agency.OfDepartment, next.DepartmentID),
		staff.Held{Role: staff.Reception, Kind: agency.OfDesk, Place: s.o.Desk})...)...)
	reception, seen := slices.Index(table.actors, "reception"), 0
	for _, route := range s.routes() {
		if !strings.Contains(route, "/api/staff/seats/") && !strings.Contains(route, "/api/staff/talks/") && !strings.Contains(route, "/api/staff/desks/") {
			continue
		}
		seen++
		if want, got := table.rows[route][reception], strconv.Itoa(s.call(route, s.props()[route], both)); got != want {
			t.Errorf("%s answers who receives here with %s, and with %s who may do more elsewhere", route, want, got)
		}
	}
	if seen < 10 {
		t.Errorf("only %d routes were called", seen)
	}
}
