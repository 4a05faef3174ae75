package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"visavis/internal/edge"
	"visavis/internal/staff"
)

const (
	importPath = "/api/staff/import"
	// importTime is how long an import may take once it has come.
	importTime = 2 * time.Minute
	// aroundFiles is what a browser puts around the files it sends.
	aroundFiles = 64 << 10
)

// Uploads are the requests that may have a larger body.
func Uploads() map[string]int64 {
	return map[string]int64{"POST " + importPath: MostBytes + aroundFiles}
}

// Imported is what an import has changed, or would.
type Imported struct {
	Trial   bool       `json:"trial"`
	Counts  Counts     `json:"counts"`
	Changes Difference `json:"changes"`
	More    int        `json:"more" doc:"Changes that are not in the list."`
}

// postImport takes files as a form of a browser sends them (multipart/form-data), and with ?trial=true only tells what
// they would change. It is no JSON request, so it stands beside the API.
func (s *Service) postImport(w http.ResponseWriter, r *http.Request) {
	answer, err := s.imported(r)
	if err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, problem(err)))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client may have gone
}

func (s *Service) imported(r *http.Request) (*Imported, error) {
	sender, err := s.importer(r)
	if err != nil {
		return nil, err
	}
	trial, err := strconv.ParseBool(r.URL.Query().Get("trial"))
	if err != nil {
		return nil, edge.NewProblem(http.StatusBadRequest, "request.invalid", "fields", []string{"query.trial"})
	}
	// One at a time from each agency: what comes slowly keeps nobody else's waiting.
	if !s.receiving.begin(sender.Agency) {
		return nil, edge.NewProblem(http.StatusConflict, "import.running")
	}
	defer s.receiving.end(sender.Agency)
	files, err := received(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), importTime)
	defer cancel()
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	case <-ctx.Done():
		return nil, edge.NewProblem(http.StatusConflict, "import.running")
	}
	p, err := s.importer(r) // files take minutes, and so may their turn: meanwhile the sender may have been dismissed
	if err != nil {
		return nil, err
	}
	document, m := Read(files)
	var changes Difference
	if trial {
		changes, err = s.try(ctx, p.Agency, p.ID, document, m)
	} else {
		changes, err = s.importBy(ctx, p, document, m)
	}
	if err != nil {
		return nil, err
	}
	if m.any() {
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "import.mistakes", "mistakes", m.Sorted(), "more", m.More)
	}
	first := changes.first()
	return &Imported{Trial: trial, Counts: changes.Counts(), Changes: first, More: len(changes) - len(first)}, nil
}

// importer is who sent a request, and may import.
func (s *Service) importer(r *http.Request) (staff.Person, error) {
	p, err := s.o.Staff.Identify(r)
	if err == nil && !mayImport(p) {
		err = forbidden403()
	}
	return p, err
}

// received reads the files of a form. Its other fields are not ours.
func received(r *http.Request) ([]File, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, edge.NewProblem(http.StatusUnsupportedMediaType, "request.content_type")
	}
	var files []File
	left := int64(MostBytes)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
		if part.FileName() == "" {
			continue
		}
		data, err := readMost(part, left)
		if err != nil {
			return nil, unreadable(err)
		}
		if len(files) > mostFiles {
			continue // enough to say that there are too many
		}
		left -= int64(len(data))
		files = append(files, File{Name: part.FileName(), Data: data})
	}
}

func unreadable(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large || errors.Is(err, errLarge) {
		return edge.NewProblem(http.StatusRequestEntityTooLarge, "import.too_large", "most", MostBytes>>20)
	}
	return edge.NewProblem(http.StatusBadRequest, "request.invalid")
}

// getExport sends the whole organisation as a file: ?format=csv an archive of tables, ?format=json one document.
func (s *Service) getExport(w http.ResponseWriter, r *http.Request) {
	name, data, err := s.exported(r)
	if err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, problem(err)))
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(data) // the client may have gone
}

func (s *Service) exported(r *http.Request) (string, []byte, error) {
	p, err := s.o.Staff.Identify(r)
	if err != nil {
		return "", nil, err
	}
	if !p.May(staff.SeeOffices, wholeOf(p)) {
		return "", nil, forbidden403()
	}
	format := Format(r.URL.Query().Get("format"))
	if format != CSV && format != JSON {
		return "", nil, edge.NewProblem(http.StatusBadRequest, "request.invalid", "fields", []string{"query.format"})
	}
	ctx, cancel := context.WithTimeout(r.Context(), importTime)
	defer cancel()
	document, err := s.Export(ctx, p.Agency, p.ID)
	if err != nil {
		return "", nil, err
	}
	files := document.Write(format)
	if format == JSON {
		return files[0].Name, files[0].Data, nil
	}
	data, err := Pack(files)
	return "organisation.zip", data, err
}

// agencies are those that have something under way.
type agencies struct {
	mu   sync.Mutex
	busy map[string]bool
}

// begin is false where something is; whoever is let in calls end.
func (a *agencies) begin(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[id] {
		return false
	}
	a.busy[id] = true
	return true
}

func (a *agencies) end(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.busy, id)
}
