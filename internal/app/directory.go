package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/scim"
)

// MakeDirectoryToken makes a token for the directory of an agency, and prints it this once.
func MakeDirectoryToken(ctx context.Context, c *config.Config, agency, label string, out io.Writer) error {
	label = strings.TrimSpace(label)
	if label == "" || len([]rune(label)) > 80 {
		return errors.New("say in 1 to 80 characters what the token is for")
	}
	return organise(ctx, c, agency, func(k kit) error {
		var secret string
		err := k.db.Tx(ctx, func(tx *db.Tx) (err error) {
			_, secret, err = k.scim.MakeToken(ctx, tx, k.agency.ID, label, "")
			return err
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n%s\n", k.scim.Base(k.agency), secret)
		return err
	})
}

// ListDirectoryTokens prints which tokens there are, never the tokens themselves.
func ListDirectoryTokens(ctx context.Context, c *config.Config, agency string, out io.Writer) error {
	return organise(ctx, c, agency, func(k kit) error {
		all, err := k.scim.Tokens(ctx, k.db.Read(), k.agency.ID)
		if err != nil {
			return err
		}
		for _, t := range all {
			used := "never used"
			if t.UsedAt != nil {
				used = "used " + db.Time(*t.UsedAt).UTC().Format(time.RFC3339)
			}
			made := "made " + db.Time(t.CreatedAt).UTC().Format(time.RFC3339)
			switch t.Left {
			case scim.NoAccount:
				made += " by an account that is disabled"
			case scim.NoRole:
				made += " by an account that no longer administers the agency"
			}
			if _, err := fmt.Fprintf(out, "%s  %s  %s  %s\n", t.ID, made, used, t.Label); err != nil {
				return err
			}
		}
		return nil
	})
}

// RevokeDirectoryToken revokes one at once.
func RevokeDirectoryToken(ctx context.Context, c *config.Config, agency, id string, out io.Writer) error {
	return organise(ctx, c, agency, func(k kit) error {
		err := k.db.Tx(ctx, func(tx *db.Tx) error { return k.scim.DropToken(ctx, tx, k.agency.ID, id, "") })
		if errors.Is(err, scim.ErrNoToken) {
			return errors.New("there is no such token; see visavis directory list")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, "revoked")
		return err
	})
}
