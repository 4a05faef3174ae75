package app

import (
	"visavis/internal/db"
	"visavis/internal/vault"
	"visavis/internal/worldtest"
)

// connect makes a token that the route is about.
func (s *scene) connect() {
	s.t.Helper()
	s.Tx(func(tx *db.Tx) error {
		made, _, err := s.p.scim.MakeToken(s.t.Context(), tx, s.o.Agency, "x", "")
		s.connected = made.ID
		return err
	})
}

// letRule makes a rule that the route is about.
func (s *scene) letRule() {
	s.t.Helper()
	s.connected = vault.NewID()
	s.Exec(`INSERT INTO scim_rule (id, agency_id, title, title_key, role, place_kind, place_id, created_at) VALUES ($1, $2, $1, $1, 'advisor', 'desk', $3, 1)`,
		s.connected, s.o.Agency, s.o.Desk)
}

// clear leaves no tokens: there may be ten.
func (s *scene) clear() {
	s.t.Helper()
	s.Exec(`DELETE FROM scim_token WHERE agency_id = $1`, s.o.Agency)
}

func directoryProps() map[string]prop {
	const set, scim = "/api/staff/directory", "/scim/v2/{agency}"
	all := map[string]prop{
		"GET " + set:             {},
		"POST " + set + "/guard": {body: with(worldtest.Body{"allow": false})},
		"POST " + set + "/rules": {body: func(s *scene) any {
			return worldtest.Body{"group": vault.NewID(), "role": "advisor", "place": s.o.Desk}
		}},
		"DELETE " + set + "/rules/{id}":          {ready: (*scene).letRule},
		"POST " + set + "/tokens":                {ready: (*scene).clear, body: with(worldtest.Body{"label": "x"})},
		"DELETE " + set + "/tokens/{id}":         {ready: func(s *scene) { s.clear(); s.connect() }},
		"GET " + scim + "/ServiceProviderConfig": {}, "GET " + scim + "/ResourceTypes": {}, "GET " + scim + "/Schemas": {},
	}
	for _, kind := range []string{"/Users", "/Groups"} {
		all["GET "+scim+kind] = prop{}
		all["POST "+scim+kind] = prop{body: bare}
		all["GET "+scim+kind+"/{id}"] = prop{}
		all["PUT "+scim+kind+"/{id}"] = prop{body: bare}
		all["PATCH "+scim+kind+"/{id}"] = prop{body: bare}
		all["DELETE "+scim+kind+"/{id}"] = prop{}
	}
	return all
}
