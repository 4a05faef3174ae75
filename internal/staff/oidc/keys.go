package oidc

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

const (
	// keysLive is how long keys are believed that the provider may have taken back since.
	keysLive = 10 * time.Minute
	// keysPause is how often we look for a key that we do not know: anybody can name one.
	keysPause = 10 * time.Second
	mostKeys  = 100
	// leastRSA is the shortest modulus, in bytes.
	leastRSA = 256
)

// keys are the provider's.
type keys struct {
	party *Party
	kept  *kept[[]jose.JSONWebKey]
}

// find lists the keys that a token may have been signed with.
func (k *keys) find(ctx context.Context, header jose.Header) ([]jose.JSONWebKey, error) {
	for _, oldest := range []time.Duration{keysLive, keysPause} {
		set, err := k.kept.get(ctx, oldest)
		if err != nil {
			return nil, err
		}
		if fitting := slices.Collect(func(yield func(jose.JSONWebKey) bool) {
			for _, key := range set {
				if fits(key, header, len(set)) && !yield(key) {
					return
				}
			}
		}); len(fitting) > 0 {
			return fitting, nil
		}
	}
	return nil, errors.New("signed with a key that the provider does not have")
}

// fits: a token that names no key can only be signed with the one there is.
func fits(key jose.JSONWebKey, header jose.Header, all int) bool {
	named := header.KeyID != "" && key.KeyID == header.KeyID || header.KeyID == "" && all == 1
	return named && (key.Algorithm == "" || key.Algorithm == header.Algorithm)
}

func (p *Party) fetchKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	a, err := p.about.get(ctx, aboutLive)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Keys, nil)
	if err != nil {
		return nil, refuse(Untrusted, "read its keys: %w", err)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return nil, refuse(Unavailable, "read its keys: %w", cut(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, refuse(Unavailable, "read its keys: status %d", answer.StatusCode)
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return nil, refuse(Untrusted, "read its keys: %w", cut(err))
	}
	if len(set.Keys) > mostKeys {
		return nil, refuse(Untrusted, "it has more than %d keys", mostKeys)
	}
	var usable []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// Keys of kinds that we do not know stand beside those that we do.
		if json.Unmarshal(raw, &key) == nil && usableKey(key) {
			usable = append(usable, key)
		}
	}
	return usable, nil
}

func usableKey(key jose.JSONWebKey) bool {
	if short, ok := key.Key.(*rsa.PublicKey); ok && short.Size() < leastRSA {
		return false
	}
	return key.IsPublic() && key.Valid() && (key.Use == "" || key.Use == "sig")
}

// typed takes only tokens of some types: each kind of token is signed with the same keys, and none may pass for another.
type typed struct {
	*keys

	types []string
}

// VerifySignature returns what is signed.
func (t typed) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	allowed := make([]jose.SignatureAlgorithm, len(algorithms()))
	for i, name := range algorithms() {
		allowed[i] = jose.SignatureAlgorithm(name)
	}
	token, err := jose.ParseSignedCompact(raw, allowed)
	if err != nil {
		return nil, fmt.Errorf("read token: %w", err)
	}
	header := token.Signatures[0].Protected
	kind, _ := header.ExtraHeaders[jose.HeaderType].(string)
	if kind = strings.TrimPrefix(strings.ToLower(kind), "application/"); !slices.Contains(t.types, kind) {
		return nil, errors.New("a token of another type")
	}
	fitting, err := t.find(ctx, header)
	if err != nil {
		return nil, err
	}
	for _, key := range fitting {
		payload, err := token.Verify(key.Key)
		if err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("the signature is not the provider's")
}
