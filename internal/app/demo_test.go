package app

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"visavis/internal/config"
)

// Whoever has seen a demonstration start knows the password of its accounts, also of the one that administers.
func TestWhoServesWithAccountsOfADemonstrationIsTold(t *testing.T) {
	tried, sound := configured(t), installed(t)
	demonstrated(t, tried)
	for want, c := range map[bool]*config.Config{true: tried, false: sound} {
		var log bytes.Buffer
		_, stop := running(t, func(ctx context.Context, o Options) error {
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			return Serve(ctx, c, o)
		})
		stop()
		if told := strings.Contains(log.String(), `level=WARN msg="this database holds accounts of the demonstration`); told != want {
			t.Errorf("told: %v, want %v:\n%s", told, want, log.String())
		}
	}
}
