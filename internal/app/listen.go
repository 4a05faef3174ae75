package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"visavis/internal/config"
	"visavis/internal/relay/turn"
)

const (
	headerWait = 10 * time.Second
	idleWait   = 2 * time.Minute
	maxHeader  = 32 << 10
	// stopWait is how long running requests may take once the process is asked to stop.
	stopWait = 10 * time.Second
	// deadWait is how long a page may not acknowledge what was sent to it. Without it the system goes on for a quarter
	// of an hour, and so long the list would show a guest as present whose network is gone.
	deadWait = 10 * time.Second
)

// listen opens a TCP port; a taken one is the mistake that newcomers make first, so it gets a sentence.
func listen(ctx context.Context, key, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{Control: noticeDead}).Listen(ctx, "tcp", address)
	return l, portError(key, address, err)
}

func portError(key, address string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: another program already uses %s (perhaps a second Visavis); stop it, or choose another address by %s or %s",
			key, address, key, config.Variable(key))
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not use %s; ports below 1024 need CAP_NET_BIND_SERVICE", key, address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: this machine has no address %s", key, address)
	}
	return fmt.Errorf("%s: listen on %s: %w", key, address, err)
}

// server is an HTTP server that can be stopped although streams never end by themselves.
type server struct {
	http     *http.Server
	conns    *connections
	shared   *sharedPort     // nil: HTTP alone
	stopping context.Context //nolint:containedctx // the end of all streams, not of a call
	stop     context.CancelFunc
}

// newServer wraps a handler. Event streams end when stop begins; the pages connect again, to another process or to
// this one after its restart.
func newServer(handler http.Handler, l limits, logger *slog.Logger) *server {
	s := &server{conns: newConnections(l, logger)}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.endStreams(handler),
		ReadHeaderTimeout: headerWait,
		IdleTimeout:       idleWait,
		MaxHeaderBytes:    maxHeader,
		ConnState:         s.conns.note,
		ErrorLog:          log.New(noise{logger}, "", 0), //nolint:forbidigo // net/http takes no other
	}
	return s
}

func (s *server) endStreams(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/stream") {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.stopping, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// open begins to listen; with a TLS configuration over TLS and, where the browser can, HTTP/2; and with turn for TURN
// on the same port.
func (s *server) open(l net.Listener, secure *tls.Config, turn *turn.Server) net.Listener {
	l = &tracked{l, s.conns}
	switch s.http.TLSConfig = secure; {
	case secure == nil:
		return l
	case turn == nil:
		return tls.NewListener(l, secure)
	}
	s.shared = sharePort(l, secure, func(ctx context.Context, conn net.Conn) {
		s.conns.note(conn, http.StateHijacked) // TURN has limits of its own
		turn.Serve(ctx, conn)
	}, newLobby(s.conns.limits, s.conns.log))
	s.shared.begin()
	return s.shared
}

// serve answers until shutdown is called.
func (s *server) serve(l net.Listener) error {
	err := s.http.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve http: %w", err)
	}
	return nil
}

// shutdown lets requests finish, ends streams, and returns within stopWait.
func (s *server) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	s.stop()
	err := s.http.Shutdown(ctx)
	s.conns.close() // what was taken over from net/http is not known to it
	if s.shared != nil {
		s.shared.running.Wait()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), s.http.Close())
	}
	return nil
}
