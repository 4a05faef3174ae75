package talk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/scanner"
	"visavis/internal/staff"
)

const (
	scanPath = "/api/staff/talks/{talk}/scan"
	// mostScanned is the largest file that goes from page to page, in bytes.
	mostScanned = 50_000_000
	// scanTime is how long a file may take to come, and to be looked at.
	scanTime = 3 * time.Minute
	// scansAtOnce is how many files are passed on at a time; the others wait. A file is passed on as it comes, which takes
	// minutes over a bad line, and nobody should wait for four of these.
	scansAtOnce = 16
)

// Uploads are the requests that may have a larger body.
func Uploads() map[string]int64 {
	return map[string]int64{"POST /api/staff/talks/*/scan": mostScanned}
}

// Scanned is what a virus scanner says of a file.
type Scanned struct {
	Found string `json:"found,omitempty" doc:"What it calls that which it has found; missing: nothing."`
}

// postScan passes a file on to the virus scanner that a guest has sent to who leads the talk. It has left the encrypted
// channel by then: the advisor's page has it, and its person has asked for this. It is no JSON request, so it stands
// beside the API.
func (s *Service) postScan(w http.ResponseWriter, r *http.Request) {
	answer, err := s.scanned(r)
	if err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, problem(err)))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client may have gone
}

func (s *Service) scanned(r *http.Request) (*Scanned, error) {
	p, err := s.o.Staff.IdentifyAlso(r)
	if err != nil {
		return nil, err
	}
	if !s.scans.Allow(p.Session()) {
		return nil, edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
	}
	if err := s.noteScan(r.Context(), p, r.PathValue("talk")); err != nil {
		return nil, err
	}
	if r.Header.Get("Content-Type") != "application/octet-stream" {
		return nil, edge.NewProblem(http.StatusUnsupportedMediaType, "request.content_type")
	}
	ctx, cancel := context.WithTimeout(r.Context(), scanTime)
	defer cancel()
	select {
	case s.scanning <- struct{}{}:
		defer func() { <-s.scanning }()
	case <-ctx.Done():
		return nil, edge.NewProblem(http.StatusServiceUnavailable, "scan.down")
	}
	file := &noted{Reader: r.Body}
	found, err := s.o.Scanner.Scan(ctx, file)
	if err != nil {
		return nil, s.notScanned(ctx, file, err)
	}
	return &Scanned{Found: found}, nil
}

// noteScan writes down that a file of the guest is looked at, before anything of it is passed on: by whom and in which
// role. What it is, and what is found in it, stands nowhere.
func (s *Service) noteScan(ctx context.Context, p staff.Person, id string) error {
	ctx, cancel := context.WithTimeout(ctx, edge.RequestTime)
	defer cancel()
	_, err := s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		if s.o.Scanner == nil || !slices.Contains(t.Features, scanFiles) {
			return edge.NewProblem(http.StatusConflict, "scan.off")
		}
		return s.noteRole(ctx, tx, p, *t, audit.FileScanned)
	})
	return err
}

// notScanned says why there is no answer. Only what an operator can mend is logged.
func (s *Service) notScanned(ctx context.Context, file *noted, err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](file.failed); large || errors.Is(err, scanner.ErrLimit) {
		if errors.Is(err, scanner.ErrLimit) {
			s.o.Log.WarnContext(ctx, "the virus scanner takes no file of this size: raise StreamMaxLength in its clamd.conf to 50M")
		}
		return edge.NewProblem(http.StatusRequestEntityTooLarge, "scan.large")
	}
	if file.failed != nil {
		return edge.NewProblem(http.StatusBadRequest, "request.invalid") // it did not come whole
	}
	s.o.Log.ErrorContext(ctx, "a file not looked at for viruses", "error", err)
	return edge.NewProblem(http.StatusServiceUnavailable, "scan.down")
}

// noted remembers what was wrong with a body.
type noted struct {
	io.Reader
	failed error
}

func (n *noted) Read(p []byte) (int, error) {
	read, err := n.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.failed = err
	}
	return read, err
}
