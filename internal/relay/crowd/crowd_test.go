package crowd_test

import (
	"net/netip"
	"testing"

	"visavis/internal/relay/crowd"
)

func from(n byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, n}) }

func TestTheOldestWhoHasNotProvenGivesWay(t *testing.T) {
	for name, with := range map[string]struct {
		most, perSource int
		from            [4]byte
		gone            string
	}{
		"of all":          {3, 3, [4]byte{1, 2, 3, 4}, "b"},
		"of one source":   {9, 2, [4]byte{2, 1, 1, 1}, "b"},
		"of that source":  {9, 2, [4]byte{1, 2, 1, 1}, "c"},
		"there is room":   {4, 3, [4]byte{1, 1, 2, 2}, ""},
		"without address": {3, 1, [4]byte{0, 0, 0, 0}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			c := crowd.New[string](with.most, with.perSource)
			var gone *crowd.Member[string]
			for i, n := range with.from {
				at := from(n)
				if n == 0 {
					at = netip.Addr{}
				}
				var m *crowd.Member[string]
				if m, gone = c.Enter(at, string(rune('a'+i))); m == nil {
					t.Fatalf("%c is refused", 'a'+i)
				}
				if i == 0 {
					c.Prove(m)
				}
				if gone != nil && i < 3 {
					t.Fatalf("%s gave way for %c", gone.Who, 'a'+i)
				}
			}
			if got := nameOf(gone); got != with.gone {
				t.Errorf("%q gave way, want %q", got, with.gone)
			}
		})
	}
}

func nameOf(m *crowd.Member[string]) string {
	if m == nil {
		return ""
	}
	return m.Who
}

func TestNobodyComesInWhereAllHaveProvenAndAPlaceIsGivenBackOnce(t *testing.T) {
	c := crowd.New[int](2, 2)
	one, _ := c.Enter(from(1), 1)
	two, _ := c.Enter(from(1), 2)
	c.Prove(one)
	c.Prove(two)
	c.Prove(two)
	for _, n := range []byte{1, 2} {
		if m, gone := c.Enter(from(n), 3); m != nil || gone != nil {
			t.Error("somebody who has proven loses a place")
		}
	}
	c.Leave(one)
	c.Leave(one)
	if c.Count() != 1 {
		t.Errorf("%d are in", c.Count())
	}
	three, gone := c.Enter(from(2), 3)
	if three == nil || gone != nil || c.Count() != 2 {
		t.Error("a place that was given back is not free")
	}
	if _, gone = c.Enter(from(2), 4); gone != three {
		t.Error("who has not proven keeps a place")
	}
	c.Leave(three) // its own end comes after it was told
	if c.Count() != 2 {
		t.Errorf("%d are in", c.Count())
	}
}

func TestWhoYieldsGivesWayAfterAllWhoHaveToAlready(t *testing.T) {
	c := crowd.New[string](3, 3)
	a, _ := c.Enter(from(1), "a")
	c.Prove(a)
	for _, who := range []string{"b", "c"} {
		if m, _ := c.Enter(from(2), who); m == nil {
			t.Fatalf("%s is refused", who)
		}
	}
	c.Yield(a)
	c.Yield(a)
	for i, want := range []string{"b", "c", "a"} {
		if _, gone := c.Enter(from(3), "new"); nameOf(gone) != want {
			t.Errorf("%q gave way as number %d, want %q", nameOf(gone), i+1, want)
		}
	}
	c.Yield(a)
	if _, gone := c.Enter(from(3), "newer"); c.Count() != 3 || nameOf(gone) != "new" {
		t.Errorf("who is out comes in again by yielding: %d are in, %q gave way", c.Count(), nameOf(gone))
	}
}
