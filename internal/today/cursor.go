package today

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// cursor is where a reader of several topics stands: the number of the newest change seen at each desk, in the order of
// the desks. See docs/decisions/0006-staff-stream.md.
type cursor []int64

// shelf is what a cursor is about: the desks, and the day of which a page has been shown everything.
type shelf struct {
	day   string
	desks []string
}

// String names day and desks by a hash, so that numbers are never read for others than they were written for.
func (c cursor) String(of shelf) string {
	out := []byte(of.hash())
	separator := byte(':')
	for _, seq := range c {
		out = strconv.AppendInt(append(out, separator), seq, 10)
		separator = '.'
	}
	return string(out)
}

// parseCursor reads what String wrote for the same day and desks; ok is false for everything else.
func parseCursor(text string, of shelf) (c cursor, ok bool) {
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
	sum := sha256.Sum256([]byte(s.day + "\n" + strings.Join(s.desks, "\n")))
	return hex.EncodeToString(sum[:4])
}
