package staff

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
)

const (
	minPassword = 12 // characters
	minBesides  = 8  // letters and digits beside the words that everybody would try first
	// looked is how much of a password is looked at: what is longer than this is not common any more, and takes long.
	looked = 48 // characters
	// goodPassword is a power of ten: a thousand million tries by whoever knows which passwords are common.
	goodPassword = 9.0
)

// checkPassword refuses what others would guess: what is short, what many have, and what is made of the person's own name.
func checkPassword(password string, known ...string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return edge.NewProblem(http.StatusUnprocessableEntity, "password.short", "least", minPassword)
	case len(password) > maxPassword:
		return edge.NewProblem(http.StatusUnprocessableEntity, "password.long")
	}
	words := []string{"visavis", "videotermin", "passwort", "kennwort", "behörde", "sommer", "winter", "herbst", "frühling"}
	for _, text := range known {
		words = append(words, text)
		words = append(words, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" .-_@", r) })...)
	}
	begin := []rune(password)
	if besides(password, words) < minBesides || tries(string(begin[:min(len(begin), looked)]), words) < goodPassword {
		return edge.NewProblem(http.StatusUnprocessableEntity, "password.common")
	}
	return nil
}

// besides counts the letters and digits of a password that are in none of the words.
func besides(password string, words []string) int {
	rest := strings.ToLower(password)
	for _, word := range words {
		if utf8.RuneCountInString(word) >= 3 {
			rest = strings.ReplaceAll(rest, strings.ToLower(word), "")
		}
	}
	n := 0
	for _, r := range rest {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// newPassword makes the hash of a password that somebody has chosen.
func (s *Service) newPassword(ctx context.Context, a agency.Agency, p Person, password string) (phc string, err error) {
	if err := checkPassword(password, p.Name, p.Email, a.Name, a.Slug); err != nil {
		return "", err
	}
	phc, err = s.hasher.hash(ctx, password)
	if errors.Is(err, context.DeadlineExceeded) {
		return "", throttled()
	}
	return phc, err
}

// setPassword writes a new password, and ends all sessions but the one that is kept.
func (s *Service) setPassword(ctx context.Context, tx *db.Tx, p Person, phc, why string, kept []byte) error {
	err := db.Affected(tx.ExecContext(ctx, `UPDATE staff SET password_hash = $1 WHERE agency_id = $2 AND id = $3 AND disabled_at IS NULL`, phc, p.Agency, p.ID))
	if err != nil {
		return err
	}
	if err := s.note(ctx, tx, audit.Staff(p.ID), audit.PasswordSet, p, audit.Is("why", why)); err != nil {
		return err
	}
	return s.endSessions(ctx, tx, p, kept, "password", p.ID)
}

// reminder is somebody who says to have forgotten a password.
type reminder struct{ slug, email, language string }

// remind sends a link, if there is such an account and it has a password. Nobody waits for it, so that no answer tells by
// its time whether there is.
func (s *Service) remind(ctx context.Context, r reminder) error {
	ctx, cancel := context.WithTimeout(ctx, noteTime)
	defer cancel()
	a, err := s.agencies.BySlug(ctx, r.slug)
	if errors.Is(err, agency.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	found, err := s.accountByEmail(ctx, a.ID, r.email)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	allowed, err := s.mayHavePassword(ctx, s.db.Read(), found.Person)
	if err != nil || !allowed || found.password == "" || found.readdressed || !s.reminded.Allow(a.ID+"/"+found.ID) {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.note(ctx, tx, audit.System(), audit.PasswordAsked, found.Person); err != nil {
			return err
		}
		return s.sendLink(ctx, tx, found.Person, Forgotten, r.language)
	})
}
