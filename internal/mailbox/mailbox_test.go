package mailbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"visavis/internal/edge"
	"visavis/internal/mailbox"
	"visavis/locales"
)

type box struct {
	*mailbox.Mailbox
	t   *testing.T
	mux *edge.Mux
}

func open(t *testing.T) *box {
	t.Helper()
	m, err := mailbox.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	b := &box{Mailbox: m, t: t, mux: edge.NewMux()}
	if err := m.Mount(b.mux, mailbox.Options{Locales: locales.Files, TimeZone: time.UTC, Host: "termin.example"}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *box) client() *smtp.Client {
	b.t.Helper()
	host, port := b.Address()
	c, err := smtp.Dial(net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (b *box) send(text string) error {
	return b.client().SendMail("a@example.org", []string{"b@example.org"}, strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")))
}

func (b *box) get(path string) *httptest.ResponseRecorder { return b.getAt("termin.example", path) }

func (b *box) getAt(host, path string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	b.mux.ServeHTTP(w, r)
	return w
}

const invitation = `From: =?utf-8?q?B=C3=BCrgeramt?= <a@example.org>
To: b@example.org
Subject: =?utf-8?q?Ihr_Termin_am_9=2E_M=C3=A4rz?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
https://termin.example/t/amt#secret
--y
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+R3LDvMOfZTwvcD4=
--y--
--x
Content-Type: text/calendar
Content-Disposition: attachment; filename=videotermin.ics

BEGIN:VCALENDAR
--x--
`

func TestAMailIsTakenAndShownAsPeopleReadIt(t *testing.T) {
	b := open(t)
	if err := b.send(invitation); err != nil {
		t.Fatal(err)
	}
	page := b.get("/demo/mail").Body.String()
	for _, want := range []string{"Ihr Termin am 9. März", "b@example.org", "Grüße", `href="https://termin.example/t/amt#secret"`, "videotermin.ics"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	var list struct {
		Messages []struct {
			ID      int
			To      []string
			Subject string
		}
	}
	if err := json.Unmarshal(b.get("/demo/mail.json").Body.Bytes(), &list); err != nil || len(list.Messages) != 1 || list.Messages[0].Subject != "Ihr Termin am 9. März" {
		t.Fatalf("%v %+v", err, list)
	}
	id := list.Messages[0].ID
	html := b.get(fmt.Sprintf("/demo/mail/%d/html", id))
	if html.Body.String() != "<p>Grüße</p>" || !strings.HasPrefix(html.Header().Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(html.Header().Get("Content-Security-Policy"), "script") {
		t.Errorf("%s %v", html.Body, html.Header())
	}
	if raw := b.get(fmt.Sprintf("/demo/mail/%d/raw", id)); !strings.Contains(raw.Body.String(), "=?utf-8?q?Ihr") || !strings.HasPrefix(raw.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("%s", raw.Body)
	}
	for _, path := range []string{"/demo/mail/0/html", "/demo/mail/99/raw", "/demo/mail/x/raw", "/demo/mail/-1/html"} {
		if w := b.get(path); w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestWhatAMailSaysIsTextOnThePage(t *testing.T) {
	b := open(t)
	for _, text := range []string{
		"Subject: <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\njavascript:alert(1)\nhttps://x/\" onclick=\"alert(1)\n",
		"no mail at all",
		"Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\nContent-Type: multipart/mixed; boundary=x\n\n", 100),
	} {
		if err := b.send(text); err != nil {
			t.Fatal(err)
		}
	}
	page := b.get("/demo/mail").Body.String()
	for _, bad := range []string{"<script>alert", "<img src=x", `href="javascript`, `" onclick="`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}

func TestTheNewestFiveHundredAreKeptAndNoneIsLargerThanAMegabyte(t *testing.T) {
	b := open(t)
	c := b.client()
	for i := range 503 {
		if err := c.SendMail("a@example.org", []string{"b@example.org"}, strings.NewReader(fmt.Sprintf("Subject: %d\r\n\r\n", i))); err != nil {
			t.Fatal(err)
		}
	}
	list := b.Messages()
	if len(list) != 500 || list[0].ID != 503 || list[499].ID != 4 {
		t.Errorf("%d, from %d to %d", len(list), list[0].ID, list[len(list)-1].ID)
	}
	if w := b.get("/demo/mail/3/raw"); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
	if err := b.send(strings.Repeat("x\n", 1<<20)); err == nil || len(b.Messages()) != 500 || b.Messages()[0].ID != 503 {
		t.Error("a mail of two megabytes was taken")
	}
}

func TestOnlyThisMachineReachesTheMailbox(t *testing.T) {
	if host, port := open(t).Address(); host != "127.0.0.1" || port == 0 {
		t.Errorf("%s:%d", host, port)
	}
}

// Somebody's page, open in a browser on the machine of the demo, could else let its own name lead to that machine.
func TestNobodyReadsTheMailByANameThatIsNotOurs(t *testing.T) {
	b := open(t)
	if err := b.send(invitation); err != nil {
		t.Fatal(err)
	}
	paths := []string{"/demo/mail", "/demo/mail.json", "/demo/mail/1/raw", "/demo/mail/1/html"}
	for host, ours := range map[string]bool{
		"termin.example": true, "Termin.Example:8443": true, "localhost": true, "localhost:8080": true, "127.0.0.1:8080": true, "[::1]:8080": true, "[::1]": true,
		"": false, "evil.example": false, "evil.example:8080": false, "termin.example.evil.example": false, "localhost.evil.example": false,
		"evil.example@localhost": false, "localhost:80@evil.example": false, "127.0.0.1.evil.example": false, "192.0.2.7:8080": false, "[2001:db8::1]": false,
	} {
		for _, path := range paths {
			w := b.getAt(host, path)
			if want := map[bool]int{true: http.StatusOK, false: http.StatusMisdirectedRequest}[ours]; w.Code != want {
				t.Errorf("%s at %q: %d, want %d", path, host, w.Code, want)
			}
			if !ours && (!strings.Contains(w.Body.String(), "localhost") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain")) {
				t.Errorf("%s at %q says %q", path, host, w.Body)
			}
		}
	}
	if w := b.getAt("", "/demo/mail"); strings.Contains(w.Body.String(), "Termin am") {
		t.Errorf("a mail is shown: %s", w.Body)
	}
}
