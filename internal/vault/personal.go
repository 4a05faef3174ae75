package vault

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[personal]"

// Personal is a person's name, address or number. Whatever prints, logs or
// encodes it gets "[personal]" or an error; only Reveal gives the text.
type Personal string

// Reveal returns the text. Each call is a decision to show it.
func (p Personal) Reveal() string { return string(p) }

func (p Personal) String() string       { return redacted }
func (p Personal) GoString() string     { return redacted }
func (p Personal) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format covers every verb, %x and %q included.
func (p Personal) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// ErrPersonal is what encoders get.
var ErrPersonal = errors.New("a personal value must be revealed on purpose")

// MarshalText refuses, and with it encoding/json, encoding/xml and map keys.
func (p Personal) MarshalText() ([]byte, error) { return nil, ErrPersonal }
