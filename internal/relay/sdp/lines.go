package sdp

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

const anyAddress = "IN IP4 0.0.0.0"

// describe collects what must be the same in all sections: one certificate and one pair of credentials. Names in another
// spelling are other names (RFC 8866 §9), and do not go on.
func describe(sections []section) (Description, error) {
	found := Description{Sections: len(sections) - 1}
	ufrags, pwds, prints := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, part := range sections {
		for _, line := range part.lines {
			name, value, _ := strings.Cut(strings.TrimPrefix(line, "a="), ":")
			if !strings.HasPrefix(line, "a=") {
				continue
			}
			switch name {
			case "ice-ufrag":
				ufrags[value], found.Ufrag = true, value
			case "ice-pwd":
				pwds[value], found.Pwd = true, value
			case "fingerprint":
				print, ok := normalFingerprint(value)
				if !ok {
					return Description{}, ErrFingerprint
				}
				prints[print], found.Fingerprint = true, print
			case "crypto": // keys in the open (RFC 4568), which no browser takes anyway
				return Description{}, ErrTransport
			}
		}
	}
	if len(prints) != 1 {
		return Description{}, ErrFingerprint
	}
	if len(ufrags) != 1 || len(pwds) != 1 || !iceText(found.Ufrag, 4) || !iceText(found.Pwd, 22) {
		return Description{}, ErrCredentials
	}
	return found, nil
}

func normalFingerprint(value string) (string, bool) {
	algorithm, pairs, _ := strings.Cut(value, " ")
	raw, err := hex.DecodeString(strings.ReplaceAll(pairs, ":", ""))
	if !strings.EqualFold(algorithm, "sha-256") || err != nil || len(raw) != 32 || len(pairs) != 32*3-1 {
		return "", false
	}
	normal := make([]string, len(raw))
	for i, b := range raw {
		normal[i] = fmt.Sprintf("%02X", b)
	}
	joined := strings.Join(normal, ":")
	return joined, strings.EqualFold(joined, pairs)
}

// iceText checks a ufrag or pwd (RFC 8839 §5.4).
func iceText(text string, least int) bool {
	const chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return len(text) >= least && len(text) <= 256 && strings.Trim(text, chars) == ""
}

func (l Leg) check() error {
	if !iceText(l.Ufrag, 4) || !iceText(l.Pwd, 24) || len(l.Candidates) == 0 {
		return ErrLeg
	}
	for _, candidate := range l.Candidates {
		address := candidate.Address.Addr()
		if !candidate.Address.IsValid() || address.IsUnspecified() || address.Zone() != "" || candidate.Address.Port() == 0 {
			return ErrLeg
		}
	}
	return nil
}

// rewriteLine returns the line as it goes on, or that it does not.
func rewriteLine(line string, leg Leg) (string, bool) {
	switch line[0] {
	case 'm':
		return rewriteMedia(line), true
	case 'c':
		return "c=" + anyAddress, true
	case 'o':
		return rewriteOrigin(line), true
	case 's':
		return "s=-", true
	case 'a':
		return rewriteAttribute(line, leg)
	case 'v':
		return line, true
	case 't':
		return "t=0 0", true
	case 'b':
		return line, bandwidth.MatchString(line)
	default: // names, addresses, telephone numbers, keys, repeat times: nothing of a talk's
		return "", false
	}
}

// rewriteMedia hides the port that browsers fill in after gathering. Port 0 has a meaning of its own and stays.
func rewriteMedia(line string) string {
	fields := strings.Split(line, " ")
	if strings.Trim(fields[1], "0") != "" {
		fields[1] = "9"
	}
	return strings.Join(fields, " ")
}

// rewriteOrigin keeps the session's name and version and drops the author's address.
func rewriteOrigin(line string) string {
	fields := strings.Split(line[len("o="):], " ")
	if len(fields) < 3 || !number(fields[1]) || !number(fields[2]) {
		return "o=- 0 0 " + anyAddress
	}
	return "o=- " + fields[1] + " " + fields[2] + " " + anyAddress
}

func number(text string) bool {
	return text != "" && len(text) <= 20 && strings.Trim(text, "0123456789") == ""
}

