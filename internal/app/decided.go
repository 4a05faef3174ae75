package app

import (
	"context"
	"errors"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/decided"
)

// makeGood looks, before anybody is answered, whether the database is older than what was decided, and keeps the list of it.
func (p *parts) makeGood(ctx context.Context) error {
	p.agencies.Tell(p.tellDecided)
	wake := p.events.Subscribe("", decided.Topic)
	p.decided = decided.New(p.db, decided.Options{
		File: p.c.Decided.File, Keep: days(p.c.Decided.KeepDays), Ring: p.ring, Clock: p.o.Clock, Log: p.o.Log, Wake: wake.C, Redo: p.decideAgain,
	})
	p.background("decided", p.decided.Run)
	return p.decided.Start(ctx)
}

func (p *parts) tellDecided() { p.events.Nudge("", decided.Topic) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// decideAgain makes good what a restored database of an agency has lost. Another process may do the same: what it has done
// is known by then.
func (p *parts) decideAgain(ctx context.Context, agencyID string, lost []decided.Decision) error {
	return p.db.Tx(ctx, func(tx *db.Tx) error {
		if err := p.staff.InTurn(ctx, tx, agencyID); err != nil {
			return err
		}
		if _, err := p.agencies.In(ctx, tx, agencyID); errors.Is(err, agency.ErrNotFound) {
			return nil // given up meanwhile
		} else if err != nil {
			return err
		}
		if lost[0].What == decided.Agency {
			return p.giveUpAgain(ctx, tx, agencyID)
		}
		var count int64
		for _, d := range lost {
			done, err := p.decideOne(ctx, tx, d)
			if err != nil {
				return err
			}
			if done {
				count++
			}
		}
		if count == 0 {
			return nil
		}
		return p.audit.Append(ctx, tx, audit.Entry{
			Agency: agencyID, By: audit.System(), Act: audit.DecidedAgain, Object: agencyID,
			Detail: []audit.Code{audit.Number("count", count)},
		})
	})
}

// decideOne tells whether there was anything to be done. What the database does not have at all is passed over.
func (p *parts) decideOne(ctx context.Context, tx *db.Tx, d decided.Decision) (done bool, err error) {
	if known, err := decided.Knows(ctx, tx, d); err != nil || known {
		return false, err
	}
	if d.What == decided.Account {
		done, err = p.staff.MakeGood(ctx, tx, d)
	} else {
		done, err = p.agencies.MakeGood(ctx, tx, d)
	}
	if err != nil || done {
		return done, err // and noted
	}
	return false, decided.Note(ctx, tx, d, p.tellDecided)
}

// giveUpAgain destroys a key that came back with a backup. Two people had agreed to it; the agency's audit goes with it, so
// the log says so once more.
func (p *parts) giveUpAgain(ctx context.Context, tx *db.Tx, agencyID string) error {
	if err := p.staff.SignOutAll(ctx, tx, agencyID); err != nil {
		return err
	}
	if err := p.agencies.GiveUp(ctx, tx, agencyID); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		p.o.Log.WarnContext(ctx, "agency given up again, which a backup had brought back; its key is destroyed", "agency", agencyID)
	})
	return p.givenUp(ctx, tx, agencyID)
}
