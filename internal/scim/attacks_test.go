package scim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// Each process counts what all have removed.
func TestSeveralProcessesTogetherRemoveNoMoreThanTheGuardAllows(t *testing.T) {
	w := New(t, dbtest.Postgres(t))
	one, two := w.Node(), w.Node()
	s := onNode(t, one)
	ids, _ := s.many(12)
	there := *s
	there.directory = s.directory.At(two)
	there.directory.Header = s.directory.Header
	var all sync.WaitGroup
	var removed, stopped atomic.Int32
	for i, id := range ids {
		by := s
		if i%2 == 1 {
			by = &there
		}
		all.Go(func() {
			switch a := by.directory.Send("PATCH", s.path("/Users/"+id), patch([3]any{"replace", "active", false})); a.Status {
			case http.StatusOK:
				removed.Add(1)
			case http.StatusForbidden:
				stopped.Add(1)
			default:
				t.Errorf("%d %s", a.Status, a.Text)
			}
		})
	}
	all.Wait()
	gone := s.Count(`SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND disabled_at IS NOT NULL`, s.o.Agency)
	if v := s.guard(); removed.Load() != 5 || gone != 5 || stopped.Load() != 7 || v.Guard.Refused != 7 || s.acts("directory.stopped") != 1 {
		t.Errorf("%d removed, %d gone, %d stopped: %+v", removed.Load(), gone, stopped.Load(), v)
	}
}

func TestWhatNoDatabaseTakesIsRefusedAndNoError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.group("Beratung")
		for _, path := range []string{"/Users/a%00b", "/Users/%ff", "/Groups/%00", "/Users?filter=" + url.QueryEscape(`userName eq "`+"\x00"+`"`), "/Users?filter=%ff&x=%zz"} {
			if a := s.directory.Get(s.path(path)); a.Status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", path, a.Status, a.Text)
			}
		}
		for _, body := range []Body{
			patch([3]any{"add", "members", members("a\x00b")}), patch([3]any{"remove", "members[value eq \"\x00\"]", nil}),
			patch([3]any{"replace", "displayName", "a\x00b"}), patch([3]any{"add", "members", members("\xff")}),
		} {
			if a := s.directory.Send("PATCH", s.path("/Groups/"+id), body); a.Status != http.StatusBadRequest {
				t.Errorf("%v: %d %s", body, a.Status, a.Text)
			}
		}
		if strings.Contains(s.Log.String(), "level=ERROR") {
			t.Error("and somebody is woken for it")
		}
	})
}

// Whoever has the key of one agency's directory shares the processor with all others.
func TestNothingThatADirectoryWritesTakesLong(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	a := s.make("a@amt.example", nil)
	id := s.group("Beratung", a.ID)
	deep := func(open, inner, shut string) string {
		n := (400 - len(inner)) / (len(open) + len(shut))
		return strings.Repeat(open, n) + inner + strings.Repeat(shut, n)
	}
	many := make([]string, 20_000)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	foreign := Body{"userName": "b@amt.example"}
	for i := range 9000 {
		foreign[fmt.Sprintf("urn:x:%d:a.b", i)] = ""
	}
	paths := make([][3]any, 300)
	for i := range paths {
		paths[i] = [3]any{"replace", strings.Repeat("urn:a.b:", 40) + "x", ""}
	}
	for name, request := range map[string]func() Answer{
		"brackets": func() Answer { return s.directory.Get(s.path("/Users?filter=" + strings.Repeat("(", 400))) },
		"closed brackets": func() Answer {
			return s.directory.Get(s.path("/Users?filter=" + url.QueryEscape(deep("(", `a eq "b"`, ")"))))
		},
		"not": func() Answer {
			return s.directory.Get(s.path("/Users?filter=" + url.QueryEscape(deep("not(", `a eq "b"`, ")"))))
		},
		"or": func() Answer {
			return s.directory.Get(s.path("/Users?filter=" + url.QueryEscape(strings.Repeat("a pr or ", 49)+"a pr")))
		},
		"a long value": func() Answer {
			return s.directory.Get(s.path("/Users?filter=" + url.QueryEscape(`a eq "`+strings.Repeat(`\u0041`, 60)+`"`)))
		},
		"colons": func() Answer {
			return s.directory.Get(s.path("/Users?filter=" + url.QueryEscape(strings.Repeat("urn:", 99))))
		},
		"many members": func() Answer {
			return s.directory.Send("PATCH", s.path("/Groups/"+id), patch([3]any{"remove", "members", many}))
		},
		"many attributes": func() Answer { return s.directory.Post(s.path("/Users"), foreign) },
		"many paths":      func() Answer { return s.directory.Send("PATCH", s.path("/Users/"+a.ID), patch(paths...)) },
		"deep JSON":       func() Answer { return s.directory.Post(s.path("/Users"), strings.Repeat("[", 100_000)) },
	} {
		begun := time.Now()
		answer := request()
		took := time.Since(begun)
		t.Logf("%s: %d in %v", name, answer.Status, took)
		// Tens of milliseconds are usual. What grows faster than what is written would take minutes, or for ever.
		if took > dbtest.Slack || answer.Status >= 500 || answer.Status == 0 {
			t.Errorf("%s: %d %.100s in %v", name, answer.Status, answer.Text, took)
		}
	}
}

// Of large groups fewer come at a time; the directory asks on.
func TestAListOfGroupsHasNoMoreMembersThanAnAnswerHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := New(t, d)
		w.ListedMembers = 5
		s := onNode(t, w.Node())
		var ids []string
		for i := range 4 {
			ids = append(ids, s.make(fmt.Sprintf("p%d@amt.example", i), nil).ID)
		}
		for i, n := range []int{4, 1, 2, 4} {
			s.group(fmt.Sprint("Gruppe ", i), ids[:n]...)
			s.Clock.Forward(time.Second)
		}
		var sizes []int
		for start := 1; start <= 4; {
			var found struct {
				TotalResults, ItemsPerPage int
				Resources                  []struct{ Members []any }
			}
			s.ask(http.StatusOK, "GET", fmt.Sprint("/Groups?count=50&startIndex=", start), nil, &found)
			if found.TotalResults != 4 || found.ItemsPerPage != len(found.Resources) || found.ItemsPerPage == 0 {
				t.Fatalf("%+v", found)
			}
			sizes = append(sizes, found.ItemsPerPage)
			start += found.ItemsPerPage
		}
		if fmt.Sprint(sizes) != "[2 1 1]" {
			t.Error(sizes)
		}
	})
}

// A directory gives what somebody who administers has said that its groups give, and nothing else.
func TestNoDirectoryGivesARoleThatNoRuleHas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make("a@amt.example", Body{"roles": []Body{{"value": "agency_admin"}}, "entitlements": []Body{{"value": "agency_admin"}}, "password": "Vier Fische im Nebel"})
		s.rule("Beratung", staff.Advisor, s.o.Desk)
		for _, title := range []string{"agency_admin", "Beratung ", "beratung"} {
			a := s.directory.Post(s.path("/Groups"), Body{"displayName": title, "roles": []Body{{"value": "agency_admin"}}, "members": members(a.ID)})
			if a.Status != http.StatusCreated && a.Status != http.StatusConflict {
				t.Errorf("%d %s", a.Status, a.Text)
			}
		}
		if got := s.roles(a.ID); got != "[advisor]" {
			t.Error(got)
		}
		s.Browser().Post("/api/staff/session", Body{"agency": s.o.Slug, "email": "a@amt.example", "password": "Vier Fische im Nebel"}).Expect(t, http.StatusUnauthorized, "session.wrong")
	})
}
