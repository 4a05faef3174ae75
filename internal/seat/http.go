package seat

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/vault"
)

const cookie = "guest"

// Routes registers what guests do, except the signalling of a talk.
func (s *Service) Routes(api *edge.API, mux *edge.Mux) {
	const base = "/api/guest/{agency}/seats/{seat}"
	post := func(id, path string) edge.Operation {
		return edge.Operation{ID: id, Route: "POST " + path, Tag: "guest"}
	}
	edge.Handle(api, post("openLink", "/api/guest/{agency}/open"), s.open)
	edge.Handle(api, post("reportCheck", base+"/check"), s.check)
	edge.Handle(api, post("arrive", base+"/arrive"), s.arrive)
	edge.Handle(api, post("prepareTalk", base+"/prepare"), s.prepareAgain)
	edge.Handle(api, post("reportVisibility", base+"/presence"), s.visibility)
	edge.Handle(api, post("leave", base+"/leave"), s.leave)
	edge.Handle(api, post("consent", base+"/consent"), s.consent)
	edge.Handle(api, post("answerMessage", base+"/answer"), s.answer)
	edge.Handle(api, post("stayUntil", base+"/stay"), s.stay)
	edge.Handle(api, post("askForCall", base+"/callback"), s.callback)
	edge.Handle(api, post("cancelOrMove", base+"/cancel"), s.cancel)
	mux.HandleFunc("GET "+base+"/stream", s.stream)
}

// Caller is the part of every guest's request that says who asks: the agency, the
// seat, and the browser by its cookie.
type Caller struct {
	Slug    string `path:"agency" maxLength:"64"`
	Seat    string `path:"seat" maxLength:"64"`
	token   string // the cookie; empty without one
	browser string // what the seat knows the browser by, once access has found it
}

// Resolve reads the cookie.
func (c *Caller) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	c.token = edge.ReadCookie(r, cookie)
	return nil
}

// Held finds the seat of a caller whose page holds it.
func (s *Service) Held(ctx context.Context, c Caller, page string) (Seat, error) {
	x, err := s.access(ctx, &c)
	if err != nil {
		return x, err
	}
	if x.Holder != (Holder{c.browser, page}) {
		return x, refuse("seat.elsewhere")
	}
	return x, nil
}

// SeenBy finds the seat of a caller whose browser has shown its link, whoever holds it.
func (s *Service) SeenBy(ctx context.Context, c Caller) (Seat, error) { return s.access(ctx, &c) }

// browserAt is what a seat knows a browser by, in hex. It is another at each seat, by a key outside the database: whoever
// reads that sees neither that a guest of one agency is one of another, nor that two appointments are of one person.
func (s *Service) browserAt(x Seat, token string) string {
	return hexOf(s.o.Ring.Derive("guest browser", x.Agency, x.ID, token))
}

// Problem turns what the rules and the store say into what the guest may see.
func Problem(err error) error {
	if r, ok := errors.AsType[*Refusal](err); ok {
		status := http.StatusConflict
		switch r.Code {
		case "seat.closed", "seat.too_late":
			status = http.StatusGone
		case "stay.time", "company.name":
			status = http.StatusUnprocessableEntity
		}
		return &edge.Problem{Status: status, Code: r.Code, Params: r.Params}
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return edge.NewProblem(http.StatusNotFound, "seat.unknown")
	case errors.Is(err, db.ErrConflict):
		return edge.NewProblem(http.StatusConflict, "busy")
	}
	return err
}

type viewOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      GuestView
}

type openInput struct {
	Slug    string `path:"agency" maxLength:"64"`
	token   string
	network string
	Body    struct {
		Secret string `json:"secret,omitempty" maxLength:"512"`
		Seat   string `json:"seat,omitempty" maxLength:"64"`
	}
}

// Resolve reads the cookie and, for the limits, the network.
func (in *openInput) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	in.token = edge.ReadCookie(r, cookie)
	in.network = edge.Note(r)
	return nil
}

// open shows the seat behind a link. It is neither arrival nor "opened": mail
// scanners follow links and run scripts, but they do not click.
func (s *Service) open(ctx context.Context, in *openInput) (*viewOutput, error) {
	if in.Body.Secret == "" {
		c := Caller{Slug: in.Slug, Seat: in.Body.Seat, token: in.token}
		x, err := s.access(ctx, &c)
		if err != nil {
			return nil, Problem(err)
		}
		v, err := s.view(ctx, s.db.Read(), x, Holder{Browser: c.browser})
		return &viewOutput{Body: v}, err
	}
	a, err := s.o.Agencies.BySlug(ctx, in.Slug)
	var shown link
	if err == nil {
		shown, err = linkBySecret(ctx, s.db.Read(), a.ID, in.Body.Secret)
	}
	if errors.Is(err, ErrNotFound) || errors.Is(err, agency.ErrNotFound) {
		return nil, s.wrongLink(in)
	}
	if err != nil {
		return nil, err
	}
	if shown.dead != "" {
		return nil, edge.NewProblem(http.StatusGone, "link."+shown.dead)
	}
	// Each opening may come from a new browser, with an allowance of its own.
	if !s.byOpening.Allow(a.ID + "/" + shown.seat + "/" + edge.NotedPrefix(in.network, s.o.TrustedProxies)) {
		return nil, throttled()
	}
	return s.enterByLink(ctx, a.ID, shown, in.token)
}

