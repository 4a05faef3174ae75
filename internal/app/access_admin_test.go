package app

import (
	"cmp"
	"strings"
	"time"

	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
	"visavis/internal/worldtest"
)

// form is a body that is no JSON.
type form struct{ kind, text string }

// hire employs an advisor of the desk whom nobody has seen before.
func (s *scene) hire() {
	s.t.Helper()
	s.Tx(func(tx *db.Tx) error {
		who, err := s.Staff.Create(s.t.Context(), tx, staff.NewAccount{
			Agency: s.o.Agency, Email: vault.NewID() + "@amt.example", Name: "Frau Neu", Password: worldtest.Password,
			Roles: staff.At(staff.Advisor, s.o.Desk),
		})
		s.hired = who.ID
		return err
	})
}

// fillAdmin puts the ids of places and people into a path.
func (s *scene) fillAdmin(path string) string {
	switch {
	case strings.HasSuffix(path, "/forms/{form}") && strings.HasPrefix(path, "/api/staff/talks/"):
		return strings.ReplaceAll(path, "{form}", s.form)
	case strings.HasSuffix(path, "/forms/{form}"):
		return strings.NewReplacer("{id}", s.o.Desk, "{form}", s.form).Replace(path) + "?version=1" // of what is to be deleted
	case strings.HasPrefix(path, "/api/staff/places/"):
		return strings.NewReplacer("{id}", s.o.Desk, "{rule}", "waiting.early").Replace(path)
	case strings.HasPrefix(path, "/api/staff/people/"):
		return strings.NewReplacer("{id}", s.hired, "{role}", "advisor", "{place}", s.o.Desk).Replace(path)
	case strings.HasPrefix(path, "/api/staff/desks/") && s.hired != "":
		return strings.NewReplacer("{person}", s.hired, "{role}", "reception").Replace(path)
	case strings.HasPrefix(path, "/api/staff/approvals/"):
		return strings.ReplaceAll(path, "{id}", s.approval)
	case strings.HasPrefix(path, "/api/staff/directory/"), strings.HasPrefix(path, "/scim/"):
		return strings.ReplaceAll(path, "{id}", cmp.Or(s.connected, "x"))
	case path == "/api/staff/places":
		return path + "?kind=location"
	case path == "/api/staff/import":
		return path + "?trial=true"
	case path == "/api/staff/export":
		return path + "?format=json"
	}
	return path
}

// nothingAsked takes back what somebody has asked for.
func (s *scene) nothingAsked() {
	s.t.Helper()
	s.Exec(`UPDATE approval SET until_at = 0 WHERE agency_id = $1`, s.o.Agency)
}

// asked lets the administrator ask for something that needs two people.
func (s *scene) asked() {
	s.t.Helper()
	s.nothingAsked()
	s.as("agency admin").Post("/api/staff/approvals", worldtest.Body{"act": "agency.delete"}).OK(s.t)
	s.Scan(`SELECT id FROM approval WHERE agency_id = $1 AND until_at > 0`, []any{s.o.Agency}, &s.approval)
}

// seen is the version of a place or a person, as the administrator of the agency sees it.
func (s *scene) seen(path string) string {
	s.t.Helper()
	var v struct{ Version string }
	s.as("agency admin").Get(path).OK(s.t).Into(s.t, &v)
	return v.Version
}

// substitute names somebody whom nobody has seen before.
func (s *scene) substitute() {
	s.t.Helper()
	s.hire()
	s.as("lead").Post("/api/staff/desks/"+s.o.Desk+"/substitutes", s.naming()).OK(s.t)
}

func (s *scene) naming() worldtest.Body {
	return worldtest.Body{"person": s.hired, "role": "reception", "until": s.Clock.Now().Add(48 * time.Hour).UnixMilli()}
}

// aForm has a name that no other has.
func aForm() worldtest.Body {
	return worldtest.Body{
		"title": worldtest.Body{"de": vault.NewID()}, "fields": []worldtest.Body{{"kind": "text", "label": worldtest.Body{"de": "Name"}, "required": true}},
	}
}

