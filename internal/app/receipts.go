package app

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"visavis/internal/config"
	"visavis/internal/vault"
)

// ReceiptKeys prints the public keys with which receipts are verified, the one that signs last.
func ReceiptKeys(c *config.Config, out io.Writer) error {
	ring, err := openKeys(c)
	if err != nil {
		return err
	}
	for _, key := range ring.SigningKeys() {
		state := "signs"
		if !key.Until.IsZero() {
			state = "until " + key.Until.UTC().Format(time.RFC3339)
		}
		if _, err := fmt.Fprintf(out, "%s %s %s\n", key.ID, base64.StdEncoding.EncodeToString(key.Public), state); err != nil {
			return err
		}
	}
	return nil
}

// RenewReceiptKey makes another key to sign receipts with. Those that are out stay genuine.
func RenewReceiptKey(c *config.Config, out io.Writer) error {
	if _, err := openKeys(c); err != nil { // there may be no key file yet
		return err
	}
	made, err := vault.RenewSigning(c.Keys.File, time.Now(), rand.Reader)
	if err != nil {
		return fmt.Errorf("keys.file: %w", err)
	}
	_, err = fmt.Fprintf(out, "receipts are signed with %s from now on; give the key file to all servers, and start them again within the hour: "+
		"what they sign with the former key later is not genuine\n", made.ID)
	return err
}
