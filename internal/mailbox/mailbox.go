// Package mailbox is a mail server for trials: it takes every mail over SMTP on this
// machine, keeps the newest in memory, and shows them at /demo/mail. Nothing leaves.
//
// The main type is Mailbox. The package knows nothing of the product but its own page.
package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	maxMessages = 500
	maxBytes    = 1 << 20
	ioWait      = 30 * time.Second
)

// Message is a mail as it was delivered.
type Message struct {
	ID   int
	To   []string
	At   time.Time
	Data []byte
}

// Mailbox takes mails.
type Mailbox struct {
	listener net.Listener
	server   *smtp.Server

	mu   sync.Mutex
	list []Message // oldest first
	last int
}

// Listen opens a port of this machine's loopback.
func Listen(ctx context.Context) (*Mailbox, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open demo mailbox: %w", err)
	}
	m := &Mailbox{listener: l}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: m}, nil }))
	m.server.Domain = "localhost"
	m.server.MaxMessageBytes, m.server.MaxRecipients = maxBytes, 10
	m.server.ReadTimeout, m.server.WriteTimeout = ioWait, ioWait
	return m, nil
}

// Address is where mails are taken.
func (m *Mailbox) Address() (host string, port int) {
	at := m.listener.Addr().(*net.TCPAddr)
	return at.IP.String(), at.Port
}

// Serve takes mails until ctx ends.
func (m *Mailbox) Serve(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = m.server.Close() })()
	if err := m.server.Serve(m.listener); err != nil && !errors.Is(err, smtp.ErrServerClosed) && ctx.Err() == nil {
		return fmt.Errorf("demo mailbox: %w", err)
	}
	return nil
}

func (m *Mailbox) keep(to []string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	m.list = append(m.list, Message{ID: m.last, To: to, At: time.Now(), Data: data})
	if len(m.list) > maxMessages {
		m.list = append(m.list[:0:0], m.list[len(m.list)-maxMessages:]...)
	}
}

// Messages are the newest first.
func (m *Mailbox) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Message, 0, len(m.list))
	for _, message := range slices.Backward(m.list) {
		out = append(out, message)
	}
	return out
}

func (m *Mailbox) message(id int) (Message, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, kept := range m.list {
		if kept.ID == id {
			return kept, true
		}
	}
	return Message{}, false
}

// session is one SMTP conversation.
type session struct {
	box *Mailbox
	to  []string
}

func (s *session) Mail(string, *smtp.MailOptions) error { s.to = nil; return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.box.keep(s.to, data)
	return nil
}

func (s *session) Reset()        { s.to = nil }
func (s *session) Logout() error { return nil }
