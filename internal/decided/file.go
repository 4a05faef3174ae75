package decided

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"visavis/internal/vault"
)

// The file is made of lines that people can read. Each ends with a proof, under a key of the installation, of itself and of
// all before it: nobody without the key file can write one, change one or take one out. What is cut off at the end is seen
// by the last line, which is always the same.
const (
	firstLine = "visavis-decided 1"
	lastLine  = "end"
	timeForm  = "2006-01-02T15:04:05.000Z"
)

// ErrForeign says that a file was written with another key file.
var ErrForeign = errors.New("was written with another key file")

// ChangedError says which line of a file is not as it was written.
type ChangedError struct{ Line int }

func (e ChangedError) Error() string {
	return fmt.Sprintf("line %d is not as it was written, or one before it is missing", e.Line)
}

// prover proves line after line.
type prover struct{ key, last []byte }

func newProver(ring *vault.Keyring) *prover { return &prover{key: ring.Derive("decided")} }

func (p *prover) proof(line string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write(p.last)
	mac.Write([]byte(line))
	p.last = mac.Sum(nil)
	return base64.RawURLEncoding.EncodeToString(p.last)
}

// text is a list as it stands in a file.
func (l List) text(ring *vault.Keyring) []byte {
	var out bytes.Buffer
	p := newProver(ring)
	say := func(line string) { fmt.Fprintf(&out, "%s %s\n", line, p.proof(line)) }
	say(firstLine)
	for _, d := range l.Sorted() {
		say(strings.Join([]string{d.At.UTC().Format(timeForm), string(d.What), d.Value, d.Object, d.Agency}, " "))
	}
	say(lastLine)
	return out.Bytes()
}

// Load reads a file; one that is not there yet is an empty list. whole is false when its end was cut off.
func Load(path string, ring *vault.Keyring) (l List, whole bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return List{}, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	return parse(text, ring)
}

func parse(text []byte, ring *vault.Keyring) (l List, whole bool, err error) {
	l = List{}
	p := newProver(ring)
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line, ended := strings.CutSuffix(line, "\n")
		if !ended {
			return l, false, nil // it is not known what it would have been
		}
		at := strings.LastIndexByte(line, ' ')
		said, proof := line[:max(0, at)], line[at+1:]
		switch {
		case whole:
			return nil, false, ChangedError{n}
		case vault.Equal([]byte(p.proof(said)), []byte(proof)):
		case n == 1:
			return nil, false, ErrForeign
		default:
			return nil, false, ChangedError{n}
		}
		switch {
		case n == 1 && said != firstLine:
			return nil, false, fmt.Errorf("was written by a newer Visavis (%s)", said) // to be read
		case n == 1:
		case said == lastLine:
			whole = true
		default:
			d, err := parseLine(said)
			if err != nil {
				return nil, false, fmt.Errorf("line %d: %w", n, err)
			}
			l[d.Thing] = d
		}
	}
	return l, whole, nil
}

func parseLine(line string) (d Decision, err error) {
	parts := strings.Split(line, " ")
	if len(parts) != 5 {
		return d, errors.New("is no decision")
	}
	d = Decision{Thing{parts[4], What(parts[1]), parts[3]}, parts[2], time.Time{}}
	d.At, err = time.Parse(timeForm, parts[0])
	return d, err
}

// Save puts a list into the place of a file, whole or not at all, unless that says the same.
func (l List) Save(path string, ring *vault.Keyring) error {
	text := l.text(ring)
	if before, err := os.ReadFile(path); err == nil && bytes.Equal(before, text) {
		return nil
	}
	folder := filepath.Dir(path)
	made, err := os.CreateTemp(folder, ".decided-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = made.Write(text)
	if err := errors.Join(err, made.Sync(), made.Close()); err != nil {
		return errors.Join(err, os.Remove(made.Name()))
	}
	if err := os.Rename(made.Name(), path); err != nil {
		return errors.Join(err, os.Remove(made.Name()))
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
