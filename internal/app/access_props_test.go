package app

import (
	"encoding/base64"
	"maps"
	"time"

	"visavis/internal/agency"
	"visavis/internal/worldtest"
)

// later is a time at which nothing else is booked.
func (s *stage) later() int64 {
	s.ahead++
	return s.Clock.Now().Truncate(time.Hour).Add(30*24*time.Hour + time.Duration(s.ahead)*time.Hour).UnixMilli()
}

// props are what each route needs in order to succeed for who may call it. Where another page of the same person would be
// needed for that, the table names the conflict that a call meets which is allowed.
func (s *stage) props() map[string]prop {
	all := map[string]prop{}
	for _, part := range []map[string]prop{
		pageProps(), s.staffProps(), talkProps(), guestProps(), testProps(), adminProps(), substituteProps(), accountProps(), directoryProps(),
	} {
		maps.Copy(all, part)
	}
	return all
}

func pageProps() map[string]prop {
	return map[string]prop{
		"GET /{$}": {}, "GET /test": {}, "GET /receipt": {}, "GET /t/{agency}": {}, "GET /staff": {}, "GET /staff/device": {}, "GET /staff/talk/{id}": {}, "GET /staff/admin": {}, "GET /staff/admin/{rest...}": {}, "GET /favicon.png": {},
		"GET /robots.txt": {}, "GET /sandbox": {}, "GET /healthz": {}, "GET /readyz": {}, "GET /api/guest/{agency}": {},
		"GET /api/receipts/keys": {}, "POST /api/receipts/check": {body: with(worldtest.Body{"receipt": "e30.AA"})},
	}
}

func (s *stage) staffProps() map[string]prop {
	const appointments = "/api/staff/appointments"
	return map[string]prop{
		"POST /api/staff/session": {body: with(worldtest.Body{"agency": s.o.Slug, "email": s.o.Sommer.Email, "password": worldtest.Password})},
		"GET /api/staff/session":  {}, "DELETE /api/staff/session": {}, "GET /api/staff/stream": {},
		"GET /api/staff/health": {}, "GET /api/staff/audit": {}, "GET /api/staff/audit/export": {}, "GET /api/staff/audit/acts": {},
		"POST /api/staff/audit/check": {body: bare}, "POST /api/staff/audit/people": {body: bare},
		"GET /api/staff/survey": {}, "GET /api/staff/survey/{month}/{department}/lines": {},
		"GET /api/staff/sso": {}, "GET /api/staff/sso/{provider}/start": {}, "GET /api/staff/sso/{provider}/callback": {},
		"POST /api/staff/sso/{provider}/backchannel": {},
		"POST /api/staff/tasks/{id}/done":            {ready: (*scene).ask, body: bare},
		"POST " + appointments: {body: func(one *scene) any {
			booking := one.o.Booking(one.Clock.Now())
			booking["startsAt"] = one.later()
			return booking
		}},
		"GET " + appointments + "/{id}/link":  {},
		"POST " + appointments + "/{id}/move": {body: func(one *scene) any { return version(worldtest.Body{"startsAt": one.later()})(one) }},
		"POST " + appointments + "/{id}/hand": {body: func(one *scene) any { return version(worldtest.Body{"advisor": one.o.Winter.ID})(one) }},
		"POST " + appointments + "/{id}/follow": {
			ready: func(one *scene) { one.done(one.place()) }, body: func(one *scene) any { return worldtest.Body{"startsAt": one.later()} },
		},
		"POST " + appointments + "/{id}/cancel":  {body: version(worldtest.Body{})},
		"POST " + appointments + "/{id}/outcome": {ready: (*scene).begin, body: version(worldtest.Body{"outcome": "technical"})},
		"GET " + appointments + "/{id}/company":  {},
		"POST " + appointments + "/{id}/company": {
			ready: (*scene).mayInvite, body: with(worldtest.Body{"role": "companion", "name": "Otto Beispiel", "language": "de"}),
		},
		"POST /api/staff/seats/{seat}/withdraw": {ready: func(one *scene) { one.enter(); one.accompany() }, body: bare},
		"POST /api/staff/seats/{seat}/admit":    {ready: (*scene).arrive, body: bare},
		"POST /api/staff/desks/{desk}/late":     {body: with(worldtest.Body{"minutes": 10})},
		"POST /api/staff/seats/{seat}/message":  {ready: (*scene).arrive, body: with(worldtest.Body{"text": "Haben Sie Ihren Ausweis da?"})},
	}
}

