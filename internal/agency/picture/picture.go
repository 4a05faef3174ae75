// Package picture reads the files that agencies have as their logos, and keeps of them what a page needs and nothing that acts.
package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image/png"
	"math"
	"regexp"
	"strconv"
	"strings"

	"visavis/internal/vault"
)

// Most is the largest file that a logo may be, in bytes: guests load it over bad networks, before anything else is there.
const Most = 64 << 10

const (
	mostSide = 1500 // of a PNG, in pixels: unpacked, that is 18 MB at most
	// The place in the head of a page, in CSS pixels. A logo fills its height or its width.
	placeWidth, placeHeight, leastSide = 160, 40, 8
)

// Error says why a file is no logo.
type Error struct {
	Code string // too_large, type, broken, active, shape
	What string // of active: what there must not be
}

func (e *Error) Error() string { return "picture: this is no logo: " + e.Code }

func noLogo(code string) error { return &Error{Code: code} }

// Picture is a logo that anybody may be shown.
type Picture struct {
	Kind          string // png, svg
	Content       []byte
	width, height int // in the head of a page
}

// Version stands for what the picture shows, and says how much room it needs: pages leave that free before it comes.
func (p Picture) Version() string {
	return fmt.Sprintf("%dx%d-%s", p.width, p.height, hex.EncodeToString(vault.Hash(string(p.Content))[:8]))
}

var versions = regexp.MustCompile(`^([0-9]{1,3})x([0-9]{1,3})-[0-9a-f]{16}$`)

// Room is how much of it the picture of a version needs, in CSS pixels; false if it is no version.
func Room(version string) (width, height int, ok bool) {
	size := versions.FindStringSubmatch(version)
	if size == nil {
		return 0, 0, false
	}
	width, _ = strconv.Atoi(size[1])
	height, _ = strconv.Atoi(size[2])
	return width, height, true
}

// Decode reads a file as programs send it: as base64, also in an address (data:image/png;base64,…). What it is, its
// content says.
func Decode(text string) (Picture, error) {
	if head, rest, is := strings.Cut(text, ";base64,"); is && strings.HasPrefix(head, "data:") {
		text = rest
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return Picture{}, noLogo("type")
	}
	return Read(content)
}

// Read takes the file itself, and an Error says why it is no logo.
func Read(content []byte) (Picture, error) {
	if len(content) > Most {
		return Picture{}, noLogo("too_large")
	}
	if bytes.HasPrefix(content, []byte(pngMagic)) {
		return readPNG(content)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(content, []byte("\ufeff")), " \t\r\n")
	if bytes.HasPrefix(text, []byte("<")) {
		return readSVG(text)
	}
	return Picture{}, noLogo("type")
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// readPNG takes what a picture needs and leaves out the rest: what programs have written about people and places, colour
// profiles, further pictures, and whatever follows the end.
func readPNG(content []byte) (Picture, error) {
	kept, err := keepChunks(content)
	if err != nil {
		return Picture{}, err
	}
	head, err := png.DecodeConfig(bytes.NewReader(kept)) // before anything is unpacked
	if err != nil {
		return Picture{}, noLogo("broken")
	}
	if head.Width > mostSide || head.Height > mostSide {
		return Picture{}, noLogo("shape")
	}
	if _, err := png.Decode(bytes.NewReader(kept)); err != nil {
		return Picture{}, noLogo("broken")
	}
	p := Picture{Kind: "png", Content: kept}
	return p, p.fit(float64(head.Width), float64(head.Height), 1)
}

// keepChunks reads no further than the end of the picture (ISO/IEC 15948, 5.3: length, type, data, checksum).
func keepChunks(content []byte) ([]byte, error) {
	kept, rest := []byte(pngMagic), content[len(pngMagic):]
	for len(rest) >= 12 {
		whole := uint64(binary.BigEndian.Uint32(rest)) + 12
		if whole > uint64(len(rest)) {
			break
		}
		kind := string(rest[4:8])
		switch kind {
		case "IHDR", "PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "IDAT", "IEND":
			kept = append(kept, rest[:whole]...)
		}
		if kind == "IEND" {
			return kept, nil
		}
		rest = rest[whole:]
	}
	return nil, noLogo("broken")
}

// fit finds the room that the picture takes in the head of a page, enlarged at most so many times.
func (p *Picture) fit(width, height, most float64) error {
	scale := min(placeHeight/height, placeWidth/width, most)
	p.width, p.height = int(math.Round(width*scale)), int(math.Round(height*scale))
	if p.width < leastSide || p.height < leastSide {
		return noLogo("shape")
	}
	return nil
}
