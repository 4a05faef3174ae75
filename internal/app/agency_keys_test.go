package app

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/demo"
	"visavis/internal/vault"
)

// agreed lets two people of the demonstration agree that the key may be taken out; change makes it otherwise.
func agreed(t *testing.T, c *config.Config, change string) {
	t.Helper()
	err := withTools(t.Context(), c, func(o *tools) error {
		a, err := chosen(t.Context(), o.agencies, demo.Slug)
		if err != nil {
			return err
		}
		return o.db.Tx(t.Context(), func(tx *db.Tx) error {
			id := vault.NewID()
			_, err := tx.ExecContext(t.Context(), `
				INSERT INTO approval (id, agency_id, act, asked_by, asked_at, until_at, decided_by, decided_at, allowed)
				SELECT $2, $1, 'agency.key', asker.staff_id, 0, $3, second.staff_id, 0, 1 FROM staff_role asker
				JOIN staff_role second ON second.agency_id = asker.agency_id AND second.role = 'protection'
				WHERE asker.agency_id = $1 AND asker.role = 'agency_admin'`, a.ID, id, db.Ms(time.Now().Add(time.Hour)))
			if err == nil && change != "" {
				_, err = tx.ExecContext(t.Context(), `UPDATE approval SET `+change+` WHERE agency_id = $1 AND id = $2`, a.ID, id)
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// exported runs the command that takes the key out, and is what it prints.
func exported(t *testing.T, c *config.Config, to KeyExport) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := ExportKey(t.Context(), c, demo.Slug, to, &out)
	return out.String(), err
}

func imported(t *testing.T, c *config.Config, from KeyImport) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := ImportKey(t.Context(), c, demo.Slug, from, &out)
	return out.String(), err
}

// rawKey is the demonstration's data key.
func rawKey(t *testing.T, c *config.Config) (a agency.Agency, key []byte) {
	t.Helper()
	err := withTools(t.Context(), c, func(o *tools) (err error) {
		if a, err = chosen(t.Context(), o.agencies, demo.Slug); err != nil {
			return err
		}
		key, err = o.agencies.RevealKey(t.Context(), o.db.Read(), a.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, key
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTEN05AnAgencysKeyIsTakenOutOnceTwoOfItsPeopleHaveAgreedAndOnce(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		to := KeyExport{Out: filepath.Join(t.TempDir(), "ahorn.key")}
		for _, change := range []string{"", "until_at = 1", "allowed = 0", "allowed = NULL, decided_by = NULL, decided_at = NULL", "used_at = 1", "decided_by = asked_by", "act = 'agency.delete'"} {
			if change != "" {
				agreed(t, c, change)
			}
			if _, err := exported(t, c, to); err == nil || !strings.Contains(err.Error(), "two people") {
				t.Errorf("%s: %v", change, err)
			}
			if _, err := os.Stat(to.Out); err == nil {
				t.Fatalf("%s: there is a file", change)
			}
		}
		agreed(t, c, "")
		if _, err := exported(t, c, KeyExport{Out: filepath.Join(to.Out, "nowhere")}); err == nil {
			t.Error("it was written nowhere")
		}
		if _, err := exported(t, c, KeyExport{Out: to.Out, Recipient: "age1x"}); err == nil || !strings.HasPrefix(err.Error(), "--recipient") {
			t.Error(err)
		}
		said, err := exported(t, c, to) // nothing of this has used the agreement up
		if err != nil {
			t.Fatal(err)
		}
		if _, err := exported(t, c, KeyExport{Out: to.Out + "2"}); err == nil || !strings.Contains(err.Error(), "two people") {
			t.Errorf("a second time: %v", err)
		}
		text, err := os.ReadFile(to.Out)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(to.Out)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info.Mode(), err)
		}
		_, key := rawKey(t, c)
		if encoded := base64.StdEncoding.EncodeToString(key); bytes.Contains(text, key) || strings.Contains(string(text), encoded) || strings.Contains(said, encoded) {
			t.Error("the key can be read")
		}
		if !strings.HasPrefix(string(text), "-----BEGIN AGE ENCRYPTED FILE-----") || !regexp.MustCompile(`passphrase is [\w-]{27}\n`).MatchString(said) {
			t.Errorf("%s %s", text, said)
		}
		if got := entries(t, c, "key.exported"); len(got) != 1 || !strings.HasPrefix(got[0], "approval=") {
			t.Errorf("%q", got)
		}
	})
}

// entries are the details of what the audit says of an act.
func entries(t *testing.T, c *config.Config, act string) (got []string) {
	t.Helper()
	err := withTools(t.Context(), c, func(o *tools) error {
		got = texts(t.Context(), t, o.db, `SELECT detail FROM audit_entry WHERE act = '`+act+`' ORDER BY agency_id, seq`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTEN05WithACopyOfItsKeyAnAgencyIsReadAgainAfterTheKeyFileIsLost(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		owner, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		a, key := rawKey(t, c)
		byPassphrase, byKey := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
		agreed(t, c, "")
		said, err := exported(t, c, KeyExport{Out: byPassphrase})
		if err != nil {
			t.Fatal(err)
		}
		passphrase := write(t, regexp.MustCompile(`passphrase is (\S+)`).FindStringSubmatch(said)[1]+"\n")
		agreed(t, c, "")
		if _, err := exported(t, c, KeyExport{Out: byKey, Recipient: owner.Recipient().String()}); err != nil {
			t.Fatal(err)
		}
		identity := write(t, owner.String()+"\n")
		forge := func(k keyFile) string {
			plain, err := json.Marshal(k)
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := encrypted(plain, owner.Recipient())
			if err != nil {
				t.Fatal(err)
			}
			return write(t, string(sealed))
		}
		other := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, len(key)))
		otherKey := forge(keyFile{Kind: keyFileKind, Agency: a.ID, Slug: a.Slug, Key: other})

		// As long as the key file is there nothing is changed.
		if said, err := imported(t, c, KeyImport{In: byPassphrase, Passphrase: passphrase}); err != nil || !strings.Contains(said, "nothing is changed") {
			t.Error(said, err)
		}
		if _, err := imported(t, c, KeyImport{In: otherKey, Identity: identity}); err == nil || !strings.Contains(err.Error(), "it stays") {
			t.Error(err)
		}
		if err := os.Remove(c.Keys.File); err != nil {
			t.Fatal(err)
		}
		for name, wrong := range map[string]KeyImport{
			"another passphrase":     {In: byPassphrase, Passphrase: write(t, "falsch")},
			"no passphrase":          {In: byPassphrase, Passphrase: write(t, "")},
			"another key":            {In: byPassphrase, Identity: identity},
			"what is no file":        {In: byPassphrase + "x", Passphrase: passphrase},
			"what is no key":         {In: passphrase, Passphrase: passphrase},
			"another agency's":       {In: forge(keyFile{Kind: keyFileKind, Agency: "x", Slug: "ahorn", Key: other}), Identity: identity},
			"something else":         {In: forge(keyFile{Kind: "recipe", Agency: a.ID, Key: other}), Identity: identity},
			"one that opens nothing": {In: otherKey, Identity: identity},
			"one of another length":  {In: forge(keyFile{Kind: keyFileKind, Agency: a.ID, Key: "YQ=="}), Identity: identity},
		} {
			if said, err := imported(t, c, wrong); err == nil {
				t.Errorf("%s: %s", name, said)
			} else if strings.Contains(err.Error(), owner.String()) {
				t.Errorf("%s quotes the key", name)
			}
		}
		if names := citizens(t, c); len(names) != 0 {
			t.Fatalf("without its key: %d", len(names))
		}
		if said, err := imported(t, c, KeyImport{In: byKey, Identity: identity}); err != nil || !strings.Contains(said, "the key is back") {
			t.Fatal(said, err)
		}
		if names := citizens(t, c); len(names) == 0 {
			t.Error("nobody can be read")
		}
		if _, again := rawKey(t, c); !bytes.Equal(again, key) {
			t.Error("it is another key")
		}
		if len(entries(t, c, "key.restored")) != 1 {
			t.Error("it is in no audit")
		}
		// What the old key file proved it proves no more, and that is said.
		if said, err := verified(t, c, AuditCheck{}); err == nil || !strings.Contains(said, "was not written by Visavis with this key file") {
			t.Errorf("%s %v", said, err)
		}
	})
}

// citizens are those whose names can be opened.
func citizens(t *testing.T, c *config.Config) (names []string) {
	t.Helper()
	err := withTools(t.Context(), c, func(o *tools) error {
		a, err := chosen(t.Context(), o.agencies, demo.Slug)
		if err != nil {
			return err
		}
		key, err := o.agencies.Keys().For(t.Context(), a.ID)
		if err != nil {
			return nil // then none can
		}
		rows, err := o.db.Read().QueryContext(t.Context(), `SELECT id, citizen_sealed FROM appointment WHERE agency_id = $1`, a.ID)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id string
			var sealed []byte
			if err := rows.Scan(&id, &sealed); err != nil {
				return err
			}
			if who, err := appointment.OpenCitizen(key, a.ID, id, sealed); err == nil {
				names = append(names, who.Name.Reveal())
			}
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
