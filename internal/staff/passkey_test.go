package staff_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

const (
	passkeysPath = "/api/staff/account/passkeys"
	passkeyPath  = path + "/passkey"
)

// authenticator is a small one of software: one key, as a browser shows it to us.
type authenticator struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	user    string // handle
	host    string
	origin  string
	flags   byte
	counter uint32
}

const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &authenticator{t: t, key: key, id: id, host: strings.TrimPrefix(URL, "https://"), origin: URL, flags: present | verified, counter: 1}
}

type asked struct {
	PublicKey struct {
		Challenge        string
		RPID             string `json:"rpId"`
		UserVerification string
		RP               struct{ ID string }
		User             struct{ ID string }

		ExcludeCredentials     []any
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
	}
}

func (a *authenticator) clientData(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return text
}

func (a *authenticator) data(flags byte) []byte {
	host := sha256.Sum256([]byte(a.host))
	return binary.BigEndian.AppendUint32(append(host[:], flags), a.counter)
}

// made is the answer to who asks for a new passkey.
func (a *authenticator) made(o asked) Body {
	a.t.Helper()
	a.user = o.PublicKey.User.ID
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		a.t.Fatal(err)
	}
	data := append(a.data(a.flags|attested), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.id))), a.id...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": append(data, cose...)})
	if err != nil {
		a.t.Fatal(err)
	}
	return Body{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "clientExtensionResults": Body{}, "response": Body{
		"clientDataJSON": b64(a.clientData("webauthn.create", o.PublicKey.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"},
	}}
}

// signed is the answer to who asks for a passkey.
func (a *authenticator) signed(challenge string) Body {
	a.t.Helper()
	a.counter++
	data, client := a.data(a.flags), a.clientData("webauthn.get", challenge)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return Body{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "clientExtensionResults": Body{}, "response": Body{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": a.user,
	}}
}

func (l *letters) addKey(b *Browser, a *authenticator) Answer {
	l.t.Helper()
	var o asked
	b.Post(passkeysPath+"/begin", Body{"password": Password}).OK(l.t).Into(l.t, &o)
	return b.Post(passkeysPath, Body{"label": "  Mein   Handy ", "credential": a.made(o)})
}

func (l *letters) challenge() string {
	l.t.Helper()
	var o asked
	l.Browser().Post(passkeyPath+"/begin", Body{}).OK(l.t).Into(l.t, &o)
	if o.PublicKey.UserVerification != "required" || o.PublicKey.RPID != strings.TrimPrefix(URL, "https://") {
		l.t.Fatalf("%+v", o)
	}
	return o.PublicKey.Challenge
}

func (l *letters) byKey(a *authenticator) Answer {
	l.t.Helper()
	return l.Browser().Post(passkeyPath, Body{"credential": a.signed(l.challenge())})
}

func TestACC07APasskeyStandsForPasswordAndSecondFactor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.demand(agency.Demanded)
		l.demand(agency.Optional)
		own, a := l.SignIn(l.o.Sommer), newAuthenticator(t)
		own.Post(passkeysPath+"/begin", Body{"password": "falsch"}).Expect(t, http.StatusForbidden, "password.wrong")
		var account staff.OwnAccount
		l.addKey(own, a).OK(t).Into(t, &account)
		if len(account.Passkeys) != 1 || account.Passkeys[0].Label != "Mein Handy" {
			t.Errorf("%+v", account)
		}
		var credential, label []byte
		l.Scan(`SELECT credential_sealed, label_sealed FROM staff_passkey WHERE staff_id = $1`, []any{l.o.Sommer.ID}, &credential, &label)
		if bytes.Contains(credential, []byte("publicKey")) || bytes.Contains(label, []byte("Handy")) {
			t.Error("not sealed")
		}
		l.demand(agency.Demanded)
		var me staff.Me
		l.byKey(a).OK(t).Into(t, &me)
		if me.ID != l.o.Sommer.ID {
			t.Errorf("%+v", me)
		}
		l.byKey(a).OK(t)
		// The same key is not kept twice.
		l.addKey(own, a).Expect(t, http.StatusForbidden, "passkey.refused")
		remove := passkeysPath + "/" + account.Passkeys[0].ID + "/remove"
		own.Post(remove, Body{"password": "falsch"}).Expect(t, http.StatusForbidden, "password.wrong") // at an open window
		l.byKey(a).OK(t)
		own.Post(remove, Body{"password": Password}).OK(t)
		l.byKey(a).Expect(t, http.StatusForbidden, "passkey.refused")
		own.Post(remove, Body{"password": Password}).Expect(t, http.StatusNotFound, "not_found")
		if l.acts(audit.PasskeyAdded) != 1 || l.acts(audit.PasskeyRemoved) != 1 {
			t.Error("the audit knows nothing of it")
		}
	})
}

