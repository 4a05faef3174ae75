// Package survey asks guests three questions after their talk, and adds up what they say. Nobody can tell who has said what:
// answers are kept as numbers of a department in a month, and shown when the month is over and enough have answered.
//
// The main type is Service.
package survey

import (
	"slices"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/seat"
	"visavis/internal/staff"
)

// Question is one of the three.
type Question string

// The questions.
const (
	Recommend Question = "recommend" // would the guest recommend it to others?
	Easy      Question = "easy"      // was it easy?
	Again     Question = "again"     // would the guest do it again?
)

// Questions are all, in the order in which they are asked.
func Questions() []Question { return []Question{Recommend, Easy, Again} }

// Answer is what can be said to each.
type Answer string

// The answers.
const (
	Yes    Answer = "yes"
	Partly Answer = "partly"
	No     Answer = "no"
)

const (
	// Fewest is of how many answers at least something is shown: those who work there are not to be watched through it,
	// and nobody who answers recognised.
	Fewest = 5
	// longestLine is of what a guest writes, in characters.
	longestLine = 300
	// monthsShown is how far back results are shown.
	monthsShown = 12
	// mostLines is how many of what was written is shown of a department and a month.
	mostLines = 500
)

// Options configure a Service.
type Options struct {
	Agencies *agency.Store
	Staff    *staff.Service
	Seats    *seat.Service
}

// Service asks, counts and shows.
type Service struct {
	db *db.DB
	o  Options
}

// New returns a service.
func New(d *db.DB, o Options) *Service { return &Service{d, o} }

// monthOf is the month of a moment, as it stands in the tables.
func monthOf(t time.Time) string { return t.Format("2006-01") }

// Counts are how many have said what to one question.
type Counts struct {
	Yes    int64 `json:"yes"`
	Partly int64 `json:"partly"`
	No     int64 `json:"no"`
}

func (c Counts) sum() int64 { return c.Yes + c.Partly + c.No }

func (c *Counts) add(a Answer, n int64) {
	switch a {
	case Yes:
		c.Yes += n
	case Partly:
		c.Partly += n
	case No:
		c.No += n
	}
}

// show says which of several groups may be shown, and whether their sum may. What is too small is hidden, and as many others
// as it takes that nobody can work it out from the sum: of what is hidden there are always two groups, of Fewest together
// (complementary suppression).
func show(groups []int64) (each []bool, all bool) {
	each = make([]bool, len(groups))
	var total, hidden int64
	var few int
	for i, n := range groups {
		total += n
		switch {
		case n >= Fewest:
			each[i] = true
		case n > 0:
			hidden += n
			few++
		}
	}
	if total < Fewest {
		return each, false
	}
	bySize := make([]int, 0, len(groups)) // those that are shown, the smallest first
	for i := range groups {
		if each[i] {
			bySize = append(bySize, i)
		}
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return int(groups[a] - groups[b]) })
	for _, i := range bySize {
		if few == 0 || (few > 1 && hidden >= Fewest) {
			break
		}
		each[i] = false
		hidden += groups[i]
		few++
	}
	return each, true
}
