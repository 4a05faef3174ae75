package edge

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"

	"visavis/internal/db"
	"visavis/internal/events"
)

// Topic is a source whose cursor is the number of the newest change of one topic. What is shown and its number are read
// on one state of the database.
type Topic struct {
	DB     *db.DB
	Events *events.Log
	Agency string
	Name   string
	// Whole shows everything.
	Whole func(ctx context.Context, q db.Q) ([]Event, error)
	// Changed shows what came about; the list is empty when something else has woken the stream.
	Changed func(ctx context.Context, q db.Q, list []events.Change) ([]Event, error)
}

// maxChanges is how many changes are followed one by one; after more a snapshot is cheaper.
const maxChanges = 200

// Source is what a stream of the topic shows whenever sub wakes it.
func (t *Topic) Source(sub *events.Subscription, log *slog.Logger) Source {
	changes := func(ctx context.Context, after string) (string, []Event, bool, error) {
		defer sub.Looked()
		return t.changes(ctx, after)
	}
	return Source{Snapshot: t.snapshot, Changes: changes, Wake: sub.C, OnWake: sub.OnWake, Close: sub.Close, Log: log}
}

func (t *Topic) snapshot(ctx context.Context) (cursor string, out []Event, err error) {
	err = t.DB.Snapshot(ctx, func(q db.Q) error {
		head, err := t.Events.Head(ctx, q, t.Agency, t.Name)
		if err != nil {
			return err
		}
		cursor = strconv.FormatInt(head, 10)
		out, err = t.Whole(ctx, q)
		return err
	})
	return cursor, out, err
}

func (t *Topic) changes(ctx context.Context, after string) (cursor string, out []Event, complete bool, err error) {
	from, err := strconv.ParseInt(after, 10, 64)
	if err != nil {
		return "", nil, false, nil // not a number of ours: a snapshot follows
	}
	err = t.DB.Snapshot(ctx, func(q db.Q) error {
		var list []events.Change
		list, complete, err = t.Events.Since(ctx, q, t.Agency, t.Name, from, maxChanges)
		if err != nil || !complete {
			return err
		}
		cursor = after
		if len(list) > 0 {
			cursor = strconv.FormatInt(list[len(list)-1].Seq, 10)
		}
		out, err = t.Changed(ctx, q, list)
		return err
	})
	return cursor, out, complete, err
}

// FirstNumber is the number that the first change of a kind refers to; 0 if there is none. Messages are numbered and
// lie in order, so whatever comes from there on is new.
func FirstNumber(list []events.Change, kind string) (int64, error) {
	for _, c := range list {
		if c.Kind != kind {
			continue
		}
		first, err := strconv.ParseInt(c.Ref, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read change: %w", err)
		}
		return first, nil
	}
	return 0, nil
}
