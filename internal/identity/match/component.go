package match

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// component is one key that rows can be brought together by: a field's value, or
// something that values which are alike have in common. The keys of values are made
// when they are asked for, in the order of the values' codes: what is learned from the
// first rows needs those of their values alone.
type component struct {
	field int
	what  string
	seed  uint64
	make  func(code uint32, add func(uint64)) // nil: the value itself is the key
	one   []uint64                            // by code: its key, 0: none; nil where values have several
	many  bool
	start []uint32 // by code, into keys
	keys  []uint64
}

// of appends the keys of a value, ascending.
func (c *component) of(code uint32, keys []uint64) []uint64 {
	switch {
	case code == 0:
	case c.make == nil:
		return append(keys, c.key(code))
	case int(code) >= c.made():
		return c.compute(code, keys)
	case c.many:
		return append(keys, c.keys[c.start[code]:c.start[code+1]]...)
	case c.one[code] != 0:
		return append(keys, c.one[code])
	}
	return keys
}

// key gives the key of a value that has one at most; 0: none.
func (c *component) key(code uint32) uint64 {
	switch {
	case code == 0:
		return 0
	case c.make == nil:
		return max(mix(c.seed, uint64(code)), 1)
	case int(code) < len(c.one):
		return c.one[code]
	}
	var room [1]uint64
	if keys := c.compute(code, room[:0]); len(keys) > 0 {
		return keys[0]
	}
	return 0
}

// made is how many codes the keys are made of.
func (c *component) made() int {
	if c.many {
		return max(len(c.start)-1, 0)
	}
	return len(c.one)
}

// compute appends the keys of a value, ascending, each once.
func (c *component) compute(code uint32, keys []uint64) []uint64 {
	from := len(keys)
	c.make(code, func(k uint64) { keys = append(keys, max(mix(c.seed, k), 1)) })
	of := keys[from:]
	slices.Sort(of)
	return keys[:from+len(slices.Compact(of))]
}

// grow makes the keys of the codes below n.
func (c *component) grow(n int) {
	if made := c.made(); c.make != nil && made < n {
		const chunk = 4096
		parts := make([][]uint64, (n-made+chunk-1)/chunk)
		if c.many {
			c.start = append(slices.Grow(c.start, n+1-len(c.start)), make([]uint32, n+1-len(c.start))...)
		} else {
			c.one = append(slices.Grow(c.one, n-made), make([]uint64, n-made)...)
		}
		inParallel(n-made, chunk, func(from, to int) {
			var keys []uint64
			for code := made + from; code < made+to; code++ {
				had := len(keys)
				if code > 0 {
					keys = c.compute(uint32(code), keys)
				}
				switch {
				case c.many:
					c.start[code+1] = uint32(len(keys) - had)
				case len(keys) > had:
					c.one[code] = keys[had]
				}
			}
			parts[from/chunk] = keys
		})
		if c.many {
			for code := made; code < n; code++ {
				c.start[code+1] += c.start[code]
			}
			for _, p := range parts {
				c.keys = append(c.keys, p...)
			}
		}
	}
}

// forget gives the memory of the keys back.
func (c *component) forget() { c.one, c.start, c.keys = nil, nil, nil }

// shares reports whether two values have a key in common.
func (c *component) shares(a, b uint32) bool {
	switch {
	case a == 0 || b == 0:
		return false
	case c.make == nil:
		return a == b
	case int(max(a, b)) >= c.made():
		var keysA, keysB [32]uint64
		return commonKey(c.of(a, keysA[:0]), c.of(b, keysB[:0]))
	case c.many:
		return commonKey(c.keys[c.start[a]:c.start[a+1]], c.keys[c.start[b]:c.start[b+1]])
	}
	return c.one[a] != 0 && c.one[a] == c.one[b]
}

// commonKey reports whether two ascending lists have a key in common.
func commonKey(x, y []uint64) bool {
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] == y[j]:
			return true
		case x[i] < y[j]:
			i++
		default:
			j++
		}
	}
	return false
}

// mostComponents is how many a set of 64 bits holds.
const mostComponents = 64

// components gives those that there are, and those that are wanted, of which there may be others.
func components(fields []*field, wanted map[PlanKey]bool) []*component {
	var all []*component
	for i, f := range fields {
		for _, c := range slices.Concat(f.components(), f.spans(wanted)) {
			c.field, c.seed = i, hash(c.what)
			if wanted[PlanKey{f.name, c.what}] || len(all) < mostComponents && c.any(len(f.norm)) {
				all = append(all, c)
			}
		}
	}
	for i := len(all) - 1; len(all) > mostComponents && i >= 0; i-- {
		if !wanted[PlanKey{fields[all[i].field].name, all[i].what}] {
			all = slices.Delete(all, i, i+1)
		}
	}
	return all[:min(len(all), mostComponents)]
}

