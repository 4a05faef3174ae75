// Package edge is where HTTP comes in: problem+json, cookies, security headers,
// limits, event streams and embedded files. It knows HTTP and nothing of agencies.
//
// The main types are Problem (an error that a user may see), Source (what an event
// stream shows) and Limiter (token buckets by key).
package edge

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"

	"visavis/internal/db"
)

// Problem is an error that a person may see. The page chooses its words by Code;
// Params fill them. It is written as application/problem+json (RFC 9457).
type Problem struct {
	Status int
	Code   string
	Params map[string]any
}

// NewProblem returns a problem; params alternate names and values.
func NewProblem(status int, code string, params ...any) *Problem {
	p := &Problem{Status: status, Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		if p.Params == nil {
			p.Params = map[string]any{}
		}
		if name, ok := params[i].(string); ok {
			p.Params[name] = params[i+1]
		}
	}
	return p
}

func (p *Problem) Error() string { return p.Code }

// GetStatus makes a Problem an error of huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// MarshalJSON writes the members of RFC 9457 and ours.
func (p *Problem) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Type   string         `json:"type"`
		Title  string         `json:"title"`
		Status int            `json:"status"`
		Code   string         `json:"code"`
		Params map[string]any `json:"params,omitempty"`
	}{"about:blank", http.StatusText(p.Status), p.Status, p.Code, p.Params})
}

// ErrInternal is what users see of an error that is none of theirs.
func ErrInternal() *Problem { return NewProblem(http.StatusInternalServerError, "internal") }

// AsProblem turns any error into what the user may see. What is not a Problem is
// logged here, once, and becomes "unavailable" where the database cannot work at present, and "internal" otherwise.
func AsProblem(ctx context.Context, log *slog.Logger, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	passing := db.Unavailable(err)
	if errors.Is(ctx.Err(), context.Canceled) && (passing || errors.Is(err, context.Canceled)) {
		return NewProblem(499, "canceled") // the client has gone; nobody reads it
	}
	log.ErrorContext(ctx, "request failed", "error", err)
	if passing {
		return NewProblem(http.StatusServiceUnavailable, "unavailable")
	}
	return ErrInternal()
}

// retryAfter is when it is worth to ask again what could not be done at present, in seconds.
const retryAfter = "5"

// GetHeaders are those of an answer with this problem; huma asks for them.
func (p *Problem) GetHeaders() http.Header {
	if p.Status != http.StatusServiceUnavailable {
		return nil
	}
	return http.Header{"Retry-After": {retryAfter}}
}

// WriteProblem answers with a problem.
func WriteProblem(w http.ResponseWriter, p *Problem) {
	body, err := json.Marshal(p)
	if err != nil {
		p, body = ErrInternal(), []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal"}`)
	}
	h := w.Header()
	maps.Copy(h, p.GetHeaders())
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client may have gone
}
