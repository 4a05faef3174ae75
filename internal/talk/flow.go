package talk

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/jobs"
	"visavis/internal/relay"
	"visavis/internal/relay/sdp"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

const ringJob = "talk.ring"

// admit lets a waiting guest in: exactly one person wins, the others are told who
// did. Only now does anything name the relay. Where it has no room, the guest goes on waiting: better than a talk
// without sound and picture.
func (s *Service) admit(ctx context.Context, p staff.Person, seatID string, paired bool) (Talk, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Talk{}, err
	}
	var t Talk
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		x, err := s.o.Seats.ByID(ctx, tx, p.Agency, seatID)
		if err != nil {
			return err
		}
		if p, err = s.o.Staff.Acting(ctx, tx, p); err != nil {
			return err
		}
		if !p.MayDesk(x.Desk) {
			return seat.ErrNotFound
		}
		if !p.MayTalk(x.Desk) {
			return mayNotTalk()
		}
		if x.Role != seat.Citizen {
			return edge.NewProblem(http.StatusConflict, "talk.beside")
		}
		if s.o.Relay.Load().Full {
			return edge.NewProblem(http.StatusServiceUnavailable, "talk.full")
		}
		device, err := s.deviceFor(ctx, tx, p, paired)
		if err != nil {
			return err
		}
		prepared, err := s.o.Seats.TakePrepared(ctx, tx, key, x)
		if err != nil {
			return err
		}
		if x, _, err = s.o.Seats.Do(ctx, tx, p.Agency, seatID, seat.Admit{}); err != nil {
			return s.tellWho(ctx, tx, p.Agency, seatID, err)
		}
		// Whoever goes ends their talk. One that has outlived that all the same must not shut its guest out for good.
		if err := s.ForSeats().Left(ctx, tx, audit.System(), x); err != nil {
			return err
		}
		if t, err = s.create(ctx, tx, x, p.ID, nil); err != nil {
			return err
		}
		t.Pairing = device // saved with what begins
		if err := s.note(ctx, tx, audit.Staff(p.ID), audit.TalkAdmitted, t, x); err != nil {
			return err
		}
		if err := s.o.Jobs.Add(ctx, tx, jobs.Job{Agency: t.Agency, Kind: ringJob, Key: t.ID, Ref: t.ID, RunAt: *t.RingUntil}); err != nil {
			return err
		}
		return s.begin(ctx, tx, key, &t, prepared)
	})
	return t, err
}

// tellWho adds to "somebody was faster" the name of that colleague.
func (s *Service) tellWho(ctx context.Context, q db.Q, agencyID, seatID string, err error) error {
	r, ok := errors.AsType[*seat.Refusal](err)
	if !ok || r.Code != "seat.admitted" {
		return err
	}
	t, err := live(ctx, q, agencyID, seatID)
	if err != nil {
		return err
	}
	name, err := s.o.Staff.Name(ctx, q, agencyID, t.Staff)
	if err != nil {
		return err
	}
	return &seat.Refusal{Code: r.Code, Params: map[string]any{"by": name}}
}

// begin starts the talk's current generation: with the guest's offer if there is
// one, else by asking the guest's page for it.
func (s *Service) begin(ctx context.Context, tx *db.Tx, key *vault.DataKey, t *Talk, prepared *seat.Prepared) error {
	t.GuestPrint, t.StaffPrint, t.Revealed = "", "", false
	t.GuestRestart, t.StaffRestart = 0, 0
	if prepared == nil {
		if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
			return err
		}
		return s.signal(ctx, tx, key, *t, forGuest, "renew", nil)
	}
	t.GuestPrint = prepared.Fingerprint
	if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	if err := s.introduce(ctx, tx, key, *t, relay.SideGuest, prepared.Ufrag, prepared.Pwd); err != nil {
		return err
	}
	offer, _, err := s.rewrite(*t, relay.SideStaff, prepared.Offer)
	if err != nil {
		return err
	}
	return s.signal(ctx, tx, key, *t, forStaff, "offer", map[string]any{"sdp": offer, "commit": prepared.Commit})
}

