package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/vault"
)

func TestEveryKeyFileHasAKeyToSignWithAndAlwaysTheSame(t *testing.T) {
	first, path := ring(t)
	second, err := vault.LoadKeyring(path, rand.Reader)
	if err != nil || first.Signer().ID != second.Signer().ID {
		t.Fatal("another process has another key", err)
	}
	other, _ := ring(t)
	signature := first.Sign("purpose", []byte("text"))
	for name, c := range map[string]struct {
		key           vault.SigningKey
		purpose, text string
		want          bool
	}{
		"as it was signed": {second.Signer(), "purpose", "text", true},
		"another text":     {second.Signer(), "purpose", "test", false},
		"another purpose":  {second.Signer(), "purpos", "etext", false},
		"another key":      {other.Signer(), "purpose", "text", false},
	} {
		if got := c.key.Verify(c.purpose, []byte(c.text), signature); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRenewingTheKeyLeavesOnlyThePublicHalfOfTheOldOne(t *testing.T) {
	first, path := ring(t)
	if err := os.Chmod(path, 0o640); err != nil { // a group that backs it up
		t.Fatal(err)
	}
	for range 3 {
		if _, err := vault.RenewSigning(path, time.Now(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), `"seed"`) != 1 || strings.Count(string(text), `"until"`) != 3 {
		t.Error("want the private half of one key, and three of the past", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Error(info.Mode(), err)
	}
	second, err := vault.LoadKeyring(path, rand.Reader)
	if err != nil || !bytes.Equal(first.Derive("x"), second.Derive("x")) || second.SigningKeys()[0].ID != first.Signer().ID {
		t.Error("something else has changed, too", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*")); err != nil || len(left) > 0 {
		t.Error("left behind:", left, err)
	}
}

func TestADamagedKeyToSignWithIsRefusedWithoutQuotingIt(t *testing.T) {
	_, path := ring(t)
	if _, err := vault.RenewSigning(path, time.Now(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	for name, change := range map[string]func(list []any) []any{
		"no seed":               func(l []any) []any { delete(l[1].(map[string]any), "seed"); return l },
		"a seed of another key": func(l []any) []any { l[1].(map[string]any)["public"] = l[0].(map[string]any)["public"]; return l },
		"none that signs":       func(l []any) []any { return l[:1] },
		"a short one":           func(l []any) []any { l[0].(map[string]any)["public"] = "c2VjcmV0"; return l },
	} {
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		file["sign"] = change(file["sign"].([]any))
		damaged, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.LoadKeyring(path, rand.Reader); err == nil || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
