package staff

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/qr"
)

// pairingRoutes are those of paired devices: at the desktop, and on the device.
func (s *Service) pairingRoutes(api *edge.API) {
	const devices = "/api/staff/devices"
	edge.Handle(api, edge.Operation{ID: "pairDevice", Route: "POST " + devices, Tag: "staff", Use: s.Require(api)}, s.postPairing)
	edge.Handle(api, edge.Operation{
		ID: "unpairDevice", Route: "DELETE " + devices + "/{id}", Tag: "staff", Status: http.StatusNoContent, Use: s.Require(api),
	}, s.deletePairing)
	edge.Handle(api, edge.Operation{ID: "becomeDevice", Route: "POST " + devices + "/use", Tag: "staff"}, s.postUsePairing)
	edge.Handle(api, edge.Operation{ID: "device", Route: "GET /api/staff/device", Tag: "staff", Use: s.RequireAlso(api)}, s.getDevice)
}

type pairingOutput struct {
	Body struct {
		ID    string    `json:"id" doc:"What the device will be called."`
		URL   string    `json:"url"`
		QR    qr.Matrix `json:"qr" doc:"Of the address."`
		Until int64     `json:"until" doc:"Milliseconds since 1970 UTC."`
		Now   int64     `json:"now"`
	}
}

// postPairing makes a link for one device. Its secret is in the fragment, which browsers do not send.
func (s *Service) postPairing(ctx context.Context, _ *struct{ Body struct{} }) (*pairingOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.agencies.ByID(ctx, p.Agency)
	if err != nil {
		return nil, err
	}
	made, err := s.preparePairing(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &pairingOutput{}
	out.Body.ID, out.Body.Until, out.Body.Now = made.id, db.Ms(made.until), db.Ms(s.o.Clock())
	out.Body.URL = a.URL(s.o.URL) + "/staff/device#" + a.Slug + "." + made.secret
	out.Body.QR, err = qr.Draw(out.Body.URL)
	return out, err
}

type pairingPath struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) deletePairing(ctx context.Context, in *pairingPath) (*struct{}, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.unpair(ctx, p, in.ID)
}

// usePairingInput comes from a browser that becomes the device.
type usePairingInput struct {
	Browser
	value string // of the session cookie there
	Body  LinkSecret
}

// Resolve notes who is signed in there.
func (in *usePairingInput) Resolve(c huma.Context) []error {
	r, _ := humago.Unwrap(c)
	in.value = edge.ReadCookie(r, cookie)
	return in.Browser.Resolve(c)
}

// postUsePairing begins the session of a device. Where somebody is signed in themselves it would take that session's place.
func (s *Service) postUsePairing(ctx context.Context, in *usePairingInput) (*meOutput, error) {
	source := edge.NotedPrefix(in.network, s.o.TrustedProxies)
	if s.pairings.Exhausted(source) {
		return nil, throttled()
	}
	if in.value != "" {
		p, err := s.bySession(ctx, in.value)
		if err == nil && p.pairing == "" {
			return nil, edge.NewProblem(http.StatusConflict, "device.here")
		}
		if _, is := errors.AsType[*edge.Problem](err); err != nil && !is {
			return nil, err
		}
	}
	a, err := s.agencies.BySlug(ctx, in.Body.Agency)
	if errors.Is(err, agency.ErrNotFound) {
		err = errPairing()
	}
	var p Person
	var value string
	if err == nil {
		p, value, err = s.usePairing(ctx, a.ID, in.Body.Secret, in.is)
	}
	if _, refused := errors.AsType[*edge.Problem](err); refused {
		s.pairings.Allow(source)
	}
	if err != nil {
		return nil, err
	}
	out, err := s.whose(ctx, p)
	if err != nil {
		return nil, db.Done(err)
	}
	out.SetCookie = []http.Cookie{*edge.HostCookie(cookie, value, http.SameSiteStrictMode)}
	return out, nil
}

// getDevice tells a device whose it is.
func (s *Service) getDevice(ctx context.Context, _ *struct{}) (*meOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	if p.pairing == "" {
		return nil, edge.NewProblem(http.StatusConflict, "device.here")
	}
	return s.whose(ctx, p)
}

// whose is what a device knows of its person: the name, and the agency. Neither where they work nor with whom.
func (s *Service) whose(ctx context.Context, p Person) (*meOutput, error) {
	a, err := s.agencies.ByID(ctx, p.Agency)
	if err != nil {
		return nil, err
	}
	me := Me{ID: p.ID, Name: p.Name, Roles: []Held{}, Desks: []meDesk{}, Services: []meService{}, Advisors: []Colleague{}}
	me.Agency, err = s.agencies.Public(ctx, s.db.Read(), a)
	return &meOutput{Body: me}, err
}
