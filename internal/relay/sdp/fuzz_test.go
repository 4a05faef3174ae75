package sdp

import (
	"net/netip"
	"strings"
	"testing"
)

// FuzzRewrite: whatever a participant writes, the other browser gets no address and no ICE credentials but the
// relay's, and what comes out is a description that rewriting does not change any further.
func FuzzRewrite(f *testing.F) {
	for _, text := range descriptions(f) {
		f.Add(text)
	}
	f.Add("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\n")
	leg := testLeg()
	f.Fuzz(func(t *testing.T, text string) {
		out, found, err := Rewrite(text, leg)
		if err != nil {
			if out != "" || found != (Description{}) {
				t.Fatal("says something about what it refuses")
			}
			return
		}
		candidates := 0
		for line := range strings.SplitSeq(strings.TrimSuffix(out, "\r\n"), "\r\n") {
			lower := strings.ToLower(line)
			switch {
			case !wellFormed(line):
				t.Fatalf("writes %q", line)
			case strings.HasPrefix(lower, "a=candidate"):
				candidates++
			case strings.HasPrefix(lower, "a=ice-ufrag:") && line != "a=ice-ufrag:"+leg.Ufrag,
				strings.HasPrefix(lower, "a=ice-pwd:") && line != "a=ice-pwd:"+leg.Pwd:
				t.Fatalf("passes on %q", line)
			case !strings.HasSuffix(line, anyAddress):
				for _, word := range strings.FieldsFunc(line, func(char rune) bool { return strings.ContainsRune(" ,;=/[]()<>\"", char) }) {
					if at, err := netip.ParseAddr(word); err == nil && at.IsValid() {
						t.Fatalf("passes on %q in %q", word, line)
					}
				}
			}
		}
		if candidates != len(leg.Candidates) {
			t.Fatalf("%d candidates", candidates)
		}
		if len(out) > MaxBytes {
			return
		}
		again, refound, err := Rewrite(out, leg)
		if err != nil || again != out || refound.Fingerprint != found.Fingerprint || refound.Sections != found.Sections {
			t.Fatalf("a second time: %v", err)
		}
	})
}