// rewrite makes a description ready for the browser on one side: it sees that
// side's leg at the relay instead of the other browser.
func (s *Service) rewrite(t Talk, reader relay.Side, description string) (string, sdp.Description, error) {
	ufrag, pwd := s.o.RelayKey.Credentials(t.leg(reader))
	out, found, err := sdp.Rewrite(description, sdp.Leg{Ufrag: ufrag, Pwd: pwd, Candidates: s.o.Candidates()})
	if err != nil {
		return "", found, badDescription()
	}
	return out, found, nil
}

// next begins a new generation: new connections and credentials on both sides.
func (s *Service) next(ctx context.Context, tx *db.Tx, key *vault.DataKey, t *Talk, prepared *seat.Prepared) error {
	t.Generation++
	t.ConnectedAt = nil
	if err := s.begin(ctx, tx, key, t, prepared); err != nil {
		return err
	}
	return s.tell(ctx, tx, *t)
}

// tell wakes everybody who looks at the talk: its window, the guest, the lists.
func (s *Service) tell(ctx context.Context, tx *db.Tx, t Talk) error {
	if err := s.o.Events.Append(ctx, tx, t.Agency, Topic(t.ID), "talk", ""); err != nil {
		return err
	}
	x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
	if err != nil {
		return err
	}
	return s.o.Seats.Tell(ctx, tx, x)
}

// mine finds a talk that a person may act in. On a paired device that is none but the one whose sound and picture it takes.
func (s *Service) mine(ctx context.Context, q db.Q, p staff.Person, id string) (Talk, error) {
	t, err := byID(ctx, q, p.Agency, id)
	switch {
	case err != nil:
	case !p.MayDesk(t.Desk), p.Pairing() != "" && !takes(p, t):
		err = ErrNotFound
	case !p.MayTalk(t.Desk):
		err = mayNotTalk()
	}
	return t, err
}

// mayNotTalk is for reception, who see that there is a talk, and take no part in it.
func mayNotTalk() error { return edge.NewProblem(http.StatusForbidden, "role.talk") }

// led finds a talk that a person leads at the moment: nobody else's page speaks with the guest's.
func (s *Service) led(ctx context.Context, q db.Q, p staff.Person, id string) (Talk, error) {
	t, err := s.mine(ctx, q, p, id)
	if err == nil && t.Staff != p.ID {
		err = outOfOrder()
	}
	return t, err
}

// change loads a live talk of the person, lets f change it, and tells.
func (s *Service) change(ctx context.Context, p staff.Person, id string, f func(*db.Tx, *Talk) error) (Talk, error) {
	var t Talk
	err := s.db.Retried(ctx, func(tx *db.Tx) (err error) {
		now, err := s.o.Staff.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if t, err = s.mine(ctx, tx, now, id); err != nil {
			return err
		}
		if t.EndedAt != nil {
			return ended()
		}
		return f(tx, &t)
	})
	return t, err
}

// lead is change for who leads the talk: a colleague of the desk joins it first, and thereby takes it over.
func (s *Service) lead(ctx context.Context, p staff.Person, id string, f func(*db.Tx, *Talk) error) (Talk, error) {
	return s.change(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		if t.Staff != p.ID {
			return s.ledBy(ctx, tx, *t)
		}
		if err := f(tx, t); err != nil {
			return err
		}
		return stillLeads(ctx, tx, p, *t)
	})
}

// stillLeads undoes what somebody has done who leads the talk no longer: what f has in hand by now, somebody else may have
// had just before, and have gone on with the talk, even at another desk. The next try finds who does.
func stillLeads(ctx context.Context, tx *db.Tx, p staff.Person, t Talk) error {
	now, err := byID(ctx, tx, t.Agency, t.ID)
	if err == nil && now.Staff != p.ID {
		err = db.ErrConflict
	}
	return err
}

// ledBy refuses, and says who leads the talk.
func (s *Service) ledBy(ctx context.Context, q db.Q, t Talk) error {
	name, err := s.o.Staff.Name(ctx, q, t.Agency, t.Staff)
	if err != nil {
		return err
	}
	return edge.NewProblem(http.StatusConflict, "talk.led", "by", name)
}

