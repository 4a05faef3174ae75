package today

import (
	"context"

	"visavis/internal/db"
	"visavis/internal/seat"
)

// addCompany puts to the rows who accompanies the citizen.
func (s store) addCompany(ctx context.Context, q db.Q, rows []Row) error {
	var open []string
	for _, row := range rows {
		if row.Seat.State != string(seat.Closed) {
			open = append(open, row.ID)
		}
	}
	all, err := seat.CompanyOf(ctx, q, s.key, s.person.Agency, open)
	if err != nil {
		return err
	}
	for i := range rows {
		for _, g := range all[rows[i].ID] {
			rows[i].Company = append(rows[i].Company, Guest{
				Seat: g.Seat, Role: string(g.Role), Name: Shown(g.Name.Reveal()), State: string(g.State), AwaySince: db.MsPtr(g.AwaySince),
			})
		}
	}
	return nil
}
