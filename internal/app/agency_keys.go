package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/audit"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/vault"
)

// KeyExport says where to a copy of an agency's key goes, and for whom.
type KeyExport struct {
	Out       string // a file that does not exist yet
	Recipient string // an age public key; empty: a passphrase is drawn, and printed
}

// KeyImport says where a copy of an agency's key comes from.
type KeyImport struct {
	In         string
	Passphrase string // a file with it; or
	Identity   string // a file with the age private key
}

// keyFile is what is encrypted.
type keyFile struct {
	Kind   string `json:"kind"`
	Agency string `json:"agency"` // id
	Slug   string `json:"slug"`   // for whoever reads it
	MadeAt string `json:"madeAt"`
	Key    string `json:"key"`
}

const keyFileKind = "visavis agency key"

// ExportKey writes an agency's data key, encrypted, to a file, once two people of the agency have agreed. Nothing is used
// up unless the file is written whole.
func ExportKey(ctx context.Context, c *config.Config, slug string, to KeyExport, out io.Writer) error {
	recipient, passphrase, err := to.recipient()
	if err != nil {
		return err
	}
	return withTools(ctx, c, func(o *tools) error {
		a, err := chosen(ctx, o.agencies, slug)
		if err != nil {
			return err
		}
		file, err := os.OpenFile(to.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		if err := o.db.Tx(ctx, func(tx *db.Tx) error { return o.exportKey(ctx, tx, a, to.Out, recipient) }); err != nil {
			return errors.Join(err, os.Remove(to.Out))
		}
		text := fmt.Sprintf("%s: the key is in %s\n", a.Slug, to.Out)
		if passphrase != "" {
			text += fmt.Sprintf("Its passphrase is %s\nKeep it apart from the file; it is written nowhere else.\n", passphrase)
		}
		_, err = io.WriteString(out, text)
		return err
	})
}

// scryptWork is what it costs to try a passphrase, as a power of two: little, since the one that is drawn has 160 bits.
const scryptWork = 15

func (to KeyExport) recipient() (_ age.Recipient, passphrase string, _ error) {
	if to.Recipient != "" {
		r, err := age.ParseX25519Recipient(to.Recipient)
		if err != nil {
			return nil, "", errors.New("--recipient: an age public key, as age-keygen prints it: age1…")
		}
		return r, "", nil
	}
	passphrase = vault.NewToken()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, "", err
	}
	r.SetWorkFactor(scryptWork)
	return r, passphrase, nil
}

