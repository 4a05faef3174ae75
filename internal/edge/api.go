package edge

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/validation"
)

// APIOptions configure NewAPI.
type APIOptions struct {
	Title   string
	Version string
	Log     *slog.Logger
}

// API is a huma API whose handlers return Problems or plain errors.
type API struct {
	huma.API
	log *slog.Logger
}

// NewAPI returns an API on the mux. Bodies are limited by Secure; unknown fields
// are refused. Validation errors carry no value: huma would echo the whole body,
// names and all.
func NewAPI(mux *Mux, o APIOptions) *API {
	config := huma.DefaultConfig(o.Title, o.Version)
	config.CreateHooks = nil // no $schema in answers
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.DocsPath = ""
	config.SchemasPath = ""
	config.OpenAPIPath = "/api/openapi"
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format} // the second is that of problem+json
	return &API{API: humago.New(mux, config), log: o.Log}
}

// schemaName puts the feature before the type: two features may have a View each.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	feature := path.Base(t.PkgPath())
	if t.Name() == "" || feature == "." {
		return name
	}
	return strings.ToUpper(feature[:1]) + feature[1:] + name
}

// Operation describes one route: "POST /api/…" and its default status.
type Operation struct {
	ID     string // "bookAppointment"; unique, becomes the OpenAPI operation id
	Route  string // "POST /api/staff/appointments"
	Status int    // of success; 0: 200, or 204 without a body
	Tag    string // the feature
	Use    huma.Middlewares
	Within time.Duration // 0: RequestTime
}

// RequestTime is how long a request may take. What has not happened by then is undone, and the page asks again.
const RequestTime = 5 * time.Second

// Handle registers a handler. Errors that are no Problem are logged once and
// answered as "internal".
func Handle[I, O any](api *API, op Operation, handler func(context.Context, *I) (*O, error)) {
	method, route, _ := strings.Cut(op.Route, " ")
	huma.Register(api.API, huma.Operation{
		OperationID:   op.ID,
		Method:        method,
		Path:          route,
		DefaultStatus: op.Status,
		Tags:          []string{op.Tag},
		Middlewares:   append(huma.Middlewares{keepDeadline, onlyJSON}, op.Use...),
		MaxBodyBytes:  MaxBody,
	}, func(ctx context.Context, in *I) (*O, error) {
		bounded, cancel := context.WithTimeout(ctx, cmp.Or(op.Within, RequestTime))
		defer cancel()
		out, err := handler(bounded, in)
		if err != nil {
			return nil, AsProblem(ctx, api.log, err)
		}
		return out, nil
	})
}

// keepDeadline keeps huma from the read deadline of the connection, which is Secure's: net/http takes that one away when
// the body has come. huma sets another (5 s) for a body that may be left out, when net/http already watches for the
// client to leave; a deadline that passes then looks like that, and cancels this request and all that follow it on the
// same connection.
func keepDeadline(c huma.Context, next func(huma.Context)) { next(deadlineKeeper{c}) }

type humaContext huma.Context // embedded under its own name, Context would hide the method of that name

type deadlineKeeper struct{ humaContext }

func (deadlineKeeper) SetReadDeadline(time.Time) error { return nil }

// Unwrap lets humago.Unwrap reach the request.
func (k deadlineKeeper) Unwrap() huma.Context { return k.humaContext }

// newError takes the place of huma.NewError (see UseProblems).
func newError(status int, _ string, errs ...error) huma.StatusError {
	for _, err := range errs {
		var p *Problem
		if asProblem(err, &p) {
			return p
		}
	}
	switch status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return NewProblem(http.StatusBadRequest, "request.invalid", invalidFields(errs)...)
	case http.StatusRequestEntityTooLarge:
		return NewProblem(status, "request.too_large")
	case http.StatusUnsupportedMediaType:
		return NewProblem(status, "request.content_type")
	case http.StatusNotFound:
		return NewProblem(status, "not_found")
	}
	if status >= http.StatusInternalServerError {
		return NewProblem(status, "internal")
	}
	return NewProblem(status, "request.invalid")
}

func asProblem(err error, p **Problem) bool {
	found, ok := err.(*Problem) //nolint:errorlint // huma hands over our own errors unwrapped
	if ok {
		*p = found
	}
	return ok
}

// invalidFields names the places of validation errors, never the values.
func invalidFields(errs []error) []any {
	var fields []string
	for _, err := range errs {
		d, ok := err.(huma.ErrorDetailer)
		if !ok || len(fields) == 10 {
			continue
		}
		// The name of a field that we do not know is the sender's text: not echoed.
		if detail := d.ErrorDetail(); detail.Message != validation.MsgUnexpectedProperty {
			fields = append(fields, detail.Location)
		}
	}
	if fields == nil {
		return nil
	}
	return []any{"fields", fields}
}

// UseProblems makes huma answer with Problems, and take names as they are written and not otherwise. huma keeps this in
// package variables, so it is set once, by app, before any API is made.
func UseProblems() {
	huma.ValidateStrictCasing = true
	huma.NewError = newError
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return newError(status, msg, errs...)
	}
}
