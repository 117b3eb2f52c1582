package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verifier tells whether a delivery comes from who knows a secret of its source.
type verifier struct {
	scheme
	kind      string // the scheme's name
	idHeader  string
	tolerance time.Duration
	keys      [][]byte // of signatures
	tokens    [][sha256.Size]byte
	challenge string // for WWW-Authenticate
}

func newVerifier(c Config) (*verifier, error) {
	v := &verifier{scheme: schemeOf(c.Verify), kind: c.Verify.Scheme, idHeader: c.IDHeader, tolerance: c.Tolerance}
	for _, secret := range c.Verify.Secrets {
		switch v.kind {
		case "basic", "bearer":
			v.tokens = append(v.tokens, sha256.Sum256([]byte(secret)))
		case "standard":
			key, err := standardKey(secret)
			if err != nil {
				return nil, err
			}
			v.keys = append(v.keys, key)
		default:
			v.keys = append(v.keys, []byte(secret))
		}
	}
	switch v.kind {
	case "basic":
		v.challenge = `Basic realm="kith"`
	case "bearer":
		v.challenge = "Bearer"
	}
	return v, nil
}

// proof is what a delivery's headers say, for its body to be held against. The zero
// proof holds for any body: nothing is signed.
type proof struct {
	verifier      *verifier
	signatures    [][]byte
	before, after string // of the body, in what is signed
}

// open reads the headers. It refuses what no body could make good, so that none is
// read for it.
func (v *verifier) open(head http.Header, now time.Time) (proof, *fault) {
	switch v.kind {
	case "none":
		return proof{}, nil
	case "basic":
		r := http.Request{Header: head}
		user, password, given := r.BasicAuth()
		if !given {
			return proof{}, badSignature
		}
		return proof{}, v.token(user + ":" + password)
	case "bearer":
		value := head.Get(v.header)
		if len(value) < len(v.prefix) || !strings.EqualFold(value[:len(v.prefix)], v.prefix) {
			return proof{}, badSignature
		}
		return proof{}, v.token(value[len(v.prefix):])
	}
	p := proof{verifier: v}
	timestamp := head.Get(v.timestamp)
	for _, item := range split(head.Get(v.header), v.separator) {
		if t, ok := strings.CutPrefix(item, v.timestampPrefix); ok && v.timestampPrefix != "" {
			timestamp = t
		} else if s, ok := strings.CutPrefix(item, v.prefix); ok {
			if sum, ok := decode(s, v.encoding); ok {
				p.signatures = append(p.signatures, sum)
			}
		}
	}
	if len(p.signatures) == 0 {
		return p, badSignature
	}
	if strings.Contains(v.signed, "{timestamp}") {
		at, ok := moment(timestamp)
		if !ok {
			return p, badSignature
		}
		if age := now.Sub(at); age > v.tolerance || age < -v.tolerance {
			return p, stale
		}
	}
	var id string
	if strings.Contains(v.signed, "{id}") {
		if id = head.Get(v.idHeader); id == "" {
			return p, badSignature
		}
	}
	fill := strings.NewReplacer("{timestamp}", timestamp, "{id}", id)
	before, after, _ := strings.Cut(v.signed, "{body}")
	p.before, p.after = fill.Replace(before), fill.Replace(after)
	return p, nil
}

func split(s, separator string) []string {
	if separator == "" {
		return []string{s}
	}
	return strings.Split(s, separator)
}

func decode(s, encoding string) ([]byte, bool) {
	if encoding == "hex" {
		b, err := hex.DecodeString(s)
		return b, err == nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}

// moment reads a signed time: seconds since 1970, or RFC 3339.
func moment(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// token refuses what is none of the secrets. It compares with each, and in constant
// time.
func (v *verifier) token(given string) *fault {
	sum, same := sha256.Sum256([]byte(given)), 0
	for i := range v.tokens {
		same |= subtle.ConstantTimeCompare(sum[:], v.tokens[i][:])
	}
	if same == 0 {
		return badSignature
	}
	return nil
}

// holds reports whether one of the secrets signed body. It tries each with every
// signature, and in constant time.
func (p *proof) holds(body []byte) bool {
	if p.verifier == nil {
		return true
	}
	good := false
	for _, key := range p.verifier.keys {
		mac := hmac.New(p.verifier.digest, key)
		mac.Write([]byte(p.before))
		mac.Write(body)
		mac.Write([]byte(p.after))
		sum := mac.Sum(nil)
		for _, s := range p.signatures {
			if hmac.Equal(sum, s) {
				good = true
			}
		}
	}
	return good
}
