package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the room's faults.
const (
	CodeUnauthenticated errs.Code = "unauthenticated" // no such key, or it is revoked or expired
	CodeKeyUnknown      errs.Code = "key_unknown"
	CodeKeyExists       errs.Code = "key_exists"
	CodeKeysUnavailable errs.Code = "keys_unavailable" // the store cannot be read
)

const (
	prefix = "key/"
	// MaxKeys is the most keys kept, revoked ones included.
	MaxKeys = 10_000
	// refresh is how old the view of the keys may grow: what another process
	// created or revoked counts here after this time. Own changes count at once.
	refresh = 5 * time.Second
	// again is how old the view may be that does not know a key: another process may
	// just have made it. Nonsense costs the store no more than one look in that time.
	again = 200 * time.Millisecond
	// stale is how long the last view serves while the store cannot be read; after
	// it nothing opens, since a revocation may have been missed.
	stale = time.Minute
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Keys are the API keys of one installation. It is safe for concurrent use.
type Keys struct {
	store record.Store
	clock clock.Clock
	mu    sync.Mutex // held by whoever changes or reloads the view
	view  atomic.Pointer[view]
}

// view is an immutable picture of all keys.
type view struct {
	loaded time.Time
	byHash map[[32]byte]*Key
	byID   map[string]*Key
}

// New makes the room. Nothing is read until the first call.
func New(store record.Store, clk clock.Clock) *Keys { return &Keys{store: store, clock: clk} }

// NewSecret makes a fresh key of a role: the text that its holder presents.
func NewSecret(role Role) string {
	var raw [20]byte // 160 bits are 32 characters
	_, _ = rand.Read(raw[:])
	return "kith_" + role.String() + "_" + encoding.EncodeToString(raw[:])
}

// Create makes a key and gives the secret, which is shown this once and kept
// nowhere. A zero expires means never. It fails with codes key_name, role_unknown
// and key_expired (it would expire in the past).
func (k *Keys) Create(ctx context.Context, name string, role Role, expires time.Time) (Key, string, error) {
	if role < Ingest || role > Admin {
		_, err := RoleOf("")
		return Key{}, "", err
	}
	secret := NewSecret(role)
	made, err := k.create(ctx, name, role, expires, secret)
	if err != nil {
		return Key{}, "", err
	}
	return made, secret, nil
}

// CreateWithSecret keeps a key whose secret the caller made with NewSecret: the
// local admin key that the command line reads from a file. Doing it again with the
// same secret and role changes nothing, so that a start that was cut short can be
// repeated. It fails with code key_exists where the secret was revoked or has
// another role, and key_secret where it is not of NewSecret's form.
func (k *Keys) CreateWithSecret(ctx context.Context, name string, role Role, secret string) (Key, error) {
	rest, ok := strings.CutPrefix(secret, "kith_"+role.String()+"_")
	if raw, err := encoding.DecodeString(rest); !ok || err != nil || len(raw) != 20 {
		return Key{}, errs.New("key_secret", "the secret is not a key of this role").Fix("delete the file that holds it, so that a new one is made")
	}
	return k.create(ctx, name, role, time.Time{}, secret)
}

func (k *Keys) create(ctx context.Context, name string, role Role, expires time.Time, secret string) (Key, error) {
	now := k.clock.Now().UTC().Truncate(time.Microsecond)
	if err := checkName(name); err != nil {
		return Key{}, err
	}
	if !expires.IsZero() && !now.Before(expires) {
		return Key{}, errs.New("key_expired", "the key would have expired already").At("expires").Fix("give a moment in the future, or none")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	v, err := k.load(ctx)
	if err != nil {
		return Key{}, err
	}
	hash := sha256.Sum256([]byte(secret))
	if old := v.byHash[hash]; old != nil {
		if old.Role == role && old.usable(now) {
			return *old, nil
		}
		return Key{}, errs.New(CodeKeyExists, "this secret was used before and opens nothing now").Fix("make a new key")
	}
	if len(v.byID) >= MaxKeys {
		return Key{}, errs.New("keys_too_many", "there are 10,000 keys, revoked ones included").Fix("give several callers one key")
	}
	var id [8]byte
	_, _ = rand.Read(id[:])
	made := Key{ID: encoding.EncodeToString(id[:]), Name: name, Role: role, Created: now, hash: hash}
	if !expires.IsZero() {
		made.Expires = expires.UTC().Truncate(time.Microsecond)
	}
	return made, k.save(ctx, &made)
}

// Revoke ends a key now. The key stays listed, so that the audit chain's ids keep
// their names. Revoking again changes nothing. It fails with code key_unknown.
func (k *Keys) Revoke(ctx context.Context, id string) (Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, err := k.load(ctx)
	if err != nil {
		return Key{}, err
	}
	old := v.byID[id]
	if old == nil {
		return Key{}, errs.New(CodeKeyUnknown, "there is no key with this id").Fix("list the keys to see their ids")
	}
	if !old.Revoked.IsZero() {
		return *old, nil
	}
	gone := *old
	gone.Revoked = k.clock.Now().UTC().Truncate(time.Microsecond)
	return gone, k.save(ctx, &gone)
}

// List gives all keys, oldest first, revoked and expired ones included.
func (k *Keys) List(ctx context.Context) ([]Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(v.byID))
	for _, key := range v.byID {
		keys = append(keys, *key)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return keys, nil
}

// Authenticate tells who presents a key. It fails with code unauthenticated, in
// the same way whether the key is unknown, revoked or expired, and with code
// keys_unavailable.
//
// The look-up by hash leaks no timing that helps: an attacker would have to choose
// SHA-256 outputs. The found hash is still compared in constant time, so that this
// does not rest on how a map compares its keys.
func (k *Keys) Authenticate(ctx context.Context, presented string) (Principal, error) {
	now := k.clock.Now()
	v, err := k.current(ctx, now)
	if err != nil {
		return Principal{}, err
	}
	hash := sha256.Sum256([]byte(presented))
	key := v.byHash[hash]
	if key == nil && now.Sub(v.loaded) >= again {
		if v, err = k.newer(ctx, v); err != nil {
			return Principal{}, err
		}
		key = v.byHash[hash]
	}
	if key == nil || subtle.ConstantTimeCompare(key.hash[:], hash[:]) != 1 || !key.usable(now) {
		return Principal{}, unauthenticated()
	}
	return Principal{ID: key.ID, Name: key.Name, Role: key.Role}, nil
}

func unauthenticated() error {
	return errs.New(CodeUnauthenticated, "the API key is unknown, revoked or expired").Fix("send a valid key as \"Authorization: Bearer kith_…\"; an admin makes one with `kith keys create`")
}

// current gives a view no older than refresh, or the last one for up to stale while
// the store cannot be read. One caller reloads; the others go on with what there is.
func (k *Keys) current(ctx context.Context, now time.Time) (*view, error) {
	v := k.view.Load()
	if v != nil && now.Sub(v.loaded) < refresh {
		return v, nil
	}
	if v == nil || now.Sub(v.loaded) >= stale {
		k.mu.Lock()
	} else if !k.mu.TryLock() {
		return v, nil
	}
	defer k.mu.Unlock()
	return k.replace(ctx, v, now)
}

// newer gives a view that was read after v, or v while the store cannot be read.
func (k *Keys) newer(ctx context.Context, v *view) (*view, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.replace(ctx, v, k.clock.Now())
}

// replace reads the view anew, unless somebody did so after v; k.mu is held.
func (k *Keys) replace(ctx context.Context, v *view, now time.Time) (*view, error) {
	if other := k.view.Load(); other != v {
		return other, nil
	}
	fresh, err := k.load(ctx)
	if err != nil && v != nil && now.Sub(v.loaded) < stale {
		return v, nil
	}
	return fresh, err
}

// load reads all keys; k.mu is held.
func (k *Keys) load(ctx context.Context) (*view, error) {
	loaded := k.clock.Now() // before the read: the view is at least as new as this
	docs, err := k.store.List(ctx, prefix, MaxKeys)
	if err != nil {
		return nil, errs.Wrap(CodeKeysUnavailable, "reading the API keys", err).Fix("try again; see /readyz for the state of the store")
	}
	v := &view{loaded: loaded, byHash: make(map[[32]byte]*Key, len(docs)), byID: make(map[string]*Key, len(docs))}
	for _, doc := range docs {
		key, err := decodeKey(doc.Value)
		if err != nil {
			return nil, err
		}
		v.byHash[key.hash], v.byID[key.ID] = &key, &key
	}
	k.view.Store(v)
	return v, nil
}

// save writes one key and shows it to Authenticate; k.mu is held.
func (k *Keys) save(ctx context.Context, key *Key) error {
	if err := k.store.Save(ctx, map[string][]byte{prefix + key.ID: encodeKey(key)}); err != nil {
		return errs.Wrap(CodeKeysUnavailable, "storing an API key", err).Fix("try again; see /readyz for the state of the store")
	}
	_, err := k.load(ctx)
	return err
}
