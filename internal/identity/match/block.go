package match

import (
	"runtime"
	"slices"
	"sync"
)

// rule proposes the pairs of rows that share one component, or two of them at once.
type rule struct {
	a, b  int   // components; b < 0: one alone
	also  []int // more of them, where a plan asks for more than two
	pairs float64
}

func (r rule) components() []int {
	if r.b < 0 {
		return []int{r.a}
	}
	return append([]int{r.a, r.b}, r.also...)
}

func (r rule) set() uint64 {
	s := uint64(1) << r.a
	if r.b >= 0 {
		s |= 1 << r.b
	}
	for _, c := range r.also {
		s |= 1 << c
	}
	return s
}

// keyer gives the keys of rows under a rule. One goroutine at a time may use it.
type keyer struct {
	m             *matcher
	first, second []uint64
}

// of appends the keys of a row under a rule.
func (k *keyer) of(r rule, row uint32, keys []uint64) []uint64 {
	codes := k.m.row(row)
	a := k.m.components[r.a]
	if r.b < 0 {
		return a.of(codes[a.field], keys)
	}
	b := k.m.components[r.b]
	k.first = a.of(codes[a.field], k.first[:0])
	if len(k.first) == 0 {
		return keys
	}
	k.second = b.of(codes[b.field], k.second[:0])
	from := len(keys)
	for _, x := range k.first {
		for _, y := range k.second {
			keys = append(keys, mix(x, y))
		}
	}
	for _, also := range r.also {
		c := k.m.components[also]
		k.first = append(k.first[:0], keys[from:]...)
		k.second = c.of(codes[c.field], k.second[:0])
		keys = keys[:from]
		for _, x := range k.first {
			for _, y := range k.second {
				keys = append(keys, mix(x, y))
			}
		}
	}
	return keys
}

// single reports whether a row has one key under a rule, or none.
func (m *matcher) single(r rule) bool {
	return !m.components[r.a].many && (r.b < 0 || !m.components[r.b].many) && len(r.also) == 0
}

// key gives the key of a row under a rule of which it has no more.
func (m *matcher) key(r rule, row uint32) (uint64, bool) {
	codes := m.row(row)
	a := m.components[r.a]
	x := a.key(codes[a.field])
	if x == 0 || r.b < 0 {
		return x, x != 0
	}
	b := m.components[r.b]
	y := b.key(codes[b.field])
	return mix(x, y), y != 0
}

// entries are rows under the keys of a rule: 32 bits of a key, then the row. Two keys
// that fall together there propose a few pairs more, which are compared as any other.
type entries []uint64

func (e entries) row(i int) uint32 { return uint32(e[i]) }

// index gives the entries of a rule for the first rows, by key and row. They lie in room.
func (m *matcher) index(r rule, rows int, room *[2]entries) entries {
	all := slices.Grow(room[0][:0], rows)
	if m.config.stopped() {
		return all
	}
	if m.single(r) {
		for row := range uint32(rows) {
			if k, ok := m.key(r, row); ok {
				all = append(all, k<<32|uint64(row))
			}
		}
	} else {
		of := &keyer{m: m}
		var keys []uint64
		for row := range uint32(rows) {
			keys = of.of(r, row, keys[:0])
			for _, k := range keys {
				all = append(all, k<<32|uint64(row))
			}
		}
	}
	room[0], room[1] = all, slices.Grow(room[1][:0], len(all))
	sortWith(all, room[1][:len(all)], 32)
	return all
}

// indexes makes the index of each rule, on all processors, and visits them in order.
func (m *matcher) indexes(rules []rule, rows int, visit func(i int, index entries)) {
	m.growFor(rules, rows)
	rooms := make(chan *[2]entries, runtime.GOMAXPROCS(0)) // so many are held at once
	for range cap(rooms) {
		rooms <- &[2]entries{}
	}
	type made struct {
		index entries
		room  *[2]entries
	}
	ready := make([]chan made, len(rules))
	for i := range ready {
		ready[i] = make(chan made, 1)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for i, r := range rules {
			room := <-rooms
			group.Go(func() { ready[i] <- made{m.index(r, rows, room), room} })
		}
	})
	for i := range rules {
		next := <-ready[i]
		if !m.config.stopped() {
			visit(i, next.index)
		}
		rooms <- next.room
	}
	group.Wait()
}

// blocks calls visit with the entries of every key that two rows or more have.
func (e entries) blocks(visit func(entries)) {
	for i := 0; i < len(e); {
		j := i + 1
		for j < len(e) && e[j]>>32 == e[i]>>32 {
			j++
		}
		if j-i > 1 {
			visit(e[i:j])
		}
		i = j
	}
}

// sortRadix sorts by the bits from low upwards, those of less worth staying as they lie.
func sortRadix(s []uint64, low int) {
	if len(s) < 256 {
		slices.Sort(s)
		return
	}
	sortWith(s, make([]uint64, len(s)), low)
}

// sortWith is sortRadix with room for as many.
func sortWith(s, to []uint64, low int) {
	if len(s) < 256 {
		slices.Sort(s)
		return
	}
	const digit = 11
	var differ uint64
	for _, v := range s {
		differ |= v ^ s[0]
	}
	from := s
	for ; low < 64; low += digit {
		if differ>>low&(1<<digit-1) == 0 {
			continue
		}
		var count [1 << digit]uint32
		for _, v := range from {
			count[v>>low&(1<<digit-1)]++
		}
		sum := uint32(0)
		for i, n := range count {
			count[i] = sum
			sum += n
		}
		for _, v := range from {
			d := v >> low & (1<<digit - 1)
			to[count[d]] = v
			count[d]++
		}
		from, to = to, from
	}
	if &from[0] != &s[0] {
		copy(s, from)
	}
}

// count estimates how many pairs each rule proposes.
func (m *matcher) count(rules []rule) {
	rows := min(m.table.Rows, 10_000)
	scale := float64(m.table.Rows) / float64(max(rows, 1))
	m.indexes(rules, rows, func(i int, index entries) {
		index.blocks(func(b entries) {
			n := float64(len(b))
			rules[i].pairs += n * (n - 1) / 2 * scale * scale
		})
	})
}

// candidates are the rules that could serve: every component, and every two of
// different fields, with the number of pairs that each would propose.
func (m *matcher) candidates() []rule {
	var single, double []rule
	for a := range m.components {
		single = append(single, rule{a: a, b: -1})
	}
	m.count(single)
	wide := func(a int) bool { return single[a].pairs > m.budget/20 }
	for a := range m.components {
		for b := range a {
			if m.components[a].field != m.components[b].field && (wide(a) || wide(b)) {
				double = append(double, rule{a: a, b: b})
			}
		}
	}
	m.count(double)
	rules := slices.Concat(single, double)
	return slices.DeleteFunc(rules, func(r rule) bool { return r.pairs > m.budget })
}
