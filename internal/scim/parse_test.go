package scim

import (
	"testing"
)

func FuzzAPatchNeverPanicsAndSaysWhatItMeans(f *testing.F) {
	for _, seed := range []string{
		`{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`,
		`{"Operations":[{"op":"replace","value":{"active":false,"name.givenName":"x","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"y"}}]}`,
		`{"Operations":[{"op":"add","path":"emails[type eq \"work\"].value","value":"a@b.example"},{"op":"remove","path":"members[value eq \"x\"]"}]}`,
		`{"Operations":[{"op":"add","path":"members","value":[{"value":"x"},"y"]}]}`,
		`{"Operations":[{"op":"replace","path":"emails","value":[{"value":"a@b.example","primary":true}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		operations, fault := parsePatch(body)
		if fault != nil {
			return
		}
		var u userChange
		if u.patch(operations) == nil {
			for _, s := range []*string{u.login, u.external, u.mail, u.display} {
				if s != nil && len(*s) > 4*mostNameChars {
					t.Errorf("%d bytes", len(*s))
				}
			}
		}
		var g groupChange
		if g.patch(operations) == nil {
			g.after([]string{"x", "y"})
		}
	})
}

func FuzzAFilterIsUnderstoodOrRefused(f *testing.F) {
	for _, seed := range []string{`userName eq "x"`, `externalId eq "\""`, `emails[type eq "work"].value eq "x"`, `not (a eq true)`, `a.b pr and (c gt 1.5e9)`, `urn:a:b:c eq "ü"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		name, _, fault := parseFilter(written)
		if fault == nil && name == "" {
			t.Errorf("%q is about nothing", written)
		}
		_, _ = parsePath(written)
	})
}
