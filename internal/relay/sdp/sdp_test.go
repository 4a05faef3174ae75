package sdp

import (
	"embed"
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// What Chromium 150 and Firefox 140 have written, before and after gathering, with their address replaced by one for
// documentation (RFC 5737).
//
//go:embed testdata/*.sdp
var written embed.FS

const browsersAddress = "203.0.113.7"

func testLeg() Leg {
	return Leg{Ufrag: "relayUfragOfLeg/+", Pwd: "relayPasswordOfThisLeg/+0", Candidates: []Candidate{
		{Address: netip.MustParseAddrPort("192.0.2.1:3478")},
		{Address: netip.MustParseAddrPort("[2001:db8::1]:3478")},
		{TCP: true, Address: netip.MustParseAddrPort("192.0.2.1:443")},
	}}
}

func descriptions(t testing.TB) map[string]string {
	t.Helper()
	files, err := written.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := written.ReadFile("testdata/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(file.Name(), ".sdp")] = string(text)
	}
	if len(texts) < 6 {
		t.Fatalf("only %d descriptions", len(texts))
	}
	return texts
}

// changes are the lines that may differ from what the browser wrote, whatever it wrote.
var changes = regexp.MustCompile(`^(a=ice-ufrag:relayUfragOfLeg/\+|a=ice-pwd:relayPasswordOfThisLeg/\+0|a=ice-lite|a=end-of-candidates|` +
	`a=candidate:[123] 1 (udp|tcp) \d+ (192\.0\.2\.1|2001:db8::1) (3478|443) typ host( tcptype passive)?|` +
	`a=rtcp:9 IN IP4 0\.0\.0\.0|c=IN IP4 0\.0\.0\.0|s=-|t=0 0|o=- \d+ \d+ IN IP4 0\.0\.0\.0|m=\w+ 9 [ -~]+)$`)

func TestRealBrowsersDescriptionsChangeOnlyInWhatConcernsICE(t *testing.T) {
	for name, text := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			out, found, err := Rewrite(text, testLeg())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, "a=ice-ufrag:"+found.Ufrag+"\r\n") || !strings.Contains(text, "a=ice-pwd:"+found.Pwd+"\r\n") ||
				!strings.Contains(text, "a=fingerprint:sha-256 "+found.Fingerprint+"\r\n") || found.Sections != 3 {
				t.Errorf("found %+v", found)
			}
			before := strings.Split(text, "\r\n")
			for line := range strings.SplitSeq(out, "\r\n") {
				if !slices.Contains(before, line) && !changes.MatchString(line) {
					t.Errorf("new line %q", line)
				}
			}
			after := strings.Split(out, "\r\n")
			gone := regexp.MustCompile(`^(a=candidate:|a=end-of-candidates|a=ice-|a=rtcp:|c=|o=|m=|t=|s=)`)
			for _, line := range before {
				if !slices.Contains(after, line) && !gone.MatchString(line) {
					t.Errorf("lost line %q", line)
				}
			}
			if strings.Contains(out, browsersAddress) || strings.Count(out, "a=candidate:") != 3 || strings.Count(out, "a=ice-lite") != 1 {
				t.Errorf("candidates or addresses are wrong:\n%s", out)
			}
			if strings.Contains(out, found.Ufrag) || strings.Contains(out, found.Pwd) {
				t.Error("the browser's own ICE credentials go to the other side")
			}
		})
	}
}

func TestAnotherWebRTCStackAcceptsTheRewrittenOffers(t *testing.T) {
	for name, text := range descriptions(t) {
		if !strings.Contains(name, "offer") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			out, _, err := Rewrite(text, testLeg())
			if err != nil {
				t.Fatal(err)
			}
			peer, err := webrtc.NewPeerConnection(webrtc.Configuration{})
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: out}); err != nil {
				t.Fatal(err)
			}
			answer, err := peer.CreateAnswer(nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := Rewrite(answer.SDP, testLeg()); err != nil {
				t.Errorf("its answer: %v", err)
			}
		})
	}
}

