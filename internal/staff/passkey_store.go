package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-webauthn/webauthn/webauthn"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/vault"
)

// mostPasskeys of one account.
const mostPasskeys = 10

// passkey is one of an account.
type passkey struct {
	id, label     string
	created, used int64
	key           webauthn.Credential
}

func passkeyField(p Person, column, id string) vault.Field {
	return vault.Field{Agency: p.Agency, Table: "staff_passkey", Column: column, Row: id}
}

// absentIs puts a refusal in the place of "no such row".
func absentIs(err error, refusal *edge.Problem) error {
	if errors.Is(err, db.ErrNoRows) {
		return refusal
	}
	return err
}

func (s *Service) passkeys(ctx context.Context, q db.Q, p Person) ([]passkey, error) {
	key, err := s.agencies.Keys().In(ctx, q, p.Agency)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `
		SELECT id, credential_sealed, label_sealed, created_at, used_at FROM staff_passkey
		WHERE agency_id = $1 AND staff_id = $2 ORDER BY created_at, id`, p.Agency, p.ID)
	if err != nil {
		return nil, fmt.Errorf("list passkeys: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []passkey
	for rows.Next() {
		var k passkey
		var credential, label []byte
		if err := rows.Scan(&k.id, &credential, &label, &k.created, &k.used); err != nil {
			return nil, fmt.Errorf("list passkeys: %w", err)
		}
		if err := k.open(key, p, credential, label); err != nil {
			return nil, fmt.Errorf("open passkey: %w", err)
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

func (k *passkey) open(key *vault.DataKey, p Person, credential, label []byte) error {
	plain, err := key.Open(passkeyField(p, "credential", k.id), credential)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, &k.key); err != nil {
		return err
	}
	name, err := key.Open(passkeyField(p, "label", k.id), label)
	k.label = string(name)
	return err
}

// sealKey seals what is needed of a credential; how it was attested nobody looks at.
func sealKey(key *vault.DataKey, p Person, id string, c webauthn.Credential) ([]byte, error) {
	c.Attestation = webauthn.CredentialAttestation{}
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return key.Seal(passkeyField(p, "credential", id), plain), nil
}

// addPasskey keeps a new one.
func (s *Service) addPasskey(ctx context.Context, tx *db.Tx, p Person, label string, c *webauthn.Credential) error {
	key, err := s.agencies.Keys().In(ctx, tx, p.Agency)
	if err != nil {
		return err
	}
	known, err := s.passkeys(ctx, tx, p)
	if err != nil {
		return err
	}
	if len(known) >= mostPasskeys {
		return edge.NewProblem(http.StatusConflict, "passkey.too_many", "most", mostPasskeys)
	}
	id := vault.NewID()
	sealed, err := sealKey(key, p, id, *c)
	if err != nil {
		return fmt.Errorf("add passkey: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO staff_passkey (id, agency_id, staff_id, credential_hash, credential_sealed, label_sealed, created_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`,
		id, p.Agency, p.ID, vault.Hash(string(c.ID)), sealed, key.Seal(passkeyField(p, "label", id), []byte(label)), db.Ms(s.o.Clock()))
	if db.IsUnique(err) {
		return errPasskey()
	}
	if err != nil {
		return fmt.Errorf("add passkey: %w", err)
	}
	return s.note(ctx, tx, audit.Staff(p.ID), audit.PasskeyAdded, p, audit.Is("passkey", id))
}

// removePasskey makes one good for nothing.
func (s *Service) removePasskey(ctx context.Context, tx *db.Tx, p Person, id string) error {
	err := db.Affected(tx.ExecContext(ctx, `DELETE FROM staff_passkey WHERE agency_id = $1 AND staff_id = $2 AND id = $3`, p.Agency, p.ID, id))
	if errors.Is(err, db.ErrConflict) {
		return edge.NewProblem(http.StatusNotFound, "not_found")
	}
	if err != nil {
		return fmt.Errorf("remove passkey: %w", err)
	}
	return s.note(ctx, tx, audit.Staff(p.ID), audit.PasskeyRemoved, p, audit.Is("passkey", id))
}

// usePasskey takes an answer, once, and keeps the counter that it came with: an answer that is not newer than the last one
// comes from a copy.
func (s *Service) usePasskey(ctx context.Context, tx *db.Tx, who shown) (copied bool, err error) {
	p := who.Person
	if err := s.once(ctx, tx, p.Agency, "passkey "+who.challenge, who.until); err != nil {
		if _, taken := errors.AsType[*edge.Problem](err); taken {
			err = errPasskey()
		}
		return false, err
	}
	key, err := s.agencies.Keys().In(ctx, tx, p.Agency)
	if err != nil {
		return false, err
	}
	// The row is kept from here on, so that of two answers at once the second sees the counter of the first.
	k := passkey{}
	var credential, label []byte
	err = tx.QueryRowContext(ctx, `
		UPDATE staff_passkey SET used_at = $1 WHERE agency_id = $2 AND staff_id = $3 AND credential_hash = $4
		RETURNING id, credential_sealed, label_sealed`, db.Ms(s.o.Clock()), p.Agency, p.ID, vault.Hash(string(who.key.ID))).
		Scan(&k.id, &credential, &label)
	if err != nil {
		return false, absentIs(err, errPasskey())
	}
	if err := k.open(key, p, credential, label); err != nil {
		return false, fmt.Errorf("open passkey: %w", err)
	}
	before, now := k.key.Authenticator.SignCount, who.key.Authenticator.SignCount
	if now <= before && (now != 0 || before != 0) { // where the library warns it leaves the counter as it was
		return true, s.note(ctx, tx, audit.System(), audit.PasskeyRefused, p, audit.Is("passkey", k.id))
	}
	sealed, err := sealKey(key, p, k.id, *who.key)
	if err != nil {
		return false, fmt.Errorf("use passkey: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE staff_passkey SET credential_sealed = $1 WHERE agency_id = $2 AND id = $3`, sealed, p.Agency, k.id)
	return false, err
}
