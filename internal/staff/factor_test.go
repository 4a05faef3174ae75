package staff_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/staff/totp"
	. "visavis/internal/worldtest"
)

const factorPath = "/api/staff/account/factor"

// app shows codes, as one on a telephone does, which knows nothing but the text.
type app struct {
	secret []byte
	clock  func() time.Time
}

func (l *letters) app(secret string) app {
	l.t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		l.t.Fatal(err)
	}
	return app{key, l.Clock.Now}
}

func (a app) code(steps int64) string {
	mac := hmac.New(sha1.New, a.secret)
	_ = binary.Write(mac, binary.BigEndian, a.clock().Unix()/30+steps)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// turnOn gives somebody a second factor.
func (l *letters) turnOn(b *Browser) (app, []string) {
	l.t.Helper()
	var setup totp.Setup
	b.Post(factorPath, Body{"password": Password}).OK(l.t).Into(l.t, &setup)
	phone := l.app(setup.Secret)
	var on struct {
		Account staff.OwnAccount
		Codes   []string
	}
	b.Post(factorPath+"/on", Body{"code": phone.code(0)}).OK(l.t).Into(l.t, &on)
	if !on.Account.Factor.On || on.Account.Factor.Recovery != 10 || len(on.Codes) != 10 {
		l.t.Fatalf("%+v", on)
	}
	return phone, on.Codes
}

// ticket is what the right password brings where it is not enough.
func (l *letters) ticket(b *Browser, who Account, code string) string {
	l.t.Helper()
	a := b.Post(path, credentials(who, Password)).Expect(l.t, http.StatusUnauthorized, code)
	ticket, _ := a.Params["ticket"].(string)
	if ticket == "" || len(a.Cookies) != 0 {
		l.t.Fatalf("%s", a.Text)
	}
	return ticket
}

func (l *letters) second(b *Browser, ticket, code string) Answer {
	l.t.Helper()
	return b.Post(path+"/code", Body{"ticket": ticket, "code": code})
}

func TestACC07ASecondFactorIsAskedForAndEachCodeIsTakenOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		own := l.SignIn(l.o.Sommer)
		own.Post(factorPath, Body{"password": "falsch"}).Expect(t, http.StatusForbidden, "password.wrong")
		phone, _ := l.turnOn(own)
		own.Post(factorPath, Body{"password": Password}).Expect(t, http.StatusConflict, "factor.on")
		var sealed []byte
		l.Scan(`SELECT secret_sealed FROM staff_totp WHERE staff_id = $1`, []any{l.o.Sommer.ID}, &sealed)
		if bytes.Contains(sealed, phone.secret) {
			t.Error("the secret stands in the database")
		}
		b := l.Browser()
		ticket := l.ticket(b, l.o.Sommer, "session.code")
		if signedIn(b) {
			t.Error("the password was enough")
		}
		l.second(b, ticket, phone.code(0)).Expect(t, http.StatusForbidden, "factor.wrong") // taken when it was turned on
		l.second(b, ticket, "000000").Expect(t, http.StatusForbidden, "factor.wrong")
		l.second(b, "code."+l.o.Agency+"."+l.o.Sommer.ID+".9999999999.AAAAAAAAAAAAAAAAAAAAAA", phone.code(1)).Expect(t, http.StatusUnauthorized, "session.expired")
		l.second(b, strings.Replace(ticket, l.o.Sommer.ID, l.o.Winter.ID, 1), phone.code(1)).Expect(t, http.StatusUnauthorized, "session.expired")
		code := phone.code(1) // of a clock that is fast
		var me staff.Me
		l.second(b, ticket, code[:3]+" "+code[3:]).OK(t).Into(t, &me)
		if me.ID != l.o.Sommer.ID || len(me.Recovery) != 0 || !signedIn(b) {
			t.Errorf("%+v", me)
		}
		l.second(l.Browser(), ticket, code).Expect(t, http.StatusForbidden, "factor.wrong")
		l.Clock.Forward(5 * time.Minute)
		l.second(l.Browser(), ticket, phone.code(0)).Expect(t, http.StatusUnauthorized, "session.expired")

		own.Post(factorPath+"/off", Body{"password": "falsch"}).Expect(t, http.StatusForbidden, "password.wrong")
		own.Post(factorPath+"/off", Body{"password": Password}).OK(t)
		own.Post(factorPath+"/off", Body{"password": Password}).Expect(t, http.StatusConflict, "factor.none")
		l.Browser().Post(path, credentials(l.o.Sommer, Password)).OK(t)
		for _, act := range []audit.Act{audit.FactorOn, audit.FactorOff, audit.RecoveryMade} {
			if l.acts(act) != 1 {
				t.Errorf("%s: %d", act, l.acts(act))
			}
		}
	})
}

