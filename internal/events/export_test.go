package events

import (
	"log/slog"
	"time"
)

// NewPostgresBusWithPulse is NewPostgresBus for tests that cannot wait.
func NewPostgresBusWithPulse(url string, pulse time.Duration) Bus {
	return newPostgresBus(url, slog.New(slog.DiscardHandler), pulse)
}