func (o *tools) exportKey(ctx context.Context, tx *db.Tx, a agency.Agency, file string, to age.Recipient) error {
	now := time.Now()
	approval, err := admin.UseApproval(ctx, tx, o.staff, a.ID, admin.ExportKey, now)
	if errors.Is(err, admin.ErrNotApproved) {
		return errors.New("two people of the agency have to agree first, at /staff/admin/approvals; each agreement is for one copy and for seven days")
	}
	if err != nil {
		return err
	}
	key, err := o.agencies.RevealKey(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(keyFile{
		Kind: keyFileKind, Agency: a.ID, Slug: a.Slug, MadeAt: now.UTC().Format(time.RFC3339), Key: base64.StdEncoding.EncodeToString(key),
	})
	if err != nil {
		return err
	}
	sealed, err := encrypted(plain, to)
	if err != nil {
		return err
	}
	if err := o.audit.Append(ctx, tx, audit.Entry{
		Agency: a.ID, By: audit.System(), Act: audit.KeyExported, Object: a.ID, Detail: []audit.Code{audit.Is("approval", approval)},
	}); err != nil {
		return err
	}
	return overwrite(file, sealed)
}

// overwrite writes a file that there is, to the end: what is done after it may rely on it. It may be called again.
func overwrite(name string, content []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// encrypted is a text that can be printed, and kept in an envelope.
func encrypted(plain []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	text := armor.NewWriter(&out)
	sealing, err := age.Encrypt(text, to)
	if err != nil {
		return nil, fmt.Errorf("encrypt key: %w", err)
	}
	_, err = sealing.Write(plain)
	if err := errors.Join(err, sealing.Close(), text.Close()); err != nil {
		return nil, fmt.Errorf("encrypt key: %w", err)
	}
	return out.Bytes(), nil
}

// ImportKey puts an agency's data key back after the key file was lost. One that can be opened stays.
func ImportKey(ctx context.Context, c *config.Config, slug string, from KeyImport, out io.Writer) error {
	kept, err := from.read()
	if err != nil {
		return err
	}
	return withTools(ctx, c, func(o *tools) error {
		a, err := chosen(ctx, o.agencies, slug)
		if err != nil {
			return err
		}
		key, err := base64.StdEncoding.DecodeString(kept.Key)
		if err != nil || kept.Kind != keyFileKind {
			return errors.New("--in: is no key of an agency")
		}
		if kept.Agency != a.ID {
			return fmt.Errorf("--in: is the key of another agency, %s", kept.Slug)
		}
		needed := false
		err = o.db.Tx(ctx, func(tx *db.Tx) (err error) {
			needed, err = o.importKey(ctx, tx, a, key)
			return err
		})
		if errors.Is(err, agency.ErrOtherKey) {
			return errors.New("the agency has another key, which the key file opens: it stays")
		}
		if err != nil {
			return err
		}
		said := "the key is back; start all servers again, and read what else depends on the key file in docs/operator/agencies.md"
		if !needed {
			said = "the key is there already, and can be opened: nothing is changed"
		}
		_, err = fmt.Fprintf(out, "%s: %s\n", a.Slug, said)
		return err
	})
}

func (o *tools) importKey(ctx context.Context, tx *db.Tx, a agency.Agency, raw []byte) (bool, error) {
	needed, err := o.agencies.RestoreKey(ctx, tx, a.ID, raw)
	if err != nil || !needed {
		return false, err
	}
	key, err := o.agencies.Keys().In(ctx, tx, a.ID)
	if err != nil {
		return false, err
	}
	fits, err := appointment.Opens(ctx, tx, key, a.ID)
	if err != nil {
		return false, err
	}
	if !fits {
		return false, errors.New("--in: this key does not open what the agency has sealed; nothing is changed")
	}
	return true, o.audit.Append(ctx, tx, audit.Entry{Agency: a.ID, By: audit.System(), Act: audit.KeyRestored, Object: a.ID})
}

func (from KeyImport) read() (kept keyFile, err error) {
	identities, err := from.identities()
	if err != nil {
		return kept, err
	}
	file, err := os.Open(from.In)
	if err != nil {
		return kept, fmt.Errorf("--in: %w", err)
	}
	defer func() { _ = file.Close() }() // read only
	opened, err := age.Decrypt(armor.NewReader(io.LimitReader(file, mostKeyFile)), identities...)
	if err != nil {
		return kept, errors.New("--in: cannot be opened with this; it may be damaged, or made for another passphrase or key")
	}
	if err := json.NewDecoder(opened).Decode(&kept); err != nil {
		return kept, errors.New("--in: is damaged")
	}
	return kept, nil
}

// mostKeyFile is far more than a key takes.
const mostKeyFile = 64 << 10

func (from KeyImport) identities() ([]age.Identity, error) {
	if from.Identity != "" {
		file, err := os.Open(from.Identity)
		if err != nil {
			return nil, fmt.Errorf("--identity: %w", err)
		}
		defer func() { _ = file.Close() }() // read only
		list, err := age.ParseIdentities(file)
		if err != nil {
			return nil, errors.New("--identity: is no file of age-keygen") // the error would quote it
		}
		return list, nil
	}
	text, err := os.ReadFile(from.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("--passphrase: %w", err)
	}
	one, err := age.NewScryptIdentity(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, errors.New("--passphrase: the file is empty")
	}
	return []age.Identity{one}, nil
}
