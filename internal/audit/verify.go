package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"visavis/internal/db"
)

// Head is the end of a chain: the number of its last entry and that one's hash. Kept elsewhere, it proves later that
// nothing up to it was taken away.
type Head struct {
	Seq  int64
	Hash []byte
}

func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + ":" + hex.EncodeToString(h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(text string) (Head, error) {
	wrong := errors.New("a head looks like 123:4f9a…, as visavis audit verify prints it")
	seq, hash, _ := strings.Cut(strings.TrimSpace(text), ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if err != nil || n < 1 {
		return Head{}, wrong
	}
	b, err := hex.DecodeString(hash)
	if err != nil || len(b) != len(start().hash) {
		return Head{}, wrong
	}
	return Head{n, b}, nil
}

// Report is what an agency's chain is like.
type Report struct {
	Entries int64
	First   int64 // number of the first
	Since   time.Time
	Head    Head
	// KnownIsGone says that the head to compare with belongs to entries that have been deleted since as too old.
	KnownIsGone bool
	Faults      []Fault // the first of them, in the order of the entries; none: the chain is whole
}

// mostFaults is enough to see where it begins.
const mostFaults = 10

// Fault is something that is wrong with a chain, and with which entry.
type Fault struct {
	Seq  int64
	What What
	To   int64 // of what is missing: the last
}

// What is wrong.
type What string

// The faults.
const (
	Missing    What = "missing"
	Changed    What = "changed"
	Unlinked   What = "unlinked"
	Stale      What = "stale"
	Beyond     What = "beyond"
	HeadGone   What = "head gone"
	HeadForged What = "head forged"
	Resumed    What = "resumed"
	NotTheHead What = "not the head"
	NotKnown   What = "not known"
)

// Faults are all that can be wrong.
func Faults() []What {
	return []What{Missing, Changed, Unlinked, Stale, Beyond, HeadGone, HeadForged, Resumed, NotTheHead, NotKnown}
}

func (f Fault) String() string {
	switch f.What {
	case Missing:
		if f.To > f.Seq {
			return fmt.Sprintf("entries %d to %d are missing", f.Seq, f.To)
		}
		return fmt.Sprintf("entry %d is missing", f.Seq)
	case Changed:
		return fmt.Sprintf("entry %d was changed, or was not written by Visavis with this key file", f.Seq)
	case Unlinked:
		return fmt.Sprintf("entry %d does not belong after the one before it", f.Seq)
	case Stale:
		return fmt.Sprintf("entry %d lies before the beginning of the chain", f.Seq)
	case Beyond:
		return fmt.Sprintf("entry %d lies behind the end of the chain", f.Seq)
	case HeadGone:
		return "the head of the chain is missing, though there are entries"
	case HeadForged:
		return fmt.Sprintf("the head of the chain was changed or set back: it says that entry %d is the last", f.Seq)
	case Resumed:
		return fmt.Sprintf("before entry %d the end of the chain was changed from outside", f.Seq)
	case NotTheHead:
		return fmt.Sprintf("entry %d is not the one that the head of the chain names", f.Seq)
	case NotKnown:
		return fmt.Sprintf("entry %d is another one than the head says that was given", f.Seq)
	}
	return string(f.What)
}

// Verify looks at each entry of an agency, as they were at one moment, and compares with a head that was kept elsewhere,
// if there is one.
func (l *Log) Verify(ctx context.Context, agency string, known *Head) (Report, error) {
	c := checker{seals: sealsOf(l.o.Ring, agency), known: known}
	err := l.db.Snapshot(ctx, func(q db.Q) error {
		h, err := readHead(ctx, q, agency)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return fmt.Errorf("read head of audit: %w", err)
		}
		c.begin(h, err == nil)
		rows, err := q.QueryContext(ctx, columns+` WHERE agency_id = $1 ORDER BY seq`, agency)
		if err != nil {
			return fmt.Errorf("read audit: %w", err)
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			r, err := scan(rows)
			if err != nil {
				return err
			}
			c.row(r)
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read audit: %w", err)
		}
		c.end()
		return nil
	})
	return c.report, err
}

// checker goes along a chain.
type checker struct {
	seals  seals
	known  *Head
	head   head
	found  bool
	before link // the entry before the next; without a hash, nobody knows which
	report Report
}

func (c *checker) fault(f Fault) {
	if len(c.report.Faults) < mostFaults {
		c.report.Faults = append(c.report.Faults, f)
	}
}

func (c *checker) begin(h head, found bool) {
	c.head, c.found, c.before = h, found, start()
	if !found {
		return
	}
	if !c.seals.holdsHead(h) {
		c.fault(Fault{Seq: h.last.seq, What: HeadForged})
	}
	c.before = h.anchor
	c.report.Head = Head{h.last.seq, h.last.hash}
}

func (c *checker) row(r Row) {
	if c.report.Entries++; c.report.Entries == 1 {
		c.report.First, c.report.Since = r.Seq, db.Time(r.At)
		if !c.found {
			c.fault(Fault{Seq: r.Seq, What: HeadGone})
		}
	}
	linked := c.before.hash != nil
	switch next := c.before.seq + 1; {
	case r.Seq < next:
		c.fault(Fault{Seq: r.Seq, What: Stale})
		return
	case r.Seq > next:
		c.fault(Fault{Seq: next, What: Missing, To: r.Seq - 1})
		linked = false
	}
	whole := c.seals.holds(r)
	switch {
	case !whole:
		c.fault(Fault{Seq: r.Seq, What: Changed})
	case linked && !bytes.Equal(r.Prev, c.before.hash):
		c.fault(Fault{Seq: r.Seq, What: Unlinked})
	case c.found && r.Seq > c.head.last.seq:
		c.fault(Fault{Seq: r.Seq, What: Beyond})
	case r.Act == AuditBroken:
		c.fault(Fault{Seq: r.Seq, What: Resumed})
	case c.known != nil && r.Seq == c.known.Seq && !bytes.Equal(r.Hash, c.known.Hash):
		c.fault(Fault{Seq: r.Seq, What: NotKnown})
	}
	if c.before = r.link(); !whole {
		c.before.hash = nil // what follows is compared with nothing that was changed
	}
}

func (c *checker) end() {
	last := max(c.before.seq, c.head.last.seq)
	switch {
	case c.before.seq < c.head.last.seq:
		c.fault(Fault{Seq: c.before.seq + 1, What: Missing, To: c.head.last.seq})
	case c.found && c.before.hash != nil && c.before.seq == c.head.last.seq && !c.before.is(c.head.last):
		c.fault(Fault{Seq: c.before.seq, What: NotTheHead})
	}
	switch known := c.known; {
	case known == nil:
	case known.Seq > last:
		c.fault(Fault{Seq: last + 1, What: Missing, To: known.Seq})
	case known.Seq == c.head.anchor.seq && !bytes.Equal(known.Hash, c.head.anchor.hash):
		c.fault(Fault{Seq: known.Seq, What: NotKnown})
	case known.Seq < c.head.anchor.seq:
		c.report.KnownIsGone = true
	}
}