// join is a fresh page of staff: reloaded, or opened anew. A colleague's takes the talk over, and only by saying so: an
// address that is opened by accident throws nobody out.
func (s *Service) join(ctx context.Context, p staff.Person, id string, takeover, paired bool) (Talk, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Talk{}, err
	}
	return s.change(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		if t.Staff != p.ID && !takeover {
			return s.ledBy(ctx, tx, *t)
		}
		device, err := s.deviceFor(ctx, tx, p, paired)
		if err != nil {
			return err
		}
		t.Pairing = cmp.Or(device, p.Pairing()) // a window at the desktop goes on in place of the device, or the other way round
		own := t.Staff == p.ID
		if !own {
			if err := mainOnly(*t); err != nil {
				return err
			}
			if err := s.noteJoined(ctx, tx, p, *t); err != nil {
				return err
			}
			t.AlarmAt, t.AlarmAnsweredBy = nil, "" // whose it was is out of the talk
		}
		t.Staff = p.ID
		if err := s.outlive(ctx, tx, t); err != nil {
			return err
		}
		if !own {
			if err := bringAlong(ctx, tx, *t); err != nil {
				return err
			}
		}
		if own && device != "" { // the new generation begins with its page: the guest renews once
			if err := s.breakUp(ctx, tx, *t); err != nil { // a device has one talk
				return err
			}
			return s.saveAndTell(ctx, tx, t)
		}
		return s.next(ctx, tx, key, t, nil)
	})
}

// takeover answers a browser that asks for the guest's place in the talk.
func (s *Service) takeover(ctx context.Context, p staff.Person, id string, answer seat.Answer) (Talk, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Talk{}, err
	}
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		x, _, err := s.o.Seats.Do(ctx, tx, t.Agency, t.Seat, answer)
		if err != nil {
			return err
		}
		act := audit.TakeoverRefused
		if answer.Allow {
			act = audit.TakeoverAllowed
		}
		if err := s.note(ctx, tx, audit.Staff(p.ID), act, *t, x); err != nil {
			return err
		}
		if !answer.Allow {
			return s.tell(ctx, tx, *t)
		}
		return s.next(ctx, tx, key, t, nil)
	})
}

// finish ends a talk's row; what becomes of the seat is the caller's business.
func (s *Service) finish(ctx context.Context, tx *db.Tx, t *Talk) error {
	now := s.o.Clock()
	t.EndedAt, t.RingUntil = &now, nil
	t.AlarmAt, t.AlarmAnsweredBy = nil, ""
	if f := t.Transfer; f != nil {
		t.Transfer = nil
		if err := s.tellAsked(ctx, tx, *t, f.Desk); err != nil {
			return err
		}
	}
	if err := save(ctx, tx, t, db.Ms(now)); err != nil {
		return err
	}
	if err := s.o.Jobs.Remove(ctx, tx, t.Agency, ringJob, t.ID); err != nil {
		return err
	}
	if err := s.forget(ctx, tx, *t); err != nil {
		return err
	}
	if err := s.breakUp(ctx, tx, *t); err != nil {
		return err
	}
	return s.tell(ctx, tx, *t)
}

func (s *Service) sendBack(ctx context.Context, p staff.Person, id string) (Talk, error) {
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error { return s.back(ctx, tx, audit.Staff(p.ID), t) })
}

func (s *Service) back(ctx context.Context, tx *db.Tx, by audit.Actor, t *Talk) error {
	x, _, err := s.o.Seats.Do(ctx, tx, t.Agency, t.Seat, seat.SendBack{})
	if err != nil {
		return err
	}
	if err := s.note(ctx, tx, by, audit.TalkReturned, *t, x); err != nil {
		return err
	}
	return s.finish(ctx, tx, t)
}

// end closes talk, seat and appointment with an outcome, or nothing of them.
func (s *Service) end(ctx context.Context, p staff.Person, id, outcome string) (Talk, error) {
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		if err := mainOnly(*t); err != nil {
			return err
		}
		x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
		if err != nil {
			return err
		}
		// Closing the seat ends its live talk (Left); the outcome is the last word.
		if err := s.o.Appointments.Outcome(ctx, tx, p, x.Appointment, outcome); err != nil {
			return err
		}
		*t, err = byID(ctx, tx, t.Agency, t.ID)
		return err
	})
}

// ringOver returns a guest who did not answer to the waiting room. Nothing is held
// against them.
func (s *Service) ringOver(ctx context.Context, job jobs.Job) error {
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		t, err := byID(ctx, tx, job.Agency, job.Ref)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if t.EndedAt != nil || t.RingUntil == nil {
			return nil
		}
		return s.back(ctx, tx, audit.System(), &t)
	})
}
