package relay

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

func TestWhoHasTheKeyCanAskARelayWhetherItIsThere(t *testing.T) {
	key := testKey(t)
	r, _ := startRelay(t, Options{Key: key, TCP: "127.0.0.1:0"})
	for network, at := range map[string]netip.AddrPort{"udp": r.UDPAddr(), "tcp": r.TCPAddr()} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := Reach(ctx, key, network, at); err != nil {
			t.Errorf("over %s: %v", network, err)
		}
		cancel()
		ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := Reach(ctx, testKey(t), network, at); !errors.Is(err, ErrSilent) {
			t.Errorf("with another key over %s: %v", network, err)
		}
		cancel()
	}
}

func TestAQuestionKnowsItsOwnAnswerOnly(t *testing.T) {
	key := testKey(t)
	q, other := NewQuestion(key, time.Now()), NewQuestion(key, time.Now())
	from := netip.MustParseAddrPort("192.0.2.1:1000")
	for name, answer := range map[string][]byte{
		"to another question": appendAnswer(nil, other.id, from, other.pwd), "with another key": appendAnswer(nil, q.id, from, other.pwd),
		"its own packet": q.Packet, "nothing": nil,
	} {
		if q.Answered(answer) {
			t.Errorf("an answer %s is taken", name)
		}
	}
	if answer := appendAnswer(nil, q.id, from, q.pwd); !q.Answered(answer) || len(answer) > len(q.Packet) {
		t.Error("its answer is not taken, or longer than the question")
	}
}

func TestNobodyAtAnAddressIsToldApartFromSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	for _, network := range []string{"udp", "tcp"} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := Reach(ctx, testKey(t), network, at); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("over %s: %v", network, err)
		}
		cancel()
	}
}