func TestWhatNoBrowserWritesIsRefused(t *testing.T) {
	good := descriptions(t)["chromium-offer-gathered"]
	beforeMedia, _, _ := strings.Cut(good, "m=")
	if _, _, err := Rewrite(good, testLeg()); err != nil {
		t.Fatal(err)
	}
	print := "a=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\n"
	for name, with := range map[string]struct {
		text string
		want error
	}{
		"empty":                {"", ErrLines},
		"no end":               {strings.TrimSuffix(good, "\r\n"), ErrLines},
		"cut off":              {good[:len(good)/2] + "\r\n", nil},
		"only line feeds":      {strings.ReplaceAll(good, "\r\n", "\n"), ErrLines},
		"a bare line feed":     {strings.Replace(good, "s=-", "s=-\na=x", 1), ErrLines},
		"a NUL":                {strings.Replace(good, "s=-", "s=-\x00", 1), ErrLines},
		"a letter with accent": {strings.Replace(good, "s=-", "s=é", 1), ErrLines},
		"too long":             {good + strings.Repeat("a=x\r\n", MaxBytes/5), ErrSize},
		"a line too long":      {good + "a=" + strings.Repeat("x", MaxLine) + "\r\n", ErrLines},
		"no media":             {beforeMedia, ErrSections},
		"too many media":       {good + strings.Repeat("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n", MaxSections), ErrSections},
		"no bundle":            {strings.Replace(good, "a=group:BUNDLE 0 1 2\r\n", "", 1), ErrBundle},
		"two bundles":          {strings.Replace(good, "a=group:BUNDLE 0 1 2\r\n", "a=group:BUNDLE 0\r\na=group:BUNDLE 1 2\r\n", 1), ErrBundle},
		"one outside":          {strings.Replace(good, "a=group:BUNDLE 0 1 2", "a=group:BUNDLE 0 1", 1), ErrBundle},
		"bundle of unknown":    {strings.Replace(good, "a=group:BUNDLE 0 1 2", "a=group:BUNDLE 0 1 2 3", 1), ErrBundle},
		"one name twice":       {strings.Replace(good, "a=mid:1", "a=mid:0", 1), ErrBundle},
		"two fingerprints":     {good + print, ErrFingerprint},
		"SHA-1":                {good + "a=fingerprint:sha-1 AB:CD\r\n", ErrFingerprint},
		"no fingerprint":       {regexp.MustCompile(`a=fingerprint:[^\r]*\r\n`).ReplaceAllString(good, ""), ErrFingerprint},
		"other credentials":    {good + "a=ice-ufrag:evil\r\n", ErrCredentials},
		"short password":       {regexp.MustCompile(`a=ice-pwd:[^\r]*`).ReplaceAllString(good, "a=ice-pwd:short"), ErrCredentials},
		"no credentials":       {regexp.MustCompile(`a=ice-pwd:[^\r]*\r\n`).ReplaceAllString(good, ""), ErrCredentials},
		"keys in the open":     {good + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", ErrTransport},
		"RTP in the open":      {strings.ReplaceAll(good, "UDP/TLS/RTP/SAVPF", "RTP/AVP"), ErrTransport},
		"an address as format": {strings.Replace(good, "UDP/TLS/RTP/SAVPF 111", "UDP/TLS/RTP/SAVPF 203.0.113.7", 1), ErrLines},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := Rewrite(with.text, testLeg())
			if err == nil || out != "" || with.want != nil && !errors.Is(err, with.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAddressesAreDroppedWhereverTheyStand(t *testing.T) {
	good := descriptions(t)["firefox-offer-gathered"]
	for _, line := range []string{
		"a=x-seen:203.0.113.7", "a=203.0.113.7", "a=candidate:1 1 udp 1 203.0.113.7 9 typ srflx raddr 203.0.113.7 rport 1",
		"a=remote-candidates:1 203.0.113.7 9", "b=X-203.0.113.7:1", "i=203.0.113.7", "u=http://203.0.113.7/", "e=a@203.0.113.7",
		"a=x:[2001:db8::7]:9", "a=x 2001:db8::7", "a=x:::ffff:203.0.113.7", "a=CANDIDATE:1 1 udp 1 203.0.113.7 9 typ host",
		"a=source-filter: incl IN IP4 * 203.0.113.7",
	} {
		out, _, err := Rewrite(good+line+"\r\n", testLeg())
		if err != nil || strings.Contains(out, "203.0.113.7") || strings.Contains(out, "2001:db8::7") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestWhatIsNearlyACandidateOrAFingerprintDoesNotGoOn(t *testing.T) {
	good := descriptions(t)["chromium-offer-gathered"]
	for _, line := range []string{
		"a=candidate 1 1 udp 1 evil.example 9 typ host", "a= candidate:1 1 udp 1 evil.example 9 typ host",
		"a=candidate\\:1 1 udp 1 evil.example 9 typ host", "a=fingerprint sha-256 evil", "a= ice-ufrag:evil", "a=:evil", "a=",
	} {
		out, _, err := Rewrite(good+line+"\r\n", testLeg())
		if err != nil || strings.Contains(out, "evil") || strings.Contains(out, "a=\r\n") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// What goes on is what Chromium, Firefox and Safari (which is not among the recordings) need of each other.
func TestOnlyWhatTheOtherBrowserNeedsGoesOn(t *testing.T) {
	good := descriptions(t)["chromium-offer-gathered"]
	for line, want := range map[string]bool{
		"a=ssrc:1 mslabel:stream": true, "a=ssrc:1 label:track": true, "a=maxptime:60": true, "a=ptime:20": true, "a=bundle-only": true,
		"a=rtcp-fb:* nack pli": true, "a=msid:- track": true, "a=msid:stream": true, "a=ssrc-group:FEC-FR 1 2": true, "b=TIAS:64000": true,
		"a=extmap:4/recvonly urn:ietf:params:rtp-hdrext:sdes:mid": true, "a=fmtp:96 x-google-start-bitrate=600": true,
		"a=recvonly": true, "a=sendonly": true, "a=inactive": true, "a=rtcp-mux-only": true,

		"a=x-note:anything": false, "a=x-google-flag:conference": false, "a=simulcast:send 1;2": false, "a=rid:1 send": false,
		"a=ssrc-group:SIM 1 2": false, "a=identity:AAAA": false, "a=tls-id:abcdefghijklmnopqrst": false, "a=key-mgmt:mikey AAAA": false,
		"a=label:1": false, "a=content:slides": false, "a=tool:browser 1": false, "a=cat:x": false, "a=sendrecv:x": false,
		"a=extmap:4 javascript:x": false, "a=rtpmap:96 VP8 90000 x": false, "a=ssrc:1 x:y": false, "a=group:LS 0 1": false,
		"a=Rtpmap:96 VP8/90000": false, "a=sctpmap:5000 webrtc-datachannel 1024": false, "a=setup:holdconn": false, "a=mid:": false,
		"b=X-note:1": false, "a=imageattr:96 send *": false, "a=msid:a b c": false,
	} {
		out, _, err := Rewrite(good+line+"\r\n", testLeg())
		if line == "a=mid:" { // a name of nothing is no description at all
			if err == nil {
				t.Error("a section without name goes on")
			}
			continue
		}
		if err != nil || strings.Contains(out, line+"\r\n") != want {
			t.Errorf("%q: goes on is %t, %v", line, !want, err)
		}
	}
}

func TestALegWithoutWayToTheRelayIsRefused(t *testing.T) {
	good := descriptions(t)["firefox-offer-early"]
	for name, spoil := range map[string]func(*Leg){
		"ufrag":       func(l *Leg) { l.Ufrag = "a b" },
		"line break":  func(l *Leg) { l.Pwd += "\r\na=x" },
		"candidates":  func(l *Leg) { l.Candidates = nil },
		"unspecified": func(l *Leg) { l.Candidates[0].Address = netip.MustParseAddrPort("0.0.0.0:1") },
		"port":        func(l *Leg) { l.Candidates[0].Address = netip.MustParseAddrPort("192.0.2.1:0") },
	} {
		leg := testLeg()
		spoil(&leg)
		if _, _, err := Rewrite(good, leg); !errors.Is(err, ErrLeg) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
