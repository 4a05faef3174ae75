package talk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"visavis/internal/edge"
	"visavis/internal/relay"
	"visavis/internal/relay/sdp"
	"visavis/internal/relay/turn"
)

// The network test: a page connects two connections of its own through the relay.
// Its legs live for a minute and are named by a ticket, so no node keeps anything.
const (
	testTime    = time.Minute
	ticketBytes = 12 // 8 the media id, 4 the expiry
	ticketMAC   = 16
	// stepsPerTest is how many descriptions a test needs: two for each way.
	stepsPerTest = 6
)

func (s *Service) testRoutes(api *edge.API) {
	edge.Handle(api, edge.Operation{ID: "testPaths", Route: "POST /api/test/paths", Tag: "test"}, s.testPaths)
	edge.Handle(api, edge.Operation{ID: "testDescribe", Route: "POST /api/test/describe", Tag: "test"}, s.testDescribe)
}

type testPathsInput struct {
	network string
	Body    struct{}
}

// Resolve notes the network for the limit.
func (in *testPathsInput) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	in.network = edge.Note(r)
	return nil
}

type testPathsOutput struct {
	Body struct {
		ID    string   `json:"id"`
		Paths []string `json:"paths"`
	}
}

func (s *Service) testPaths(_ context.Context, in *testPathsInput) (*testPathsOutput, error) {
	if !s.tests.Allow(edge.NotedPrefix(in.network, s.o.TrustedProxies)) {
		return nil, testThrottled()
	}
	out := &testPathsOutput{}
	out.Body.ID = s.ticket()
	out.Body.Paths = []string{}
	for _, path := range testedPaths() {
		if len(s.candidates(path)) > 0 {
			out.Body.Paths = append(out.Body.Paths, path)
		}
	}
	return out, nil
}

func testThrottled() error { return edge.NewProblem(http.StatusTooManyRequests, "test.throttled") }

func (s *Service) ticket() string {
	raw := make([]byte, ticketBytes, ticketBytes+ticketMAC)
	rand.Read(raw[:8])
	binary.BigEndian.PutUint32(raw[8:], uint32(s.o.Clock().Add(testTime).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(raw, s.ticketMAC(raw)...))
}

func (s *Service) ticketMAC(raw []byte) []byte {
	return s.o.Ring.Derive("network test", string(raw))[:ticketMAC]
}

// testLeg reads a ticket: the leg that it names on one side, and whether the test is still on.
func (s *Service) testLeg(ticket string, side relay.Side) (relay.Leg, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(ticket)
	if err != nil || len(raw) != ticketBytes+ticketMAC || !hmac.Equal(raw[ticketBytes:], s.ticketMAC(raw[:ticketBytes])) {
		return relay.Leg{}, false
	}
	leg := relay.Leg{Side: side, Generation: 1, Expires: time.Unix(int64(binary.BigEndian.Uint32(raw[8:])), 0), Brief: true}
	copy(leg.Talk[:], raw[:8])
	return leg, s.o.Clock().Before(leg.Expires)
}

// testedPaths are in the order in which browsers prefer them.
func testedPaths() []string { return []string{"udp", "tcp", "tls"} }

// candidates are the relay's addresses on a path. Over TLS it is reached like over UDP, from the other end of TURN.
func (s *Service) candidates(path string) []sdp.Candidate {
	if path == "tls" && s.o.Detour == nil {
		return nil
	}
	var out []sdp.Candidate
	for _, c := range s.o.Candidates() {
		if c.TCP == (path == "tcp") {
			out = append(out, c)
		}
	}
	return out
}

type testDescribeInput struct {
	network string
	Body    struct {
		ID   string `json:"id" maxLength:"64"`
		Path string `json:"path" enum:"udp,tcp,tls"`
		Side string `json:"side" enum:"a,b" doc:"Who wrote the description."`
		SDP  string `json:"sdp" maxLength:"65536"`
	}
}

// Resolve notes the network for the limit.
func (in *testDescribeInput) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	in.network = edge.Note(r)
	return nil
}

type testDescribeOutput struct {
	Body struct {
		SDP        string           `json:"sdp"`
		ICEServers []turn.ICEServer `json:"iceServers,omitempty" doc:"Only for tls: for the page that wrote the description."`
	}
}

func (s *Service) testDescribe(_ context.Context, in *testDescribeInput) (*testDescribeOutput, error) {
	if !s.steps.Allow(edge.NotedPrefix(in.network, s.o.TrustedProxies)) {
		return nil, testThrottled()
	}
	writer, reader := relay.SideGuest, relay.SideStaff
	if in.Body.Side == "b" {
		writer, reader = reader, writer
	}
	from, ok := s.testLeg(in.Body.ID, writer)
	if !ok {
		return nil, edge.NewProblem(http.StatusGone, "test.over")
	}
	// Each path has legs of its own, so that one cannot stand in for another.
	for i, path := range testedPaths() {
		if path == in.Body.Path {
			from.Generation = uint32(i + 1)
		}
	}
	to := from
	to.Side = reader
	ufrag, pwd := s.o.RelayKey.Credentials(to)
	out, found, err := sdp.Rewrite(in.Body.SDP, sdp.Leg{Ufrag: ufrag, Pwd: pwd, Candidates: s.candidates(in.Body.Path)})
	if err != nil {
		return nil, badDescription()
	}
	own, _ := s.o.RelayKey.Credentials(from)
	if err := s.o.Relay.Introduce(own, found.Ufrag, found.Pwd); err != nil {
		return nil, edge.NewProblem(http.StatusServiceUnavailable, "test.relay")
	}
	answer := &testDescribeOutput{}
	answer.Body.SDP = out
	if in.Body.Path == "tls" {
		answer.Body.ICEServers = s.testServers(from)
	}
	return answer, nil
}
