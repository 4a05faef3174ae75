package audit_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"visavis/internal/audit"
)

// parts takes the canonical form apart again: whatever can be read back has not been mixed up.
func parts(t *testing.T, text []byte) [][]byte {
	t.Helper()
	take := func(n uint32) []byte {
		if uint32(len(text)) < n {
			t.Fatalf("%d bytes, want %d", len(text), n)
		}
		out := text[:n]
		text = text[n:]
		return out
	}
	var out [][]byte
	for range binary.BigEndian.Uint32(take(4)) {
		out = append(out, take(binary.BigEndian.Uint32(take(4))))
	}
	if len(text) != 0 {
		t.Fatalf("%d bytes too many", len(text))
	}
	return out
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func FuzzAUD01TheEncodingOfAnEntryIsThatOfNoOther(f *testing.F) {
	f.Add("agency", int64(1), int64(2), "actor", "staff", "session.begun", "staff", "object", "a=b c=d", []byte{1, 2})
	f.Add("", int64(-1), int64(0), "", "", "", "", "", "", []byte(nil))
	f.Add("a\x00\x00\x00\x01b", int64(0), int64(0), "a", "\x00\x00\x00\x01", "", "a b", "c", "\xff", []byte("ab"))
	f.Fuzz(func(t *testing.T, agency string, seq, at int64, actor, actorKind, act, kind, object, detail string, prev []byte) {
		r := audit.Row{
			Agency: agency, Seq: seq, At: at, Actor: actor, ActorKind: audit.ActorKind(actorKind), Act: audit.Act(act), ObjectKind: audit.Kind(kind),
			Object: object, Detail: detail, Prev: prev,
		}
		found := parts(t, r.Canonical())
		want := [][]byte{
			[]byte("visavis audit entry 1"), []byte(agency), number(seq), number(at), []byte(actor), []byte(actorKind), []byte(act),
			[]byte(kind), []byte(object), []byte(detail), prev,
		}
		if len(found) != len(want) {
			t.Fatalf("%d parts", len(found))
		}
		for i := range want {
			if !bytes.Equal(found[i], want[i]) {
				t.Errorf("part %d is %q, was %q", i, found[i], want[i])
			}
		}
	})
}

// An entry written by hand: whoever reads docs/decisions/0009-audit-chain.md comes to the same bytes.
func TestAUD01TheEncodingIsTheDocumentedOne(t *testing.T) {
	r := audit.Row{Agency: "a", Seq: 1, At: 2, Actor: "p", ActorKind: audit.ByStaff, Act: audit.LinkShown, ObjectKind: audit.OfAppointment, Object: "x", Prev: []byte{9}}
	want := "\x00\x00\x00\x0b" +
		"\x00\x00\x00\x15visavis audit entry 1" + "\x00\x00\x00\x01a" +
		"\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x02" +
		"\x00\x00\x00\x01p" + "\x00\x00\x00\x05staff" + "\x00\x00\x00\x0alink.shown" + "\x00\x00\x00\x0bappointment" +
		"\x00\x00\x00\x01x" + "\x00\x00\x00\x00" + "\x00\x00\x00\x01\x09"
	if got := string(r.Canonical()); got != want {
		t.Errorf("%q", got)
	}
}

func TestAUD01NothingButWordsOfTheListsGetsIntoAnEntry(t *testing.T) {
	whole := audit.Entry{Agency: "a", By: audit.Staff("s"), Act: audit.AppointmentClosed, Object: "x", Detail: []audit.Code{audit.Is("outcome", "held")}}
	if err := whole.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*audit.Entry){
		"no agency":           func(e *audit.Entry) { e.Agency = "" },
		"nobody acted":        func(e *audit.Entry) { e.By = audit.Actor{} },
		"an act of no list":   func(e *audit.Entry) { e.Act = "appointment.eaten" },
		"no object":           func(e *audit.Entry) { e.Object = "" },
		"a name as an object": func(e *audit.Entry) { e.Object = "Erika Beispiel" },
		"a detail of no list": func(e *audit.Entry) { e.Detail = []audit.Code{audit.Is("reason", "held")} },
		"a name as a detail":  func(e *audit.Entry) { e.Detail = []audit.Code{audit.Is("outcome", "Erika")} },
		"a sentence":          func(e *audit.Entry) { e.Detail = []audit.Code{audit.Is("outcome", "held, but late")} },
		"an e-mail address":   func(e *audit.Entry) { e.Detail = []audit.Code{audit.Is("outcome", "erika@example.org")} },
		"a telephone number":  func(e *audit.Entry) { e.Detail = []audit.Code{audit.Is("outcome", "+49170111")} },
		"two codes in one":    func(e *audit.Entry) { e.Detail = []audit.Code{audit.Is("outcome", "held talk=x")} },
		"a detail twice": func(e *audit.Entry) {
			e.Detail = []audit.Code{audit.Is("outcome", "held"), audit.Is("outcome", "phone")}
		},
		"far too long an id":   func(e *audit.Entry) { e.Object = string(bytes.Repeat([]byte("x"), 41)) },
		"a formula of a sheet": func(e *audit.Entry) { e.Object = "=1+1" },
	} {
		e := whole
		change(&e)
		if e.Check() == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAUD01PeopleStandInARowByPseudonymsOnly(t *testing.T) {
	hide := func(id string) string { return "p-" + id }
	r := audit.Entry{
		Agency: "a", By: audit.Staff("sommer"), Act: audit.TalkJoined, Object: "x", Detail: []audit.Code{audit.Person("from", "winter"), audit.Is("talk", "t"), audit.Is("talk", "")},
	}.Row(5, hide)
	if r.Actor != "p-sommer" || r.Object != "x" || r.Detail != "talk=t from=p-winter" || r.At != 5 || r.ObjectKind != audit.OfAppointment {
		t.Errorf("%+v", r)
	}
	r = audit.Entry{Agency: "a", By: audit.System(), Act: audit.RoleGiven, Object: "herbst"}.Row(5, hide)
	if r.Actor != "" || r.ActorKind != audit.BySystem || r.Object != "p-herbst" || r.Detail != "" {
		t.Errorf("%+v", r)
	}
}
