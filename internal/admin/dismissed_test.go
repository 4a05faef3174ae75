package admin_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestACC08WhoIsDismissedWhileTheirRequestIsUnderWayChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, boss := administered(n, "lindenau")
		b := n.Browser()
		location := where(n, o).LocationID
		person, place := personOf(t, boss, o.Sommer.ID), placeOf(t, boss, location)
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for _, f := range small() {
			w, err := form.CreateFormFile("file", f.Name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(f.Data); err != nil {
				t.Fatal(err)
			}
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		const json, people, places = "application/json", "/api/staff/people", "/api/staff/places"
		for _, c := range []struct{ method, path, kind, body string }{
			{"POST", people, json, `{"email":"neu@amt.example","name":"Neu","roles":[]}`},
			{"POST", people + "/" + o.Sommer.ID, json, `{"version":"` + person.Version + `","disabled":true}`},
			{"POST", people + "/" + o.Sommer.ID + "/roles", json, `{"role":"agency_admin","place":"` + o.Agency + `"}`},
			{"POST", places, json, `{"kind":"department","code":"X","name":"x"}`},
			{"POST", places + "/" + location, json, `{"version":"` + place.Version + `","name":"x"}`},
			{"PUT", places + "/" + o.Desk + "/rules/waiting.early", json, `{"value":20}`},
			{"POST", "/api/staff/import?trial=false", form.FormDataContentType(), body.String()},
			{"POST", "/api/staff/import?trial=true", form.FormDataContentType(), body.String()},
		} {
			give(n, o, o.Winter, staff.AgencyAdmin, agency.OfAgency, o.Agency)
			b.Post("/api/staff/session", Body{"agency": o.Slug, "email": o.Winter.Email, "password": Password}).OK(t)
			before := counted(n, o.Agency)
			got := b.KeptOpen(c.method, c.path, c.kind, c.body, func() {
				boss.Send(http.MethodDelete, people+"/"+o.Winter.ID+"/roles/agency_admin/"+o.Agency, nil).OK(t)
			})
			if got != http.StatusForbidden {
				t.Errorf("%s %s of who has lost the role: %d", c.method, c.path, got)
			}
			give(n, o, o.Winter, staff.AgencyAdmin, agency.OfAgency, o.Agency)
			got = b.KeptOpen(c.method, c.path, c.kind, c.body, func() {
				boss.Post(people+"/"+o.Winter.ID, Body{"version": personOf(t, boss, o.Winter.ID).Version, "disabled": true}).OK(t)
			})
			if got != http.StatusUnauthorized {
				t.Errorf("%s %s of who is disabled: %d", c.method, c.path, got)
			}
			boss.Post(people+"/"+o.Winter.ID, Body{"version": personOf(t, boss, o.Winter.ID).Version, "disabled": false}).OK(t)
			if after := counted(n, o.Agency); after != before {
				t.Errorf("%s %s changed\n%s to\n%s", c.method, c.path, before, after)
			}
		}
		if personOf(t, boss, o.Sommer.ID).Disabled || placeOf(t, boss, location).Version != place.Version {
			t.Error("something was changed")
		}
	})
}

// An import that has been read is still asked for when its turn comes to change something.
func TestACC08AnImportWaitsForADismissalAndIsRefused(t *testing.T) {
	n := New(t, dbtest.Postgres(t)).Node() // SQLite has one writer anyway
	o, _ := administered(n, "lindenau")
	give(n, o, o.Winter, staff.AgencyAdmin, agency.OfAgency, o.Agency)
	b := n.SignIn(o.Winter)
	answered := make(chan Answer, 1)
	n.Tx(func(tx *db.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `UPDATE agency SET name = name WHERE id = $1`, o.Agency); err != nil {
			return err
		}
		if _, err := tx.ExecContext(t.Context(), `UPDATE staff SET disabled_at = 1 WHERE agency_id = $1 AND id = $2`, o.Agency, o.Winter.ID); err != nil {
			return err
		}
		go func() { answered <- upload(b, "trial=false", small()...) }()
		somebodyWaits(n)
		return nil
	})
	(<-answered).Expect(t, 401, "session.none")
}

// somebodyWaits returns when a transaction waits for another one.
func somebodyWaits(n *Node) {
	n.T.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(dbtest.Patience)
	defer tick.Stop()
	for n.Count(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		select {
		case <-tick.C:
		case <-late:
			n.T.Fatal("nobody waits")
		}
	}
}
