package agency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"visavis/internal/db"
	"visavis/locales"
)

// What LegalBasis says.
const (
	ByNotice  = "notice"  // a law allows it; guests are told
	ByConsent = "consent" // each guest is asked for each appointment
)

// Legal is what guests are told before they come by video, and what they are asked for.
type Legal struct {
	Notice  LegalText
	Consent *LegalText // nil: nothing is asked for
}

// LegalText is a text in one version. Another text is another version.
type LegalText struct {
	Version string `json:"version"`
	Own     bool   `json:"own" doc:"The agency has written it: read it by its version. Else it is as Visavis comes."`
	said    map[string]any
}

func (t LegalText) text() Text {
	out := Text{}
	for language, said := range t.said {
		out[language], _ = said.(string)
	}
	return out
}

// Legal finds what counts by some rules.
func (s *Store) Legal(rules Rules) Legal {
	l := Legal{Notice: s.legalText(rules, LegalNotice)}
	if rules.Line(LegalBasis) == ByConsent {
		text := s.legalText(rules, LegalConsent)
		l.Consent = &text
	}
	return l
}

func (s *Store) legalText(rules Rules, rule Rule) LegalText {
	said, _ := rules[rule].Value.(map[string]any)
	if len(said) == 0 {
		return s.comes[rule]
	}
	return LegalText{Version: versionOf(said), Own: true, said: said}
}

// asItComes are the texts of the catalogues, for agencies that have none of their own, in the order in which guests read
// them. Where the page names the agency and its telephone, {agency} and {phone} stand in what is kept.
func asItComes() map[Rule]LegalText {
	out := map[Rule]LegalText{}
	for rule, keys := range map[Rule][]string{
		LegalNotice: {
			"guest.legal.line.encrypted", "guest.legal.line.recorded", "guest.legal.line.kept", "guest.legal.line.cookie", "guest.legal.line.free",
			"seldom.legal.long.who", "seldom.legal.long.what", "seldom.legal.long.howLong", "seldom.legal.long.address",
			"seldom.legal.long.rights", "seldom.legal.long.limits",
		},
		LegalConsent: {"pages.consent.video", "pages.consent.free", "pages.consent.back"},
	} {
		said := map[string]any{}
		for _, language := range locales.Languages() {
			said[language] = strings.Join(sentences(language, keys), "\n")
		}
		out[rule] = LegalText{Version: versionOf(said), said: said}
	}
	return out
}

// Supplied is the text that counts where nobody has written one, as guests of the agency read it under these rules; nil
// for what is no legal text.
func (s *Store) Supplied(rule Rule, a Agency, rules Rules) Text {
	comes, is := s.comes[rule]
	if !is {
		return nil
	}
	known := strings.NewReplacer("{agency}", a.Name, "{phone}", rules.Line(ContactPhone))
	text := comes.text()
	for language, said := range text {
		text[language] = known.Replace(said)
	}
	return text
}

func sentences(language string, keys []string) []string {
	messages := map[string]string{}
	for _, file := range []string{"guest", "seldom", "pages"} {
		raw, err := locales.Files.ReadFile(language + "/" + file + ".json")
		if err == nil {
			err = json.Unmarshal(raw, &messages)
		}
		if err != nil {
			continue // a test of the catalogues would have failed
		}
	}
	var lines []string
	for _, key := range keys {
		lines = append(lines, messages[key])
	}
	return lines
}

// KeepLegal keeps a text for as long as the agency is there.
func (s *Store) KeepLegal(ctx context.Context, tx *db.Tx, agencyID string, t LegalText) error {
	said, err := json.Marshal(t.said)
	if err != nil {
		return fmt.Errorf("keep legal text: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO legal_text (agency_id, version, said, kept_at) VALUES ($1, $2, $3, $4) ON CONFLICT (agency_id, version) DO NOTHING`,
		agencyID, t.Version, string(said), db.Ms(s.clock()))
	if err != nil {
		return fmt.Errorf("keep legal text: %w", err)
	}
	return nil
}

// KeepNotice keeps a notice that a guest was shown: that of the catalogue, or one that the agency has or had. ErrNotFound
// if it is none of them.
func (s *Store) KeepNotice(ctx context.Context, tx *db.Tx, agencyID, version string) error {
	if known := s.comes[LegalNotice]; known.Version == version {
		return s.KeepLegal(ctx, tx, agencyID, known)
	}
	_, err := s.LegalText(ctx, tx, agencyID, version)
	return err
}

// LegalText reads a text that was kept, also one that counts no more, or that comes with Visavis.
func (s *Store) LegalText(ctx context.Context, q db.Q, agencyID, version string) (Text, error) {
	for _, known := range s.comes {
		if known.Version == version {
			return known.text(), nil
		}
	}
	var said string
	err := q.QueryRowContext(ctx, `SELECT said FROM legal_text WHERE agency_id = $1 AND version = $2`, agencyID, version).Scan(&said)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read legal text: %w", err)
	}
	return DecodeText(said), nil
}
