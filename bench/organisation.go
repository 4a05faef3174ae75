//go:build linux

package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// The largest agency that there is.
const (
	manyLocations   = 1000
	manyDesks       = 3000
	manyPeople      = 10_000
	manyDepartments = 10
	searches        = 100
)

// measureOrganisation imports a large agency into the demo's, searches in it and signs in, on each database. That of PostgreSQL
// is the one of scripts/with-postgres.
func measureOrganisation(ctx context.Context, found figures) error {
	if err := measureImport(ctx, found, "sqlite", ""); err != nil {
		return err
	}
	server := os.Getenv("VISAVIS_TEST_POSTGRES")
	if server == "" {
		found["organisation_postgres"] = "not measured: VISAVIS_TEST_POSTGRES is not set"
		return nil
	}
	return measureImport(ctx, found, "postgres", "VISAVIS_DATABASE_URL="+server)
}

func measureImport(ctx context.Context, found figures, engine, database string) (err error) {
	folder, err := os.MkdirTemp("", "visavis-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p, err := startServer(ctx, folder, "demo", database)
	if err != nil {
		return err
	}
	password, err := p.out.after(ctx, "Password: ")
	if err = errors.Join(err, p.stop()); err != nil {
		return err
	}
	tables, err := largeAgency(folder)
	if err != nil {
		return err
	}
	begun := time.Now()
	if _, err := runProgram(ctx, folder, database, "import", tables); err != nil {
		return err
	}
	key := "import_s"
	if engine != "sqlite" {
		key += "_" + engine
	}
	found[key] = round(time.Since(begun).Seconds())
	begun = time.Now()
	if _, err := runProgram(ctx, folder, database, "import", tables); err != nil {
		return err
	}
	found["import_again_s_"+engine] = round(time.Since(begun).Seconds())
	if p, err = startServer(ctx, folder, "serve", database); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	admin := &client{at: p.at}
	if err := admin.must(ctx, "/api/staff/session", object{"agency": agency, "email": advisor, "password": password}, nil); err != nil {
		return err
	}
	if err := search(ctx, admin, found, engine); err != nil {
		return err
	}
	return signIn(ctx, p.at, password, found, engine)
}

// runProgram runs one of the program's commands to its end and returns what it prints.
func runProgram(ctx context.Context, folder, database string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // our own binary
	cmd.Env = bare("VISAVIS_DATA_DIR="+folder, database)
	said, err := cmd.Output()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		return said, fmt.Errorf("%v: %w: %s", args, err, exit.Stderr)
	}
	return said, err
}

// search asks for pages of places and people as the admin pages do, from the first letters on to what nobody is called.
func search(ctx context.Context, admin *client, found figures, engine string) error {
	texts := []string{"", "s", "ort 12", "team 2999", "L0999", "nirgends"}
	names := []string{"", "v", "nachname-77", "person.09999", "niemand"}
	ways := map[string]func(i int) (answer, error){
		"places": func(i int) (answer, error) {
			kind := []string{"location", "desk"}[i%2]
			return admin.call(ctx, http.MethodGet, "/api/staff/places?kind="+kind+"&text="+url.QueryEscape(texts[i%len(texts)]), nil)
		},
		"people": func(i int) (answer, error) {
			return admin.call(ctx, http.MethodPost, "/api/staff/people/search", object{"text": names[i%len(names)], "role": []string{"", "advisor"}[i%2]})
		},
	}
	for what, ask := range ways {
		var took []float64
		for i := range searches {
			begun := time.Now()
			got, err := ask(i)
			if err != nil {
				return err
			}
			if got.status != http.StatusOK {
				return fmt.Errorf("search of %s answers %d: %s", what, got.status, got.body)
			}
			took = append(took, float64(time.Since(begun).Microseconds())/1000)
		}
		slices.Sort(took)
		found["search_"+what+"_ms_p50_"+engine] = round(median(took))
		found["search_"+what+"_ms_p95_"+engine] = round(took[len(took)*95/100])
	}
	return nil
}

// largeAgency writes the tables of one into a folder. An advisor of the demo becomes its administrator.
func largeAgency(folder string) (string, error) {
	d, l := [][]string{{"code", "name"}}, [][]string{{"code", "name", "city", "phone"}}
	k, v := [][]string{{"code", "name", "department", "location"}}, [][]string{{"code", "department", "name_de", "name_en", "minutes"}}
	p, r := [][]string{{"email", "name"}}, [][]string{{"email", "role", "at", "place"}, {advisor, "agency_admin", "agency", ""}}
	number := func(letter string, i int) string { return fmt.Sprintf("%s%04d", letter, i) }
	for i := range manyDepartments {
		d = append(d, []string{number("D", i), "Fachbereich " + strconv.Itoa(i)})
		v = append(v, []string{number("V", i), number("D", i), "Anliegen", "Service", "30"})
	}
	for i := range manyLocations {
		l = append(l, []string{number("L", i), "Standort " + strconv.Itoa(i), "Ort " + strconv.Itoa(i%300), "030 " + strconv.Itoa(100_000+i)})
	}
	for i := range manyDesks {
		k = append(k, []string{number("K", i), "Team " + strconv.Itoa(i), number("D", i%manyDepartments), number("L", i%manyLocations)})
	}
	for i := range manyPeople {
		email := fmt.Sprintf("person.%05d@example.org", i)
		p = append(p, []string{email, "Vorname Nachname-" + strconv.Itoa(i)})
		r = append(r, []string{email, "advisor", "desk", number("K", i%manyDesks)})
	}
	tables := filepath.Join(folder, "tables")
	if err := os.Mkdir(tables, 0o700); err != nil {
		return "", err
	}
	for name, rows := range map[string][][]string{"departments": d, "locations": l, "desks": k, "services": v, "staff": p, "roles": r} {
		if err := writeTable(filepath.Join(tables, name+".csv"), rows); err != nil {
			return "", err
		}
	}
	return tables, nil
}

func writeTable(path string, rows [][]string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	w.Comma = ';'
	return w.WriteAll(rows)
}
