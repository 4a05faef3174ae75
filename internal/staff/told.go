package staff

import (
	"sync"
	"time"
)

// toldOnce is how often the log is told of refusals of one kind: anybody can bring them about, as often as they like.
const toldOnce = time.Minute

// told counts refusals by their kind. There are as many kinds as providers and codes.
type told struct {
	clock func() time.Time

	mu    sync.Mutex
	kinds map[string]*refusals
}

type refusals struct {
	told  time.Time
	since int // not told yet
}

func newTold(clock func() time.Time) *told { return &told{clock: clock, kinds: map[string]*refusals{}} }

// times counts one more, and tells how many there are to tell of; 0: not yet.
func (t *told) times(kind string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.kinds[kind]
	if k == nil {
		k = &refusals{}
		t.kinds[kind] = k
	}
	k.since++
	now := t.clock()
	if now.Sub(k.told) < toldOnce {
		return 0
	}
	n := k.since
	k.told, k.since = now, 0
	return n
}
