package staff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/vault"
)

// mostSessions of one account: with the next sign-in the one ends that was unused for longest.
const mostSessions = 50

type account struct {
	Person
	password    string
	disabled    bool
	readdressed bool // by the directory, and nobody has shown since that the address is theirs
}

// normalEmail is how addresses are compared: people type capitals and spaces. Of letters beyond A to Z some become one
// of these when they are made small, and somebody else's address with them.
func normalEmail(email string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, strings.TrimSpace(email))
}

func (s *Service) accountByEmail(ctx context.Context, agencyID, email string) (account, error) {
	a, err := s.anyByEmail(ctx, agencyID, email)
	if err == nil && a.disabled {
		return account{}, db.ErrNoRows
	}
	return a, err
}

// anyByEmail finds an account also where it is disabled.
func (s *Service) anyByEmail(ctx context.Context, agencyID, email string) (account, error) {
	var a account
	err := s.db.Read().QueryRowContext(ctx, `
		SELECT id, agency_id, name, email, password_hash, readdressed_at IS NOT NULL, disabled_at IS NOT NULL FROM staff
		WHERE agency_id = $1 AND email = $2`, agencyID, email).
		Scan(&a.ID, &a.Agency, &a.Name, &a.Email, &a.password, &a.readdressed, &a.disabled)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return a, fmt.Errorf("read account: %w", err)
	}
	return a, err
}

// ByEmail finds an active account.
func (s *Service) ByEmail(ctx context.Context, agencyID, email string) (Person, error) {
	a, err := s.accountByEmail(ctx, agencyID, normalEmail(email))
	if err != nil {
		return Person{}, err
	}
	return a.Person, s.hold(ctx, s.db.Read(), &a.Person)
}

// bySession finds who has a session. The cookie names the agency
// too, so that a session is never looked for in another one.
func (s *Service) bySession(ctx context.Context, value string) (Person, error) {
	agencyID, token, _ := strings.Cut(value, ".")
	hash := vault.Hash(token)
	p := Person{session: hash}
	var used, expires int64
	err := s.db.Read().QueryRowContext(ctx, `
		SELECT staff.id, staff.agency_id, staff.name, staff.email, staff_session.used_at, staff_session.expires_at, staff_session.pairing `+living,
		s.living(agencyID, hash)...).Scan(&p.ID, &p.Agency, &p.Name, &p.Email, &used, &expires, &p.pairing)
	if errors.Is(err, db.ErrNoRows) {
		return p, ErrSignedOut()
	}
	if err != nil {
		return p, fmt.Errorf("read session: %w", err)
	}
	if agency.Hidden(ctx, p.Agency) { // under the host of another
		return p, ErrSignedOut()
	}
	p.used, p.expires = db.Time(used), db.Time(expires)
	if err := s.hold(ctx, s.db.Read(), &p); err != nil {
		return p, err
	}
	if p.useless() {
		return p, ErrSignedOut()
	}
	return p, nil
}

// hold reads what a person may do at present: its roles, and the desks that they reach. A role that is over reaches none,
// also before anybody has settled.
func (s *Service) hold(ctx context.Context, q db.Q, p *Person) error {
	rows, err := q.QueryContext(ctx, `
		SELECT 'at', 'desk', staff_desk.desk_id, staff_desk.role FROM staff_desk
		JOIN desk ON desk.agency_id = staff_desk.agency_id AND desk.id = staff_desk.desk_id
		WHERE staff_desk.agency_id = $1 AND staff_desk.staff_id = $3
		  AND EXISTS (SELECT 1 FROM staff_role r WHERE r.agency_id = $1 AND r.staff_id = $3
		      AND r.role = staff_desk.role AND r.place_id IN (desk.id, desk.department_id, desk.location_id) AND `+inForce+`)
		UNION ALL SELECT 'held', r.place_kind, r.place_id, r.role FROM staff_role r
		WHERE r.agency_id = $1 AND r.staff_id = $3 AND `+inForce+`
		ORDER BY 3, 4`, p.Agency, db.Ms(s.o.Clock()), p.ID)
	if err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	p.Roles, p.Desks, p.at = nil, nil, map[string]Role{}
	for rows.Next() {
		var what string
		var h Held
		if err := rows.Scan(&what, &h.Kind, &h.Place, &h.Role); err != nil {
			return fmt.Errorf("read roles: %w", err)
		}
		if what == "held" {
			p.Roles = append(p.Roles, h)
			continue
		}
		p.Desks = append(p.Desks, h.Place)
		p.at[h.Place] = h.Role
	}
	return rows.Err()
}

// origin is where a session was begun: at a provider, and as which session there; without one here. And with what.
type origin struct{ issuer, session, device string }

