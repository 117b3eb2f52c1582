package embedded

import (
	"bytes"
	"hash/maphash"
	"sync"
)

const (
	cacheShards = 64
	slotBytes   = 112 // what an entry costs beside its key and value
)

// rowCache keeps hot values of the state. All writes go through Update, which
// replaces what it holds, so the cached value of a key is the newest applied one.
//
// Each entry knows since, a commit from which on its value holds. A View of the
// snapshot after commit s may use it when since is at most s: no later commit,
// of those applied, changed it. Anything else the View reads from its snapshot.
//
// Values are never changed once cached, so they are handed out as they are.
type rowCache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	mu    sync.Mutex
	index map[uint64]int32 // hash to slot; of two keys with one hash the later stays
	slots []cacheSlot
	free  []int32
	hand  int
	bytes int64
	max   int64
	_     [40]byte // keeps neighbours' locks on lines of their own
}

type cacheSlot struct {
	data  []byte // key, then value; nil when the slot is free
	hash  uint64
	since uint64
	klen  int32
	hot   bool
}

func newRowCache(max int64) *rowCache {
	c := &rowCache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].index = make(map[uint64]int32)
		c.shards[i].max = max / cacheShards
	}
	return c
}

func (c *rowCache) hash(key []byte) uint64 { return maphash.Bytes(c.seed, key) }

func (c *rowCache) shard(hash uint64) *cacheShard { return &c.shards[hash>>(64-6)] }

// get gives key's value when one is cached that holds at commit at.
func (c *rowCache) get(hash uint64, key []byte, at uint64) ([]byte, bool) {
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.index[hash]
	if !ok {
		return nil, false
	}
	slot := &s.slots[i]
	n := int(slot.klen)
	if slot.since > at || !bytes.Equal(slot.data[:n], key) {
		return nil, false
	}
	slot.hot = true
	return slot.data[n:len(slot.data):len(slot.data)], true
}

// put caches a copy of value, which holds since commit since, and gives the copy.
func (c *rowCache) put(hash uint64, key, value []byte, since uint64) []byte {
	data := make([]byte, len(key)+len(value))
	copy(data[copy(data, key):], value)
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(cacheSlot{data: data, hash: hash, since: since, klen: int32(len(key))})
	return data[len(key):]
}

// drop forgets key.
func (c *rowCache) drop(hash uint64) {
	s := c.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.index[hash]; ok {
		s.evict(i)
	}
}

func (s *cacheShard) set(slot cacheSlot) {
	cost := int64(len(slot.data)) + slotBytes
	if i, ok := s.index[slot.hash]; ok {
		s.bytes += cost - int64(len(s.slots[i].data)) - slotBytes
		slot.hot = true // written again: as good as read again
		s.slots[i] = slot
		if cost > s.max/4 {
			s.evict(i)
		}
	} else {
		if cost > s.max/4 {
			return // one giant must not empty the shard
		}
		i := int32(len(s.slots))
		if n := len(s.free); n > 0 {
			i, s.free = s.free[n-1], s.free[:n-1]
			s.slots[i] = slot
		} else {
			s.slots = append(s.slots, slot)
		}
		s.index[slot.hash] = i
		s.bytes += cost
	}
	for s.bytes > s.max {
		s.turn()
	}
}

// turn moves the clock's hand over one slot: a hot one is cooled, a cold one goes.
func (s *cacheShard) turn() {
	i := int32(s.hand)
	s.hand = (s.hand + 1) % len(s.slots)
	switch slot := &s.slots[i]; {
	case slot.data == nil:
	case slot.hot:
		slot.hot = false
	default:
		s.evict(i)
	}
}

func (s *cacheShard) evict(i int32) {
	slot := &s.slots[i]
	s.bytes -= int64(len(slot.data)) + slotBytes
	delete(s.index, slot.hash)
	*slot = cacheSlot{}
	s.free = append(s.free, i)
}
