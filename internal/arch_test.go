package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "visavis/"
	plumbing = "locales internal/db internal/vault internal/events internal/jobs internal/edge internal/qr "
	media    = "internal/relay internal/relay/sdp internal/relay/control internal/relay/turn "
)

// features are listed from the lowest up: each may import plumbing and those above it in the list. The audit is written
// by all of them and lies below; who may read it is asked of staff, so its routes are a room of their own, auditlog.
var features = strings.Fields(`
	internal/audit internal/decided internal/agency internal/staff internal/auditlog internal/admin internal/scim internal/notify
	internal/appointment internal/seat internal/talk internal/receipt internal/survey internal/retention internal/today internal/health`)

// rooms says for every package which of ours it may import. A package that is not here fails the test, so that a
// new one is always a decision. "*" is everything.
var rooms = map[string]string{
	"cmd/visavis":     "internal/app internal/config",
	"internal":        "",
	"internal/app":    "*",
	"internal/demo":   plumbing + strings.Join(features, " "),
	"internal/config": "",
	"locales":         "",
	"web":             "",

	"internal/relay":         "internal/relay/control internal/relay/crowd internal/relay/sdp internal/relay/turn",
	"internal/relay/control": "",
	"internal/relay/crowd":   "",
	"internal/relay/sdp":     "",
	"internal/relay/turn":    "internal/relay/crowd",

	"internal/db":      "",
	"internal/vault":   "",
	"internal/qr":      "",
	"internal/events":  "internal/db",
	"internal/jobs":    "internal/db internal/events internal/vault",
	"internal/edge":    "internal/db internal/events",
	"internal/mailbox": "internal/edge internal/events",
	"internal/pages":   "internal/edge locales",

	// Know a protocol, a rule or a format, and neither accounts nor a database.
	"internal/agency/picture": "internal/vault",
	"internal/staff/oidc":     "",
	"internal/staff/strength": "",
	"internal/staff/totp":     "internal/qr",
	"internal/scanner":        "",

	// Measures from outside; knows the relay to be its peer, what a password costs, and no other part of the server.
	"bench": "internal/relay internal/relay/control internal/staff",

	// Help for tests: in nobody's list, so only tests can import it.
	"internal/db/dbtest":           "internal/db internal/db/scope internal/vault",
	"internal/db/scope":            "",
	"internal/staff/oidc/oidctest": "",
	"internal/scanner/scannertest": "internal/scanner",
	"internal/worldtest":           plumbing + "internal/db/dbtest internal/scanner " + media + strings.Join(features, " "),
}

// seen is the whole table, features included.
func seen() map[string]string {
	all, lower := maps.Clone(rooms), ""
	for _, feature := range features {
		all[feature] = plumbing + lower
		lower += feature + " "
	}
	all["internal/agency"] += "internal/agency/picture"
	all["internal/admin"] += " internal/agency/picture"
	all["internal/staff"] += "internal/staff/oidc internal/staff/strength internal/staff/totp"
	all["internal/talk"] += "internal/scanner " + media // chooses the media path, and is the only feature that knows there are two
	return all
}

// doors names the packages that may use a technology; everybody else goes through them. Tests may use all of them.
var doors = map[string]string{
	"database/sql":                   "internal/db internal/db/dbtest internal/events internal/jobs",
	"github.com/jackc/pgx":           "internal/db internal/events",
	"modernc.org/sqlite":             "internal/db",
	"github.com/pion":                media + "bench",
	"github.com/wneessen/go-mail":    "internal/notify",
	"github.com/coreos/go-oidc":      "internal/staff/oidc",
	"github.com/go-jose/go-jose":     "internal/staff/oidc internal/staff/oidc/oidctest",
	"github.com/go-webauthn":         "internal/staff",
	"filippo.io/age":                 "internal/app",
	"rsc.io/qr":                      "internal/qr",
	"github.com/scim2/filter-parser": "internal/scim",
	"golang.org/x/oauth2":            "internal/staff/oidc",
	"visavis/web":                    "internal/app internal/edge",
	"net/http/pprof":                 "",                                                                       // registers itself on the default mux
	"math/rand":                      "bench internal/db internal/events internal/jobs internal/relay/control", // jitter; secrets come from vault
}

func TestPackagesImportOnlyWhatTheirRoomMaySee(t *testing.T) {
	rooms := seen()
	found := 0
	for file, imports := range goFiles(t) {
		found++
		room := filepath.ToSlash(filepath.Dir(file))
		allowed, listed := rooms[room]
		if !listed {
			t.Errorf("%s: package %s is in no room; add it to the table with what it may import", file, room)
			continue
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, path := range imports {
			if ours, ok := strings.CutPrefix(path, module); ok && allowed != "*" && !contains(allowed, ours) {
				t.Errorf("%s: %s may not import %s", file, room, ours)
			}
			for door, keepers := range doors {
				if (path == door || strings.HasPrefix(path, door+"/")) && !contains(keepers, room) {
					t.Errorf("%s: only %q may import %s", file, keepers, path)
				}
			}
		}
	}
	if found < 3 {
		t.Fatalf("only %d Go files found: the test looks in the wrong place", found)
	}
}

// goFiles maps each Go file of the module, relative to its root, to the import paths in it.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	for _, root := range []string{"bench", "cmd", "internal", "locales", "web"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "testdata"):
				return fs.SkipDir
			case entry.IsDir() || filepath.Ext(path) != ".go":
				return nil
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(path), "../")
			files[name] = nil
			for _, spec := range parsed.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				files[name] = append(files[name], imported)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func contains(list, word string) bool {
	return slices.Contains(strings.Fields(list), word)
}
