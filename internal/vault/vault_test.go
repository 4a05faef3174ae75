package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"visavis/internal/vault"
)

func ring(t *testing.T) (*vault.Keyring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	k, err := vault.LoadKeyring(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, path
}

func dataKey(t *testing.T, k *vault.Keyring) *vault.DataKey {
	t.Helper()
	wrapped, err := k.NewDataKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := k.OpenDataKey(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestTheKeyFileIsReadableByItsOwnerOnlyAndNeverReplaced(t *testing.T) {
	first, path := ring(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	second, err := vault.LoadKeyring(path, rand.Reader)
	if err != nil || !bytes.Equal(first.Derive("x"), second.Derive("x")) {
		t.Fatal("the second start has other keys", err)
	}
}

func TestADamagedKeyFileIsRefusedWithoutQuotingIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	for _, text := range []string{"", "{", `{"wrap":{"1":"c2VjcmV0"},"derive":"c2VjcmV0"}`, `{"wrap":{},"derive":""}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := vault.LoadKeyring(path, rand.Reader)
		if err == nil || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TEN-04: a sealed value opens only in its own place and with its own agency's key.
func TestTEN04ASealedFieldOpensOnlyInItsPlace(t *testing.T) {
	k, _ := ring(t)
	key, other := dataKey(t, k), dataKey(t, k)
	place := vault.Field{Agency: "a", Table: "seat", Column: "name", Row: "1"}
	sealed := key.Seal(place, []byte("Erika"))
	if bytes.Contains(sealed, []byte("Erika")) {
		t.Fatal("not sealed")
	}
	if plain, err := key.Open(place, sealed); err != nil || string(plain) != "Erika" {
		t.Fatal(err)
	}
	for _, wrong := range []vault.Field{
		{Agency: "b", Table: "seat", Column: "name", Row: "1"},
		{Agency: "a", Table: "task", Column: "name", Row: "1"},
		{Agency: "a", Table: "seat", Column: "phone", Row: "1"},
		{Agency: "a", Table: "seat", Column: "name", Row: "2"},
		{Agency: "as", Table: "eat", Column: "name", Row: "1"},
	} {
		if _, err := key.Open(wrong, sealed); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("opened at %v", wrong)
		}
	}
	if _, err := other.Open(place, sealed); !errors.Is(err, vault.ErrSealed) {
		t.Error("another agency's key opens it")
	}
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := key.Open(place, broken); err == nil {
			t.Errorf("opens with byte %d changed", i)
		}
	}
}

func TestAUD01APseudonymIsThatOfAPersonUnderOneKey(t *testing.T) {
	k, _ := ring(t)
	wrapped, err := k.NewDataKey()
	if err != nil {
		t.Fatal(err)
	}
	one, err := k.OpenDataKey(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.OpenDataKey(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	name := one.Pseudonym("sommer")
	if len(name) != 32 || again.Pseudonym("sommer") != name {
		t.Errorf("%q and %q for one person", name, again.Pseudonym("sommer"))
	}
	if one.Pseudonym("winter") == name || dataKey(t, k).Pseudonym("sommer") == name {
		t.Error("two people, or two agencies, have one pseudonym")
	}
}

func TestDerivedKeysDependOnPurposeAndEveryPart(t *testing.T) {
	k, _ := ring(t)
	seen := map[string]string{}
	for _, parts := range [][]string{{"p"}, {"p", ""}, {"p", "ab", "c"}, {"p", "a", "bc"}, {"q", "ab", "c"}, {"pab", "c"}} {
		id := string(k.Derive(parts[0], parts[1:]...))
		if was, ok := seen[id]; ok {
			t.Errorf("%v and %s derive the same key", parts, was)
		}
		seen[id] = fmt.Sprint(parts)
	}
}

// ACC-01, in short: 10⁵ tokens and ids, all different, of full length.
func TestACC01TokensAreLongAndDifferent(t *testing.T) {
	seen := map[string]bool{}
	for range 100_000 {
		token, id := vault.NewToken(), vault.NewID()
		if len(token) != 27 || len(id) != 22 || seen[token] || seen[id] {
			t.Fatal(token, id)
		}
		seen[token], seen[id] = true, true
	}
}

// LOG-02: whatever prints a personal value does not show it.
func TestLOG02APersonalValueDoesNotPrintItself(t *testing.T) {
	p := vault.Personal("KANARIE")
	holder := struct{ Name vault.Personal }{p}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "name", p, "holder", holder, "err", fmt.Errorf("for %s", p))
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "name", p, "holder", holder)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&log, verb, p)
		fmt.Fprintf(&log, verb, holder)
	}
	if strings.Contains(strings.ToUpper(log.String()), "KANARIE") || strings.Contains(log.String(), "4b414e41") {
		t.Fatal(log.String())
	}
	if _, err := json.Marshal(holder); !errors.Is(err, vault.ErrPersonal) {
		t.Fatal("JSON took it:", err)
	}
	if p.Reveal() != "KANARIE" {
		t.Fatal("not revealed on purpose")
	}
}

func FuzzOpenNeverPanics(f *testing.F) {
	k, err := vault.LoadKeyring(filepath.Join(f.TempDir(), "keys.json"), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	wrapped, err := k.NewDataKey()
	if err != nil {
		f.Fatal(err)
	}
	key, err := k.OpenDataKey(wrapped)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wrapped)
	f.Add(key.Seal(vault.Field{}, []byte("x")))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = k.OpenDataKey(b)
		if plain, err := key.Open(vault.Field{Row: "r"}, b); err == nil {
			t.Errorf("opened %q", plain)
		}
	})
}
