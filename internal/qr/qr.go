// Package qr draws QR codes as paths, for pages that may show no picture from elsewhere. It knows nothing of what they say.
package qr

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// Matrix is a QR code: dark squares as an SVG path in a box of so many squares.
type Matrix struct {
	Size int    `json:"size"`
	Path string `json:"path"`
}

const quietZone = 4 // squares that must stay light around the code

// Draw puts a text into a code of which a seventh may be unreadable.
func Draw(text string) (Matrix, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return Matrix{}, fmt.Errorf("draw QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	return Matrix{code.Size + 2*quietZone, path.String()}, nil
}
