package receipt

import (
	"crypto/rand"
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/vault"
)

func ring(t testing.TB, path string) *vault.Keyring {
	t.Helper()
	k, err := vault.LoadKeyring(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signedBy(t testing.TB, k *vault.Keyring, issued time.Time) string {
	t.Helper()
	text, err := Statement{
		Number: "0123456789abcdefghjkmn", Agency: "ahorn", Name: "Amt Ahorn", Zone: "Europe/Berlin", Issued: issued.Unix(),
	}.text(k)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Whatever is changed about a receipt, it is not genuine any more.
func TestAReceiptCannotBeForged(t *testing.T) {
	k := ring(t, filepath.Join(t.TempDir(), "keys"))
	genuine := signedBy(t, k, time.Now())
	if s, err := read(k, genuine); err != nil || s.Name != "Amt Ahorn" {
		t.Fatal(s, err)
	}
	for i := range genuine {
		for _, other := range "Aw.-" {
			changed := genuine[:i] + string(other) + genuine[i+1:]
			if changed == genuine {
				continue
			}
			if _, err := read(k, changed); err == nil {
				t.Fatalf("genuine with %q at %d", other, i)
			}
		}
	}
	plain, signature, _ := strings.Cut(genuine, ".")
	raw, err := base64.RawURLEncoding.DecodeString(plain)
	if err != nil {
		t.Fatal(err)
	}
	// By the key itself, but not as it says things: what is to come must not be taken for what is.
	signed := func(from, to string) string {
		said := strings.Replace(string(raw), from, to, 1)
		if said == string(raw) {
			t.Fatalf("it does not say %s", from)
		}
		enc := base64.RawURLEncoding
		return enc.EncodeToString([]byte(said)) + "." + enc.EncodeToString(k.Sign(purpose, []byte(said)))
	}
	for name, text := range map[string]string{
		"of another version": signed(`"v":1`, `"v":2`), "in the name of another key": signed(k.Signer().ID, "00000000"),
		"with a line break": genuine[:40] + "\n" + genuine[40:],
		"empty":             "", "no signature": plain, "an empty one": plain + ".", "only a signature": "." + signature, "more": genuine + "." + signature,
		"of another installation":    signedBy(t, ring(t, filepath.Join(t.TempDir(), "keys")), time.Now()),
		"signed for another purpose": plain + "." + base64.RawURLEncoding.EncodeToString(k.Sign("something else", raw)),
	} {
		if _, err := read(k, text); err == nil {
			t.Errorf("%s: genuine", name)
		}
	}
}

// A receipt stays genuine when the key is changed; nobody goes on with the old one.
func TestWhatWasSignedWithAFormerKeyStaysGenuine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	first := ring(t, path)
	changedAt := time.Now().Truncate(time.Second)
	before, after := signedBy(t, first, changedAt.Add(-time.Hour)), signedBy(t, first, changedAt.Add(time.Hour+time.Second))
	meanwhile := signedBy(t, first, changedAt.Add(50*time.Minute)) // by a server that was not yet started again
	made, err := vault.RenewSigning(path, changedAt, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // and a further time
		second := ring(t, path)
		if second.Signer().ID != made.ID || made.ID == first.Signer().ID {
			t.Fatal("the key is as before")
		}
		if _, err := read(second, before); err != nil {
			t.Error("what was signed before is not genuine any more")
		}
		if _, err := read(second, meanwhile); err != nil {
			t.Error("what a server has signed that had not yet heard of the change is not genuine")
		}
		if _, err := read(second, after); err == nil {
			t.Error("the old key still signs")
		}
		if _, err := read(second, signedBy(t, second, time.Now())); err != nil {
			t.Error("the new key does not sign")
		}
		if made, err = vault.RenewSigning(path, changedAt.Add(time.Minute), rand.Reader); err != nil {
			t.Fatal(err)
		}
		first = second
	}
}

func FuzzReadNeverPanics(f *testing.F) {
	k := ring(f, filepath.Join(f.TempDir(), "keys"))
	genuine := signedBy(f, k, time.Now())
	f.Add(genuine)
	f.Add("e30.AA")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := read(k, text); err == nil && text != genuine {
			t.Errorf("genuine: %q", text)
		}
	})
}