func throttled() error { return edge.NewProblem(http.StatusTooManyRequests, "link.throttled") }

// wrongLink counts a failure.
func (s *Service) wrongLink(in *openInput) error {
	network := edge.NotedPrefix(in.network, s.o.TrustedProxies)
	if !s.byNetwork.Allow(network) || !s.byAgency.Allow(in.Slug) {
		return throttled()
	}
	return edge.NewProblem(http.StatusNotFound, "link.unknown")
}

// enterByLink binds the browser, unless the link that it has shown is no longer the seat's by then.
func (s *Service) enterByLink(ctx context.Context, agencyID string, shown link, token string) (*viewOutput, error) {
	out := &viewOutput{}
	if token == "" {
		token = vault.NewToken()
		out.SetCookie = []http.Cookie{*edge.HostCookie(cookie, token, http.SameSiteLaxMode)}
	}
	var x Seat
	now := db.Ms(s.o.Clock())
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if x, err = byID(ctx, tx, agencyID, shown.seat); err != nil {
			return err
		}
		if x.LinkVersion != shown.version {
			return edge.NewProblem(http.StatusGone, "link.moved")
		}
		return bind(ctx, tx, x, s.browserAt(x, token), now)
	})
	if err != nil {
		return nil, Problem(err)
	}
	out.Body, err = s.view(ctx, s.db.Read(), x, Holder{Browser: s.browserAt(x, token)})
	return out, err
}

type checkInput struct {
	Caller
	Body struct {
		Result     string `json:"result" enum:"looked,started,ok,failed"`
		Camera     string `json:"camera,omitempty" enum:"ok,off,refused,missing,busy,unsupported"`
		Microphone string `json:"microphone,omitempty" enum:"ok,off,refused,missing,busy,unsupported"`
	}
}

func (s *Service) check(ctx context.Context, in *checkInput) (*struct{}, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	return nil, Problem(s.opened(ctx, x, in.browser, Opened{Failed: in.Body.Result == "failed"}))
}

// opened writes nothing where nothing is new: anybody with the link may say so as often as they like.
func (s *Service) opened(ctx context.Context, x Seat, browser string, c Opened) error {
	w, err := s.Window(ctx, s.db.Read(), x)
	if err != nil {
		return err
	}
	now := s.o.Clock()
	then, _, err := Apply(x, c, now, w)
	isNew := err != nil || then != x // a refusal is told as it is when it comes to it
	if !isNew {
		if known, err := hasActed(ctx, s.db.Read(), x, browser, db.Ms(now.Add(-openedAnew))); err != nil || known {
			return err
		}
	}
	return s.db.Retried(ctx, func(tx *db.Tx) (err error) {
		next := x
		if isNew {
			if next, _, err = s.doBy(ctx, tx, x, c); err != nil {
				return err
			}
		}
		return acted(ctx, tx, next, browser, db.Ms(now))
	})
}

// doBy is Do for a guest whose right to the seat was found before the transaction: a link that was given up meanwhile
// opens nothing any more.
func (s *Service) doBy(ctx context.Context, tx *db.Tx, seen Seat, c Command) (Seat, []Event, error) {
	next, happened, err := s.Do(ctx, tx, seen.Agency, seen.ID, c)
	if err == nil {
		err = unmoved(next, seen)
	}
	return next, happened, err
}

func unmoved(now, seen Seat) error {
	if now.LinkVersion != seen.LinkVersion {
		return edge.NewProblem(http.StatusGone, "link.moved")
	}
	return nil
}

// shown is the view that most calls answer with.
func (s *Service) shown(ctx context.Context, x Seat, who Holder) (*viewOutput, error) {
	fresh, err := byID(ctx, s.db.Read(), x.Agency, x.ID)
	if err != nil {
		return nil, Problem(db.Done(err))
	}
	v, err := s.view(ctx, s.db.Read(), fresh, who)
	return &viewOutput{Body: v}, db.Done(err)
}

type visibilityInput struct {
	Caller
	Body struct {
		Page    string `json:"page" minLength:"8" maxLength:"64"`
		Visible bool   `json:"visible"`
	}
}

func (s *Service) visibility(ctx context.Context, in *visibilityInput) (*struct{}, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	who := Holder{in.browser, in.Body.Page}
	if x.Holder != who || (x.HiddenSince == nil) == in.Body.Visible {
		return nil, nil // huma's "204, no body"
	}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		_, _, err := s.Do(ctx, tx, x.Agency, x.ID, Shown{Who: who, Visible: in.Body.Visible})
		return err
	})
	return nil, Problem(err)
}

type leaveInput struct {
	Caller
	Body struct {
		Page string `json:"page" minLength:"8" maxLength:"64"`
	}
}

func (s *Service) leave(ctx context.Context, in *leaveInput) (*viewOutput, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	who := Holder{in.browser, in.Body.Page}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		next, err := s.goes(ctx, tx, audit.Guest(), x.Agency, x.ID, Leave{Who: who})
		if err != nil {
			return err
		}
		return unmoved(next, x)
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, who)
}
