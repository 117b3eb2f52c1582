package cleanse

import (
	"hash/maphash"
	"strings"
	"sync"
	"unsafe"

	"github.com/kithdata/kith/internal/record"
)

const (
	cacheShards = 64
	cacheBytes  = 32 << 20 // of all shards and both ages together
	maxCached   = 256      // longest text that is cached, in bytes
	entryBytes  = 144      // what an entry costs beside its texts, about
)

// cache remembers what a chain made of a text: a phone number takes 20 µs to
// read, and most come again. It never changes a result, only its cost.
//
// Each shard has a young and an old map. When the young one is full it becomes the
// old one, and what nobody asked for since is gone.
type cache struct {
	seed   maphash.Seed
	shards [cacheShards]shard
}

type shard struct {
	mu         sync.Mutex
	young, old map[cacheKey]result
	bytes      int // of young
}

type cacheKey struct {
	chain uint32
	text  string
}

type result struct {
	value record.Value
	ok    bool
}

func newCache() *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].young = map[cacheKey]result{}
	}
	return c
}

func (c *cache) run(ch *chain, v record.Value) (record.Value, bool) {
	key := cacheKey{chain: ch.id, text: v.S}
	var plain [maxPhone]byte
	if ch.phone {
		if digits := spelled(plain[:0], v.S); len(digits) > 0 {
			key.text = unsafe.String(&digits[0], len(digits)) // cloned before it is kept
		}
	}
	s := &c.shards[maphash.String(c.seed, key.text)%cacheShards]
	s.mu.Lock()
	r, hit := s.young[key]
	if !hit {
		if r, hit = s.old[key]; hit {
			s.put(cacheKey{chain: key.chain, text: strings.Clone(key.text)}, r)
		}
	}
	s.mu.Unlock()
	if hit {
		return r.value, r.ok
	}
	// The text belongs to a record's bytes; what is kept must not hold those alive.
	key.text = strings.Clone(key.text)
	v.S = strings.Clone(v.S)
	r.value, r.ok = ch.run(v)
	s.mu.Lock()
	s.put(key, r)
	s.mu.Unlock()
	return r.value, r.ok
}

// spelled appends the digits of a telephone number, and a + in front, to b; it gives
// nil for a text that holds anything but digits and the marks that people put
// between them, which mean nothing.
func spelled(b []byte, text string) []byte {
	if len(text) > cap(b) {
		return nil
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			b = append(b, c)
		case c == '+' && len(b) == 0:
			b = append(b, c)
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')':
		default:
			return nil
		}
	}
	if len(b) > 1 && b[0] == '0' && b[1] == '0' {
		return nil // 00 is how many dial abroad, 0 0 is not
	}
	return b
}

func (s *shard) put(key cacheKey, r result) {
	if _, there := s.young[key]; there {
		return
	}
	s.bytes += entryBytes + len(key.text) + len(r.value.S)
	s.young[key] = r
	if s.bytes >= cacheBytes/cacheShards/2 {
		s.young, s.old, s.bytes = map[cacheKey]result{}, s.young, 0
	}
}
