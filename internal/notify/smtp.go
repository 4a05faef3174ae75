package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	mail "github.com/wneessen/go-mail"
)

// Server is the mail server that takes our mails.
type Server struct {
	Host           string
	Port           int
	TLS            string // starttls, tls, off
	User, Password string
}

const (
	dialWait = 15 * time.Second
	sendWait = 40 * time.Second
)

// refusedError is a mail that the server will never take.
type refusedError struct{ code int }

func (e refusedError) Error() string { return fmt.Sprintf("refused with %d", e.code) }

// errServer is all that is said of other failures: what servers answer may quote
// addresses and names.
var errServer = errors.New("mail server could not take the mail")

func codeOf(err error) string {
	if refused, ok := errors.AsType[refusedError](err); ok {
		return fmt.Sprintf("smtp_%d", refused.code)
	}
	return "smtp"
}

func (s Server) client() (*mail.Client, error) {
	options := []mail.Option{
		mail.WithPort(s.Port), mail.WithTimeout(dialWait),
		mail.WithTLSConfig(&tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}),
	} // many agencies' mail servers have no 1.3 yet
	switch s.TLS {
	case "tls":
		options = append(options, mail.WithSSL())
	case "off":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return mail.NewClient(s.Host, options...)
}

// Reach connects and signs in as for a mail, and sends none. Its error is for the operator's eyes: it quotes the server.
func (s Server) Reach(ctx context.Context) error {
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("set up mail client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		return err
	}
	_ = client.Close() // how the server takes leave says nothing about mails
	return nil
}

// deliver hands a mail over to the server.
func (s Server) deliver(ctx context.Context, message *mail.Msg) error {
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("set up mail client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, message); err != nil && !message.IsDelivered() {
		var sent *mail.SendError
		if errors.As(err, &sent) && !sent.IsTemp() && sent.ErrorCode() >= 500 {
			return refusedError{sent.ErrorCode()}
		}
		return errServer
	}
	return nil
}
