package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"visavis/internal/config"
)

// certificates holds the certificate in use; renew puts another one in its place.
type certificates struct {
	current atomic.Pointer[tls.Certificate]
	load    func() (tls.Certificate, error)
}

// newCertificates loads or makes the certificate; nil when there is no TLS.
func newCertificates(c *config.Config, advertise []netip.Addr, now time.Time) (*certificates, error) {
	s := &certificates{}
	switch c.HTTP.TLS {
	case "files":
		s.load = func() (tls.Certificate, error) { return tls.LoadX509KeyPair(c.HTTP.TLSCert, c.HTTP.TLSKey) }
	case "self-signed":
		s.load = func() (tls.Certificate, error) { return selfSigned(c, advertise, now) }
	default:
		return nil, nil // no TLS is no mistake
	}
	if err := s.renew(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *certificates) renew() error {
	certificate, err := s.load()
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	s.current.Store(&certificate)
	return nil
}

// renewOn loads the certificate again with every signal, and keeps the old one when that fails.
func (s *certificates) renewOn(ctx context.Context, signals <-chan os.Signal, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			if err := s.renew(); err != nil {
				log.ErrorContext(ctx, "certificate not renewed", "error", err)
				continue
			}
			log.InfoContext(ctx, "certificate renewed")
		}
	}
}

// config is TLS 1.3 only: every browser above our floor has it, and there is nothing left in it to choose wrongly.
func (s *certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return s.current.Load(), nil
		},
	}
}

// selfSignedLife stays below the 398 days after which browsers refuse a certificate.
const selfSignedLife = 365 * 24 * time.Hour

// selfSigned returns the certificate kept in data.dir, or makes one when there is none, when it soon ends, or when it
// does not name every host.
func selfSigned(c *config.Config, advertise []netip.Addr, now time.Time) (tls.Certificate, error) {
	path := filepath.Join(c.Data.Dir, "self-signed.pem")
	hosts := []string{c.HTTP.URL.Hostname(), "localhost", "127.0.0.1", "::1"}
	for _, address := range advertise {
		hosts = append(hosts, address.String())
	}
	if kept, err := tls.LoadX509KeyPair(path, path); err == nil && serves(kept.Leaf, hosts, now) {
		return kept, nil
	}
	text, err := makeSelfSigned(hosts, now)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(text, text)
}

func serves(leaf *x509.Certificate, hosts []string, now time.Time) bool {
	if leaf == nil || now.Add(30*24*time.Hour).After(leaf.NotAfter) {
		return false
	}
	for _, host := range hosts {
		if leaf.VerifyHostname(host) != nil {
			return false
		}
	}
	return true
}

func makeSelfSigned(hosts []string, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Visavis, self-signed"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(selfSignedLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: certificate}, {Type: "PRIVATE KEY", Bytes: private}} {
		if err := pem.Encode(&text, block); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}
