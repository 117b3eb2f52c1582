package identity

import (
	"cmp"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// rules is a Config made ready for use. It never changes.
type rules struct {
	types       []typeRules
	rank        map[string]int // of the types listed
	others      typeRules
	maxPerson   int
	largeRegion int
	inlineEdges int
}

type typeRules struct {
	maxPerProfile int
	maxNeighbours int
	maxCustomers  int
	block         []string // lower case
}

func compile(c Config) *rules {
	r := &rules{
		rank:        make(map[string]int, len(c.Types)),
		others:      typeRules{maxNeighbours: DefaultMaxNeighbours, maxCustomers: DefaultMaxCustomers},
		maxPerson:   cmp.Or(c.MaxPerson, DefaultMaxPerson),
		largeRegion: cmp.Or(c.LargeRegion, DefaultLargeRegion),
		inlineEdges: inlineEdges,
	}
	for i, t := range c.Types {
		r.rank[t.Type] = i
		tr := typeRules{maxPerProfile: t.MaxPerProfile, maxNeighbours: cmp.Or(t.MaxNeighbours, DefaultMaxNeighbours),
			maxCustomers: cmp.Or(t.MaxCustomers, DefaultMaxCustomers)}
		for _, p := range t.Block {
			tr.block = append(tr.block, strings.ToLower(p))
		}
		r.types = append(r.types, tr)
	}
	return r
}

func (r *rules) of(typ string) *typeRules {
	if i, ok := r.rank[typ]; ok {
		return &r.types[i]
	}
	return &r.others
}

// compareTypes orders types from the strongest to the weakest.
func (r *rules) compareTypes(a, b string) int {
	if a == b {
		return 0
	}
	i, listed := r.rank[a]
	if !listed {
		i = len(r.types)
	}
	j, listed := r.rank[b]
	if !listed {
		j = len(r.types)
	}
	return cmp.Or(cmp.Compare(i, j), strings.Compare(a, b))
}

// blocked reports whether a value names nobody, whatever its type: it never links
// and has no node.
func (r *rules) blocked(id record.Identifier) bool {
	if id.Type == "" || nobody(id.Value) {
		return true
	}
	t := r.of(id.Type)
	if len(t.block) == 0 {
		return false
	}
	lower := strings.ToLower(id.Value)
	for _, p := range t.block {
		if matches(p, lower) {
			return true
		}
	}
	return false
}

// nobody reports what people and programs write where they have no value.
func nobody(v string) bool {
	v = strings.TrimSpace(v)
	if len(v) <= len("anonymous") {
		switch strings.ToLower(v) {
		case "", "null", "(null)", "none", "nil", "nan", "undefined", "anonymous", "unknown", "n/a", "na", "not set":
			return true
		}
	}
	if len(v) >= 5 && (v[0]|0x20) == 't' && strings.EqualFold(v[:5], "test@") {
		return true
	}
	for i := range len(v) { // all zeros, however they are set out
		switch v[i] {
		case '0', '-', '+', '.', ' ', '(', ')', '{', '}', ':', '_', '/':
		default:
			return false
		}
	}
	return true
}

// matches reports whether v is of the form p, in which * stands for any run.
func matches(p, v string) bool {
	head, rest, star := strings.Cut(p, "*")
	if !star {
		return p == v
	}
	if !strings.HasPrefix(v, head) {
		return false
	}
	v = v[len(head):]
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(v, part)
		}
		i := strings.Index(v, part)
		if i < 0 {
			return false
		}
		v, rest = v[i+len(part):], more
	}
}
