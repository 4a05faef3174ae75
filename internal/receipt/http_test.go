package receipt_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/edge"
	"visavis/internal/receipt"
	. "visavis/internal/worldtest"
)

func TestMain(m *testing.M) {
	edge.UseProblems()
	m.Run()
}

type issued struct{ Receipt, URL string }

func issue(g *Guest) (issued, receipt.Statement) {
	g.T.Helper()
	var out issued
	g.Post("/api/guest/"+g.Place.Slug+"/seats/"+g.Place.Seat+"/receipt", Body{}).OK(g.T).Into(g.T, &out)
	plain, _, _ := strings.Cut(out.Receipt, ".")
	raw, err := base64.RawURLEncoding.DecodeString(plain)
	if err != nil {
		g.T.Fatal(err)
	}
	var s receipt.Statement
	if err := json.Unmarshal(raw, &s); err != nil {
		g.T.Fatal(err)
	}
	return out, s
}

func minutes(s receipt.Statement, list []receipt.Period) (out []int64) {
	for _, p := range list {
		out = append(out, (p[0]-s.Starts)/60, (p[1]-s.Starts)/60)
	}
	return out
}

// A guest waits, goes, comes back, is called, and talks; and all of it stands in the receipt, which the installation knows
// again when the appointment is no more.
func TestAReceiptSaysWhatHappenedAndOutlivesTheAppointment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		sommer := n.SignIn(o.Sommer)
		g := n.Guest(n.Book(o, sommer, o.Booking(Start().Add(5*time.Minute))))
		g.Arrive().OK(t)
		n.Clock.Forward(4 * time.Minute) // until one minute before the agreed time
		g.Do("leave", Body{}).OK(t)
		n.Clock.Forward(3 * time.Minute)
		g.Arrive().OK(t)
		n.Clock.Forward(8 * time.Minute)
		var started struct{ Talk struct{ ID string } }
		sommer.Post("/api/staff/seats/"+g.Place.Seat+"/admit", Body{}).OK(t).Into(t, &started)
		g.Signal(1, "enter", nil).OK(t)
		n.Clock.Forward(30 * time.Minute)
		sommer.Post("/api/staff/talks/"+started.Talk.ID+"/end", Body{"outcome": "held"}).OK(t)
		n.Clock.Forward(time.Hour)

		out, s := issue(g)
		if got := minutes(s, s.Waited); len(got) != 4 || got[0] != -5 || got[1] != -1 || got[2] != 2 || got[3] != 10 {
			t.Errorf("waited %v", got)
		}
		if got := minutes(s, s.Talked); len(got) != 2 || got[0] != 10 || got[1] != 40 {
			t.Errorf("talked %v", got)
		}
		if s.Number != g.Place.Appointment || s.Agency != "lindenau" || s.Outcome != "held" || s.Moved || s.Lost != 0 {
			t.Errorf("%+v", s)
		}
		if out.URL != URL+"/receipt#"+out.Receipt {
			t.Error(out.URL)
		}
		for _, word := range []string{"Beispiel", "Sommer", g.Place.Desk, g.Place.Service, g.Place.Seat, g.Place.Secret} {
			raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(out.Receipt, ".")[0])
			if strings.Contains(string(raw), word) {
				t.Errorf("the receipt names %q", word)
			}
		}
		n.Exec(`DELETE FROM talk WHERE agency_id = $1`, o.Agency)
		n.Exec(`DELETE FROM seat_link WHERE agency_id = $1`, o.Agency)
		if !genuine(n, out.Receipt) {
			t.Error("it is not known again")
		}
		changed := strings.Replace(out.Receipt, out.Receipt[40:44], "AAAA", 1)
		if genuine(n, changed) {
			t.Error("a changed one is known, too")
		}
	})
}

func genuine(n *Node, text string) bool {
	n.T.Helper()
	var out struct {
		Genuine bool
		QR      *struct{ Size int }
	}
	n.Browser().Post("/api/receipts/check", Body{"receipt": text}).OK(n.T).Into(n.T, &out)
	if out.Genuine != (out.QR != nil) {
		n.T.Error("a picture, or none, of the wrong one")
	}
	return out.Genuine
}

// Nobody gets a receipt for a seat whose link they have not shown, nor by the link of another.
func TestAReceiptIsForWhoHasTheLink(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o := n.Office("lindenau")
	sommer := n.SignIn(o.Sommer)
	one := n.Guest(n.Book(o, sommer, o.Booking(Start().Add(5*time.Minute))))
	other := n.Guest(n.Book(o, sommer, o.Booking(Start().Add(60*time.Minute))))
	path := "/api/guest/lindenau/seats/" + one.Place.Seat + "/receipt"
	other.Post(path, Body{}).Expect(t, http.StatusNotFound, "seat.unknown")
	n.Browser().Post(path, Body{}).Expect(t, http.StatusNotFound, "seat.unknown")
	one.Post(path, Body{}).OK(t)
}

// A wait that a move has ended stands in the receipt of the new time.
func TestAMoveLosesNoWait(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o := n.Office("lindenau")
	sommer := n.SignIn(o.Sommer)
	g := n.Guest(n.Book(o, sommer, o.Booking(Start().Add(5*time.Minute))))
	g.Arrive().OK(t)
	n.Clock.Forward(25 * time.Minute)
	var moved struct{ Link string }
	sommer.Post("/api/staff/appointments/"+g.Place.Appointment+"/move",
		Body{"version": g.Place.Version, "startsAt": Start().Add(50 * time.Hour).UnixMilli()}).OK(t).Into(t, &moved)
	g.Post("/api/guest/lindenau/seats/"+g.Place.Seat+"/receipt", Body{}).Expect(t, http.StatusGone, "link.moved") // by the old link
	place := g.Place
	place.Secret = n.Secret(o, moved.Link)
	_, s := issue(n.Guest(place))
	if !s.Moved || len(s.Waited) != 1 || s.Waited[0] != (receipt.Period{Start().Unix(), Start().Add(25 * time.Minute).Unix()}) {
		t.Errorf("%+v", s)
	}
}
