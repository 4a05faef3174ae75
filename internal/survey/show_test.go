package survey

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestWhatIsTooSmallIsHiddenTogetherWithWhatWouldTellIt(t *testing.T) {
	for name, with := range map[string]struct {
		groups []int64
		each   []bool
		all    bool
	}{
		"nobody has answered":                  {[]int64{}, []bool{}, false},
		"too few in all":                       {[]int64{2, 2}, []bool{false, false}, false},
		"enough everywhere":                    {[]int64{5, 9}, []bool{true, true}, true},
		"one small one takes another with it":  {[]int64{9, 3, 7}, []bool{true, false, false}, true},
		"of two both are hidden":               {[]int64{7, 3}, []bool{false, false}, true},
		"several small ones hide each other":   {[]int64{3, 4, 9}, []bool{false, false, true}, true},
		"two that are very small take a third": {[]int64{1, 1, 6, 9}, []bool{false, false, false, true}, true},
		"who has no answers hides nobody":      {[]int64{0, 5, 6}, []bool{false, true, true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			each, all := show(with.groups)
			if !slices.Equal(each, with.each) || all != with.all {
				t.Errorf("%v is shown as %v, %v", with.groups, each, all)
			}
		})
	}
}

// Whoever subtracts what is shown from the sum gets nothing, or at least as many answers as may be shown, of two at least.
func TestNoSubtractionTellsOfFewerThanMayBeShown(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		groups := make([]int64, random.IntN(8))
		for i := range groups {
			groups[i] = random.Int64N(12)
		}
		each, all := show(groups)
		var hidden int64
		few := 0
		for i, n := range groups {
			if each[i] && (n < Fewest || !all) {
				t.Fatalf("%v: %d is shown", groups, n)
			}
			if n > 0 && !each[i] {
				hidden += n
				few++
			}
		}
		if all && few > 0 && (few < 2 || hidden < Fewest) {
			t.Fatalf("%v: %v tells of %d answers", groups, each, hidden)
		}
	}
}