func talkProps() map[string]prop {
	const talk = "/api/staff/talks/{talk}"
	return map[string]prop{
		"GET " + talk:                        {ready: (*scene).admit},
		"GET " + talk + "/stream":            {ready: (*scene).admit},
		"POST " + talk + "/join":             {ready: (*scene).admit, body: bare},
		"POST " + talk + "/detour":           {ready: (*scene).admit, body: bare},
		"POST " + talk + "/document":         {ready: (*scene).admit, body: bare},
		"POST " + talk + "/form":             {ready: (*scene).admit, body: with(worldtest.Body{"what": "opened"})},
		"GET " + talk + "/forms":             {ready: (*scene).admit},
		"GET " + talk + "/forms/{form}":      {ready: func(s *scene) { s.defined(); s.admit() }},
		"POST " + talk + "/scan":             {ready: (*scene).admit, body: func(*scene) any { return form{"application/octet-stream", "Guten Tag"} }},
		"POST " + talk + "/sendback":         {ready: (*scene).enter, body: bare},
		"POST " + talk + "/end":              {ready: (*scene).enter, body: with(worldtest.Body{"outcome": "technical"})},
		"POST " + talk + "/alarm":            {ready: (*scene).admit, body: with(worldtest.Body{"on": true})},
		"POST " + talk + "/alarm/answer":     {ready: (*scene).admit, body: bare},
		"POST " + talk + "/lock":             {ready: (*scene).enter, body: with(worldtest.Body{"on": true})},
		"POST " + talk + "/company/{seat}":   {ready: func(s *scene) { s.mayInvite(); s.enter(); s.accompany() }, body: bare},
		"POST " + talk + "/remove":           {ready: (*scene).enter, body: with(worldtest.Body{"outcome": "held"})},
		"POST " + talk + "/transfer":         {ready: (*scene).admit, body: func(s *scene) any { return worldtest.Body{"desk": s.o.Desk} }},
		"POST " + talk + "/transfer/desks":   {ready: (*scene).admit, body: with(worldtest.Body{"text": "Wohngeld"})},
		"POST " + talk + "/transfer/back":    {ready: (*scene).request, body: bare},
		"POST " + talk + "/transfer/ready":   {ready: (*scene).accept, body: bare},
		"POST " + talk + "/transfer/accept":  {ready: (*scene).request, body: (*scene).requested},
		"POST " + talk + "/transfer/decline": {ready: (*scene).request, body: func(s *scene) any { return worldtest.Body{"at": s.at, "why": "busy"} }},
		"POST " + talk + "/transfer/enter":   {ready: (*scene).accept, body: (*scene).requested},
		"POST " + talk + "/takeover":         {ready: (*scene).enter, body: with(worldtest.Body{"allow": true, "ask": "nobody"})},
		"POST " + talk + "/signal": {ready: (*scene).admit, body: with(worldtest.Body{
			"generation": 1, "kind": "answer", "sdp": worldtest.Description("staff", worldtest.Print("staff")), "nonce": worldtest.Nonce,
		})},
	}
}

