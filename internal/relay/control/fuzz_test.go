package control

import (
	"bytes"
	"reflect"
	"testing"
)

// What is read is either refused or comes out the same when written and read again; and no frame takes more than its
// share of memory.
func FuzzReadFrame(f *testing.F) {
	for _, m := range []message{
		{},
		{Introduce: &introduction{"leg", "browser", "password"}},
		{Revoke: &revocation{7, talkID{1, 2, 3}}},
		{Event: &Event{Kind: Loaded, Load: &Load{Legs: 1, Dropped: map[string]uint64{"full": 2}}}},
		{Revoked: 9, Refused: "why"},
	} {
		frame, err := appendFrame(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
		f.Add(frame[:len(frame)-1])
	}
	f.Add([]byte("\xff\xff{}"))
	f.Add([]byte("\x00\x00"))
	f.Add([]byte("\x00\x04null"))
	f.Add([]byte("\x00\x02[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		reader := bytes.NewReader(data)
		m, err := readFrame(reader)
		if taken := len(data) - reader.Len(); taken > headerBytes+longestFrame {
			t.Fatalf("took %d bytes", taken)
		}
		if err != nil {
			return
		}
		frame, err := appendFrame(nil, m)
		if err != nil {
			return // escapes may lengthen what came in
		}
		again, err := readFrame(bytes.NewReader(frame))
		if err != nil {
			t.Fatalf("%q is written as %q, which cannot be read: %v", data, frame, err)
		}
		if frame2, err := appendFrame(nil, again); err != nil || !bytes.Equal(frame, frame2) {
			t.Errorf("%+v became %+v (%t)", m, again, reflect.DeepEqual(m, again))
		}
	})
}
