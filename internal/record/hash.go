package record

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"sync"

	"golang.org/x/crypto/blake2b"

	"github.com/kithdata/kith/internal/kit/errs"
)

// NodeKey is the keyed hash of a node's canonical bytes: the only form in which an
// identifier or a source's key appears in a key of the state or a topic (I6). It
// is never rotated, and as a node's birth id it is the id of the profile that the
// node founds.
type NodeKey [16]byte

// ProfileID is the birth id of the profile's founder.
type ProfileID = NodeKey

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// IsZero reports whether k is no node's key.
func (k NodeKey) IsZero() bool { return k == NodeKey{} }

// String is the id as people see it, 26 characters.
func (k NodeKey) String() string { return idEncoding.EncodeToString(k[:]) }

// ParseProfileID reads the text form of an id. It fails with code bad_profile_id.
func ParseProfileID(s string) (ProfileID, error) {
	var id ProfileID
	raw, err := idEncoding.DecodeString(s)
	if err != nil || len(raw) != len(id) {
		return id, errs.New("bad_profile_id", "a profile id has 26 characters of 0-9 and a-z without i, l, o, u")
	}
	copy(id[:], raw)
	return id, nil
}

// Hasher makes keyed hashes. It is safe for concurrent use.
type Hasher struct {
	pool sync.Pool
}

// NewHasher makes a Hasher from a secret key of 16 to 64 bytes.
func NewHasher(key []byte) (*Hasher, error) {
	if len(key) < 16 || len(key) > 64 {
		return nil, errs.New("hash_key_size", "the hash key must have 16 to 64 bytes")
	}
	secret := append([]byte(nil), key...)
	h := &Hasher{}
	h.pool.New = func() any {
		b, err := blake2b.New(16, secret)
		if err != nil {
			panic(err) // unreachable: the length was checked
		}
		return &hashing{h: b}
	}
	return h, nil
}

// NewHashKey makes a random key for NewHasher.
func NewHashKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	return key
}

type hashing struct {
	h   hash.Hash
	buf []byte
	sum [16]byte
}

func (h *Hasher) sum(tag byte, parts ...string) NodeKey {
	g := h.pool.Get().(*hashing)
	g.h.Reset()
	g.buf = append(g.buf[:0], tag)
	for _, p := range parts { // lengths in front: no two lists of parts share their bytes
		g.buf = binary.AppendUvarint(g.buf, uint64(len(p)))
		g.buf = append(g.buf, p...)
	}
	g.h.Write(g.buf)
	k := NodeKey(g.h.Sum(g.sum[:0]))
	h.pool.Put(g)
	return k
}

// Identifier is the node key of an identifier value.
func (h *Hasher) Identifier(id Identifier) NodeKey { return h.sum('i', id.Type, id.Value) }

// Customer is the node key of a source customer.
func (h *Hasher) Customer(source, stream, key string) NodeKey { return h.sum('c', source, stream, key) }

// Object is the key of a live object.
func (h *Hasher) Object(source, stream, key string) NodeKey { return h.sum('o', source, stream, key) }

// Message is the key of a message id within its source.
func (h *Hasher) Message(source, id string) NodeKey { return h.sum('m', source, id) }

// Set is the node key of a set of identifiers; keys must be sorted. A set of one
// is that identifier's own key, an empty set the zero key.
func (h *Hasher) Set(keys []NodeKey) NodeKey {
	switch len(keys) {
	case 0:
		return NodeKey{}
	case 1:
		return keys[0]
	}
	g := h.pool.Get().(*hashing)
	g.h.Reset()
	g.buf = append(g.buf[:0], 's')
	for _, k := range keys {
		g.buf = append(g.buf, k[:]...)
	}
	g.h.Write(g.buf)
	k := NodeKey(g.h.Sum(g.sum[:0]))
	h.pool.Put(g)
	return k
}
