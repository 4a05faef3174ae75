package today

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// cursor is where a reader of several topics stands: the number of the newest change seen at each desk, in the order of
// the desks. See docs/decisions/0006-staff-stream.md.
type cursor []int64

// shelf is what a cursor is about: the workplaces, and the day of which a page has been shown everything.
type shelf struct {
	day    string
	desks  []string
	of     string // the one desk whose day was asked for; empty: all
	device string // that is paired with the session; empty: none
}

// maxNumbers is how long the numbers are at most: a browser sends them in a header, of which edge takes 2 KiB and many a
// proxy 8 in all. A reception may have a thousand desks.
const maxNumbers = 1024

// String names day and desks by a hash, so that numbers are never read for others than they were written for. Numbers that
// are too long have a hash themselves.
func (c cursor) String(of shelf) string {
	out := []byte{}
	for i, seq := range c {
		if i > 0 {
			out = append(out, '.')
		}
		out = strconv.AppendInt(out, seq, 10)
	}
	if len(out) > maxNumbers {
		sum := sha256.Sum256(out)
		return of.hash() + "-" + hex.EncodeToString(sum[:16])
	}
	if len(out) > 0 {
		return of.hash() + ":" + string(out)
	}
	return of.hash()
}

// readCursor reads what String wrote for the same day and desks; ok is false for everything else. Of numbers that have a
// hash only those can be told that the caller knows: what it has shown last, or what is true at this moment.
func readCursor(text string, of shelf, known ...cursor) (c cursor, ok bool) {
	for _, one := range known {
		if len(one) == len(of.desks) && text == one.String(of) {
			return slices.Clone(one), true
		}
	}
	hash, numbers, _ := strings.Cut(text, ":")
	if hash != of.hash() || (numbers == "") != (len(of.desks) == 0) {
		return nil, false
	}
	if numbers == "" {
		return cursor{}, true
	}
	for part := range strings.SplitSeq(numbers, ".") {
		seq, err := strconv.ParseInt(part, 10, 64)
		if err != nil || seq < 0 || len(c) == len(of.desks) {
			return nil, false
		}
		c = append(c, seq)
	}
	return c, len(c) == len(of.desks)
}

func (s shelf) hash() string {
	sum := sha256.Sum256([]byte(s.day + "\n" + s.of + "\n" + s.device + "\n" + strings.Join(s.desks, "\n")))
	return hex.EncodeToString(sum[:4])
}