func TestAPasskeyIsMadeForUsByWhoAskedAndWithAFingerOrAPin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		own := l.SignIn(l.o.Sommer)
		var o asked
		own.Post(passkeysPath+"/begin", Body{"password": Password}).OK(t).Into(t, &o)
		if s := o.PublicKey.AuthenticatorSelection; s.ResidentKey != "required" || s.UserVerification != "required" || o.PublicKey.RP.ID != strings.TrimPrefix(URL, "https://") {
			t.Errorf("%+v", o)
		}
		for name, change := range map[string]func(*authenticator){
			"another origin":     func(a *authenticator) { a.origin = "https://termin.example.evil.example" },
			"another port":       func(a *authenticator) { a.origin = URL + ":8443" },
			"not encrypted":      func(a *authenticator) { a.origin = "http://termin.example" },
			"another host":       func(a *authenticator) { a.host = "example" },
			"nobody verified":    func(a *authenticator) { a.flags = present },
			"nobody was present": func(a *authenticator) { a.flags = verified },
		} {
			a := newAuthenticator(t)
			change(a)
			if answer := l.addKey(own, a); answer.Code != "passkey.refused" {
				t.Errorf("made: %s: %d %s", name, answer.Status, answer.Text)
			}
			a = newAuthenticator(t)
			l.addKey(own, a).OK(t)
			change(a)
			if answer := l.byKey(a); answer.Code != "passkey.refused" {
				t.Errorf("shown: %s: %d %s", name, answer.Status, answer.Text)
			}
			l.Exec(`DELETE FROM staff_passkey`)
		}
		// A challenge of somebody else, of a sign-in, or of none.
		var others asked
		l.winter.Post(passkeysPath+"/begin", Body{"password": Password}).OK(t).Into(t, &others)
		for _, challenge := range []string{others.PublicKey.Challenge, l.challenge(), b64(make([]byte, 40)), "AAAA"} {
			o.PublicKey.Challenge = challenge
			own.Post(passkeysPath, Body{"label": "x", "credential": newAuthenticator(t).made(o)}).Expect(t, http.StatusForbidden, "passkey.refused")
		}
		own.Post(passkeysPath, Body{"label": " ", "credential": Body{}}).Expect(t, http.StatusUnprocessableEntity, "passkey.label")
		own.Post(passkeysPath, Body{"label": "x", "credential": Body{}}).Expect(t, http.StatusForbidden, "passkey.refused")
	})
}

func TestAPasskeysAnswerIsTakenOnceAndInTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		a := newAuthenticator(t)
		l.addKey(l.SignIn(l.o.Sommer), a).OK(t)
		answer := a.signed(l.challenge())
		l.Browser().Post(passkeyPath, Body{"credential": answer}).OK(t)
		l.Browser().Post(passkeyPath, Body{"credential": answer}).Expect(t, http.StatusForbidden, "passkey.refused")
		late := a.signed(l.challenge())
		l.Clock.Forward(5 * time.Minute)
		l.Browser().Post(passkeyPath, Body{"credential": late}).Expect(t, http.StatusForbidden, "passkey.refused")
		foreign := newAuthenticator(t) // says to be Sommer's
		foreign.user = a.user
		l.byKey(foreign).Expect(t, http.StatusForbidden, "passkey.refused")
		foreign.id = a.id
		l.byKey(foreign).Expect(t, http.StatusForbidden, "passkey.refused")
		a.user = b64([]byte(l.o.Agency + "." + l.o.Winter.ID))
		l.byKey(a).Expect(t, http.StatusForbidden, "passkey.refused")
		a.user = b64([]byte(l.o.Agency + "." + l.o.Sommer.ID))
		l.byKey(a).OK(t)
		l.Exec(`UPDATE staff SET disabled_at = 1 WHERE id = $1`, l.o.Sommer.ID)
		l.byKey(a).Expect(t, http.StatusForbidden, "passkey.refused")
	})
}

func TestACounterThatGoesBackIsACopyAndStandsInTheAudit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		a := newAuthenticator(t)
		l.addKey(l.SignIn(l.o.Sommer), a).OK(t)
		l.byKey(a).OK(t)
		copied := *a
		l.byKey(a).OK(t)
		l.byKey(&copied).Expect(t, http.StatusForbidden, "passkey.copied")
		if l.acts(audit.PasskeyRefused) != 1 {
			t.Error("the audit knows nothing of it")
		}
		l.byKey(a).OK(t)
		// Many authenticators do not count.
		still := newAuthenticator(t)
		still.counter = 0
		l.addKey(l.SignIn(l.o.Herbst), still).OK(t)
		for range 2 {
			still.counter = 0
			still.counter-- // signed adds one
			l.byKey(still).OK(t)
		}
	})
}