// still keeps an account as it is until the transaction ends, if it is still open and has the password that somebody has
// shown; else db.ErrNoRows. It is found before, and whoever changes a password or disables an account ends the sessions that
// there are: none may begin afterwards by what was true before. Who knows address and password has shown whose both are.
func (s *Service) still(ctx context.Context, tx *db.Tx, a account) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE staff SET readdressed_at = NULL WHERE agency_id = $1 AND id = $2 AND password_hash = $3 AND disabled_at IS NULL`, a.Agency, a.ID, a.password))
	if errors.Is(err, db.ErrConflict) {
		return db.ErrNoRows
	}
	if err != nil {
		return fmt.Errorf("keep account: %w", err)
	}
	return nil
}

// open keeps an account until the transaction ends, if nobody has disabled it meanwhile.
func (s *Service) open(ctx context.Context, tx *db.Tx, p Person) error {
	err := db.Affected(tx.ExecContext(ctx, `UPDATE staff SET name = name WHERE agency_id = $1 AND id = $2 AND disabled_at IS NULL`, p.Agency, p.ID))
	if errors.Is(err, db.ErrConflict) {
		return ErrSignedOut()
	}
	if err != nil {
		return fmt.Errorf("keep account: %w", err)
	}
	return nil
}

// insertSession returns the value of the cookie.
func (s *Service) insertSession(ctx context.Context, tx *db.Tx, p Person, from origin) (value string, err error) {
	if err := s.open(ctx, tx, p); err != nil {
		return "", err
	}
	token := vault.NewToken()
	now := s.o.Clock()
	// Old sessions of the same person go; nobody needs them any more.
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND expires_at <= $3`,
		p.Agency, p.ID, db.Ms(now)); err != nil {
		return "", fmt.Errorf("create session: %w", err)
	}
	if err := s.dropSurplus(ctx, tx, p); err != nil {
		return "", fmt.Errorf("create session: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO staff_session (token_hash, agency_id, staff_id, created_at, used_at, expires_at, issuer, sid, device)
		VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)`,
		vault.Hash(token), p.Agency, p.ID, db.Ms(now), db.Ms(now.Add(sessionMax)), from.issuer, from.session, from.device)
	if err == nil {
		err = s.note(ctx, tx, audit.Staff(p.ID), audit.SessionBegun, p)
	}
	if err != nil {
		return "", fmt.Errorf("create session: %w", err)
	}
	return p.Agency + "." + token, nil
}

// dropSurplus makes room for one more session.
func (s *Service) dropSurplus(ctx context.Context, tx *db.Tx, p Person) error {
	err := db.Affected(tx.ExecContext(ctx, `
		DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND token_hash NOT IN
		(SELECT token_hash FROM staff_session WHERE agency_id = $1 AND staff_id = $2
		 ORDER BY used_at DESC, created_at DESC, token_hash LIMIT $3)`, p.Agency, p.ID, mostSessions-1))
	if errors.Is(err, db.ErrConflict) {
		return nil // there is room
	}
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { s.o.Nudge(p.Agency, Topic(p.ID)) })
	return s.note(ctx, tx, audit.System(), audit.SessionEnded, p, audit.Is("why", "surplus"))
}

// Topic is where streams of a person learn that a session has ended.
func Topic(staffID string) string { return "staff:" + staffID }

func (s *Service) dropSession(ctx context.Context, p Person) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		err := db.Affected(tx.ExecContext(ctx, `DELETE FROM staff_session WHERE agency_id = $1 AND token_hash = $2`, p.Agency, p.session))
		if errors.Is(err, db.ErrConflict) {
			return nil // by another request of the same moment
		}
		if err != nil {
			return err
		}
		tx.AfterCommit(func() { s.o.Nudge(p.Agency, Topic(p.ID)) })
		if p.pairing != "" {
			return s.note(ctx, tx, audit.Staff(p.ID), audit.DeviceUnpaired, p, audit.Is("why", "left"))
		}
		return s.note(ctx, tx, audit.Staff(p.ID), audit.SessionLeft, p)
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// SignOutAll ends all sessions of an agency that is given up. Its audit, which would tell of them, goes with it.
func (s *Service) SignOutAll(ctx context.Context, tx *db.Tx, agencyID string) error {
	ids, err := db.Texts(tx.QueryContext(ctx, `DELETE FROM staff_session WHERE agency_id = $1 RETURNING staff_id`, agencyID))
	if err != nil {
		return fmt.Errorf("end all sessions: %w", err)
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		tx.AfterCommit(func() { s.o.Nudge(agencyID, Topic(id)) })
	}
	return nil
}

// Again is the person with the roles of this moment; lives tells whether the session does. Streams ask when they are woken
// by Topic.
func (s *Service) Again(ctx context.Context, p Person) (now Person, lives bool, err error) {
	return s.again(ctx, s.db.Read(), p)
}

func (s *Service) again(ctx context.Context, q db.Q, p Person) (now Person, lives bool, err error) {
	var used int64
	var d Device
	var is string
	err = q.QueryRowContext(ctx, `
		SELECT staff_session.used_at, COALESCE(d.pairing, ''), COALESCE(d.device, ''), COALESCE(d.created_at, 0) `+livingWithDevice,
		s.living(p.Agency, p.session)...).Scan(&used, &d.ID, &is, &d.Since)
	if errors.Is(err, db.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("check session: %w", err)
	}
	p.used, p.paired = db.Time(used), nil
	if d.ID != "" {
		d.Browser, d.System, _ = strings.Cut(is, " ")
		p.paired = &d
	}
	if err := s.hold(ctx, q, &p); err != nil {
		return p, false, err
	}
	return p, !p.useless(), nil
}

// Acting is who acts in a transaction, with the roles that it sees; a problem if the session has ended meanwhile. A request
// may have been kept open for minutes before its body came.
func (s *Service) Acting(ctx context.Context, tx *db.Tx, p Person) (Person, error) {
	p, lives, err := s.again(ctx, tx, p)
	if err == nil && !lives {
		err = ErrSignedOut()
	}
	return p, err
}

// Colleague is what staff see of each other.
type Colleague struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Desks []string `json:"desks"`
}

// talking finds who talks at some desks at this moment ($2), in an account that is open: staff_desk still has a role that
// is just over, and whoever has left.
const talking = `
	FROM staff_desk sd
	JOIN staff ON staff.agency_id = sd.agency_id AND staff.id = sd.staff_id
	JOIN desk ON desk.agency_id = sd.agency_id AND desk.id = sd.desk_id
	WHERE sd.agency_id = $1 AND sd.role <> 'reception' AND staff.disabled_at IS NULL
	  AND EXISTS (SELECT 1 FROM staff_role r WHERE r.agency_id = sd.agency_id AND r.staff_id = sd.staff_id AND r.role = sd.role
	      AND r.place_id IN (desk.id, desk.department_id, desk.location_id) AND ` + inForce + `)
	  AND sd.desk_id IN `

// TalkingUntil lists who talks at a desk and still will at a later moment: a substitute of this week keeps no appointment of
// the next.
func (s *Service) TalkingUntil(ctx context.Context, q db.Q, agencyID, desk string, then time.Time) ([]string, error) {
	now := db.Ms(s.o.Clock())
	ids, err := db.Texts(q.QueryContext(ctx, `SELECT staff.id `+talking+`($3)
		AND EXISTS (SELECT 1 FROM staff_role w WHERE w.agency_id = sd.agency_id AND w.staff_id = sd.staff_id AND w.role IN ('advisor', 'lead')
		    AND w.place_id IN (desk.id, desk.department_id, desk.location_id) AND w.from_at <= $4 AND (w.until_at IS NULL OR w.until_at >= $4))`,
		agencyID, now, desk, max(now, db.Ms(then))))
	if err != nil {
		return nil, fmt.Errorf("list who talks at a desk: %w", err)
	}
	return ids, nil
}

// Colleagues lists who talks at a desk of the person.
func (s *Service) Colleagues(ctx context.Context, q db.Q, p Person) ([]Colleague, error) {
	desks, args := db.In(3, p.Desks)
	rows, err := q.QueryContext(ctx, `SELECT staff.id, staff.name, sd.desk_id `+talking+desks+` ORDER BY staff.search, staff.id, sd.desk_id`,
		append([]any{p.Agency, db.Ms(s.o.Clock())}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list colleagues: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []Colleague{}
	for rows.Next() {
		var id, name, desk string
		if err := rows.Scan(&id, &name, &desk); err != nil {
			return nil, fmt.Errorf("list colleagues: %w", err)
		}
		if n := len(list); n > 0 && list[n-1].ID == id {
			list[n-1].Desks = append(list[n-1].Desks, desk)
			continue
		}
		list = append(list, Colleague{ID: id, Name: name, Desks: []string{desk}})
	}
	return list, rows.Err()
}

// Name is what a member of staff is called, also one who has left.
func (s *Service) Name(ctx context.Context, q db.Q, agencyID, staffID string) (string, error) {
	var name string
	err := q.QueryRowContext(ctx, `SELECT name FROM staff WHERE agency_id = $1 AND id = $2`, agencyID, staffID).Scan(&name)
	if err != nil {
		return "", fmt.Errorf("read name of staff: %w", err)
	}
	return name, nil
}

// SearchText is what people find a member of staff by.
func SearchText(name, email string) string { return db.Fold(name + " " + email) }
