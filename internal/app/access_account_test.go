package app

import "visavis/internal/worldtest"

// accountProps are those of signing in to an account and of what belongs to it.
func accountProps() map[string]prop {
	const account, password = "/api/staff/account", "POST /api/staff/password"
	secret := worldtest.Body{"agency": "lindenau", "secret": "of no link"}
	return map[string]prop{
		"POST /api/staff/people/{id}/invite": {ready: (*scene).hire, body: bare},
		"GET /staff/account":                 {}, "GET /staff/password": {},
		"GET " + account:                  {},
		"POST " + account + "/password":   {body: with(worldtest.Body{"current": worldtest.Password, "password": "kurz"})},
		"DELETE " + account + "/sessions": {},
		password:                          {body: with(worldtest.Body{"agency": "lindenau", "secret": "of no link", "password": "Vier Fische im Nebel"})},
		password + "/link":                {body: with(secret)},
		password + "/forgotten":           {body: with(worldtest.Body{"agency": "lindenau", "email": "sommer@amt.example"})},
	}
}
