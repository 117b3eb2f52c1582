package match

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// component is one key that rows can be brought together by: a field's value, or
// something that values which are alike have in common.
type component struct {
	field int
	what  string
	start []uint32 // by code, into keys
	keys  []uint64
}

// of gives the keys of a value, ascending.
func (c *component) of(code uint32) []uint64 { return c.keys[c.start[code]:c.start[code+1]] }

// shares reports whether two values have a key in common.
func (c *component) shares(a, b uint32) bool {
	if a == b {
		return c.start[a] < c.start[a+1]
	}
	x, y := c.of(a), c.of(b)
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

func components(fields []*field) []*component {
	var all []*component
	for i, f := range fields {
		add := func(what string, keys func(code int, v string, add func(uint64))) {
			if len(all) == mostComponents {
				return
			}
			c := &component{field: i, what: what, start: make([]uint32, len(f.norm)+1)}
			seed := hash(what)
			for code, v := range f.norm {
				c.start[code] = uint32(len(c.keys))
				if code > 0 {
					keys(code, v, func(k uint64) { c.keys = append(c.keys, mix(seed, k)) })
				}
				of := c.keys[c.start[code]:]
				slices.Sort(of)
				c.keys = c.keys[:int(c.start[code])+len(slices.Compact(of))]
			}
			c.start[len(f.norm)] = uint32(len(c.keys))
			if len(c.keys) > 0 {
				all = append(all, c)
			}
		}
		add("same", func(_ int, v string, add func(uint64)) { add(hash(v)) })
		switch f.kind {
		case Name:
			add("sound", func(code int, _ string, add func(uint64)) {
				if s := sound(f.squash[code]); s != "" {
					add(hash(s))
				}
			})
			add("beginning", func(code int, _ string, add func(uint64)) {
				v := f.squash[code]
				add(hash(v[:min(len(v), 3)]))
			})
		case Code:
			add("first half", func(_ int, v string, add func(uint64)) {
				if len(v) >= 4 {
					add(hash(v[:(len(v)+1)/2]))
				}
			})
			add("last half", func(_ int, v string, add func(uint64)) {
				if len(v) >= 4 {
					add(hash(v[len(v)/2:]))
				}
			})
		case Date:
			add("month", func(code int, _ string, add func(uint64)) {
				if d := f.days[code]; d.year > 0 {
					add(uint64(d.year)*16 + uint64(d.month))
				}
			})
			add("day", func(code int, _ string, add func(uint64)) {
				if d := f.days[code]; d.year > 0 {
					add(uint64(d.month)*32 + uint64(d.day))
				}
			})
			add("year", func(code int, _ string, add func(uint64)) {
				if d := f.days[code]; d.year > 0 {
					add(uint64(d.year))
				}
			})
		case Email:
			add("before @", func(_ int, v string, add func(uint64)) {
				local, _, _ := strings.Cut(v, "@")
				add(hash(local))
			})
		case Text:
			rare := f.rarest(6)
			add("word", func(code int, _ string, add func(uint64)) {
				for _, id := range rare[code] {
					add(hash(f.spelt[id]))
				}
			})
			add("two words", func(code int, _ string, add func(uint64)) {
				of := rare[code]
				for i := range of {
					for j := range i {
						x, y := hash(f.spelt[of[i]]), hash(f.spelt[of[j]])
						add(mix(min(x, y), max(x, y)))
					}
				}
			})
			add("word sounds", func(code int, _ string, add func(uint64)) {
				for _, id := range rare[code] {
					if s := sound(f.spelt[id]); len(s) >= 3 {
						add(hash(s))
					}
				}
			})
		}
	}
	return all
}

// rarest gives, by code, the n words of most weight that more than one row has.
func (f *field) rarest(n int) [][]uint32 {
	rows := make([]int32, len(f.spelt))
	for code, ws := range f.words {
		for _, w := range ws {
			rows[w.id] += f.count[code]
		}
	}
	all := make([][]uint32, len(f.norm))
	for code, ws := range f.words {
		var ids []uint32
		for _, w := range ws {
			ids = append(ids, w.id)
		}
		slices.SortFunc(ids, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(f.weight[b], f.weight[a]), strings.Compare(f.spelt[a], f.spelt[b]))
		})
		ids = slices.DeleteFunc(ids, func(id uint32) bool { return rows[id] < 2 })
		all[code] = ids[:min(n, len(ids))]
	}
	return all
}

