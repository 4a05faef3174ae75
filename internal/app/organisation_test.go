package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"visavis/internal/config"
	"visavis/internal/db/dbtest"
	"visavis/internal/demo"
)

// eachInstalled is an installation with an example agency on each database.
func eachInstalled(t *testing.T, f func(t *testing.T, c *config.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, installed(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, installed(t, "VISAVIS_DATABASE_URL="+dbtest.PostgresURL(t)))
	})
}

func TestWhatAnExportWritesAnImportTakesAndBothStandInTheAudit(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		ctx, folder := t.Context(), t.TempDir()
		if err := Export(ctx, c, ExportOptions{Format: "csv", Out: folder}, &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
		run := func(o ImportOptions) string {
			t.Helper()
			var said bytes.Buffer
			o.From = folder
			if err := Import(ctx, c, o, &said); err != nil {
				t.Fatal(err)
			}
			return said.String()
		}
		if said := run(ImportOptions{}); strings.Contains(said, "+") {
			t.Errorf("the same file changes something: %s", said)
		}
		more := filepath.Join(folder, "departments.csv")
		text, err := os.ReadFile(more)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(more, append(text, "REHA;Reha;open\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := run(ImportOptions{DryRun: true, All: true}); !strings.Contains(said, "REHA") || !strings.Contains(said, "nothing is changed") {
			t.Errorf("%s", said)
		}
		if said := run(ImportOptions{All: true}); !strings.Contains(said, "REHA") {
			t.Errorf("%s", said)
		}
		if err := os.WriteFile(more, append(text, "REHA;=1+1;open\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Import(ctx, c, ImportOptions{From: folder}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "departments.csv") {
			t.Errorf("a formula: %v", err)
		}
		var report bytes.Buffer
		if err := VerifyAudit(ctx, c, AuditCheck{}, &report); err != nil {
			t.Errorf("%v: %s", err, &report)
		}
	})
}

// asked runs an import as operators do.
func asked(t *testing.T, c *config.Config, o ImportOptions) (string, error) {
	t.Helper()
	var out strings.Builder
	err := Import(t.Context(), c, o, &out)
	return out.String(), err
}

func TestAnImportBesideARunningServerSaysWhatItDoesAndWhatIsWrong(t *testing.T) {
	eachWhole(t, func(t *testing.T, w *whole) {
		folder := t.TempDir()
		tables, archive := filepath.Join(folder, "amt"), filepath.Join(folder, "amt.zip")
		for _, o := range []ExportOptions{{Format: "csv", Out: tables}, {Agency: demo.Slug, Format: "csv", Out: archive}} {
			if err := Export(t.Context(), w.c, o, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, from := range []string{tables, archive} {
			if said, err := asked(t, w.c, ImportOptions{From: from}); err != nil || said != "Nothing changes.\n" {
				t.Errorf("%v %s", err, said)
			}
		}
		info, err := os.Stat(filepath.Join(tables, "staff.csv"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}

		people := filepath.Join(folder, "staff.csv")
		write := func(text string) {
			t.Helper()
			if err := os.WriteFile(people, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("email;name\nneu@example.org;Frau Neu\naylin.demir@example.org;Aylin Demir-Vogt\n")
		const difference = "staff: 1 new, 1 changed\n  + neu@example.org  name \"Frau Neu\"  state \"active\"\n" +
			"  ~ aylin.demir@example.org  name \"Aylin Demir\" → \"Aylin Demir-Vogt\"\n"
		if said, err := asked(t, w.c, ImportOptions{From: people, DryRun: true}); err != nil || said != difference+"This was a trial: nothing is changed.\n" {
			t.Errorf("%v %s", err, said)
		}
		if said, err := asked(t, w.c, ImportOptions{From: people}); err != nil || said != difference {
			t.Errorf("%v %s", err, said)
		}
		var document bytes.Buffer
		if err := Export(t.Context(), w.c, ExportOptions{Format: "json"}, &document); err != nil || !strings.Contains(document.String(), "Aylin Demir-Vogt") {
			t.Errorf("%v %s", err, document.String())
		}

		// Whoever is disabled is out, also of a server that is running.
		b := w.signIn(demo.Accounts()[1])
		write("email;state\n" + demo.Accounts()[1].Email + ";disabled\n")
		if _, err := asked(t, w.c, ImportOptions{From: people}); err != nil {
			t.Error(err)
		}
		b.Get("/api/staff/session").Expect(t, 401, "session.none")

		write("email;name\nneu;Frau Neu\nx@example.org;=1\n")
		const mistakes = "nothing is changed, there are 2 mistakes:\nstaff.csv, line 2: “neu” is no e-mail address.\n" +
			"staff.csv, line 3: “=1” in the column name begins like a formula. If it is none, put an apostrophe (') before it."
		if _, err := asked(t, w.c, ImportOptions{From: people}); err == nil || err.Error() != mistakes {
			t.Error(err)
		}
		for _, o := range []ImportOptions{{From: people, Agency: "nix"}, {From: filepath.Join(folder, "nix")}} {
			if said, err := asked(t, w.c, o); err == nil || said != "" {
				t.Errorf("%v: %s", o, said)
			}
		}
		if err := Export(t.Context(), w.c, ExportOptions{Format: "csv"}, nil); err == nil {
			t.Error("an export goes nowhere")
		}
		if err := os.WriteFile(people, make([]byte, 50<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := asked(t, w.c, ImportOptions{From: people}); err == nil || !strings.Contains(err.Error(), "larger than the 20 MB") {
			t.Error(err)
		}
	})
}
