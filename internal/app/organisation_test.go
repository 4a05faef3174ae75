package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"visavis/internal/config"
	"visavis/internal/db/dbtest"
)

// eachInstalled is an installation with an example agency on each database.
func eachInstalled(t *testing.T, f func(t *testing.T, c *config.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, installed(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, installed(t, "VISAVIS_DATABASE_URL="+dbtest.PostgresURL(t))) })
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
