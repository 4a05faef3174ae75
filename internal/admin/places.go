package admin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// Routes registers what the admin pages ask.
func (s *Service) Routes(api *edge.API, mux *edge.Mux) {
	own := s.o.Staff.Require(api)
	op := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "admin", Use: own}
	}
	const places, people = "/api/staff/places", "/api/staff/people"
	edge.Handle(api, op("searchPlaces", "GET "+places), s.getPlaces)
	edge.Handle(api, op("createPlace", "POST "+places), s.postPlace)
	edge.Handle(api, op("place", "GET "+places+"/{id}"), s.getPlace)
	edge.Handle(api, op("changePlace", "POST "+places+"/{id}"), s.postChangedPlace)
	s.ruleRoutes(api, op)
	s.formRoutes(api, op)
	s.substituteRoutes(api, op)
	s.approvalRoutes(api, op)
	// By POST: names of people stand in no address.
	edge.Handle(api, op("searchPeople", "POST "+people+"/search"), s.postPeopleSearch)
	edge.Handle(api, op("createPerson", "POST "+people), s.postPerson)
	edge.Handle(api, op("person", "GET "+people+"/{id}"), s.getPerson)
	edge.Handle(api, op("changePerson", "POST "+people+"/{id}"), s.postChangedPerson)
	edge.Handle(api, op("invitePeople", "POST "+people+"/invite"), s.postInviteMany)
	edge.Handle(api, op("invitePerson", "POST "+people+"/{id}/invite"), s.postInvite)
	edge.Handle(api, op("resetFactor", "POST "+people+"/{id}/factor/reset"), s.postFactorReset)
	edge.Handle(api, op("giveRole", "POST "+people+"/{id}/roles"), s.postRole)
	edge.Handle(api, op("takeRole", "DELETE "+people+"/{id}/roles/{role}/{place}"), s.deleteRole)
	mux.HandleFunc("POST "+importPath, s.postImport)
	mux.HandleFunc("GET /api/staff/export", s.getExport)
}

func forbidden403() *edge.Problem { return edge.NewProblem(http.StatusForbidden, "admin.forbidden") }

func notFound() *edge.Problem { return edge.NewProblem(http.StatusNotFound, "not_found") }

// problem is what staff see of an error.
func problem(err error) error {
	switch {
	case errors.Is(err, agency.ErrNotFound):
		return notFound()
	case errors.Is(err, db.ErrConflict):
		return edge.NewProblem(http.StatusConflict, "busy")
	}
	return err
}

type placesInput struct {
	Kind  agency.Kind `query:"kind" required:"true" enum:"department,location,desk,service"`
	Text  string      `query:"text" maxLength:"100" doc:"Any part of name, city or code."`
	Below string      `query:"below" maxLength:"64" doc:"Id of a department or a location."`
	After string      `query:"after" maxLength:"64" doc:"Id of the last place that was shown."`
}

type placesOutput struct {
	Body struct {
		Places []Place `json:"places"`
		Next   string  `json:"next,omitempty" doc:"The value of after for the next page; none: this is the last."`
	}
}

func (s *Service) getPlaces(ctx context.Context, in *placesInput) (*placesOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !p.MayAnywhere(staff.SeeOffices) {
		return nil, forbidden403()
	}
	out := &placesOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		look := placeSearch{in.Kind, in.Text, in.Below, in.After}
		out.Body.Places, err = s.searchPlaces(ctx, q, p.Agency, look, scopeOf(p))
		return err
	})
	if len(out.Body.Places) > pageSize {
		out.Body.Places = out.Body.Places[:pageSize]
		out.Body.Next = out.Body.Places[pageSize-1].ID
	}
	return out, err
}

// PlaceView is a place with everything that is known of it. The agency itself is one, without a code.
type PlaceView struct {
	Place
	NameEN  string       `json:"nameEn,omitempty" doc:"Of a service."`
	Phone   string       `json:"phone,omitempty"`
	Minutes int          `json:"minutes,omitempty"`
	Shut    bool         `json:"shut" doc:"Closed by itself."`
	Version string       `json:"version,omitempty" doc:"Whoever changes it says which one they saw."`
	Below   Below        `json:"below"`
	May     []staff.Act  `json:"may" doc:"What the person may do here."`
	MayShut bool         `json:"mayShut"`
	Gives   []staff.Role `json:"gives" doc:"Which roles the person may give and take here."`
}

// PlaceOutput is an answer with one place.
type PlaceOutput struct{ Body PlaceView }

type placeInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getPlace(ctx context.Context, in *placeInput) (*PlaceOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &PlaceOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		out.Body, err = s.view(ctx, q, p, in.ID)
		return err
	})
	return out, problem(err)
}

// maySee tells whether somebody sees a place: see searchPlaces.
func maySee(p staff.Person, place agency.Place) bool {
	return p.May(staff.SeeOffices, place) || place.Kind != agency.OfDesk && p.MayAnywhere(staff.SeeOffices)
}

func kindOfPlace(kind agency.Kind) Kind {
	return map[agency.Kind]Kind{
		agency.OfDepartment: Departments, agency.OfLocation: Locations, agency.OfDesk: Desks, agency.OfService: Services,
	}[kind]
}

func (s *Service) view(ctx context.Context, q db.Q, p staff.Person, id string) (PlaceView, error) {
	place, err := s.o.Agencies.Place(ctx, q, p.Agency, id)
	if err != nil {
		return PlaceView{}, err
	}
	if !maySee(p, place) {
		return PlaceView{}, forbidden403()
	}
	v := PlaceView{Place: Place{Kind: place.Kind, ID: place.ID, Name: place.Name}, May: []staff.Act{}, Gives: []staff.Role{}}
	if place.Kind != agency.OfAgency {
		row, err := rowOf(ctx, q, p.Agency, place)
		if err != nil {
			return v, err
		}
		if err := v.fill(ctx, q, p.Agency, place, row); err != nil {
			return v, err
		}
	}
	if p.May(staff.SeeOffices, place) {
		if v.Below, err = countBelow(ctx, q, p.Agency, place); err != nil {
			return v, err
		}
	}
	for _, act := range []staff.Act{staff.SeeOffices, staff.Arrange, staff.Decide, staff.Employ} {
		if p.May(act, place) {
			v.May = append(v.May, act)
		}
	}
	for _, word := range roleWords() {
		if role := staff.Role(word[0]); p.MayGive(role, place) {
			v.Gives = append(v.Gives, role)
		}
	}
	v.MayShut = mayShut(p, place)
	return v, nil
}

// mayShut tells whether somebody may close or reopen a place: by a role above it, not by one at it.
func mayShut(p staff.Person, place agency.Place) bool {
	return len(place.Within) > 0 && p.May(staff.Arrange, agency.Place{Kind: place.Kind, Within: place.Within})
}

// rowOf is what a document would say about a place, without its rules: they are changed by routes of their own, and then
// the place has not changed.
func rowOf(ctx context.Context, q db.Q, agencyID string, place agency.Place) (Row, error) {
	var code string
	var err error
	switch place.Kind {
	case agency.OfDepartment:
		code, err = text(ctx, q, `SELECT code FROM department WHERE agency_id = $1 AND id = $2`, agencyID, place.ID)
	case agency.OfLocation:
		code, err = text(ctx, q, `SELECT code FROM location WHERE agency_id = $1 AND id = $2`, agencyID, place.ID)
	case agency.OfDesk:
		code, err = text(ctx, q, `SELECT code FROM desk WHERE agency_id = $1 AND id = $2`, agencyID, place.ID)
	case agency.OfService:
		code, err = text(ctx, q, `SELECT code FROM service WHERE agency_id = $1 AND id = $2`, agencyID, place.ID)
	default:
		err = agency.ErrNotFound
	}
	if err != nil || code == "" {
		return Row{}, cmp.Or(err, agency.ErrNotFound)
	}
	d, kind := newDocument(), kindOfPlace(place.Kind)
	if err := d.read(ctx, q, agencyID, kind, code); err != nil {
		return Row{}, err
	}
	if len(d.Rows[kind]) != 1 {
		return Row{}, agency.ErrNotFound
	}
	row, s := d.Rows[kind][0], sheetOf(kind)
	for at, col := range s.columns {
		if col.rule != "" {
			row.cells[at], row.has = "", row.has&^(1<<at)
		}
	}
	return row, nil
}

