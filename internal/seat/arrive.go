package seat

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/vault"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

type arriveInput struct {
	Caller
	Body struct {
		Page     string `json:"page" minLength:"8" maxLength:"64"`
		Mode     Mode   `json:"mode" enum:"video,audio,text"`
		Commit   string `json:"commit" minLength:"43" maxLength:"43"`
		Offer    string `json:"offer" minLength:"1" maxLength:"65536"`
		TakeOver bool   `json:"takeover,omitempty"`
		Notice   string `json:"notice,omitempty" maxLength:"64" doc:"The version of the notice that was shown."`
	}
}

// arrive enters the waiting room, takes a waiting seat over, comes back into a
// talk, or asks to take a talk over: the rules say which.
func (s *Service) arrive(ctx context.Context, in *arriveInput) (*viewOutput, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	prepared, err := s.o.Prepare(in.Body.Commit, in.Body.Offer)
	if err != nil {
		return nil, err
	}
	key, err := s.o.Agencies.Keys().For(ctx, x.Agency)
	if err != nil {
		return nil, err
	}
	who := Holder{in.browser, in.Body.Page}
	command := Arrive{Who: who, Mode: in.Body.Mode, Door: agency.ByLink, TakeOver: in.Body.TakeOver}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		next, happened, err := s.doBy(ctx, tx, x, command)
		if err != nil {
			return err
		}
		if err := acted(ctx, tx, next, in.browser, db.Ms(s.o.Clock())); err != nil {
			return err
		}
		if slices.Contains(happened, Arrived) && in.Body.Notice != "" {
			if err := s.noticed(ctx, tx, next, in.Body.Notice); err != nil {
				return err
			}
		}
		return s.settleArrival(ctx, tx, key, next, who, happened, prepared)
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, who)
}

// askedOnce bounds what two browsers with the link can write that ask in turns.
const askedOnce = time.Minute

func (s *Service) settleArrival(ctx context.Context, tx *db.Tx, key *vault.DataKey, x Seat, who Holder, happened []Event, p Prepared) error {
	switch {
	case slices.Contains(happened, Asked):
		return s.o.Audit.Append(ctx, tx, audit.Entry{
			Agency: x.Agency, By: audit.Guest(), Act: audit.TakeoverAsked, Object: x.Appointment, Once: askedOnce,
		})
	case slices.Contains(happened, Rejoined):
		return s.talks.Rejoin(ctx, tx, x, p)
	case x.State == Talking && x.Holder == who:
		return s.talks.Stayed(ctx, tx, x, p)
	case x.State == Waiting:
		if err := s.prepare(ctx, tx, key, x, p); err != nil {
			return err
		}
		return s.presence.settle(ctx, tx, x)
	}
	return nil
}

type prepareInput struct {
	Caller
	Body struct {
		Page       string `json:"page" minLength:"8" maxLength:"64"`
		Commit     string `json:"commit" minLength:"43" maxLength:"43"`
		Offer      string `json:"offer" minLength:"1" maxLength:"65536"`
		Generation int64  `json:"generation,omitempty" minimum:"0"`
	}
}

// prepareAgain takes a fresh offer: while waiting for later, in a talk at once.
func (s *Service) prepareAgain(ctx context.Context, in *prepareInput) (*viewOutput, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	prepared, err := s.o.Prepare(in.Body.Commit, in.Body.Offer)
	if err != nil {
		return nil, err
	}
	key, err := s.o.Agencies.Keys().For(ctx, x.Agency)
	if err != nil {
		return nil, err
	}
	who := Holder{in.browser, in.Body.Page}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		x, err := s.still(ctx, tx, x)
		switch {
		case err != nil:
			return err
		case x.Holder != who:
			return refuse("seat.elsewhere")
		case x.State == Waiting:
			return s.prepare(ctx, tx, key, x, prepared)
		case x.State == Talking && in.Body.Generation > 0:
			return s.talks.Renewed(ctx, tx, x, prepared, in.Body.Generation)
		case x.State == Talking:
			return s.talks.Rejoin(ctx, tx, x, prepared)
		}
		return refuse("seat.not_waiting")
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, who)
}
