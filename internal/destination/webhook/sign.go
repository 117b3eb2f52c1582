package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// signer signs as Standard Webhooks does: HMAC-SHA256 over id.timestamp.body, once
// with each secret, so that a receiver can change over from one to the next.
type signer struct{ keys [][]byte }

const secretPrefix = "whsec_"

// parseSecrets reads secrets with blanks between them. Its errors show nothing.
func parseSecrets(text string) (s signer, err error) {
	for field := range strings.FieldsSeq(text) {
		encoded, ok := strings.CutPrefix(field, secretPrefix)
		if !ok {
			return s, errors.New("a signing secret must begin with " + secretPrefix)
		}
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return s, errors.New("a signing secret is not base64")
		}
		if len(key) < 24 || len(key) > 64 {
			return s, errors.New("a signing secret must have 24 to 64 bytes")
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

// sign gives the value of webhook-signature; timestamp is in Unix seconds.
func (s signer) sign(id string, timestamp int64, body []byte) string {
	var b strings.Builder
	for i, key := range s.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(timestamp, 10) + "."))
		mac.Write(body)
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("v1,")
		b.WriteString(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return b.String()
}

const secretName = "secret"

// Secret gives the secret that messages are signed with, for the receiver. Where the
// configuration has none, one is made at first and kept.
func (d *Destination) Secret(ctx context.Context) (string, error) {
	if d.cfg.Secret != "" {
		return strings.Fields(d.cfg.Secret)[0], nil
	}
	d.making.Lock()
	defer d.making.Unlock()
	kept, err := d.deps.Store.Load(ctx, secretName)
	if err != nil || kept != nil {
		return string(kept), err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	made := secretPrefix + base64.StdEncoding.EncodeToString(key)
	return made, d.deps.Store.Save(ctx, map[string][]byte{secretName: []byte(made)})
}

// MakesSecret reports whether the configuration names no secret, so that Kith's own
// is what the receiver must know.
func (d *Destination) MakesSecret() bool { return d.cfg.Secret == "" }

func (d *Destination) loadSecret(ctx context.Context) error {
	if len(d.signer.keys) > 0 {
		return nil
	}
	secret, err := d.Secret(ctx)
	if err != nil {
		return err
	}
	d.signer, err = parseSecrets(secret)
	return err
}
