package app

import (
	"io"
	"log/slog"
	"regexp"

	"visavis/internal/config"
)

// NewLog returns the process's log. Nobody is to log names, addresses or links; what slips through in the text of an
// error (net and SMTP quote their peers) is taken out here, as the last of several guards.
func NewLog(w io.Writer, c config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch value := a.Value.Any().(type) {
		case error:
			a.Value = slog.StringValue(scrub(value.Error()))
		case string:
			a.Value = slog.StringValue(scrub(value))
		}
		return a
	}}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

var (
	mailAddress = regexp.MustCompile(`[^\s<>"']+@[^\s<>"']+`)
	linkSecret  = regexp.MustCompile(`(/t/[^\s#]*)#[^\s"']*`)
	ipv4        = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b`)
	ipv6        = regexp.MustCompile(`\[?(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]{0,15}(?:%\w+)?\]?(?::\d+)?`)
)

func scrub(text string) string {
	text = linkSecret.ReplaceAllString(text, "$1#[secret]")
	text = mailAddress.ReplaceAllString(text, "[mail]")
	text = ipv4.ReplaceAllString(text, "[address]")
	return ipv6.ReplaceAllString(text, "[address]")
}

// noise takes the lines of net/http, which name the peer's address in each of them, and keeps only that there was one.
type noise struct{ log *slog.Logger }

func (n noise) Write(line []byte) (int, error) {
	n.log.Debug("connection refused or broken")
	return len(line), nil
}
