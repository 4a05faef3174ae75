package worldtest

import (
	"encoding/json"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// Office is an agency with two desks at one location, each of a department of its own with one service of 30 minutes;
// the waiting room opens ten minutes early and closes 15 minutes late.
//
//	Sommer works at the first desk, Winter at both, Herbst at the second.
type Office struct {
	Agency, Slug           string
	Desk, Desk2            string
	Service, Service2      string
	Sommer, Winter, Herbst Account
}

// Account is somebody who can sign in.
type Account struct{ ID, Email, Name, Slug string }

// Password is that of all accounts.
const Password = "Haferbrei mit Zimt" //nolint:gosec // of nobody real

// Office makes an agency.
func (n *Node) Office(slug string) Office {
	n.T.Helper()
	o := Office{Slug: slug}
	ctx := n.T.Context()
	n.Tx(func(tx *db.Tx) error {
		a, err := n.Agencies.Create(ctx, tx, agency.Agency{
			Slug: slug, Name: "Amt " + slug, Phone: "0711 1234",
			PhoneHours: agency.Text{"de": "Montag bis Freitag", "en": "Monday to Friday"},
		})
		if err != nil {
			return err
		}
		o.Agency = a.ID
		location, err := n.Agencies.CreateLocation(ctx, tx, a.ID, agency.Location{Name: "Rathaus", City: "Lindenau", Phone: "0711 5678"})
		if err != nil {
			return err
		}
		if o.Desk, o.Service, err = n.desk(tx, a.ID, location.ID, "Jugendamt", "Beratung"); err != nil {
			return err
		}
		if o.Desk2, o.Service2, err = n.desk(tx, a.ID, location.ID, "Wohngeld", "Antrag"); err != nil {
			return err
		}
		if o.Sommer, err = n.account(tx, o, "Frau Sommer", "sommer@amt.example", o.Desk); err != nil {
			return err
		}
		if o.Winter, err = n.account(tx, o, "Herr Winter", "winter@amt.example", o.Desk, o.Desk2); err != nil {
			return err
		}
		o.Herbst, err = n.account(tx, o, "Frau Herbst", "herbst@amt.example", o.Desk2)
		return err
	})
	return o
}

func (n *Node) desk(tx *db.Tx, agencyID, location, department, service string) (desk, serviceID string, err error) {
	ctx := n.T.Context()
	d, err := n.Agencies.CreateDepartment(ctx, tx, agencyID, agency.Department{Name: department})
	if err != nil {
		return "", "", err
	}
	k, err := n.Agencies.CreateDesk(ctx, tx, agencyID, agency.Desk{Name: "Schalter " + department, DepartmentID: d.ID, LocationID: location})
	if err != nil {
		return "", "", err
	}
	v, err := n.Agencies.CreateService(ctx, tx, agencyID, agency.Service{
		DepartmentID: d.ID, Name: agency.Text{"de": service, "en": service + " (en)"},
		Duration: 30 * time.Minute,
	})
	return k.ID, v.ID, err
}

func (n *Node) account(tx *db.Tx, o Office, name, email string, desks ...string) (Account, error) {
	p, err := n.Staff.Create(n.T.Context(), tx, staff.NewAccount{
		Agency: o.Agency, Email: email, Name: name, Password: Password, Roles: staff.At(staff.Advisor, desks...),
	})
	return Account{ID: p.ID, Email: p.Email, Name: p.Name, Slug: o.Slug}, err
}

// Decide lets a place decide a rule, with its value as JSON.
func (n *Node) Decide(o Office, place string, rule agency.Rule, value string, fixed bool) {
	n.T.Helper()
	n.Tx(func(tx *db.Tx) error {
		p, err := n.Agencies.Place(n.T.Context(), tx, o.Agency, place)
		if err != nil {
			return err
		}
		_, err = n.Agencies.Decide(n.T.Context(), tx, o.Agency, p, rule, json.RawMessage(value), fixed, o.Sommer.ID)
		return err
	})
}
