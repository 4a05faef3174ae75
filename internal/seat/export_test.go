package seat

import "time"

// NotedOf is what is written of a command.
func NotedOf(met, next Seat, happened []Event, now time.Time) (Seat, *Note) {
	return noted(met, next, happened, now)
}
