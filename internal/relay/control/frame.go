package control

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// message is one frame: two bytes length, then JSON. A message without content says that the other side is there; so
// does, for an older program, one whose content only a newer program knows.
type message struct {
	// From a server.
	Introduce *introduction `json:"introduce,omitempty"`
	Revoke    *revocation   `json:"revoke,omitempty"`

	// From a relay. The first is always an event with the load.
	Event   *Event `json:"event,omitempty"`
	Revoked uint64 `json:"revoked,omitempty"` // the number of the newest revocation that is done, and with it all before
	Refused string `json:"refused,omitempty"` // why a leg was not taken
}

type introduction struct {
	Ufrag        string `json:"ufrag"`
	BrowserUfrag string `json:"browserUfrag"`
	BrowserPwd   string `json:"browserPwd"`
}

type revocation struct {
	Number uint64 `json:"number"`
	Talk   talkID `json:"talk"`
}

type talkID [8]byte

func (t talkID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, t[:]), nil }

func (t *talkID) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(t)) {
		return errors.New("talk has another length")
	}
	_, err := hex.Decode(t[:], text)
	return err
}

const (
	headerBytes = 2
	// longestFrame is several times what any message needs.
	longestFrame = 8 << 10
	// longestName bounds each of the three texts of an introduction (RFC 8839 §5.4 for the browser's).
	longestName = 256
)

var errFrame = errors.New("frame is out of bounds")

func appendFrame(to []byte, m message) ([]byte, error) {
	content, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	if len(content) > longestFrame {
		return nil, errFrame
	}
	to = binary.BigEndian.AppendUint16(to, uint16(len(content)))
	return append(to, content...), nil
}

// readFrame reads one message and never more than longestFrame bytes for it.
func readFrame(from io.Reader) (message, error) {
	var header [headerBytes]byte
	if _, err := io.ReadFull(from, header[:]); err != nil {
		return message{}, fmt.Errorf("read frame: %w", bare(err))
	}
	size := int(binary.BigEndian.Uint16(header[:]))
	if size > longestFrame {
		return message{}, errFrame
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(from, content); err != nil {
		return message{}, fmt.Errorf("read frame: %w", bare(err))
	}
	var m message
	if err := json.Unmarshal(content, &m); err != nil {
		return message{}, errors.New("frame holds no message") // the error would quote it
	}
	return m, nil
}
