package scim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// scene is an office with somebody who administers it, and its directory.
type scene struct {
	*Node
	t         *testing.T
	o         Office
	boss      *Browser
	directory *Browser
}

const set = "/api/staff/directory"

func newScene(t *testing.T, d *db.DB) *scene {
	t.Helper()
	return onNode(t, New(t, d).Node())
}

func onNode(t *testing.T, n *Node) *scene {
	t.Helper()
	s := &scene{Node: n, t: t, o: n.Office("lindenau")}
	s.hire("chefin@amt.example", staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: s.o.Agency})
	s.boss = n.SignIn(Account{Email: "chefin@amt.example", Slug: s.o.Slug})
	s.directory = s.connect("Entra ID")
	return s
}

func (s *scene) hire(email string, roles ...staff.Held) string {
	s.t.Helper()
	var id string
	s.Tx(func(tx *db.Tx) error {
		p, err := s.Staff.Create(s.t.Context(), tx, staff.NewAccount{Agency: s.o.Agency, Email: email, Name: "Neu", Password: Password, Roles: roles})
		id = p.ID
		return err
	})
	return id
}

// connect makes a token, and a client that has it.
func (s *scene) connect(label string) *Browser {
	s.t.Helper()
	var made struct{ Token string }
	s.boss.Post(set+"/tokens", Body{"label": label}).OK(s.t).Into(s.t, &made)
	b := s.Browser()
	b.Header.Set("Authorization", "Bearer "+made.Token)
	b.Header.Set("Content-Type", "application/scim+json")
	return b
}

type account struct {
	ID, UserName, ExternalID, DisplayName string
	Active                                bool
	Emails                                []struct{ Value string }
	Meta                                  struct{ Location, Version string }
}

type page struct {
	TotalResults, StartIndex, ItemsPerPage int
	Resources                              []account
}

func (s *scene) path(rest string) string { return "/scim/v2/" + s.o.Slug + rest }

// ask sends a request of the directory and expects a status.
func (s *scene) ask(status int, method, rest string, body any, into any) {
	s.t.Helper()
	a := s.directory.Send(method, s.path(rest), body)
	if a.Status != status {
		s.t.Fatalf("%s %s: %d, not %d: %s", method, rest, a.Status, status, a.Text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(a.Text), into); err != nil {
		s.t.Fatalf("%v: %s", err, a.Text)
	}
}

func (s *scene) make(login string, more Body) account {
	s.t.Helper()
	body := Body{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": login, "displayName": "Person " + login, "active": true}
	maps.Copy(body, more)
	var a account
	s.ask(http.StatusCreated, "POST", "/Users", body, &a)
	return a
}

// patch is a body with operations, each op, path and value; an empty path is none.
func patch(operations ...[3]any) Body {
	var list []Body
	for _, o := range operations {
		one := Body{"op": o[0], "value": o[2]}
		if o[1] != "" {
			one["path"] = o[1]
		}
		list = append(list, one)
	}
	return Body{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": list}
}

func members(ids ...string) []Body {
	list := []Body{}
	for _, id := range ids {
		list = append(list, Body{"value": id})
	}
	return list
}

func (s *scene) group(title string, ids ...string) string {
	s.t.Helper()
	var made struct{ ID string }
	s.ask(http.StatusCreated, "POST", "/Groups", Body{"displayName": title, "members": members(ids...)}, &made)
	return made.ID
}

func (s *scene) rule(title string, role staff.Role, place string) {
	s.t.Helper()
	s.boss.Post(set+"/rules", Body{"group": title, "role": string(role), "place": place}).OK(s.t)
}

// roles are those of somebody that the directory gave.
func (s *scene) roles(id string) string {
	s.t.Helper()
	all, err := db.Texts(s.DB.Read().QueryContext(s.t.Context(), `SELECT role FROM staff_role WHERE agency_id = $1 AND staff_id = $2 AND source = 'scim' ORDER BY role`, s.o.Agency, id))
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint(all)
}

func (s *scene) disabled(id string) bool {
	s.t.Helper()
	return s.Count(`SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND id = $2 AND disabled_at IS NOT NULL`, s.o.Agency, id) == 1
}

func (s *scene) acts(act string) int {
	s.t.Helper()
	return s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act)
}
