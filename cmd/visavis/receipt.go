package main

import (
	"io"

	"visavis/internal/app"
)

type receiptCommand struct {
	Keys  receiptKeys  `cmd:"" help:"Print the public keys with which receipts are verified: name, key in base64, and whether it signs."`
	Renew receiptRenew `cmd:"" help:"Sign with another key from now on; what was signed before stays genuine."`
}

type receiptKeys struct{}

func (receiptKeys) Run(c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ReceiptKeys(loaded, out)
}

type receiptRenew struct{}

func (receiptRenew) Run(c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.RenewReceiptKey(loaded, out)
}
