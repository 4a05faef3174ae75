package today_test

import (
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestTheListSaysWhichDeviceIsPairedWithItsSessionAndWhereItsTalkIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, _, _ := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		_, list := snapshot(s.sommer, "")
		_, others := snapshot(s.winter, "")
		var made struct{ ID, URL string }
		s.sommer.Post("/api/staff/devices", Body{}).OK(t).Into(t, &made)
		_, secret, _ := strings.Cut(made.URL, "#"+s.o.Slug+".")
		phone := s.Browser()
		phone.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 15) Chrome/140.0")
		phone.Post("/api/staff/devices/use", Body{"agency": s.o.Slug, "secret": secret}).OK(t)
		var shown struct{ Device *staff.Device }
		list.Until("snapshot", &shown)
		if shown.Device == nil || *shown.Device != (staff.Device{ID: made.ID, Browser: "chrome", System: "android", Since: db.Ms(s.Clock.Now())}) {
			t.Fatalf("%+v", shown.Device)
		}

		var begun struct{ Talk struct{ ID string } }
		s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{"device": true}).OK(t).Into(t, &begun)
		s.until(list, func(r row) bool { return r.Talk != nil && r.Talk.Device && r.Talk.AwaySince == nil })
		path := "/api/staff/talks/" + begun.Talk.ID
		phone.Post(path+"/join", Body{}).OK(t)
		open := phone.Listen(path+"/stream", "")
		open.Until("snapshot", nil)
		open.Close() // the telephone is locked, or lost
		s.until(list, func(r row) bool { return r.Talk.AwaySince != nil })
		s.until(others, func(r row) bool { return r.Talk != nil && r.Talk.AwaySince != nil }) // the desk sees it, too
		again := phone.Listen(path+"/stream", "")
		again.Until("snapshot", nil)
		s.until(list, func(r row) bool { return r.Talk.AwaySince == nil })
		s.sommer.Post(path+"/join", Body{}).OK(t)
		s.until(list, func(r row) bool { return r.Talk != nil && !r.Talk.Device })

		s.sommer.Send("DELETE", "/api/staff/devices/"+made.ID, nil).OK(t)
		shown.Device = nil
		list.Until("snapshot", &shown)
		if shown.Device != nil {
			t.Errorf("%+v", shown.Device)
		}
		if again, _ := snapshot(s.winter, ""); len(again.Rows) != 1 {
			t.Errorf("%+v", again)
		}
	})
}
