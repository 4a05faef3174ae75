package app

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"visavis/internal/config"
	"visavis/internal/relay"
	"visavis/internal/relay/control"
)

// Relay runs the relay as a process of its own until ctx ends. It has no database, and of all keys only its own.
func Relay(ctx context.Context, c *config.Config, o Options) error {
	o.complete()
	key, err := keyOfRelay(c)
	if err != nil {
		return err
	}
	servers, err := listen(ctx, "relay.control", c.Relay.Control)
	if err != nil {
		return err
	}
	media, err := listenRelay(c, key, o)
	if err != nil {
		return errors.Join(err, servers.Close())
	}
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return media.Serve(failed) })
	group.Go(func() error {
		return control.Serve(failed, servers, media, control.ServeOptions{Key: key, Log: o.Log})
	})
	o.Started(servers.Addr().String())
	return group.Wait()
}

func listenRelay(c *config.Config, key relay.Key, o Options) (*relay.Relay, error) {
	r, err := relay.Listen(relay.Options{Key: key, UDP: c.Relay.UDP, TCP: c.Relay.TCP, Log: o.Log})
	if err == nil {
		return r, nil
	}
	at := "relay.udp"
	address := c.Relay.UDP
	if failed, ok := errors.AsType[*net.OpError](err); ok && strings.HasPrefix(failed.Net, "tcp") {
		at, address = "relay.tcp", c.Relay.TCP
	}
	return nil, portError(at, address, err)
}

var errNoKey = errors.New("relay.key is needed, as there is no key file here; " +
	"run visavis relay --print-key where visavis serve runs")

// keyOfRelay is relayKey without making a key file: a new one would be no key that any server has.
func keyOfRelay(c *config.Config) ([]byte, error) {
	if c.Relay.Key == "" {
		if _, err := os.Stat(c.Keys.File); errors.Is(err, fs.ErrNotExist) {
			return nil, errNoKey
		}
	}
	return relayKey(c)
}

// RelayKey is what relay.key must be for relays that have no key file.
func RelayKey(c *config.Config) (string, error) {
	key, err := relayKey(c)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(key), nil
}

const relayKeyBytes = 32

// relayKey is the configured one, or that of the installation's keys. It opens nothing but legs of the relay.
func relayKey(c *config.Config) ([]byte, error) {
	if c.Relay.Key != "" {
		key, err := base64.RawURLEncoding.DecodeString(c.Relay.Key.Reveal())
		if err != nil || len(key) != relayKeyBytes {
			return nil, errors.New("relay.key must be as printed by visavis relay --print-key")
		}
		return key, nil
	}
	ring, err := openKeys(c)
	if err != nil {
		return nil, err
	}
	return ring.Derive("relay"), nil
}
