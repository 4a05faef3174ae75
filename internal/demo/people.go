package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// Account is somebody who can sign in.
type Account struct {
	Name, Email string
	As          string // the role in a newcomer's words
	role        staff.Role
	kind        agency.Kind // of the place where the role is held
	code        string      // of the place; the whole agency has none
}

// Accounts are the advisors of the demo.
func Accounts() []Account {
	advisor := func(name, email, desk string) Account {
		return Account{name, email, "Advisor", staff.Advisor, agency.OfDesk, desk}
	}
	return []Account{
		advisor("Aylin Demir", "aylin.demir@example.org", "BB-MUS"),
		advisor("Jonas Weber", "jonas.weber@example.org", "BB-MUS"),
		advisor("Katharina Vogt", "katharina.vogt@example.org", "BB-BEI"),
		advisor("Mehmet Aksoy", "mehmet.aksoy@example.org", "FL-PRO"),
		advisor("Sabine Krüger", "sabine.krueger@example.org", "FL-PRO"),
	}
}

// Administrator is who can sign in and set up the agency.
func Administrator() Account {
	return Account{"Martina Lorenz", "martina.lorenz@example.org", "Administrator", staff.AgencyAdmin, agency.OfAgency, ""}
}

// Others are one account for each other role that differs in what it shows. Those at a desk work beside the advisor who
// is named first.
func Others() []Account {
	return []Account{
		{"Renate Schulz", "renate.schulz@example.org", "Reception", staff.Reception, agency.OfDesk, "BB-MUS"},
		{"Thomas Reuter", "thomas.reuter@example.org", "Team lead", staff.Lead, agency.OfDesk, "BB-MUS"},
		Administrator(),
		{"Dieter Paulsen", "dieter.paulsen@example.org", "Department administrator", staff.DepartmentAdmin, agency.OfDepartment, "BB"},
		{"Ewa Nowak", "ewa.nowak@example.org", "Location administrator", staff.LocationAdmin, agency.OfLocation, "MUS"},
		{"Ruth Hartmann", "ruth.hartmann@example.org", "Data protection officer", staff.Protection, agency.OfAgency, ""},
		{"Claudia Brandes", "claudia.brandes@example.org", "Auditor", staff.Auditor, agency.OfAgency, ""},
		{"Kerem Yılmaz", "kerem.yilmaz@example.org", "Operator", staff.Operator, agency.OfAgency, ""},
	}
}

// Everybody is who can sign in, the advisors first.
func Everybody() []Account { return slices.Concat(Accounts(), Others()) }

func (p Parts) employ(ctx context.Context, tx *db.Tx, id string, o office) error {
	for i, account := range Accounts() {
		desks := []string{o.desks[account.code]}
		if i == 0 { // who substitutes at another location sees both desks
			desks = append(desks, o.desks["BB-BEI"])
		}
		if err := p.give(ctx, tx, id, account, staff.At(account.role, desks...)); err != nil {
			return err
		}
	}
	return nil
}

// complete gives an agency the accounts of all roles, also one that was made before there were any. A place that somebody
// has closed since, or called otherwise, gets nobody.
func (p Parts) complete(ctx context.Context, id string) error {
	for _, account := range Others() {
		known, err := p.known(ctx, id, account)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		err = p.DB.Tx(ctx, func(tx *db.Tx) error {
			place, err := p.Agencies.PlaceByCode(ctx, tx, id, account.kind, account.code)
			if err != nil {
				return err
			}
			held := staff.Held{Role: account.role, Kind: account.kind, Place: place}
			return p.give(ctx, tx, id, account, []staff.Held{held})
		})
		if err != nil && !errors.Is(err, agency.ErrNotFound) {
			return err
		}
	}
	return nil
}

// known says whether the account was made, also one that was closed or erased since: it stays so.
func (p Parts) known(ctx context.Context, id string, account Account) (bool, error) {
	var n int
	err := p.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM demo_account WHERE agency_id = $1 AND email = $2`, id, account.Email).Scan(&n)
	return n > 0, err
}

// own says whether an agency is the demonstration's.
func (p Parts) own(ctx context.Context, id string) (bool, error) {
	var n int
	err := p.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM demo_account WHERE agency_id = $1`, id).Scan(&n)
	return n > 0, err
}

// Usable counts the demonstration's accounts in a database with which somebody can sign in who has seen a demonstration start.
func Usable(ctx context.Context, q db.Q) (int, error) {
	var id string
	err := q.QueryRowContext(ctx, `SELECT id FROM agency WHERE slug = $1 AND deleted_at IS NULL`, Slug).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for the demonstration's agency: %w", err)
	}
	var n int
	err = q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND disabled_at IS NULL AND password_hash <> ''
		   AND id IN (SELECT staff_id FROM demo_account WHERE agency_id = $1)`, id).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the demonstration's accounts: %w", err)
	}
	return n, nil
}

// give makes an account, and notes that it was made.
func (p Parts) give(ctx context.Context, tx *db.Tx, id string, to Account, roles []staff.Held) error {
	made, err := p.Staff.Create(ctx, tx, staff.NewAccount{
		Agency: id, Email: to.Email, Name: to.Name, Password: Password(p.Ring), Roles: roles,
	})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO demo_account (agency_id, email, staff_id) VALUES ($1, $2, $3)`, id, to.Email, made.ID)
	return err
}
