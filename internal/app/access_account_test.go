package app

import "visavis/internal/worldtest"

// accountProps are those of signing in to an account and of what belongs to it.
func accountProps() map[string]prop {
	const account, password = "/api/staff/account", "POST /api/staff/password"
	mine := worldtest.Body{"password": worldtest.Password}
	secret := worldtest.Body{"agency": "lindenau", "secret": "of no link"}
	return map[string]prop{
		"POST /api/staff/people/invite":      {body: bare},
		"POST /api/staff/people/{id}/invite": {ready: (*scene).hire, body: bare},
		"GET /staff/account":                 {}, "GET /staff/password": {},
		"GET " + account:                           {},
		"POST " + account + "/password":            {body: with(worldtest.Body{"current": worldtest.Password, "password": "kurz"})},
		"DELETE " + account + "/sessions":          {},
		"DELETE " + account + "/sessions/{id}":     {},
		password:                                   {body: with(worldtest.Body{"agency": "lindenau", "secret": "of no link", "password": "Vier Fische im Nebel"})},
		"POST /api/staff/people/{id}/factor/reset": {ready: (*scene).hire, body: bare},
		"POST " + account + "/factor":              {body: with(mine)},
		"POST " + account + "/factor/on":           {body: with(worldtest.Body{"code": "000000"})},
		"POST " + account + "/factor/off":          {body: with(mine)},
		"POST " + account + "/factor/recovery":     {body: with(mine)},
		"POST " + account + "/passkeys/begin":      {body: with(mine)},
		"POST " + account + "/passkeys":            {body: with(worldtest.Body{"label": "Handy", "credential": worldtest.Body{}})},
		"POST /api/staff/session/setup":            {body: with(worldtest.Body{"ticket": "of nobody"})},
		"POST /api/staff/session/code":             {body: with(worldtest.Body{"ticket": "of nobody", "code": "000000"})},
		"POST /api/staff/session/passkey/begin":    {body: bare},
		"POST /api/staff/session/passkey":          {body: with(worldtest.Body{"credential": worldtest.Body{}})},
		"POST /api/staff/devices":                  {body: bare},
		"DELETE /api/staff/devices/{id}":           {},
		"POST /api/staff/devices/use":              {body: with(secret)},
		"GET /api/staff/device":                    {},
		"GET /api/staff/device/stream":             {},
		password + "/link":                         {body: with(secret)},
		password + "/forgotten":                    {body: with(worldtest.Body{"agency": "lindenau", "email": "sommer@amt.example"})},

		"POST " + account + "/passkeys/{id}/remove": {body: with(mine)},
	}
}
