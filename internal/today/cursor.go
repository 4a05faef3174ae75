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

// String names the set of desks by a hash, so that numbers are never read for other desks than they were written for.
func (c cursor) String(desks []string) string {
	out := []byte(desksHash(desks))
	separator := byte(':')
	for _, seq := range c {
		out = strconv.AppendInt(append(out, separator), seq, 10)
		separator = '.'
	}
	return string(out)
}

// parseCursor reads what String wrote for the same desks; ok is false for everything else.
func parseCursor(text string, desks []string) (c cursor, ok bool) {
	hash, numbers, _ := strings.Cut(text, ":")
	if hash != desksHash(desks) || (numbers == "") != (len(desks) == 0) {
		return nil, false
	}
	if numbers == "" {
		return cursor{}, true
	}
	for part := range strings.SplitSeq(numbers, ".") {
		seq, err := strconv.ParseInt(part, 10, 64)
		if err != nil || seq < 0 || len(c) == len(desks) {
			return nil, false
		}
		c = append(c, seq)
	}
	return c, len(c) == len(desks)
}

func desksHash(desks []string) string {
	sum := sha256.Sum256([]byte(strings.Join(desks, "\n")))
	return hex.EncodeToString(sum[:4])
}
