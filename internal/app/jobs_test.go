package app

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"testing"

	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/demo"
	"visavis/internal/vault"
)

// givenUp puts a job that was given up into the queue, of the demonstration or of nobody, and is its number.
func givenUp(t *testing.T, c *config.Config, slug, kind string) string {
	t.Helper()
	id := vault.NewID()
	err := withTools(t.Context(), c, func(o *tools) error {
		return o.db.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `
				INSERT INTO job (id, agency_id, kind, unique_key, ref, run_at, attempts, dead_at, last_error)
				VALUES ($1, COALESCE((SELECT id FROM agency WHERE slug = $2), ''), $3, $1, 'KANARIE-ref', 9000000000000, 12, 1000, 'smtp_550')`,
				id, slug, kind)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAnOperatorLearnsOfJobsThatWereGivenUpAndDecidesAboutThem(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		do := func(command func(context.Context, *config.Config, JobChoice, io.Writer) error, choice JobChoice, want string) {
			t.Helper()
			var out bytes.Buffer
			if err := command(t.Context(), c, choice, &out); err != nil {
				out.WriteString("error: " + err.Error())
			}
			if !regexp.MustCompile("^(?s:"+want+")$").MatchString(out.String()) || strings.Contains(out.String(), "KANARIE") {
				t.Errorf("%+v: %s", choice, out.String())
			}
		}
		do(ListJobs, JobChoice{}, "no job was given up\n")
		mail, letter, clear := givenUp(t, c, demo.Slug, "notify.mail"), givenUp(t, c, demo.Slug, "notify.letter"), givenUp(t, c, "", "agency.clear")
		do(ListJobs, JobChoice{Agency: demo.Slug}, "(.{22}  demo  notify.(mail|letter) +1970-01-01T00:00:01Z  12 tries  smtp_550\n){2}")
		do(ListJobs, JobChoice{}, ".*"+clear+"  -     agency.clear .*")
		do(ListJobs, JobChoice{Agency: "nirgends"}, `error: --agency: there is no agency "nirgends"`)

		do(ReviveJobs, JobChoice{}, "error: say which jobs.*")
		do(ReviveJobs, JobChoice{IDs: []string{mail}, All: true}, "error: say which jobs.*")
		do(DropJobs, JobChoice{IDs: []string{mail, "nirgends"}}, "error: no job that was given up has the number nirgends.*")
		do(DropJobs, JobChoice{IDs: []string{letter, clear}}, "error: .* can only be tried again.*")
		do(ListJobs, JobChoice{}, "([^\n]+\n){3}") // all or none

		do(ReviveJobs, JobChoice{IDs: []string{mail}}, "1 will be tried again within a minute\n")
		do(DropJobs, JobChoice{All: true}, "1 dropped\n")
		do(ListJobs, JobChoice{}, clear+"  -  agency.clear [^\n]*\n")
		do(ReviveJobs, JobChoice{All: true}, "1 will be tried again within a minute\n")
		// What belonged to the agency stands in its audit, and what was refused does not.
		if got := strings.Join(append(entries(t, c, "job.revived"), entries(t, c, "job.dropped")...), "; "); got != "job=notify.mail count=1; job=notify.letter count=1" {
			t.Errorf("the audit has %s", got)
		}
		do(ListJobs, JobChoice{}, "no job was given up\n")
	})
}