// fill takes what a row says.
func (v *PlaceView) fill(ctx context.Context, q db.Q, agencyID string, place agency.Place, row Row) error {
	sheet := sheetOf(kindOfPlace(place.Kind))
	cell := func(name string) string {
		if at := sheet.column(name); at >= 0 {
			return row.cells[at]
		}
		return ""
	}
	v.Code, v.City, v.Phone, v.NameEN = cell(colCode), cell(colCity), cell(colPhone), cell(colNameEN)
	v.Minutes, _ = strconv.Atoi(cell(colMinutes)) // none: there is no such column
	v.Shut = cell(colState) == closed
	v.Closed = v.Shut
	v.Version = version(row)
	switch place.Kind {
	case agency.OfDesk:
		v.Department, v.Location = &Named{}, &Named{}
		err := q.QueryRowContext(ctx, `
			SELECT department.id, department.name, location.id, location.name, desk.closed_at IS NOT NULL FROM desk
			JOIN department ON department.agency_id = desk.agency_id AND department.id = desk.department_id
			JOIN location ON location.agency_id = desk.agency_id AND location.id = desk.location_id
			WHERE desk.agency_id = $1 AND desk.id = $2`, agencyID, place.ID).
			Scan(&v.Department.ID, &v.Department.Name, &v.Location.ID, &v.Location.Name, &v.Closed)
		if err != nil {
			return fmt.Errorf("read desk: %w", err)
		}
	case agency.OfService:
		v.Department = &Named{}
		err := q.QueryRowContext(ctx, `
			SELECT department.id, department.name FROM service
			JOIN department ON department.agency_id = service.agency_id AND department.id = service.department_id
			WHERE service.agency_id = $1 AND service.id = $2`, agencyID, place.ID).Scan(&v.Department.ID, &v.Department.Name)
		if err != nil {
			return fmt.Errorf("read service: %w", err)
		}
	default:
	}
	return nil
}

// version names the state of a row. Nobody has to count: what was seen and is there again has not changed.
func version(row Row) string {
	sum := sha256.Sum256([]byte(row.ID + "\x00" + strings.Join(row.cells, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// PlaceFields are what can be said of a place; what is left out stays, or is as it is at first. Exported since the routes
// are read by reflection, which skips what is not.
type PlaceFields struct {
	Name     *string `json:"name,omitempty" maxLength:"400" doc:"Of a service, the German one."`
	NameEN   *string `json:"nameEn,omitempty" maxLength:"400"`
	City     *string `json:"city,omitempty" maxLength:"400"`
	Phone    *string `json:"phone,omitempty" maxLength:"400"`
	Location *string `json:"location,omitempty" maxLength:"64" doc:"Id; of a desk."`
	Minutes  *int    `json:"minutes,omitempty"`
	Shut     *bool   `json:"shut,omitempty"`
}

// say puts the fields into a row, and notes what is wrong with them.
func (f PlaceFields) say(s sheet, row *Row, m *Mistakes) {
	put := func(name, value string) {
		at := s.column(name)
		if at < 0 {
			m.add("", 0, "column_unknown", "column", name, "known", s.names(english))
			return
		}
		s.take(row, at, value, "", m)
	}
	name := colName
	if s.kind == Services {
		name = colNameDE
	}
	for field, value := range map[string]*string{name: f.Name, colNameEN: f.NameEN, colCity: f.City, colPhone: f.Phone} {
		if value != nil {
			put(field, *value)
		}
	}
	if f.Minutes != nil {
		put(colMinutes, strconv.Itoa(*f.Minutes))
	}
	if f.Shut != nil {
		put(colState, instead(*f.Shut, closed, open))
	}
}

type newPlaceInput struct {
	Body struct {
		Kind       agency.Kind `json:"kind" enum:"department,location,desk,service"`
		Code       string      `json:"code" maxLength:"64"`
		Department string      `json:"department,omitempty" maxLength:"64" doc:"Id; of a desk or a service."`
		PlaceFields
	}
}

func (s *Service) postPlace(ctx context.Context, in *newPlaceInput) (*PlaceOutput, error) {
	out := &PlaceOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		sheet, m := sheetOf(kindOfPlace(in.Body.Kind)), &Mistakes{}
		row := newRow(sheet, 0)
		sheet.take(&row, 0, in.Body.Code, "", m)
		in.Body.say(sheet, &row, m)
		within := []string{p.Agency}
		now := newDocument()
		for _, above := range []struct{ column, id string }{{colDepartment, in.Body.Department}, {colLocation, value(in.Body.Location)}} {
			if above.id == "" {
				continue
			}
			if err := s.above(ctx, tx, p.Agency, sheet, &row, above.column, above.id, now, m); err != nil {
				return err
			}
			within = append(within, above.id)
		}
		if !p.May(staff.Arrange, agency.Place{Kind: in.Body.Kind, Within: within}) {
			return forbidden403()
		}
		if err := now.read(ctx, tx, p.Agency, sheet.kind, row.cells[0]); err != nil {
			return err
		}
		if len(now.Rows[sheet.kind]) > 0 && row.cells[0] != "" {
			return edge.NewProblem(http.StatusConflict, "place.code_taken", "code", row.cells[0])
		}
		id, err := s.save(ctx, tx, p, now, row, sheet, m)
		if err != nil {
			return err
		}
		out.Body, err = s.view(ctx, tx, p, id)
		return err
	})
	return out, problem(err)
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// above puts the code of the department or the location into a row that lies in it, and its row into the document that
// the new one is compared with.
func (s *Service) above(ctx context.Context, q db.Q, agencyID string, sheet sheet, row *Row, column, id string, now *Document, m *Mistakes) error {
	place, err := s.o.Agencies.Place(ctx, q, agencyID, id)
	if err != nil {
		return err
	}
	at := sheet.column(column)
	if at < 0 || string(place.Kind) != column {
		m.add("", 0, "column_unknown", "column", column, "known", sheet.names(english))
		return nil
	}
	other, err := rowOf(ctx, q, agencyID, place)
	if err != nil {
		return err
	}
	row.set(at, other.cells[0])
	kind := kindOfPlace(place.Kind)
	now.Rows[kind] = append(now.Rows[kind], other)
	return nil
}

// save compares one row with what there is and writes the difference; it returns the id.
func (s *Service) save(ctx context.Context, tx *db.Tx, p staff.Person, now *Document, row Row, sheet sheet, m *Mistakes) (string, error) {
	file := newDocument()
	file.Rows[sheet.kind] = []Row{row}
	changes := Compare(now, file, m)
	if m.any() {
		return "", edge.NewProblem(http.StatusUnprocessableEntity, "admin.invalid", "mistakes", m.List)
	}
	w := s.newWriter(tx, p.Agency, p.ID, now)
	if err := w.write(ctx, changes); err != nil {
		return "", err
	}
	if slices.ContainsFunc(changes, movesPeople) {
		if err := s.follow(ctx, tx, p.Agency); err != nil {
			return "", err
		}
	}
	return w.ids[sheet.kind][row.cells[0]], nil
}

// movesPeople tells whether a change can alter who works where.
func movesPeople(c Change) bool {
	return c.What != Changed || slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Name == colLocation || f.Name == colState })
}

type changedPlaceInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Version string `json:"version" maxLength:"64"`
		PlaceFields
	}
}

