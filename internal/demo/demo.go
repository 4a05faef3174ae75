// Package demo makes an example agency, so that somebody who tries Visavis finds
// people, desks and today's appointments. Names and addresses are invented; the
// domain example.org can receive nothing (RFC 2606).
//
// The main function is Seed. It may run at every start: what exists stays. Usable tells those who serve real people that
// there are accounts of a demonstration.
package demo

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Slug is the agency's name in links.
const Slug = "demo"

// Parts are what Seed fills.
type Parts struct {
	DB           *db.DB
	Ring         *vault.Keyring
	Agencies     *agency.Store
	Staff        *staff.Service
	Appointments *appointment.Service
	Clock        func() time.Time
	TimeZone     *time.Location
}

// Password is that of all accounts. It comes from the installation's keys, so that
// no two demos share it and it can be shown at every start.
func Password(ring *vault.Keyring) string {
	text := base32.StdEncoding.EncodeToString(ring.Derive("demo password"))
	return strings.ToLower(text[0:4] + "-" + text[4:8] + "-" + text[8:12])
}

// Seed makes the agency if it is not there, and today's appointments if there are none. Where there are others it makes
// none: everybody who sees a demonstration start knows the password of its accounts.
func Seed(ctx context.Context, p Parts) error {
	a, err := p.agency(ctx)
	if err != nil {
		return fmt.Errorf("make demo agency: %w", err)
	}
	people := map[string]staff.Person{}
	for _, account := range Accounts() {
		person, err := p.Staff.ByEmail(ctx, a.ID, account.Email)
		if errors.Is(err, db.ErrNoRows) { // closed since: nothing is booked with them
			continue
		}
		if err != nil {
			return fmt.Errorf("find demo account: %w", err)
		}
		people[account.Name] = person
	}
	if err := p.complete(ctx, a.ID); err != nil {
		return fmt.Errorf("make demo accounts: %w", err)
	}
	if err := p.book(ctx, a.ID, people); err != nil {
		return fmt.Errorf("book demo appointments: %w", err)
	}
	return nil
}

// agency finds the demonstration's agency, or makes it. One that is only called so is another: an agency of real people would
// get accounts with a known password.
func (p Parts) agency(ctx context.Context) (agency.Agency, error) {
	a, err := p.Agencies.BySlug(ctx, Slug)
	switch {
	case err == nil:
		if own, err := p.own(ctx, a.ID); err != nil || own {
			return a, err
		}
		return a, beside(Slug)
	case !errors.Is(err, agency.ErrNotFound):
		return a, err
	}
	others, err := p.Agencies.All(ctx)
	if err != nil {
		return a, err
	}
	if len(others) > 0 {
		return a, beside(others[0].Slug)
	}
	a, err = p.create(ctx)
	if db.IsUnique(err) {
		return a, errors.New("the demonstration's agency was given up, and its name in links stays taken; " + elsewhere)
	}
	return a, err
}

const elsewhere = "start it with a database of its own: name another folder in VISAVIS_DATA_DIR, or another database"

func beside(slug string) error {
	return fmt.Errorf("this database holds another agency (%s), and the demonstration's accounts have a known password; %s", slug, elsewhere)
}

// office is the organisation while it is made.
type office struct {
	desks map[string]string // by code
}

func (p Parts) create(ctx context.Context) (agency.Agency, error) {
	var a agency.Agency
	err := p.DB.Tx(ctx, func(tx *db.Tx) error {
		var err error
		a, err = p.Agencies.Create(ctx, tx, agency.Agency{
			Slug: Slug, Name: "Landesamt Musterland", Phone: "030 23125 000",
			PhoneHours: agency.Text{"de": "Montag bis Freitag, 8 bis 18 Uhr", "en": "Monday to Friday, 8:00 to 18:00"},
		})
		if err != nil {
			return err
		}
		o, err := p.organise(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if err := p.decide(ctx, tx, a.ID); err != nil {
			return err
		}
		return p.employ(ctx, tx, a.ID, o)
	})
	return a, err
}

func (p Parts) organise(ctx context.Context, tx *db.Tx, id string) (office, error) {
	o := office{desks: map[string]string{}}
	departments := map[string]string{}
	for code, name := range departmentNames() {
		d, err := p.Agencies.CreateDepartment(ctx, tx, id, agency.Department{Code: code, Name: name})
		if err != nil {
			return o, err
		}
		departments[code] = d.ID
	}
	for _, s := range services() {
		s.DepartmentID = departments[s.DepartmentID]
		if _, err := p.Agencies.CreateService(ctx, tx, id, s); err != nil {
			return o, err
		}
	}
	for _, l := range []struct{ code, city, phone, department string }{
		{"MUS", "Musterstadt", "030 23125 100", "BB"},
		{"BEI", "Beispielhausen", "030 23125 200", "BB"},
		{"PRO", "Probedorf", "030 23125 300", "FL"},
	} {
		location, err := p.Agencies.CreateLocation(ctx, tx, id, agency.Location{Code: l.code, Name: "Standort " + l.city, City: l.city, Phone: l.phone})
		if err != nil {
			return o, err
		}
		desk, err := p.Agencies.CreateDesk(ctx, tx, id, agency.Desk{
			Code: l.department + "-" + l.code, Name: departmentNames()[l.department] + " " + l.city,
			DepartmentID: departments[l.department], LocationID: location.ID,
		})
		if err != nil {
			return o, err
		}
		o.desks[desk.Code] = desk.ID
	}
	return o, nil
}

// early and late let the waiting rooms open so early that several appointments can be tried at once which the form has
// proposed one after the other.
const (
	early = 60 * time.Minute
	late  = 60 * time.Minute
)

// decide says so for the whole agency, which leaves its departments, services, locations and desks free to say otherwise.
func (p Parts) decide(ctx context.Context, tx *db.Tx, id string) error {
	whole := agency.Place{Kind: agency.OfAgency, ID: id}
	for rule, long := range map[agency.Rule]time.Duration{agency.OpensEarly: early, agency.StaysLate: late} {
		minutes := json.RawMessage(strconv.Itoa(int(long.Minutes())))
		if _, err := p.Agencies.Decide(ctx, tx, id, whole, rule, minutes, false, ""); err != nil {
			return err
		}
	}
	return nil
}

// departmentNames are the departments by their codes.
func departmentNames() map[string]string {
	return map[string]string{"BB": "Berufsberatung", "FL": "Familienleistungen"}
}

// services name their department by its code where its id will stand.
func services() []agency.Service {
	of := func(department, number, de, en string, minutes int) agency.Service {
		return agency.Service{
			Code: department + "-" + number, DepartmentID: department, Name: agency.Text{"de": de, "en": en},
			Duration: time.Duration(minutes) * time.Minute,
		}
	}
	return []agency.Service{
		of("BB", "1", "Erstes Gespräch", "First talk", 40),
		of("BB", "2", "Beratung zur Weiterbildung", "Advice on further training", 20),
		of("FL", "1", "Hilfe beim Antrag", "Help with an application", 40),
		of("FL", "2", "Fragen zum Kindergeld", "Questions about child benefit", 20),
	}
}
