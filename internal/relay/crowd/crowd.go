// Package crowd bounds connections, all together and from one source, before anybody knows what they are worth. A place
// that somebody holds who has not proven anything yet is given to whoever comes next: who means it proves within moments,
// and need not be quicker than everybody who says nothing. The same holds for who has proven once, and has no use for
// the place at the moment.
//
// The main types are Crowd and Member. The package knows neither sockets nor protocols, and does not lock.
package crowd

import (
	"container/list"
	"net/netip"
)

// Crowd is who is in, with what the caller knows of each.
type Crowd[T any] struct {
	most, perSource int
	count           int
	unproven        *list.List // of *Member[T], the oldest first
	sources         map[netip.Addr]*source
}

type source struct {
	count    int
	unproven *list.List
}

// Member is one who is in.
type Member[T any] struct {
	Who           T
	source        netip.Addr
	in            bool
	amongAll, own *list.Element // nil: has proven, or is out
}

// New returns an empty crowd.
func New[T any](most, perSource int) *Crowd[T] {
	return &Crowd[T]{most: most, perSource: perSource, unproven: list.New(), sources: map[netip.Addr]*source{}}
}

// Count is how many are in.
func (c *Crowd[T]) Count() int { return c.count }

// Enter takes somebody in; nil: all places are held by who has proven. Whoever had to give way is out, and only has to
// be told. Without a valid source only the limit of all counts.
func (c *Crowd[T]) Enter(from netip.Addr, who T) (member, gaveWay *Member[T]) {
	at := c.sources[from]
	var line *list.List
	switch {
	case at != nil && at.count >= c.perSource:
		line = at.unproven
	case c.count >= c.most:
		line = c.unproven
	}
	if line != nil {
		oldest := line.Front()
		if oldest == nil {
			return nil, nil
		}
		gaveWay = oldest.Value.(*Member[T]) //nolint:forcetypeassert // only members are in the lists
		c.Leave(gaveWay)
	}
	member = &Member[T]{Who: who, source: from, in: true}
	c.count++
	if from.IsValid() {
		if at = c.sources[from]; at == nil { // anew, as it may have been the one who gave way
			at = &source{unproven: list.New()}
			c.sources[from] = at
		}
		at.count++
	}
	c.Yield(member)
	return member, gaveWay
}

// Prove keeps a member from having to give way.
func (c *Crowd[T]) Prove(m *Member[T]) {
	if m.amongAll != nil {
		c.unproven.Remove(m.amongAll)
	}
	if m.own != nil {
		c.sources[m.source].unproven.Remove(m.own)
	}
	m.amongAll, m.own = nil, nil
}

// Yield undoes Prove: the member has to give way again, after all who have to already.
func (c *Crowd[T]) Yield(m *Member[T]) {
	if !m.in || m.amongAll != nil {
		return
	}
	m.amongAll = c.unproven.PushBack(m)
	if at := c.sources[m.source]; at != nil {
		m.own = at.unproven.PushBack(m)
	}
}

// Leave gives a place back; once is enough.
func (c *Crowd[T]) Leave(m *Member[T]) {
	if !m.in {
		return
	}
	c.Prove(m)
	m.in = false
	c.count--
	if at := c.sources[m.source]; at != nil {
		if at.count--; at.count == 0 {
			delete(c.sources, m.source)
		}
	}
}