func TestOfManyAtOnceWithOneCodeOneGetsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		phone, _ := l.turnOn(l.SignIn(l.o.Sommer))
		ticket := l.ticket(l.Browser(), l.o.Sommer, "session.code")
		l.Clock.Forward(30 * time.Second)
		var wait sync.WaitGroup
		in := make(chan bool, 5)
		for range 5 {
			b := l.Browser()
			wait.Go(func() { in <- l.second(b, ticket, phone.code(0)).Status == http.StatusOK })
		}
		wait.Wait()
		close(in)
		n := 0
		for ok := range in {
			if ok {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d got in", n)
		}
	})
}

func TestARecoveryCodeIsGoodOnceAndNewOnesTakeThePlaceOfOld(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		own := l.SignIn(l.o.Sommer)
		_, codes := l.turnOn(own)
		use := func(code string) Answer {
			b := l.Browser()
			return l.second(b, l.ticket(b, l.o.Sommer, "session.code"), code)
		}
		use(" " + strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))).OK(t)
		use(codes[0]).Expect(t, http.StatusForbidden, "factor.wrong")
		var account staff.OwnAccount
		own.Get("/api/staff/account").OK(t).Into(t, &account)
		if account.Factor.Recovery != 9 || l.acts(audit.RecoveryUsed) != 1 {
			t.Errorf("%+v", account.Factor)
		}
		var anew struct{ Codes []string }
		own.Post(factorPath+"/recovery", Body{"password": Password}).OK(t).Into(t, &anew)
		use(codes[1]).Expect(t, http.StatusForbidden, "factor.wrong")
		use(anew.Codes[1]).OK(t)
	})
}

// Whoever guesses knows the password already, and comes from anywhere: that must neither go on, nor keep the owner out.
func TestACC06GuessingCodesEndsAndTheRightPersonStillGetsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		known := l.SignIn(l.o.Sommer) // a browser that is known for the account
		phone, codes := l.turnOn(known)
		l.Clock.Forward(time.Minute)
		tries := 0
		for i := range 30 {
			b := l.Browser()
			b.Network = fmt.Sprintf("10.0.%d.1", i)
			a := l.second(b, l.ticket(b, l.o.Sommer, "session.code"), "000000")
			if a.Status == http.StatusTooManyRequests {
				a.Expect(t, http.StatusTooManyRequests, "factor.throttled")
				continue
			}
			tries++
		}
		if tries > 10 {
			t.Errorf("%d tries from 30 networks", tries)
		}
		elsewhere := l.Browser()
		l.second(elsewhere, l.ticket(elsewhere, l.o.Sommer, "session.code"), phone.code(0)).Expect(t, http.StatusTooManyRequests, "factor.throttled")
		l.second(elsewhere, l.ticket(elsewhere, l.o.Sommer, "session.code"), codes[3]).OK(t)
		l.second(known, l.ticket(known, l.o.Sommer, "session.code"), phone.code(0)).OK(t)
	})
}

