package turn

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

func seeds(f *testing.F) {
	request := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw
	f.Add(request)
	f.Add(append(bytes.Clone(request), 0x40, 0, 0, 3, 1, 2, 3, 0))
	f.Add([]byte{0, 3, 0xFF, 0xEC, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x4F, 0xFF, 0, 0})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
}

// Whatever comes, each message is one that we take, whole, and none is empty: reading always gets on.
func FuzzReadFrame(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, stream []byte) {
		reader := bufio.NewReaderSize(bytes.NewReader(stream), longestFrame)
		frame := make([]byte, longestFrame)
		read := 0
		for {
			size, err := readFrame(reader, frame)
			if err != nil {
				break
			}
			if size < channelHeader || size%4 != 0 {
				t.Fatalf("a message of %d bytes", size)
			}
			if !bytes.Equal(frame[:size], stream[read:read+size]) {
				t.Fatal("a message is not what has come")
			}
			read += size
		}
	})
}

// Nothing that somebody without credentials sends ends more than their own connection.
func FuzzServe(f *testing.F) {
	seeds(f)
	way := Way{netip.MustParseAddrPort("203.0.113.7:3478"), netip.MustParseAddrPort("127.0.0.1:9")}
	server, err := New(Options{Key: testKey(), Relay: []Way{way}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		browser, served := net.Pipe()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			server.Serve(ctx, served)
		}()
		go func() {
			answer := make([]byte, 1024)
			for {
				if _, err := browser.Read(answer); err != nil {
					return
				}
			}
		}()
		_, _ = browser.Write(stream) // it may be hung up on in the middle
		_ = browser.Close()
		<-ended
		if n := server.Allocations(); n != 0 {
			t.Fatalf("%d allocations without credentials", n)
		}
	})
}
