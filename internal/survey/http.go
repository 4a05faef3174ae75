package survey

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/seat"
	"visavis/internal/staff"
)

// Routes registers what guests say, and what is shown of it.
func (s *Service) Routes(api *edge.API) {
	edge.Handle(api, edge.Operation{ID: "surveyAsked", Route: "GET /api/guest/{agency}/seats/{seat}/survey", Tag: "survey"}, s.getAsked)
	edge.Handle(api, edge.Operation{ID: "answerSurvey", Route: "POST /api/guest/{agency}/seats/{seat}/survey", Tag: "survey"}, s.answer)
	own := s.o.Staff.Require(api)
	edge.Handle(api, edge.Operation{ID: "surveyResults", Route: "GET /api/staff/survey", Tag: "survey", Use: own}, s.results)
	edge.Handle(api, edge.Operation{ID: "surveyLines", Route: "GET /api/staff/survey/{month}/{department}/lines", Tag: "survey", Use: own}, s.getLines)
}

type askedOutput struct {
	Body struct {
		Asked bool `json:"asked" doc:"There was a talk, it is over, and nothing was answered yet."`
		Line  bool `json:"line" doc:"The guest may write something, too."`
	}
}

func (s *Service) getAsked(ctx context.Context, in *struct{ seat.Caller }) (*askedOutput, error) {
	x, err := s.o.Seats.SeenBy(ctx, in.Caller)
	if err != nil {
		return nil, seat.Problem(err)
	}
	out := &askedOutput{}
	out.Body.Asked, out.Body.Line, err = s.asked(ctx, s.db.Read(), x)
	return out, err
}

type surveyInput struct {
	seat.Caller
	Body struct {
		Recommend Answer `json:"recommend,omitempty" enum:"yes,partly,no"`
		Easy      Answer `json:"easy,omitempty" enum:"yes,partly,no"`
		Again     Answer `json:"again,omitempty" enum:"yes,partly,no"`
		Line      string `json:"line,omitempty" maxLength:"1200" doc:"At most 300 characters; only where it is asked for."`
	}
}

// said reads the answers; whatever was not answered is not among them.
func (in *surveyInput) said() said {
	what := said{answers: map[Question]Answer{}, line: agency.Plain(in.Body.Line)}
	for question, answer := range map[Question]Answer{Recommend: in.Body.Recommend, Easy: in.Body.Easy, Again: in.Body.Again} {
		if answer != "" {
			what.answers[question] = answer
		}
	}
	return what
}

func (s *Service) answer(ctx context.Context, in *surveyInput) (*struct{}, error) {
	x, err := s.o.Seats.SeenBy(ctx, in.Caller)
	if err != nil {
		return nil, seat.Problem(err)
	}
	asked, line, err := s.asked(ctx, s.db.Read(), x)
	if err != nil {
		return nil, err
	}
	what := in.said()
	switch {
	case !asked:
		return nil, edge.NewProblem(http.StatusConflict, "survey.over")
	case len(what.answers) == 0 && what.line == "":
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "survey.empty")
	case what.line != "" && !line, utf8.RuneCountInString(what.line) > longestLine:
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "survey.line")
	}
	first, err := s.take(ctx, x, what)
	if err == nil && !first {
		return nil, edge.NewProblem(http.StatusConflict, "survey.over")
	}
	return nil, err
}

// Result is what guests of a department, or of the whole agency, have said. A question that too few have answered, or from
// which that of others could be worked out, is not there.
type Result struct {
	Department string  `json:"department,omitempty" doc:"Its id; absent: the whole agency."`
	Name       string  `json:"name"`
	Recommend  *Counts `json:"recommend,omitempty"`
	Easy       *Counts `json:"easy,omitempty"`
	Again      *Counts `json:"again,omitempty"`
}

func (r *Result) set(q Question, c *Counts) {
	switch q {
	case Recommend:
		r.Recommend = c
	case Easy:
		r.Easy = c
	case Again:
		r.Again = c
	}
}

// Month is what was said in a month that is over.
type Month struct {
	Month   string   `json:"month" doc:"2026-11"`
	Results []Result `json:"results" doc:"Of the places whose results the caller may see."`
}

type resultsOutput struct {
	Body struct {
		Fewest int     `json:"fewest" doc:"Fewer answers than these are never shown."`
		Months []Month `json:"months" doc:"The newest first; those in which nobody has answered are left out."`
	}
}