func (s *Service) postChangedPlace(ctx context.Context, in *changedPlaceInput) (*PlaceOutput, error) {
	out := &PlaceOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		place, err := s.o.Agencies.Place(ctx, tx, p.Agency, in.ID)
		if err != nil {
			return err
		}
		if !p.May(staff.Arrange, place) || place.Kind == agency.OfAgency || in.Body.Shut != nil && !mayShut(p, place) {
			return forbidden403()
		}
		before, err := rowOf(ctx, tx, p.Agency, place)
		if err != nil {
			return err
		}
		if version(before) != in.Body.Version {
			return edge.NewProblem(http.StatusConflict, "admin.changed")
		}
		sheet, m, now := sheetOf(kindOfPlace(place.Kind)), &Mistakes{}, newDocument()
		now.Rows[sheet.kind] = []Row{before}
		row := newRow(sheet, 0)
		row.set(0, before.cells[0])
		in.Body.say(sheet, &row, m)
		if err := s.surround(ctx, tx, p, place, in.Body.Location, now, &row, m); err != nil {
			return err
		}
		if _, err := s.save(ctx, tx, p, now, row, sheet, m); err != nil {
			return err
		}
		out.Body, err = s.view(ctx, tx, p, place.ID)
		return err
	})
	return out, problem(err)
}

// surround reads what a place lies in, and where it is to lie.
func (s *Service) surround(ctx context.Context, q db.Q, p staff.Person, place agency.Place, moved *string, now *Document, row *Row, m *Mistakes) error {
	for _, id := range place.Within {
		if id == p.Agency {
			continue
		}
		above, err := s.o.Agencies.Place(ctx, q, p.Agency, id)
		if err != nil {
			return err
		}
		other, err := rowOf(ctx, q, p.Agency, above)
		if err != nil {
			return err
		}
		kind := kindOfPlace(above.Kind)
		now.Rows[kind] = append(now.Rows[kind], other)
	}
	if moved == nil {
		return nil
	}
	if err := s.above(ctx, q, p.Agency, sheetOf(kindOfPlace(place.Kind)), row, colLocation, *moved, now, m); err != nil {
		return err
	}
	if !p.May(staff.Arrange, agency.Place{Kind: place.Kind, Within: append([]string{*moved}, place.Within[:min(2, len(place.Within))]...)}) {
		return forbidden403()
	}
	return nil
}