func guestProps() map[string]prop {
	const seat = "/api/guest/{agency}/seats/{seat}"
	page := func(more worldtest.Body) func(*scene) any {
		return func(s *scene) any {
			body := worldtest.Body{"page": s.guest().Page}
			maps.Copy(body, more)
			return body
		}
	}
	offer := worldtest.Body{"offer": worldtest.Description("guest", worldtest.Print("guest")), "commit": "NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNM"}
	arriving := worldtest.Body{"mode": "video", "offer": offer["offer"], "commit": offer["commit"]}
	again := worldtest.Body{"generation": 0, "offer": offer["offer"], "commit": offer["commit"]}
	return map[string]prop{
		"POST /api/guest/{agency}/open": {body: func(s *scene) any { return worldtest.Body{"secret": s.place().Secret} }},
		"POST " + seat + "/check":       {body: with(worldtest.Body{"result": "looked"})},
		"POST " + seat + "/arrive":      {body: page(arriving)},
		"POST " + seat + "/prepare":     {ready: (*scene).arrive, body: page(again)},
		"POST " + seat + "/presence":    {ready: (*scene).arrive, body: page(worldtest.Body{"visible": false})},
		"POST " + seat + "/leave":       {ready: (*scene).arrive, body: page(nil)},
		"POST " + seat + "/answer":      {ready: (*scene).told, body: func(s *scene) any { return worldtest.Body{"page": s.guest().Page, "message": s.message, "text": "Ja"} }},
		"POST " + seat + "/stay":        {ready: (*scene).arrive, body: page(nil)},
		"POST " + seat + "/pair": {
			ready: func(s *scene) { s.mayInvite(); s.enter(); s.accompany() },
			body: func(s *scene) any {
				with := "nobody" // a talk on a paired device has nobody beside it
				if s.actor != pairedDevice {
					with = s.bringIn()
				}
				return page(worldtest.Body{"with": with, "round": 1, "sdp": offer["offer"]})(s)
			},
		},
		"POST " + seat + "/receipt":               {body: bare},
		"GET " + seat + "/survey":                 {},
		"POST " + seat + "/survey":                {ready: (*scene).over, body: with(worldtest.Body{"easy": "yes"})},
		"POST " + seat + "/callback":              {body: with(worldtest.Body{"phone": "0170 1112223"})},
		"POST " + seat + "/cancel":                {body: with(worldtest.Body{"wish": "cancel"})},
		"GET " + seat + "/stream":                 {ready: (*scene).arrive},
		"POST " + seat + "/signal":                {ready: (*scene).admit, body: page(worldtest.Body{"generation": 1, "kind": "enter"})},
		"POST " + seat + "/detour":                {ready: (*scene).admit, body: page(nil)},
		"POST " + seat + "/consent":               {body: page(worldtest.Body{"version": "", "given": false})},
		"GET /api/guest/{agency}/legal/{version}": {ready: (*scene).write},
		"GET /api/guest/{agency}/logo/{version}":  {ready: (*scene).draw},
	}
}

func testProps() map[string]prop {
	return map[string]prop{
		"POST /api/test/paths": {body: bare},
		"POST /api/test/describe": {body: func(s *scene) any {
			var test struct{ ID string }
			s.Browser().Post("/api/test/paths", worldtest.Body{}).OK(s.t).Into(s.t, &test)
			return worldtest.Body{"id": test.ID, "path": "udp", "side": "a", "sdp": worldtest.Description("guest", worldtest.Print("guest"))}
		}},
	}
}

// write gives the agency a text of its own.
func (s *scene) write() {
	s.t.Helper()
	s.Decide(s.o, s.o.Agency, agency.LegalNotice, `{"de": "Wir bewahren nichts auf."}`, false)
	s.Scan(`SELECT version FROM legal_text WHERE agency_id = $1`, []any{s.o.Agency}, &s.text)
}

// draw gives the agency a logo.
func (s *scene) draw() {
	s.t.Helper()
	drawing := base64.StdEncoding.EncodeToString([]byte(`<svg viewBox="0 0 40 40"><rect width="40" height="40"/></svg>`))
	s.Decide(s.o, s.o.Agency, agency.OwnLogo, `"`+drawing+`"`, false)
	s.Scan(`SELECT version FROM logo WHERE agency_id = $1`, []any{s.o.Agency}, &s.text)
}