func (s *Service) results(ctx context.Context, _ *struct{}) (*resultsOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !p.MayAnywhere(staff.SeeFigures) {
		return nil, edge.NewProblem(http.StatusForbidden, "role.figures")
	}
	out := &resultsOutput{}
	out.Body.Fewest, out.Body.Months = Fewest, []Month{}
	said, err := s.months(ctx, s.db.Read(), p.Agency)
	if err != nil {
		return nil, err
	}
	places, err := s.places(ctx, p.Agency, said)
	if err != nil {
		return nil, err
	}
	months := slices.Sorted(maps.Keys(said))
	slices.Reverse(months)
	for _, month := range months {
		if seen := visible(p, places, tell(said[month])); len(seen) > 0 {
			out.Body.Months = append(out.Body.Months, Month{month, seen})
		}
	}
	return out, nil
}

// visible are those results of places that somebody may see: the whole agency, then departments in the order of their names.
func visible(p staff.Person, places map[string]agency.Place, results []Result) (seen []Result) {
	for _, r := range results {
		place, known := places[cmp.Or(r.Department, p.Agency)]
		if known && p.May(staff.SeeFigures, place) {
			r.Name = place.Name
			seen = append(seen, r)
		}
	}
	slices.SortStableFunc(seen, func(a, b Result) int {
		if a.Department == "" || b.Department == "" {
			return strings.Compare(a.Department, b.Department)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return seen
}

// places are the departments of results, and the agency itself, by their ids.
func (s *Service) places(ctx context.Context, agencyID string, said map[string][]group) (map[string]agency.Place, error) {
	ids := []string{agencyID}
	for _, list := range said {
		for _, g := range list {
			ids = append(ids, g.department)
		}
	}
	slices.Sort(ids)
	list, err := s.o.Agencies.Places(ctx, s.db.Read(), agencyID, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	places := map[string]agency.Place{}
	for _, place := range list {
		if place.Kind != agency.OfAgency {
			place.Within = []string{agencyID}
		}
		places[place.ID] = place
	}
	return places, nil
}

// tell makes of what was said in a month what may be shown: the whole agency first. Each question is looked at by itself.
func tell(list []group) []Result {
	results := make([]Result, len(list)+1)
	for i, g := range list {
		results[i+1].Department = g.department
	}
	for _, question := range Questions() {
		sums, total := make([]int64, len(list)), Counts{}
		for i, g := range list {
			if c := g.counts[question]; c != nil {
				sums[i] = c.sum()
				total = Counts{total.Yes + c.Yes, total.Partly + c.Partly, total.No + c.No}
			}
		}
		each, all := show(sums)
		if all {
			results[0].set(question, &total)
		}
		for i, shown := range each {
			if shown {
				results[i+1].set(question, list[i].counts[question])
			}
		}
	}
	return results
}

// something tells whether anything of a result is shown.
func (r *Result) something() bool { return r.Recommend != nil || r.Easy != nil || r.Again != nil }

type linesInput struct {
	Month      string `path:"month" maxLength:"7"`
	Department string `path:"department" maxLength:"64"`
}

type linesOutput struct {
	Body struct {
		Lines []string `json:"lines" doc:"In no order, at most 500. None where the department's answers are not shown."`
	}
}

func (s *Service) getLines(ctx context.Context, in *linesInput) (*linesOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	place, err := s.o.Agencies.Place(ctx, s.db.Read(), p.Agency, in.Department)
	switch {
	case err != nil && !errors.Is(err, agency.ErrNotFound):
		return nil, err
	case err != nil, place.Kind != agency.OfDepartment, !p.May(staff.SeeFigures, place):
		return nil, edge.NewProblem(http.StatusNotFound, "place.unknown")
	}
	out := &linesOutput{}
	out.Body.Lines = []string{}
	shown, err := s.shown(ctx, s.db.Read(), p.Agency, in)
	if err != nil || !shown {
		return out, err
	}
	lines, err := s.lines(ctx, s.db.Read(), p.Agency, in.Department, in.Month)
	for _, line := range lines {
		out.Body.Lines = append(out.Body.Lines, line.Reveal())
	}
	return out, err
}

// shown tells whether answers of a department in a month are.
func (s *Service) shown(ctx context.Context, q db.Q, agencyID string, in *linesInput) (bool, error) {
	said, err := s.months(ctx, q, agencyID)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(tell(said[in.Month]), func(r Result) bool { return r.Department == in.Department && r.something() }), nil
}
