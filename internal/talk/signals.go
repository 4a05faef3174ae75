package talk

import (
	"context"
	"net/http"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/relay"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Signal is a message from a page (docs/protocol.md §4).
type Signal struct {
	Generation int64  `json:"generation" minimum:"1"`
	Kind       string `json:"kind" enum:"answer,reveal,enter,connected,restart-offer,restart-answer"`
	SDP        string `json:"sdp,omitempty" maxLength:"65536"`
	Nonce      string `json:"nonce,omitempty" maxLength:"32"`
}

// Signals of an ICE restart; a later one replaces an earlier one of its kind.
const (
	restartOffer  = "restart-offer"
	restartAnswer = "restart-answer"
)

func ended() error { return edge.NewProblem(http.StatusGone, "talk.ended") }

func outOfOrder() error { return edge.NewProblem(http.StatusConflict, "talk.order") }

// side is who sends a signal, and who reads it.
type side struct {
	from, to relay.Side
	reader   reader
}

func guestSide() side { return side{relay.SideGuest, relay.SideStaff, forStaff} }
func staffSide() side { return side{relay.SideStaff, relay.SideGuest, forGuest} }

// take handles a signal of either side inside a transaction.
func (s *Service) take(ctx context.Context, tx *db.Tx, key *vault.DataKey, t *Talk, from side, m Signal) error {
	switch {
	case t.EndedAt != nil:
		return ended()
	case m.Generation != t.Generation:
		return edge.NewProblem(http.StatusConflict, "talk.generation", "generation", t.Generation)
	}
	switch {
	case m.Kind == "answer" && from.from == relay.SideStaff:
		return s.answer(ctx, tx, key, t, m)
	case m.Kind == "reveal" && from.from == relay.SideGuest:
		return s.reveal(ctx, tx, key, t, m)
	case m.Kind == "enter" && from.from == relay.SideGuest:
		return s.enter(ctx, tx, t)
	case m.Kind == "connected":
		return s.connected(ctx, tx, t)
	case m.Kind == restartOffer:
		return s.restartOffer(ctx, tx, key, t, from, m)
	case m.Kind == restartAnswer:
		return s.restartAnswer(ctx, tx, key, t, from, m)
	}
	return outOfOrder()
}

const nonceChars = 22 // 16 bytes in base64url

// answer is the advisor's description and nonce; once in a generation.
func (s *Service) answer(ctx context.Context, tx *db.Tx, key *vault.DataKey, t *Talk, m Signal) error {
	if t.GuestPrint == "" || t.StaffPrint != "" || len(m.Nonce) != nonceChars {
		return outOfOrder()
	}
	out, found, err := s.rewrite(*t, relay.SideGuest, m.SDP)
	if err != nil {
		return err
	}
	t.StaffPrint = found.Fingerprint
	if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	if err := s.introduce(ctx, tx, key, *t, relay.SideStaff, found.Ufrag, found.Pwd); err != nil {
		return err
	}
	return s.signal(ctx, tx, key, *t, forGuest, "answer", map[string]any{"sdp": out, "nonce": m.Nonce})
}

// reveal opens the guest's commitment, and only after the advisor's fingerprint
// and nonce have been passed on: else a server in the middle could choose its own.
func (s *Service) reveal(ctx context.Context, tx *db.Tx, key *vault.DataKey, t *Talk, m Signal) error {
	if t.StaffPrint == "" || t.Revealed || len(m.Nonce) != nonceChars {
		return outOfOrder()
	}
	t.Revealed = true
	if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	return s.signal(ctx, tx, key, *t, forStaff, "reveal", map[string]any{"nonce": m.Nonce})
}

// enter says that the guest is at the screen: the ringing ends.
func (s *Service) enter(ctx context.Context, tx *db.Tx, t *Talk) error {
	if t.EnteredAt != nil && t.RingUntil == nil {
		return nil
	}
	now := s.o.Clock()
	if t.EnteredAt == nil {
		t.EnteredAt = &now
	}
	t.RingUntil = nil
	if err := save(ctx, tx, t, db.Ms(now)); err != nil {
		return err
	}
	if err := s.o.Jobs.Remove(ctx, tx, t.Agency, ringJob, t.ID); err != nil {
		return err
	}
	return s.tell(ctx, tx, *t)
}

func (s *Service) connected(ctx context.Context, tx *db.Tx, t *Talk) error {
	if t.ConnectedAt != nil {
		return nil
	}
	now := s.o.Clock()
	t.ConnectedAt = &now
	if err := save(ctx, tx, t, db.Ms(now)); err != nil {
		return err
	}
	return s.tell(ctx, tx, *t)
}

// pinned refuses a description with another certificate than the one that the
// safety code was made from.
func pinned(t *Talk, from side, fingerprint string) error {
	want := t.GuestPrint
	if from.from == relay.SideStaff {
		want = t.StaffPrint
	}
	if want == "" || want != fingerprint {
		return edge.NewProblem(http.StatusConflict, "talk.fingerprint")
	}
	return nil
}

// restartOffer gives the sender's leg new credentials; the other leg stays.
func (s *Service) restartOffer(ctx context.Context, tx *db.Tx, key *vault.DataKey, t *Talk, from side, m Signal) error {
	out, found, err := s.rewrite(*t, from.to, m.SDP)
	if err != nil {
		return err
	}
	if err := pinned(t, from, found.Fingerprint); err != nil {
		return err
	}
	restarts := &t.GuestRestart
	if from.from == relay.SideStaff {
		restarts = &t.StaffRestart
	}
	if *restarts++; *restarts > relay.MostRestarts { // a new generation begins anew
		return outOfOrder()
	}
	if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	if err := s.introduce(ctx, tx, key, *t, from.from, found.Ufrag, found.Pwd); err != nil {
		return err
	}
	return s.signal(ctx, tx, key, *t, from.reader, m.Kind, map[string]any{"sdp": out})
}

func (s *Service) restartAnswer(ctx context.Context, tx *db.Tx, key *vault.DataKey, t *Talk, from side, m Signal) error {
	out, found, err := s.rewrite(*t, from.to, m.SDP)
	if err != nil {
		return err
	}
	if err := pinned(t, from, found.Fingerprint); err != nil {
		return err
	}
	if err := s.introduce(ctx, tx, key, *t, from.from, found.Ufrag, found.Pwd); err != nil {
		return err
	}
	return s.signal(ctx, tx, key, *t, from.reader, m.Kind, map[string]any{"sdp": out})
}

// fromGuest takes a signal of the page that holds the seat.
func (s *Service) fromGuest(ctx context.Context, x seat.Seat, m Signal) error {
	key, err := s.o.Agencies.Keys().For(ctx, x.Agency)
	if err != nil {
		return err
	}
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		t, err := live(ctx, tx, x.Agency, x.ID)
		if err != nil {
			return err
		}
		return s.take(ctx, tx, key, &t, guestSide(), m)
	})
}

// fromStaff takes a signal of a page of staff.
func (s *Service) fromStaff(ctx context.Context, p staff.Person, id string, m Signal) error {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		if t.Staff != p.ID || t.Pairing != p.Pairing() {
			return outOfOrder()
		}
		return s.take(ctx, tx, key, t, staffSide(), m)
	})
	return err
}
