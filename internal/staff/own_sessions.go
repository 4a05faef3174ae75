package staff

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
)

// OwnSession is one of somebody's sessions. Where it is, nobody knows: no address is kept.
type OwnSession struct {
	ID       string `json:"id"`
	Begun    int64  `json:"begun" doc:"Milliseconds since 1970 UTC."`
	Used     int64  `json:"used" doc:"To a few minutes."`
	Current  bool   `json:"current"`
	Provider bool   `json:"provider" doc:"Begun at a provider."`
	Paired   bool   `json:"paired,omitempty" doc:"That of a paired device."`
	Browser  string `json:"browser,omitempty" enum:"edge,opera,firefox,chrome,safari" doc:"By what it says of itself."`
	System   string `json:"system,omitempty" enum:"android,ios,windows,macos,chromeos,linux"`
}

// known are the words by which browsers and systems tell themselves, and those that are kept of them; of several the first
// counts, as most say to be others as well.
type known struct{ says, is string }

func browsers() []known {
	return []known{{"Edg", "edge"}, {"OPR/", "opera"}, {"Firefox/", "firefox"}, {"FxiOS/", "firefox"}, {"Chrome/", "chrome"}, {"CriOS/", "chrome"}, {"Safari/", "safari"}}
}

func systems() []known {
	return []known{
		{"Android", "android"}, {"iPhone", "ios"}, {"iPad", "ios"}, {"Windows", "windows"}, {"Macintosh", "macos"}, {"CrOS", "chromeos"}, {"Linux", "linux"},
	}
}

// mostAgent is how much of what a browser says of itself is looked at.
const mostAgent = 512

// deviceOf keeps of that two words at most: enough to find one's own among a few, and too little to be known by.
func deviceOf(agent string) string {
	agent = agent[:min(len(agent), mostAgent)]
	first := func(list []known) string {
		for _, one := range list {
			if strings.Contains(agent, one.says) {
				return one.is
			}
		}
		return ""
	}
	return first(browsers()) + " " + first(systems())
}

// sessionID names a session to its owner; from it nobody comes to the session.
func (s *Service) sessionID(p Person, hash []byte) string {
	return base64.RawURLEncoding.EncodeToString(s.o.Ring.Derive("staff session", p.Agency, p.ID, hex.EncodeToString(hash))[:12])
}

// ownSession is one with the hash that it is kept by.
type ownSession struct {
	OwnSession
	hash []byte
}

func (s *Service) ownSessions(ctx context.Context, q db.Q, p Person) ([]ownSession, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT token_hash, created_at, used_at, token_hash = $5, issuer <> '', pairing <> '', device FROM staff_session
		WHERE agency_id = $1 AND staff_id = $2 AND `+notOver+` ORDER BY created_at DESC, token_hash`,
		append(s.living(p.Agency, p.ID), p.session)...)
	if err != nil {
		return nil, fmt.Errorf("list own sessions: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []ownSession
	for rows.Next() {
		var one ownSession
		var device string
		if err := rows.Scan(&one.hash, &one.Begun, &one.Used, &one.Current, &one.Provider, &one.Paired, &device); err != nil {
			return nil, fmt.Errorf("list own sessions: %w", err)
		}
		one.ID = s.sessionID(p, one.hash)
		one.Browser, one.System, _ = strings.Cut(device, " ")
		list = append(list, one)
	}
	return list, rows.Err()
}

// sessionPath names one of somebody's sessions.
type sessionPath struct {
	ID string `path:"id" maxLength:"64"`
}

// deleteSession ends one of one's own.
func (s *Service) deleteSession(ctx context.Context, in *sessionPath) (*AccountOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return s.changeAccount(ctx, p, func(tx *db.Tx) error {
		all, err := s.ownSessions(ctx, tx, p)
		if err != nil {
			return err
		}
		for _, one := range all {
			if one.ID == in.ID {
				return s.endSession(ctx, tx, p, one.hash)
			}
		}
		return edge.NewProblem(http.StatusNotFound, "not_found")
	})
}

func (s *Service) endSession(ctx context.Context, tx *db.Tx, p Person, hash []byte) error {
	err := db.Affected(tx.ExecContext(ctx, `DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND token_hash = $3`, p.Agency, p.ID, hash))
	if errors.Is(err, db.ErrConflict) { // by another request of the same moment
		return edge.NewProblem(http.StatusNotFound, "not_found")
	}
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	tx.AfterCommit(func() { s.o.Nudge(p.Agency, Topic(p.ID)) })
	return s.note(ctx, tx, audit.Staff(p.ID), audit.SessionEnded, p, audit.Is("why", "chosen"), audit.Number("count", 1))
}
