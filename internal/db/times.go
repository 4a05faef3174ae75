package db

import "time"

// Ms is how times are stored: milliseconds since 1970, UTC.
func Ms(t time.Time) int64 { return t.UnixMilli() }

// Time reads what Ms wrote.
func Time(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// MsPtr stores a time that may be missing as NULL.
func MsPtr(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	ms := Ms(*t)
	return &ms
}

// TimePtr reads what MsPtr wrote.
func TimePtr(ms *int64) *time.Time {
	if ms == nil {
		return nil
	}
	t := Time(*ms)
	return &t
}