func rewriteAttribute(line string, leg Leg) (string, bool) {
	name, value, _ := strings.Cut(line[len("a="):], ":")
	switch name {
	case "ice-ufrag":
		return "a=ice-ufrag:" + leg.Ufrag, true
	case "ice-pwd":
		return "a=ice-pwd:" + leg.Pwd, true
	case "rtcp":
		return "a=rtcp:9 " + anyAddress, true
	}
	shape, known := needed[name]
	return line, known && shape.MatchString(value) && !mentionsAddress(line)
}

var bandwidth = regexp.MustCompile(`^b=(AS|TIAS|CT):\d{1,10}$`)

// needed is all that two browsers have to tell each other for a talk, and how it looks (RFC 9429 §5, and what Chromium,
// Firefox and Safari write beyond that). What is not here does not go on: the other browser has no use for it, and
// nobody has thought about what it might do there. Simulcast has no receiver here; candidates and ICE options are the
// relay's.
var needed = shapes(map[string]string{ //nolint:gochecknoglobals // never written to
	// The whole, and which section is what.
	"group":              `BUNDLE( [!-~]+)+`,
	"mid":                `[!-~]+`,
	"msid":               `[!-~]+( [!-~]+)?`,
	"msid-semantic":      ` ?WMS( [!-~]+)*`,
	"bundle-only":        ``,
	"extmap-allow-mixed": ``,
	"sendrecv":           ``,
	"sendonly":           ``,
	"recvonly":           ``,
	"inactive":           ``,
	// The transport.
	"fingerprint":   `sha-256 [0-9A-Fa-f:]+`,
	"setup":         `actpass|active|passive`,
	"rtcp-mux":      ``,
	"rtcp-mux-only": ``,
	"rtcp-rsize":    ``,
	// Codecs and what packets carry.
	"rtpmap":     `\d{1,3} [A-Za-z0-9._-]+/\d{1,6}(/\d{1,2})?`,
	"fmtp":       `\d{1,3} [ -~]+`,
	"rtcp-fb":    `(\d{1,3}|\*) [a-z0-9 -]+`,
	"rtcp-xr":    `[a-z0-9=: -]+`,
	"extmap":     `\d{1,5}(/(sendrecv|sendonly|recvonly|inactive))? (urn:|https?://)[!-~]+`,
	"ptime":      `\d{1,4}`,
	"maxptime":   `\d{1,4}`,
	"ssrc":       `\d{1,10} (cname|msid|mslabel|label):[!-~]+( [!-~]+)?`,
	"ssrc-group": `(FID|FEC-FR)( \d{1,10})+`,
	// The data channel.
	"sctp-port":        `\d{1,5}`,
	"max-message-size": `\d{1,20}`,
})

func shapes(texts map[string]string) map[string]*regexp.Regexp {
	out := make(map[string]*regexp.Regexp, len(texts))
	for name, text := range texts {
		out[name] = regexp.MustCompile(`^(` + text + `)$`)
	}
	return out
}

// mentionsAddress finds IP addresses wherever they stand, so that none gets to the other side in a name or a parameter.
// Fingerprints and version numbers are none: they have too many groups or too few.
func mentionsAddress(line string) bool {
	words := strings.FieldsFunc(line, func(char rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF:.", char)
	})
	for _, word := range words {
		for _, part := range append(strings.Split(word, ":"), word, strings.Trim(word, ":.")) {
			part = strings.Trim(part, ".")
			if strings.Count(part, ":") < 2 && strings.Count(part, ".") != 3 {
				continue
			}
			if _, err := netip.ParseAddr(part); err == nil {
				return true
			}
		}
	}
	return false
}

// writeCandidates writes the relay's addresses, UDP before TCP, and that there will be no more.
func writeCandidates(out *strings.Builder, candidates []Candidate) {
	const hostPreference = 126 << 24 // RFC 8445 §5.1.2.1, component 1
	for i, candidate := range candidates {
		address, port := candidate.Address.Addr().Unmap(), candidate.Address.Port()
		local := 65535 - i
		if candidate.TCP {
			local = 1<<13 - 1 - i // RFC 6544 §4.2: below every UDP candidate
			fmt.Fprintf(out, "a=candidate:%d 1 tcp %d %s %d typ host tcptype passive\r\n",
				i+1, hostPreference+local<<8+255, address, port)
			continue
		}
		fmt.Fprintf(out, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, hostPreference+local<<8+255, address, port)
	}
	out.WriteString("a=end-of-candidates\r\n")
}
