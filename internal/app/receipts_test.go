package app

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The command leaves everything else in the key file as it is, and the file to the same people.
func TestTheKeyOfReceiptsIsRenewedAndTheOldOneListed(t *testing.T) {
	c := configured(t)
	var before, said, after bytes.Buffer
	if err := ReceiptKeys(c, &before); err != nil {
		t.Fatal(err)
	}
	ring, err := openKeys(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := RenewReceiptKey(c, &said); err != nil {
		t.Fatal(err)
	}
	if err := ReceiptKeys(c, &after); err != nil {
		t.Fatal(err)
	}
	old, _, _ := strings.Cut(before.String(), " ")
	lines := strings.Split(strings.TrimSpace(after.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], old+" ") || !strings.Contains(lines[0], " until ") || !strings.HasSuffix(lines[1], " signs") {
		t.Errorf("%s\n%s", before.String(), after.String())
	}
	again, err := openKeys(c)
	if err != nil || !bytes.Equal(again.Derive("x"), ring.Derive("x")) {
		t.Error("other keys have changed, too", err)
	}
	if info, err := os.Stat(c.Keys.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}
