package decided

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// Options configure a Keeper.
type Options struct {
	File  string
	Keep  time.Duration // of a decision in the file: longer than the oldest backup lives
	Ring  *vault.Keyring
	Clock func() time.Time
	Log   *slog.Logger
	Wake  <-chan struct{} // something was decided, on whatever node
	// Redo makes decisions about things of an agency good that the database does not know, in their order.
	Redo func(ctx context.Context, agency string, lost []Decision) error
}

// Unsound is what to do about a file that cannot be used.
const Unsound = "put a sound copy in its place, of another process or of where you keep it, or move it away: " +
	"then what was decided since the backup is not known here"

// Keeper keeps the file of a process, and looks whether the database has lost anything that stands in it.
type Keeper struct {
	db *db.DB
	o  Options

	mu   sync.Mutex
	list List
}

// New returns one. Start it before anybody is answered, then Run.
func New(d *db.DB, o Options) *Keeper { return &Keeper{db: d, o: o} }

const lookTime = time.Minute

// Start reads the file and makes good what the database does not know. It fails if the file is not as it was written.
func (k *Keeper) Start(ctx context.Context) error {
	list, whole, err := Load(k.o.File, k.o.Ring)
	if err != nil {
		return fmt.Errorf("decided.file: %s %w; %s", k.o.File, err, Unsound)
	}
	if !whole {
		k.o.Log.WarnContext(ctx, "the end of decided.file is missing: what was decided last may not be in it", "decisions", len(list))
	}
	k.list = list
	return k.Look(ctx)
}

// Run follows what is decided until ctx ends. It looks for what is lost each time, too: a database can be replaced by an older
// copy under a process that goes on.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.o.Wake:
			if err := k.Look(ctx); err != nil && ctx.Err() == nil {
				k.o.Log.ErrorContext(ctx, "what was decided is not in decided.file yet", "error", err)
			}
		}
	}
}

// Look compares, makes good, and writes down. That the file cannot be written keeps nobody from working; it is told.
func (k *Keeper) Look(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	oldest := k.o.Clock().Add(-k.o.Keep)
	k.list.Drop(oldest)
	known, err := k.read(ctx)
	if err != nil {
		return err
	}
	if lost := k.list.Lost(known); len(lost) > 0 {
		if err := k.redo(ctx, lost); err != nil {
			return err
		}
		if known, err = k.read(ctx); err != nil {
			return err
		}
	}
	k.list.Add(known.last)
	k.list.Drop(oldest)
	if err := k.list.Save(k.o.File, k.o.Ring); err != nil {
		k.o.Log.ErrorContext(ctx, "decided.file cannot be written: a restored backup would not know what was decided", "error", err)
	}
	return nil
}

func (k *Keeper) read(ctx context.Context) (known Known, err error) {
	err = k.db.Snapshot(ctx, func(q db.Q) error {
		known, err = Read(ctx, q)
		return err
	})
	return known, err
}

func (k *Keeper) redo(ctx context.Context, lost []Decision) error {
	k.o.Log.WarnContext(ctx, "the database is older than what was decided, which counts again now", "decisions", len(lost), "since", lost[0].At)
	of := map[string][]Decision{}
	var agencies []string
	for _, d := range lost {
		if of[d.Agency] == nil {
			agencies = append(agencies, d.Agency)
		}
		of[d.Agency] = append(of[d.Agency], d)
	}
	for _, id := range agencies {
		if err := k.o.Redo(ctx, id, of[id]); err != nil {
			return fmt.Errorf("make good what was decided: %w", err)
		}
	}
	return nil
}
