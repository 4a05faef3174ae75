package app

import (
	"container/list"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Most connections that are undecided at a time, all together and from one source.
const (
	mostUndecided          = 2_048
	mostUndecidedPerSource = 512
)

// lobby holds the connections that have not said yet what they are for. An office behind one address comes in numbers,
// when all of it connects again after a restart, and so does somebody who means to keep others out. They look the same,
// so nobody is refused: where there are too many the oldest gives way, of the same source or of all. Who means it says
// what it wants within moments, and need not be quicker than everybody who says nothing.
type lobby struct {
	all, perSource int
	sourceOf       func(net.Addr) netip.Addr // invalid where one address is many people
	log            *slog.Logger

	mu    sync.Mutex
	order *list.List // of *visitor, the oldest first
	count map[netip.Addr]int
	told  time.Time // when the log last said that some gave way
}

type visitor struct {
	conn   net.Conn
	source netip.Addr
	place  *list.Element // nil: it left, or gave way
}

func newLobby(l limits, log *slog.Logger) *lobby {
	return &lobby{
		all: mostUndecided, perSource: mostUndecidedPerSource, sourceOf: l.source, log: log,
		order: list.New(), count: map[netip.Addr]int{},
	}
}

// enter takes a connection in, and closes another one where there is no room.
func (l *lobby) enter(conn net.Conn) *visitor {
	v := &visitor{conn: conn, source: l.sourceOf(conn.RemoteAddr())}
	l.mu.Lock()
	var oldest *visitor
	switch {
	case v.source.IsValid() && l.count[v.source] >= l.perSource:
		oldest = l.oldest(v.source)
		l.tell("one source")
	case l.order.Len() >= l.all:
		oldest = l.order.Front().Value.(*visitor) //nolint:forcetypeassert // only visitors are in the list
		l.tell("all")
	}
	if oldest != nil {
		l.remove(oldest)
	}
	v.place = l.order.PushBack(v)
	if v.source.IsValid() {
		l.count[v.source]++
	}
	l.mu.Unlock()
	if oldest != nil {
		_ = oldest.conn.Close() // whoever reads from it sees the end
	}
	return v
}

// oldest is the first of a source that has one. The caller holds mu.
func (l *lobby) oldest(source netip.Addr) *visitor {
	for e := l.order.Front(); e != nil; e = e.Next() {
		if v := e.Value.(*visitor); v.source == source { //nolint:forcetypeassert // as above
			return v
		}
	}
	return nil
}

// leave is called once it is known what a connection is for, or that it is for nothing; false when it gave way meanwhile.
func (l *lobby) leave(v *visitor) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.remove(v)
}

func (l *lobby) remove(v *visitor) bool {
	if v.place == nil {
		return false
	}
	l.order.Remove(v.place)
	v.place = nil
	if v.source.IsValid() {
		if l.count[v.source]--; l.count[v.source] == 0 {
			delete(l.count, v.source)
		}
	}
	return true
}

// tell says that some gave way, once a minute. The caller holds mu.
func (l *lobby) tell(limit string) {
	if now := time.Now(); now.Sub(l.told) >= time.Minute {
		l.told = now
		l.log.WarnContext(context.Background(), "too many connections that say nothing, the oldest are closed", "limit of", limit, "open", l.order.Len())
	}
}
