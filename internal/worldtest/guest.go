package worldtest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Place is the seat of an appointment, and the secret in its link.
type Place struct {
	Office
	Appointment, Seat, Secret string
	Version                   int64
}

// Booking is a valid body for an appointment at the first desk, from ten o'clock. Change what a test is about.
func (o Office) Booking(starts time.Time) Body {
	return Body{
		"desk": o.Desk, "service": o.Service, "startsAt": starts.UnixMilli(), "language": "de",
		"citizen": Body{"name": "Erika Beispiel", "phone": "0170 1112223"},
	}
}

// Book makes an appointment for which staff hand over the link.
func (n *Node) Book(o Office, by *Browser, booking Body) Place {
	n.T.Helper()
	var made struct {
		ID, Link string
		Version  int64
	}
	by.Post("/api/staff/appointments", booking).OK(n.T).Into(n.T, &made)
	p := Place{Office: o, Appointment: made.ID, Version: made.Version, Secret: n.Secret(o, made.Link)}
	n.Scan(`SELECT id FROM seat WHERE agency_id = $1 AND appointment_id = $2`, []any{o.Agency, made.ID}, &p.Seat)
	return p
}

// Secret is what a link holds.
func (n *Node) Secret(o Office, link string) string {
	n.T.Helper()
	secret, ok := strings.CutPrefix(link, URL+"/t/"+o.Slug+"#")
	if !ok || len(secret) < 22 {
		n.T.Fatalf("no link of ours: %q", link)
	}
	return secret
}

// Guest is a page of a guest.
type Guest struct {
	*Browser
	Place Place
	Page  string
	Print string // of the page's certificate
}

// Guest opens the link in a fresh browser.
func (n *Node) Guest(p Place) *Guest {
	n.T.Helper()
	g := &Guest{Browser: n.Browser(), Place: p, Page: "page-one", Print: Print("guest")}
	g.Post("/api/guest/"+p.Slug+"/open", Body{"secret": p.Secret}).OK(n.T)
	return g
}

// Reloaded is a fresh page in the same browser, with a fresh certificate.
func (g *Guest) Reloaded(page string) *Guest {
	return &Guest{Browser: g.Browser, Place: g.Place, Page: page, Print: Print(page)}
}

// Do calls a route of the seat; page is filled in.
func (g *Guest) Do(route string, body Body) Answer {
	g.T.Helper()
	if _, ok := body["page"]; !ok && route != "check" && route != "callback" && route != "cancel" {
		body["page"] = g.Page
	}
	return g.Post("/api/guest/"+g.Place.Slug+"/seats/"+g.Place.Seat+"/"+route, body)
}

// Arrive enters the waiting room.
func (g *Guest) Arrive() Answer {
	g.T.Helper()
	return g.ArriveBy("video")
}

// ArriveBy enters it, or says again, with picture, with sound only or in writing.
func (g *Guest) ArriveBy(mode string) Answer {
	g.T.Helper()
	return g.Do("arrive", g.offer(Body{"mode": mode}))
}

// ArriveAfter enters the waiting room from a page that has shown a version of the notice.
func (g *Guest) ArriveAfter(notice string) Answer {
	g.T.Helper()
	return g.Do("arrive", g.offer(Body{"mode": "video", "notice": notice}))
}

// Prepare sends a fresh offer.
func (g *Guest) Prepare(generation int) Answer {
	g.T.Helper()
	return g.Do("prepare", g.offer(Body{"generation": generation}))
}

func (g *Guest) offer(body Body) Body {
	sum := sha256.Sum256([]byte(g.Page))
	body["commit"], body["offer"] = base64.RawURLEncoding.EncodeToString(sum[:]), Description("guest", g.Print)
	return body
}

// Signal sends a message of the talk.
func (g *Guest) Signal(generation int, kind string, more Body) Answer {
	g.T.Helper()
	return g.Do("signal", signal(generation, kind, more))
}

func signal(generation int, kind string, more Body) Body {
	body := Body{"generation": generation, "kind": kind}
	maps.Copy(body, more)
	return body
}

// Stream opens the page's stream.
func (g *Guest) Stream(after string) *Stream {
	g.T.Helper()
	return g.Listen("/api/guest/"+g.Place.Slug+"/seats/"+g.Place.Seat+"/stream?page="+g.Page, after)
}

// Nonce has the length of one.
const Nonce = "NNNNNNNNNNNNNNNNNNNNNN"

// Print is a fingerprint that belongs to a name.
func Print(name string) string {
	sum := sha256.Sum256([]byte(name))
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// Description is what a browser writes: four sections in one bundle, with its own credentials and address in them.
func Description(who, print string) string {
	lines := []string{
		"v=0", "o=- 4611731400430051336 2 IN IP4 198.51.100.23", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2 3",
		"a=msid-semantic: WMS",
	}
	for mid, media := range []string{
		"m=audio 50321 UDP/TLS/RTP/SAVPF 111", "m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 9 UDP/TLS/RTP/SAVPF 96",
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
	} {
		lines = append(lines, media, "c=IN IP4 198.51.100.23",
			"a=candidate:1 1 udp 2122260223 198.51.100.23 50321 typ host",
			"a=ice-ufrag:"+Ufrag(who), "a=ice-pwd:"+Pwd(who), "a=fingerprint:sha-256 "+print, "a=setup:actpass", fmt.Sprintf("a=mid:%d", mid))
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// Ufrag and Pwd are a browser's own credentials.
func Ufrag(who string) string { return "browser" + who }

// Pwd belongs to Ufrag.
func Pwd(who string) string { return "passwordOfBrowser" + strings.Repeat("0", 7) + who }