// defined lets the administrator define a form at the desk, in place of those of before.
func (s *scene) defined() {
	s.t.Helper()
	s.Exec(`DELETE FROM form_template WHERE agency_id = $1`, s.o.Agency)
	s.as("agency admin").Post("/api/staff/places/"+s.o.Desk+"/forms", worldtest.Body{"form": aForm()}).OK(s.t)
	s.Scan(`SELECT id FROM form_template WHERE agency_id = $1`, []any{s.o.Agency}, &s.form)
}

func substituteProps() map[string]prop {
	const at = "/api/staff/desks/{desk}/substitutes"
	return map[string]prop{
		"GET " + at:                         {},
		"POST " + at:                        {ready: (*scene).hire, body: func(s *scene) any { return s.naming() }},
		"DELETE " + at + "/{person}/{role}": {ready: (*scene).substitute},
		"POST " + at + "/search":            {body: bare},
	}
}

func adminProps() map[string]prop {
	const places, people = "/api/staff/places", "/api/staff/people"
	const upload = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"departments.csv\"\r\n\r\ncode;name\nA;a\n\r\n--b--\r\n"
	return map[string]prop{
		"GET " + places:           {},
		"GET " + places + "/{id}": {},
		"POST " + places: {body: func(s *scene) any {
			desk, err := s.Agencies.Desk(s.t.Context(), s.DB.Read(), s.o.Agency, s.o.Desk)
			if err != nil {
				s.t.Fatal(err)
			}
			return worldtest.Body{"kind": "desk", "code": vault.NewID(), "name": "Neu", "department": desk.DepartmentID, "location": desk.LocationID}
		}},
		"POST " + places + "/{id}": {body: func(s *scene) any {
			return worldtest.Body{"version": s.seen(places + "/" + s.o.Desk), "name": vault.NewID()}
		}},
		"GET " + places + "/{id}/rules":           {},
		"PUT " + places + "/{id}/rules/{rule}":    {body: with(worldtest.Body{"value": 30})},
		"DELETE " + places + "/{id}/rules/{rule}": {},
		"GET " + places + "/{id}/forms":           {},
		"GET " + places + "/{id}/forms/{form}":    {ready: (*scene).defined},
		"POST " + places + "/{id}/forms":          {body: func(*scene) any { return worldtest.Body{"form": aForm()} }},
		"POST " + places + "/{id}/forms/{form}": {ready: (*scene).defined, body: func(*scene) any {
			return worldtest.Body{"version": 1, "form": aForm()}
		}},
		"DELETE " + places + "/{id}/forms/{form}": {ready: (*scene).defined},
		"POST " + people + "/search":              {body: bare},
		"GET " + people + "/{id}":                 {ready: (*scene).hire},
		"POST " + people: {body: func(s *scene) any {
			return worldtest.Body{"email": vault.NewID() + "@amt.example", "name": "Neu", "roles": []worldtest.Body{{"role": "advisor", "place": s.o.Desk}}}
		}},
		"POST " + people + "/{id}": {ready: (*scene).hire, body: func(s *scene) any {
			return worldtest.Body{"version": s.seen(people + "/" + s.hired), "disabled": true}
		}},
		"POST " + people + "/{id}/roles": {ready: (*scene).hire, body: func(s *scene) any {
			return worldtest.Body{"role": "lead", "place": s.o.Desk}
		}},
		"DELETE " + people + "/{id}/roles/{role}/{place}": {ready: (*scene).hire},
		"POST /api/staff/import":                          {body: func(*scene) any { return form{"multipart/form-data; boundary=b", upload} }},
		"GET /api/staff/export":                           {},
		"GET /api/staff/approvals":                        {},
		"POST /api/staff/approvals":                       {ready: (*scene).nothingAsked, body: with(worldtest.Body{"act": "agency.delete"})},
		"POST /api/staff/approvals/{id}":                  {ready: (*scene).asked, body: with(worldtest.Body{"allow": false})},
		"POST /api/staff/approvals/{id}/read":             {ready: (*scene).asked, body: bare},
	}
}
