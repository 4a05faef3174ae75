package talk_test

import (
	"net/http"
	"strings"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/scanner"
	"visavis/internal/scanner/scannertest"
	. "visavis/internal/worldtest"
)

// scanScene is a scene with a virus scanner, in an agency that wants it.
func scanScene(t *testing.T, d *db.DB, clamd scanner.Clamd) *scene {
	t.Helper()
	w := New(t, d)
	w.Scanner = &clamd
	s := sceneIn(t, w)
	s.Decide(s.o, s.o.Agency, agency.TalkScan, `"on"`, false)
	return s
}

// scan sends a file as the page of an advisor does.
func (s *scene) scan(by *Browser, id, file string) Answer {
	s.t.Helper()
	sender := *by
	sender.Header = http.Header{"Content-Type": {"application/octet-stream"}}
	return sender.Send(http.MethodPost, "/api/staff/talks/"+id+"/scan", file)
}

func TestAFileOfTheGuestIsLookedAtByARealScannerAndOnlyThatIsNoted(t *testing.T) {
	clamd, _ := scannertest.Start(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := scanScene(t, d, clamd)
		id := s.admit(s.sommer).Talk.ID
		s.on(id, "chat", "screen", "files", "document", "form", "scan")
		var said struct{ Found string }
		s.scan(s.sommer, id, "Guten Tag").Into(t, &said)
		if said.Found != "" {
			t.Errorf("found %q in nothing", said.Found)
		}
		secret := "Kindergeldnummer 115FK123456"
		s.scan(s.sommer, id, strings.Repeat(secret, 20_000)+scannertest.Virus).Into(t, &said)
		if said.Found != scannertest.Name {
			t.Errorf("found %q", said.Found)
		}
		if strings.Contains(s.Log.String(), "Kindergeld") || strings.Contains(s.Log.String(), scannertest.Name) {
			t.Error("the log tells of the file")
		}
		if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2 AND detail = 'role=advisor'`, s.o.Agency, string(audit.FileScanned)); n != 2 {
			t.Errorf("%d entries with the role and nothing else, not 2", n)
		}
	})
}

func TestAFileIsPassedOnOnlyForWhoLeadsARunningTalkWhereThatIsSwitchedOn(t *testing.T) {
	clamd, _ := scannertest.Start(t)
	s := scanScene(t, dbtest.SQLite(t), clamd)
	id := s.admit(s.sommer).Talk.ID
	s.scan(s.SignIn(s.o.Winter), id, "Guten Tag").Expect(t, http.StatusConflict, "talk.led")
	s.scan(s.Browser(), id, "Guten Tag").Expect(t, http.StatusUnauthorized, "session.none")
	s.sommer.Post("/api/staff/talks/"+id+"/scan", Body{}).Expect(t, http.StatusUnsupportedMediaType, "request.content_type")
	s.do(s.sommer, id, "sendback", Body{}).OK(t)
	s.scan(s.sommer, id, "Guten Tag").Expect(t, http.StatusGone, "talk.ended")

	s.Decide(s.o, s.o.Agency, agency.TalkFiles, `"off"`, false)
	second := s.admit(s.sommer).Talk.ID
	s.on(second, "chat", "screen", "document", "form")
	s.scan(s.sommer, second, "Guten Tag").Expect(t, http.StatusConflict, "scan.off")
}

func TestWithoutAScannerOrARuleNobodyIsOfferedIt(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	s.Decide(s.o, s.o.Agency, agency.TalkScan, `"on"`, false)
	id := s.admit(s.sommer).Talk.ID
	s.on(id, "chat", "screen", "files", "document", "form")
	s.scan(s.sommer, id, "Guten Tag").Expect(t, http.StatusConflict, "scan.off")
}

func TestWhatCannotBeLookedAtIsNeverCalledClean(t *testing.T) {
	clamd, _ := scannertest.Start(t)
	s := scanScene(t, dbtest.SQLite(t), clamd)
	id := s.admit(s.sommer).Talk.ID
	s.scan(s.sommer, id, strings.Repeat("a", scannertest.MostBytes+1<<20)).Expect(t, http.StatusRequestEntityTooLarge, "scan.large")

	gone, err := scanner.At("unix:/nowhere/clamd.ctl")
	if err != nil {
		t.Fatal(err)
	}
	s = scanScene(t, dbtest.SQLite(t), gone)
	s.scan(s.sommer, s.admit(s.sommer).Talk.ID, "Guten Tag").Expect(t, http.StatusServiceUnavailable, "scan.down")
}

func TestFilesWithoutEndAreNotPassedOn(t *testing.T) {
	clamd, _ := scannertest.Start(t)
	s := scanScene(t, dbtest.SQLite(t), clamd)
	id := s.admit(s.sommer).Talk.ID
	untilThrottled(t, 20, func() Answer { return s.scan(s.sommer, id, "Guten Tag") })
}
