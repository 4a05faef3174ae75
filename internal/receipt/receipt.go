// Package receipt tells a guest, signed, what the server knows of their appointment: when they waited and talked, and what
// the agency has recorded. Whoever is shown it can verify it, also when the appointment has long been deleted.
//
// What is said follows from rows that are there anyway (facts.go, pure); a receipt itself is kept nowhere. It names neither
// the guest nor what it was about; what identifies it is the appointment's number, which the invitation's calendar file and
// the audit have, too. The main types are Statement and Service.
package receipt

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"visavis/internal/vault"
)

// purpose separates receipts from whatever else is signed with the same key.
const purpose = "receipt 1"

// Statement is what a receipt says. Times are seconds UTC; what is not known is left out.
type Statement struct {
	Version int      `json:"v"`
	Number  string   `json:"number"`
	Agency  string   `json:"agency"` // its name in links, which no other agency ever gets
	Name    string   `json:"name"`   // of the agency, when this was issued
	Zone    string   `json:"zone"`   // of the office, as the IANA database names it
	Issued  int64    `json:"issued"`
	Starts  int64    `json:"starts"` // as agreed; of a moved appointment the last time
	Ends    int64    `json:"ends"`
	Moved   bool     `json:"moved,omitempty"`
	Outcome string   `json:"outcome,omitempty"` // as the agency has recorded it
	Waited  []Period `json:"waited,omitempty"`
	Talked  []Period `json:"talked,omitempty"`
	Lost    int64    `json:"lost,omitempty"`   // since when the page was away, in the last wait
	Opened  int64    `json:"opened,omitempty"` // the link, by a person: told only of who has never arrived
	Failed  int64    `json:"failed,omitempty"` // the check of the devices, likewise
	Key     string   `json:"key"`              // which one signs
}

// Period is from when until when.
type Period [2]int64

// text is the receipt as it goes into an address: the statement, a dot, and the signature, both in base64url.
func (s Statement) text(ring *vault.Keyring) (string, error) {
	s.Version, s.Key = 1, ring.Signer().ID
	plain, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(plain) + "." + enc.EncodeToString(ring.Sign(purpose, plain)), nil
}

// errNotGenuine says that this installation has not said so, or not like that.
var errNotGenuine = errors.New("receipt: not genuine")

// read opens a receipt that one of the installation's keys has signed, while it did so.
func read(ring *vault.Keyring, text string) (Statement, error) {
	if strings.ContainsAny(text, "\r\n") { // which base64 would pass over
		return Statement{}, errNotGenuine
	}
	first, second, _ := strings.Cut(text, ".")
	plain, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return Statement{}, errNotGenuine
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(second)
	if err != nil {
		return Statement{}, errNotGenuine
	}
	for _, key := range ring.SigningKeys() {
		if !key.Verify(purpose, plain, signature) {
			continue
		}
		var s Statement
		if err := json.Unmarshal(plain, &s); err != nil || s.Version != 1 || s.Key != key.ID {
			return Statement{}, errNotGenuine
		}
		if !key.Until.IsZero() && s.Issued > key.Until.Unix() {
			return Statement{}, errNotGenuine // whoever has an old key does not go on with it
		}
		return s, nil
	}
	return Statement{}, errNotGenuine
}
