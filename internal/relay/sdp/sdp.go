// Package sdp rewrites the session descriptions that browsers exchange, so that each of them finds the relay where it
// expects the other browser. Only what concerns ICE and addresses changes (RFC 8839, RFC 9429); fingerprints and
// everything that is agreed between the browsers stay as they are.
//
// Rewrite is a pure function. It must not know sockets, keys, talks, or which of the two browsers has written.
package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Bounds of a description. Real ones have up to 10 kB, a handful of sections and lines of some hundred characters.
const (
	MaxBytes    = 64 << 10
	MaxLine     = 2048
	MaxSections = 16
)

// Leg is what the browser shall see instead of the other browser: the relay's credentials and addresses for it.
type Leg struct {
	Ufrag, Pwd string
	Candidates []Candidate
}

// Candidate is one address of the relay.
type Candidate struct {
	TCP     bool // passive ICE-TCP (RFC 6544)
	Address netip.AddrPort
}

// Description is what the rewriting has learnt about the browser that wrote.
type Description struct {
	// Ufrag and Pwd are the browser's own ICE credentials, for the relay's introduction.
	Ufrag, Pwd string
	// Fingerprint of its certificate, SHA-256, as 32 upper-case pairs between colons.
	Fingerprint string
	// Sections counts the media sections, rejected ones included.
	Sections int
}

// Why a description is refused.
var (
	ErrSize         = errors.New("description is too long")
	ErrLines        = errors.New("description has malformed lines")
	ErrSections     = errors.New("description has no media sections or too many")
	ErrBundle       = errors.New("description does not bundle all its media")
	ErrFingerprint  = errors.New("description has not exactly one SHA-256 fingerprint")
	ErrCredentials  = errors.New("description has not exactly one pair of ICE credentials")
	ErrTransport    = errors.New("description asks for a transport other than DTLS")
	ErrLeg          = errors.New("leg's own credentials or addresses are out of bounds")
	errSectionsOfID = fmt.Errorf("%w: two sections have one name", ErrBundle)
)

// section is one part of a description: first the session's, then one for each medium.
type section struct {
	lines    []string
	mid      string
	rejected bool // port 0: rejected, or only there bundled
}

// Rewrite returns the description as the other browser shall get it: every ICE credential replaced by the leg's, all
// addresses replaced by its candidates. It refuses what two browsers that bundle everything never write.
func Rewrite(description string, leg Leg) (string, Description, error) {
	if err := leg.check(); err != nil {
		return "", Description{}, err
	}
	sections, err := split(description)
	if err != nil {
		return "", Description{}, err
	}
	tag, err := bundleTag(sections)
	if err != nil {
		return "", Description{}, err
	}
	found, err := describe(sections)
	if err != nil {
		return "", Description{}, err
	}
	var out strings.Builder
	out.Grow(len(description) + 1024)
	for i, part := range sections {
		for _, line := range part.lines {
			changed, keep := rewriteLine(line, leg)
			switch {
			case keep:
				out.WriteString(changed + "\r\n")
			case essential(line):
				return "", Description{}, ErrLines
			}
		}
		if i == 0 {
			out.WriteString("a=ice-lite\r\n")
		}
		if i > 0 && part.mid == tag {
			writeCandidates(&out, leg.Candidates)
		}
	}
	return out.String(), found, nil
}

// essential tells what a description is none without: where such a line has a shape that does not go on, none of it does.
func essential(line string) bool {
	return strings.HasPrefix(line, "a=group:BUNDLE") || strings.HasPrefix(line, "a=mid:") || strings.HasPrefix(line, "a=fingerprint:")
}

// split checks the lines and cuts the text before each m= line.
func split(text string) ([]section, error) {
	if len(text) > MaxBytes {
		return nil, ErrSize
	}
	body, ended := strings.CutSuffix(text, "\r\n")
	if !ended || !strings.HasPrefix(body, "v=0\r\n") {
		return nil, ErrLines
	}
	sections := []section{{}}
	for line := range strings.SplitSeq(body, "\r\n") {
		if !wellFormed(line) {
			return nil, ErrLines
		}
		if strings.HasPrefix(line, "m=") {
			if len(sections) > MaxSections {
				return nil, ErrSections
			}
			rejected, err := parseMedia(line)
			if err != nil {
				return nil, err
			}
			sections = append(sections, section{rejected: rejected})
		}
		current := &sections[len(sections)-1]
		current.lines = append(current.lines, line)
		if mid, ok := strings.CutPrefix(line, "a=mid:"); ok {
			if current.mid != "" || mid == "" || strings.Contains(mid, " ") || len(sections) == 1 {
				return nil, ErrLines
			}
			current.mid = mid
		}
	}
	if len(sections) == 1 {
		return nil, ErrSections
	}
	return sections, nil
}

// wellFormed wants a letter, "=" and printable text (RFC 8866 §5).
func wellFormed(line string) bool {
	if len(line) < 2 || len(line) > MaxLine || line[0] < 'a' || line[0] > 'z' || line[1] != '=' {
		return false
	}
	for i := 2; i < len(line); i++ {
		if line[i] < ' ' || line[i] > '~' {
			return false
		}
	}
	return true
}

func parseMedia(line string) (rejected bool, err error) {
	fields := strings.Split(line[len("m="):], " ")
	if len(fields) < 4 || !digits(fields[1]) || mentionsAddress(line) {
		return false, ErrLines
	}
	switch fields[2] {
	case "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVP",
		"TCP/DTLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP", "UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP":
		return strings.Trim(fields[1], "0") == "", nil
	default:
		return false, ErrTransport
	}
}

func digits(text string) bool {
	return text != "" && len(text) <= 5 && strings.Trim(text, "0123456789") == ""
}

// bundleTag finds the section that carries the transport of all (RFC 9143 §7.2): the first of the one group.
func bundleTag(sections []section) (string, error) {
	var group []string
	for _, line := range sections[0].lines {
		if names, ok := strings.CutPrefix(line, "a=group:BUNDLE"); ok {
			if group != nil {
				return "", ErrBundle
			}
			group = strings.Fields(names)
		}
	}
	if len(group) == 0 {
		return "", ErrBundle
	}
	bundled := map[string]bool{}
	for _, mid := range group {
		bundled[mid] = true
	}
	known := map[string]bool{}
	for _, part := range sections[1:] {
		if part.mid != "" && known[part.mid] {
			return "", errSectionsOfID
		}
		known[part.mid] = true
		if !part.rejected && !bundled[part.mid] {
			return "", ErrBundle
		}
	}
	for _, mid := range group {
		if !known[mid] {
			return "", ErrBundle
		}
	}
	return group[0], nil
}
