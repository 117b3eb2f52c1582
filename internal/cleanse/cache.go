package cleanse

import (
	"hash/maphash"
	"strings"
	"sync"

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
	s := &c.shards[maphash.String(c.seed, v.S)%cacheShards]
	key := cacheKey{chain: ch.id, text: v.S}
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
	v.S = strings.Clone(v.S)
	key.text = v.S
	r.value, r.ok = ch.run(v)
	s.mu.Lock()
	s.put(key, r)
	s.mu.Unlock()
	return r.value, r.ok
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
