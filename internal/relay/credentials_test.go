package relay

import (
	"testing"
	"time"
)

func TestCredentialsNameTheLegAndProveIt(t *testing.T) {
	key := Key(make([]byte, KeyBytes))
	for _, brief := range []bool{false, true} {
		leg := Leg{Talk: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, Side: SideStaff, Generation: 70_003, Restart: MostRestarts, Expires: time.Unix(2_000_000_000, 0), Brief: brief}
		ufrag, pwd := key.Credentials(leg)
		back, err := ParseUfrag(ufrag)
		if err != nil || back != leg {
			t.Fatalf("got %+v, %v", back, err)
		}
		if !key.Verify(ufrag, pwd) || key.Verify(ufrag, pwd[:len(pwd)-1]+"A") || len(pwd) < 24 || !iceChars(ufrag, 4) {
			t.Fatalf("bad pair %s %s", ufrag, pwd)
		}
	}
}