// Who tries recovery codes has no number of them that would be right, and takes nobody's turn.
func TestACC06WrongRecoveryCodesOfAStrangerKeepNobodyOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		known := l.SignIn(l.o.Sommer)
		phone, codes := l.turnOn(known)
		l.Clock.Forward(time.Minute)
		var last Answer
		stranger := func(i int, code string) {
			b := l.Browser()
			b.Network = fmt.Sprintf("10.0.%d.1", i)
			last = l.second(b, l.ticket(b, l.o.Sommer, "session.code"), code)
		}
		for i := range 15 {
			stranger(i, "000000")
			stranger(i, "aaaa-bbbb-cccc")
			last.Expect(t, http.StatusForbidden, "factor.wrong") // one of each network
		}
		for range 15 {
			stranger(99, "aaaa-bbbb-cccc")
		}
		last.Expect(t, http.StatusTooManyRequests, "factor.throttled")
		for i, network := range []string{"198.51.100.9", "10.0.99.1"} { // one's own, or the stranger's
			right := l.Browser()
			right.Network = network
			l.second(right, l.ticket(right, l.o.Sommer, "session.code"), codes[i]).OK(t)
		}
		l.second(known, l.ticket(known, l.o.Sommer, "session.code"), phone.code(0)).OK(t)
	})
}

func (l *letters) demand(value string) {
	l.t.Helper()
	l.winter.Send(http.MethodPut, "/api/staff/places/"+l.o.Agency+"/rules/"+string(agency.SecondFactor), Body{"value": value}).OK(l.t)
}

func TestWhereASecondFactorIsDemandedWhoHasNoneIsLedToIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.demand(agency.Demanded)
		b := l.Browser()
		ticket := l.ticket(b, l.o.Sommer, "session.setup")
		var setup totp.Setup
		b.Post(path+"/setup", Body{"ticket": ticket}).OK(t).Into(t, &setup)
		phone := l.app(setup.Secret)
		l.second(b, ticket, "000000").Expect(t, http.StatusForbidden, "factor.wrong")
		var me staff.Me
		l.second(b, ticket, phone.code(0)).OK(t).Into(t, &me)
		if len(me.Recovery) != 10 || !signedIn(b) {
			t.Errorf("%+v", me)
		}
		// It was for setting one up, not for getting past it.
		b.Post(path+"/setup", Body{"ticket": ticket}).Expect(t, http.StatusConflict, "factor.on")
		l.second(l.Browser(), ticket, phone.code(1)).Expect(t, http.StatusForbidden, "factor.wrong")
		other := l.ticket(l.Browser(), l.o.Sommer, "session.code")
		b.Post(path+"/setup", Body{"ticket": other}).Expect(t, http.StatusUnauthorized, "session.expired")
		b.Post(factorPath+"/off", Body{"password": Password}).Expect(t, http.StatusConflict, "factor.demanded")

		// By a link nobody gets past it either.
		l.forget(b, l.o.Sommer)
		l.untilLinks(l.o.Sommer, 1)
		fresh := l.Browser()
		a := l.set(fresh, l.secret(l.o.Sommer, staff.Forgotten), good).Expect(t, http.StatusUnauthorized, "session.code")
		if signedIn(fresh) || signedIn(b) {
			t.Error("the link was enough, or the sessions live on")
		}
		l.Clock.Forward(time.Minute)
		ticket, _ = a.Params["ticket"].(string)
		l.second(fresh, ticket, phone.code(0)).OK(t)
	})
}

func TestWhoAdministersResetsAFactorThatIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		own := l.SignIn(l.o.Sommer)
		reset := "/api/staff/people/" + l.o.Sommer.ID + "/factor/reset"
		l.winter.Post(reset, Body{}).Expect(t, http.StatusConflict, "factor.none")
		l.turnOn(own)
		l.SignIn(l.o.Herbst).Post(reset, Body{}).Expect(t, http.StatusForbidden, "admin.forbidden")
		var view struct{ Factor bool }
		l.winter.Get("/api/staff/people/"+l.o.Sommer.ID).OK(t).Into(t, &view)
		if !view.Factor {
			t.Error("nobody sees it")
		}
		l.winter.Post(reset, Body{}).OK(t).Into(t, &view)
		if view.Factor || signedIn(own) || l.acts(audit.FactorReset) != 1 {
			t.Errorf("%+v", view)
		}
		l.Browser().Post(path, credentials(l.o.Sommer, Password)).OK(t)
		l.winter.Post("/api/staff/people/"+l.o.Winter.ID+"/factor/reset", Body{}).Expect(t, http.StatusConflict, "factor.self")
	})
}