// rule proposes the pairs of rows that share one component, or two of them at once.
type rule struct {
	a, b  int // components; b < 0: one alone
	pairs float64
}

func (r rule) set() uint64 {
	s := uint64(1) << r.a
	if r.b >= 0 {
		s |= 1 << r.b
	}
	return s
}

// keysOf appends the keys of a row under a rule.
func (m *matcher) keysOf(r rule, row int, keys []uint64) []uint64 {
	a := m.components[r.a]
	first := a.of(m.fields[a.field].codes[row])
	if r.b < 0 {
		return append(keys, first...)
	}
	b := m.components[r.b]
	second := b.of(m.fields[b.field].codes[row])
	for _, x := range first {
		for _, y := range second {
			keys = append(keys, mix(x, y))
		}
	}
	return keys
}

// entries are rows under the keys of a rule: 32 bits of a key, then the row. Two keys
// that fall together there propose a few pairs more, which are compared as any other.
type entries []uint64

func (e entries) row(i int) uint32 { return uint32(e[i]) }

// index gives the entries of a rule for the first rows, by key and row.
func (m *matcher) index(r rule, rows int) entries {
	var all entries
	var keys []uint64
	for row := range rows {
		if row&0xffff == 0 && m.config.stopped() {
			return nil
		}
		keys = m.keysOf(r, row, keys[:0])
		for _, k := range keys {
			all = append(all, k<<32|uint64(row))
		}
	}
	sortRadix(all, 32)
	return all
}

// indexes makes the index of each rule, on all processors, and visits them in order.
func (m *matcher) indexes(rules []rule, rows int, visit func(i int, index entries)) {
	ahead := make(chan struct{}, runtime.GOMAXPROCS(0)) // so many are held at once
	ready := make([]chan entries, len(rules))
	for i := range ready {
		ready[i] = make(chan entries, 1)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for i, r := range rules {
			ahead <- struct{}{}
			group.Go(func() { ready[i] <- m.index(r, rows) })
		}
	})
	for i := range rules {
		if index := <-ready[i]; !m.config.stopped() {
			visit(i, index)
		}
		<-ahead
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
	const digit = 11
	var differ uint64
	for _, v := range s {
		differ |= v ^ s[0]
	}
	from, to := s, make([]uint64, len(s))
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

// candidates are the rules that could serve: every component, and every two of
// different fields, with the number of pairs that each would propose.
func (m *matcher) candidates() []rule {
	rows := min(m.table.Rows, 10_000)
	scale := float64(m.table.Rows) / float64(rows)
	scale *= scale
	count := func(rules []rule) {
		m.indexes(rules, rows, func(i int, index entries) {
			index.blocks(func(b entries) {
				n := float64(len(b))
				rules[i].pairs += n * (n - 1) / 2 * scale
			})
		})
	}
	var single, double []rule
	for a := range m.components {
		single = append(single, rule{a: a, b: -1})
	}
	count(single)
	wide := func(a int) bool { return single[a].pairs > m.budget/20 }
	for a := range m.components {
		for b := range a {
			if m.components[a].field != m.components[b].field && (wide(a) || wide(b)) {
				double = append(double, rule{a: a, b: b})
			}
		}
	}
	count(double)
	rules := slices.Concat(single, double)
	return slices.DeleteFunc(rules, func(r rule) bool { return r.pairs > m.budget })
}

// covered gives the components that two rows share.
func (m *matcher) covered(a, b uint32) uint64 {
	var set uint64
	for i, c := range m.components {
		codes := m.fields[c.field].codes
		if c.shares(codes[a], codes[b]) {
			set |= 1 << i
		}
	}
	return set
}