// any reports whether one value of n has a key.
func (c *component) any(n int) bool {
	for code := 1; code < n; code++ {
		if len(c.of(uint32(code), nil)) > 0 {
			return true
		}
	}
	return false
}

// components are the keys that values of the field's kind have.
func (f *field) components() []*component {
	all := []*component{{what: "same"}}
	one := func(what string, key func(code uint32) (uint64, bool)) {
		all = append(all, &component{what: what, make: func(code uint32, add func(uint64)) {
			if k, ok := key(code); ok {
				add(k)
			}
		}})
	}
	many := func(what string, keys func(code uint32, add func(uint64))) {
		all = append(all, &component{what: what, many: true, make: keys})
	}
	switch f.like() {
	case Name:
		one("sound", func(code uint32) (uint64, bool) {
			s := sound(f.squash[code])
			return hash(s), s != ""
		})
		one("beginning", func(code uint32) (uint64, bool) {
			v := f.squash[code]
			return hash(v[:min(len(v), 3)]), true
		})
	case Code, Phone:
		one("first half", func(code uint32) (uint64, bool) {
			v := f.norm[code]
			return hash(v[:(len(v)+1)/2]), len(v) >= 4
		})
		one("last half", func(code uint32) (uint64, bool) {
			v := f.norm[code]
			return hash(v[len(v)/2:]), len(v) >= 4
		})
	case Date:
		one("month", func(code uint32) (uint64, bool) {
			d := f.days[code]
			return uint64(d.year)*16 + uint64(d.month), d.year > 0
		})
		one("day", func(code uint32) (uint64, bool) {
			d := f.days[code]
			return uint64(d.month)*32 + uint64(d.day), d.year > 0
		})
		one("year", func(code uint32) (uint64, bool) {
			d := f.days[code]
			return uint64(d.year), d.year > 0
		})
	case Number:
		one("two digits", func(code uint32) (uint64, bool) {
			n := f.numbers[code]
			return hash(strconv.FormatFloat(n, 'e', 1, 64)), n == n
		})
	case Email:
		one("before @", func(code uint32) (uint64, bool) {
			local, _, _ := strings.Cut(f.norm[code], "@")
			return hash(local), true
		})
	case Text:
		rare := f.rarest()
		many("word", func(code uint32, add func(uint64)) {
			for _, id := range rare(code) {
				add(hash(f.spelt[id]))
			}
		})
		many("two words", func(code uint32, add func(uint64)) {
			of := rare(code)
			for i := range of {
				for j := range i {
					x, y := hash(f.spelt[of[i]]), hash(f.spelt[of[j]])
					add(mix(min(x, y), max(x, y)))
				}
			}
		})
		many("word sounds", func(code uint32, add func(uint64)) {
			for _, id := range rare(code) {
				if s := sound(f.spelt[id]); len(s) >= 3 {
					add(hash(s))
				}
			}
		})
	}
	return all
}

// mostRare is how many words of a value are keys.
const mostRare = 6

// rarest gives, by code, the words of most weight that more than one row has.
func (f *field) rarest() func(code uint32) []uint32 {
	rows := make([]int32, len(f.spelt))
	for code, ws := range f.words {
		for _, w := range ws {
			rows[w.id] += f.count[code]
		}
	}
	return func(code uint32) []uint32 {
		ids := make([]uint32, 0, mostWords)
		for _, w := range f.words[code] {
			if rows[w.id] > 1 {
				ids = append(ids, w.id)
			}
		}
		slices.SortFunc(ids, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(f.weight[b], f.weight[a]), strings.Compare(f.spelt[a], f.spelt[b]))
		})
		return ids[:min(mostRare, len(ids))]
	}
}

// upTo is the number of codes that the first rows have: codes are numbered as they come.
func (f *field) upTo(rows int) int {
	if rows >= len(f.codes) {
		return len(f.norm)
	}
	return int(slices.Max(f.codes[:rows])) + 1
}

// growFor makes the keys that the first rows have under some rules.
func (m *matcher) growFor(rules []rule, rows int) {
	var set uint64
	for _, r := range rules {
		set |= r.set()
	}
	m.grow(set, rows)
}

// grow makes the keys that the first rows have of a set of components.
func (m *matcher) grow(set uint64, rows int) {
	for i, c := range m.components {
		if set>>i&1 != 0 {
			c.grow(m.fields[c.field].upTo(rows))
		}
	}
}

// covered gives the components that two rows share.
func (m *matcher) covered(a, b uint32) uint64 {
	x, y := m.row(a), m.row(b)
	var set uint64
	for i, c := range m.components {
		if c.shares(x[c.field], y[c.field]) {
			set |= 1 << i
		}
	}
	return set
}
