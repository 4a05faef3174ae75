package relay

import "testing"

// alsoAt is the same browser at another address, from which it checks and nominates nothing.
func (b *testBrowser) alsoAt(where string, mute bool) *testBrowser {
	other := *b
	other.at, other.timid, other.mute, other.checks = at(where), true, mute, 1<<32
	b.core.browsers = append(b.core.browsers, &other)
	other.check()
	b.core.settle()
	return &other
}

func TestMediaFromAnotherAddressOfTheSameBrowserGoOnAndTheLegFollows(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	mobile := guest.alsoAt("192.0.2.77:7000", false)
	if !staff.reaches(guest) {
		t.Fatal("the leg has moved without media")
	}
	if !mobile.reaches(staff) {
		t.Error("what comes from the other address is lost")
	}
	if !staff.reaches(guest) {
		t.Error("one packet has moved a leg whose media came from elsewhere a moment ago")
	}
	c.pass(2 * followAfter)
	if !mobile.reaches(staff) || !staff.reaches(mobile) {
		t.Error("the leg has not followed its media")
	}
	if !guest.reaches(staff) || !staff.reaches(mobile) {
		t.Error("a late packet of the former address has moved it back")
	}
}

func TestMediaFromAnAddressThatHasNotAnsweredMoveNothing(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	c.pass(2 * followAfter)
	silent := guest.alsoAt("203.0.113.9:9000", true)
	if _, forwarded := silent.media(); forwarded || !staff.reaches(guest) {
		t.Error("an address that has not answered carries media")
	}
}

func TestALegWithoutAPlaceIsWhereItsNextMediaComeFrom(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	mobile := guest.alsoAt("192.0.2.77:7000", false)
	c.dropPath(c.legs[guest.leg.id()].bound)
	if !mobile.reaches(staff) || !staff.reaches(mobile) {
		t.Error("the leg has not found a place again")
	}
}
