package staff_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// device is the cookie by which a browser is known.
func device(t *testing.T, a Answer) *http.Cookie {
	t.Helper()
	for _, c := range a.Cookies {
		if c.Name == "__Host-device" {
			return c
		}
	}
	t.Fatalf("no device in %v", a.Cookies)
	return nil
}

// strangersGuess until their network may not try any more.
func strangersGuess(t *testing.T, n *Node, network string, who Account) {
	t.Helper()
	stranger := n.Browser()
	stranger.Network = network
	for range 30 {
		if stranger.Post(path, credentials(who, "geraten")).Status == http.StatusTooManyRequests {
			return
		}
	}
	t.Fatal("guessing is not slowed down")
}

// The attacker may sit in the same network, or be a colleague's infected computer.
func TestWhoeverGuessesADeviceThatIsKnownIsNotLockedOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		known, unknown := n.Browser(), n.Browser()
		known.Network, unknown.Network = "198.51.100.9", "198.51.100.9"
		c := device(t, known.Post(path, credentials(o.Sommer, Password)).OK(t))
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge != 90*24*3600 {
			t.Errorf("%+v", c)
		}
		if strings.Contains(c.Value, "sommer") || strings.Contains(c.Value, o.Sommer.ID) || strings.Contains(c.Value, "lindenau") {
			t.Errorf("the cookie says who it is: %s", c.Value)
		}
		strangersGuess(t, n, "198.51.100.9", o.Sommer)
		unknown.Post(path, credentials(o.Sommer, Password)).Expect(t, http.StatusTooManyRequests, "session.throttled")
		known.Post(path, credentials(o.Sommer, Password)).OK(t)
		// Known, and no more than that: it may not guess for ever, nor for another agency.
		strangers := 0
		for range 14 {
			if known.Post(path, credentials(o.Sommer, "geraten")).Status == http.StatusUnauthorized {
				strangers++
			}
		}
		if strangers > 11 {
			t.Errorf("a known device may guess %d times", strangers)
		}
	})
}

func TestADeviceIsKnownToItsAgencyForAWhileAndCannotBeMade(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o, ahorn := n.Office("lindenau"), n.Office("ahorn")
	b := n.Browser()
	first := device(t, b.Post(path, credentials(o.Sommer, Password)).OK(t)).Value
	name, _, _ := strings.Cut(first, ".")
	n.Clock.Forward(24 * time.Hour)
	again := device(t, b.Post(path, credentials(o.Sommer, Password)).OK(t)).Value
	if strings.Split(again, ".")[0] != name || again == first {
		t.Errorf("%s became %s", first, again)
	}
	strangersGuess(t, n, "198.51.100.9", o.Sommer)
	strangersGuess(t, n, "198.51.100.9", ahorn.Sommer)
	until := strings.Split(first, ".")[1]
	seconds, err := strconv.Atoi(until)
	if err != nil {
		t.Fatal(err)
	}
	try := func(value string, who Account) int {
		forged := n.Browser()
		forged.Network = "198.51.100.9"
		forged.Header.Set("Cookie", "__Host-device="+value)
		return forged.Post(path, credentials(who, Password)).Status
	}
	for what, value := range map[string]string{
		"prolonged": strings.Replace(first, until, strconv.Itoa(seconds+1), 1), "renamed": "x" + first, "empty": "", "nonsense": "..",
		"without a proof": name + "." + until + ".", "without a name": strings.TrimPrefix(first, name),
	} {
		if status := try(value, o.Sommer); status != http.StatusTooManyRequests {
			t.Errorf("%s: %d", what, status)
		}
	}
	if status := try(first, ahorn.Sommer); status != http.StatusTooManyRequests {
		t.Errorf("at another agency: %d", status)
	}
	if status := try(first, o.Sommer); status != http.StatusOK {
		t.Errorf("counter-check: %d", status)
	}
	n.Clock.Forward(90 * 24 * time.Hour)
	if status := try(first, o.Sommer); status != http.StatusTooManyRequests {
		t.Errorf("after 90 days: %d", status)
	}
}

// Whoever has got hold of one password can sign in as often as they like, each time as a new browser.
func TestADeviceIsKnownOnlyForTheAccountThatSignedInWithItLast(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		fresh := func() *Browser {
			b := n.Browser()
			b.Network = "198.51.100.9"
			return b
		}
		strangersGuess(t, n, "198.51.100.9", o.Sommer)
		for range 5 {
			phished := fresh()
			phished.Post(path, credentials(o.Winter, Password)).OK(t)
			phished.Post(path, credentials(o.Sommer, "geraten")).Expect(t, http.StatusTooManyRequests, "session.throttled")
		}
		// A browser that colleagues share is known for the last of them.
		shared := fresh()
		shared.Network = "203.0.113.7"
		first := device(t, shared.Post(path, credentials(o.Sommer, Password)).OK(t)).Value
		second := device(t, shared.Post(path, credentials(o.Winter, Password)).OK(t)).Value
		if strings.Split(first, ".")[0] == strings.Split(second, ".")[0] {
			t.Error("the cookies of two accounts have the same name")
		}
		shared.Network = "198.51.100.9"
		shared.Post(path, credentials(o.Sommer, Password)).Expect(t, http.StatusTooManyRequests, "session.throttled")
		strangersGuess(t, n, "198.51.100.9", o.Winter)
		fresh().Post(path, credentials(o.Winter, Password)).Expect(t, http.StatusTooManyRequests, "session.throttled")
		typed := o.Winter
		typed.Email = " " + strings.ToUpper(typed.Email)
		shared.Post(path, credentials(typed, Password)).OK(t)
	})
}

// From so many networks that none of them is slowed down.
func TestAKnownDeviceDoesNotStandInTheQueueOfThoseWhoGuess(t *testing.T) {
	w := New(t, dbtest.SQLite(t))
	w.Cost = staff.Cost{} // the real one, or there would be no queue
	n := w.Node()
	o := n.Office("lindenau")
	known := n.SignIn(o.Sommer)
	const crowd = 40
	var all sync.WaitGroup
	var begun, done atomic.Int32
	for i := range crowd {
		all.Go(func() {
			b := n.Browser()
			b.Network = fmt.Sprintf("10.%d.0.1", i)
			begun.Add(1)
			b.Post(path, credentials(o.Sommer, "geraten"))
			done.Add(1)
		})
	}
	late := time.After(dbtest.Patience)
	for begun.Load() < crowd || done.Load() < 2 { // the queue is there
		select {
		case <-late:
			t.Fatal("nobody guesses")
		default:
		}
		known.Get(path).OK(t)
	}
	before := done.Load()
	known.Post(path, credentials(o.Sommer, Password)).OK(t)
	if passed := done.Load() - before; passed > crowd/4 {
		t.Errorf("%d who guess had their turn first", passed)
	}
	all.Wait()
}
