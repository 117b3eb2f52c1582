package match

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// snapshotVersion is that of the form in which snapshots are written.
const snapshotVersion = 1

// Snapshot is all that a run learned, so that a pair of records weighs the same in
// another run, of whatever records, as it did in the one that learned: what agreement
// in each field is worth, how common values and words are, and which rules propose pairs.
//
// Values are told by a hash, and only those that several records share; those that one
// record has, or none, are as rare as can be. A hash hides a value from who reads the
// file, not from who guesses the value: a snapshot is to be kept like the records.
type Snapshot struct {
	Version int             `json:"kith_snapshot"`
	Records int             `json:"records"` // that were learned from
	Link    bool            `json:"link"`
	Accept  float64         `json:"accept"` // the probability from which on pairs were joined
	Prior   float64         `json:"prior"`  // bits
	Akin    *float64        `json:"akin,omitzero"`
	Stated  bool            `json:"stated"` // a plan stated the rules
	Rules   []SnapshotRule  `json:"rules"`
	Fields  []SnapshotField `json:"fields"`
}

// SnapshotRule is a rule with the keys that so many records have that it proposes
// nothing for them.
type SnapshotRule struct {
	Keys []PlanKey `json:"keys"`
	Stop []uint32  `json:"stop,omitempty"`
}

// SnapshotField is what was learned of a field.
type SnapshotField struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns,omitempty"`
	Kind    Kind     `json:"kind"`
	Levels  []Level  `json:"levels,omitempty"`
	Common  bool     `json:"common,omitzero"`
	Given   int      `json:"given"` // records that have a value
	Share   float64  `json:"share"` // of all pairs, those that have it in common
	Follows []int    `json:"follows"`
	Partner int      `json:"partner"` // the field whose values it is swapped with at times, or -1

	Found []float64   `json:"found"` // m, by level, whatever the field follows
	Usual []float64   `json:"usual"` // u, likewise
	M     [][]float64 `json:"m"`     // by what it follows, and level
	U     [][]float64 `json:"u"`
	R     [][]float64 `json:"r,omitempty"` // likewise, of related records

	// Weights are the bits of m over u, likewise, where labels moved them: what is worth
	// that is a probability no longer, and M is the nearest that is one.
	Weights [][]float64 `json:"weights,omitempty"`

	Values map[string]int32 `json:"values"` // records, by hash of a value that several have
	Words  map[string]int32 `json:"words,omitempty"`
}

// IsSnapshot reports whether a file looks like a snapshot.
func IsSnapshot(data []byte) bool {
	begin := bytes.TrimLeft(data[:min(len(data), 1<<10)], " \t\r\n")
	return bytes.HasPrefix(begin, []byte("{")) && bytes.Contains(begin[:min(len(begin), 64)], []byte(`"kith_snapshot"`))
}

// DecodeSnapshot reads what Encode wrote.
func DecodeSnapshot(data []byte) (*Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(data, &s, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("it is not in the form of a snapshot, or cut off")
	}
	return &s, s.check()
}

// Encode writes the snapshot; the same learned from the same records is the same bytes.
func (s *Snapshot) Encode(w io.Writer) error {
	return json.MarshalWrite(w, s, json.Deterministic(true), jsontext.WithIndent(" "))
}

// check reports what no run could have learned.
func (s *Snapshot) check() error {
	if s.Version != snapshotVersion {
		return fmt.Errorf("its version is %d, and this is written for %d", s.Version, snapshotVersion)
	}
	sound := len(s.Fields) > 0 && len(s.Fields) <= mostFields && s.Accept >= 0 && s.Accept < 1 && weights(s.Prior) && (s.Akin == nil || weights(*s.Akin))
	for _, r := range s.Rules {
		sound = sound && len(r.Keys) > 0 && len(r.Keys) <= mostFields && slices.IsSorted(r.Stop)
	}
	for i := range s.Fields {
		sound = sound && s.sound(i)
	}
	if !sound {
		return fmt.Errorf("it says what no run could have learned")
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// weights reports whether bits can be those of a weight: what is far beyond would add up
// to no number.
func weights(bits ...float64) bool {
	const most = 1e6
	return !slices.ContainsFunc(bits, func(v float64) bool { return !(math.Abs(v) <= most) }) // NaN is not, either
}

// probabilities reports whether values can be those of levels. One of two may not be so
// small that what it is divided into is no number.
func probabilities(of ...float64) bool {
	const least, most = 1e-300, 1.5
	return !slices.ContainsFunc(of, func(v float64) bool { return v != 0 && !(v >= least && v <= most) })
}

// sound reports whether a field can be as it is told.
func (s *Snapshot) sound(i int) bool {
	f := &s.Fields[i]
	levels := len(f.Kind.Levels())
	if len(f.Levels) > 0 {
		levels = len(f.Levels)
		if at, _, _ := Check(f.Levels); at >= 0 {
			return false
		}
	}
	ok := levels > 0 && f.Given > 0 && f.Given <= s.Records && f.Share >= 0 && f.Share <= 1 && len(f.Follows) <= mostParents
	for _, j := range f.Follows {
		ok = ok && j >= -1 && j < len(s.Fields) && j != i
	}
	if p := f.Partner; p != -1 {
		ok = ok && p >= 0 && p < len(s.Fields) && p != i && s.Fields[p].Partner == i && len(f.Levels) == 0 && f.Kind == Name && len(s.Fields[p].Levels) == 0 && s.Fields[p].Kind == Name
	}
	whole := func(of []float64, are func(...float64) bool) bool { return len(of) == levels && are(of...) }
	all := func(of [][]float64, are func(...float64) bool) bool {
		return len(of) == int(contexts) && !slices.ContainsFunc(of, func(d []float64) bool { return !whole(d, are) })
	}
	return ok && whole(f.Found, probabilities) && whole(f.Usual, probabilities) && all(f.M, probabilities) && all(f.U, probabilities) &&
		(f.R == nil || all(f.R, probabilities)) && (f.Weights == nil || all(f.Weights, weights))
}

// secret is how a snapshot tells a value.
func secret(v string) string {
	sum := sha256.Sum256([]byte("kith snapshot\x00" + v))
	return hex.EncodeToString(sum[:8])
}

// Snapshot gives what the run learned; nil where it had nothing to learn from.
func (r *Result) Snapshot() *Snapshot {
	m, mo := r.matcher, r.model
	if mo == nil || m.config.Snapshot != nil {
		return m.config.Snapshot
	}
	s := &Snapshot{Version: snapshotVersion, Records: m.table.Rows, Link: m.config.Link, Accept: r.Expected.Accept, Prior: mo.prior, Stated: m.stated != nil}
	if finite(mo.akin) {
		s.Akin = &mo.akin
	}
	m.indexes(r.rules, m.table.Rows, func(i int, index entries) {
		s.Rules = append(s.Rules, SnapshotRule{Keys: m.keys(r.rules[i]), Stop: m.stops(r.rules[i], index)})
	})
	for i, f := range m.fields {
		of := m.snapshotField(mo, i, f)
		if r.Lessons > 0 {
			for _, w := range mo.weight[i] {
				of.Weights = append(of.Weights, slices.Clone(w[same:f.kind.apart()+1]))
			}
		}
		s.Fields = append(s.Fields, of)
	}
	return s
}

// stops gives the keys that so many rows have that they propose nothing.
func (m *matcher) stops(r rule, index entries) []uint32 {
	var stop []uint32
	index.blocks(func(b entries) {
		if len(b) <= m.blockCap {
			return
		}
		key := uint32(b[0] >> 32)
		m.lasting(r, b.row(0), func(here uint64, lasting uint32) {
			if uint32(here) == key {
				stop = append(stop, lasting)
			}
		})
	})
	slices.Sort(stop)
	return slices.Compact(stop)
}

// lasting visits the keys of a row under a rule, each with what it is in whatever table:
// here a value's number may stand for it.
func (m *matcher) lasting(r rule, row uint32, visit func(here uint64, lasting uint32)) {
	type key struct{ here, lasting uint64 }
	codes := m.row(row)
	var all []key
	for n, at := range r.components() {
		c := m.components[at]
		code := codes[c.field]
		var of []key
		for _, k := range c.of(code, nil) {
			if of = append(of, key{k, k}); c.make == nil {
				of[len(of)-1].lasting = mix(c.seed, hash(m.fields[c.field].norm[code]))
			}
		}
		if n == 0 {
			all = of
			continue
		}
		var both []key
		for _, x := range all {
			for _, y := range of {
				both = append(both, key{mix(x.here, y.here), mix(x.lasting, y.lasting)})
			}
		}
		all = both
	}
	for _, k := range all {
		visit(k.here, uint32(k.lasting))
	}
}

func (m *matcher) snapshotField(mo *model, i int, f *field) SnapshotField {
	last := f.kind.apart()
	list := func(d distribution) []float64 { return slices.Clone(d[same : last+1]) }
	lists := func(of [contexts]distribution) (all [][]float64) {
		for _, d := range of {
			all = append(all, list(d))
		}
		return all
	}
	s := SnapshotField{Name: f.name, Kind: f.like(), Common: f.common(), Given: f.given, Share: m.evidence.share[i],
		Follows: mo.parents[i][:], Partner: m.partner[i], Found: list(mo.found[i]), Usual: list(mo.usual[i]),
		M: lists(mo.m[i]), U: lists(mo.u[i]), Values: map[string]int32{}}
	if mo.r != nil {
		s.R = lists(mo.r[i])
	}
	if f.implied != nil {
		s.Columns = f.implied.Columns
	}
	if f.planned != nil {
		s.Columns, s.Levels = f.planned.Columns, f.planned.Levels
	}
	for code, n := range f.count {
		if code > 0 && n > 1 {
			s.Values[secret(f.norm[code])] = n
		}
	}
	for id, n := range f.wordRows {
		if n > 1 {
			if s.Words == nil {
				s.Words = map[string]int32{}
			}
			s.Words[secret(f.spelt[id])] = int32(n)
		}
	}
	return s
}

// plan is what a snapshot says of the fields, as a plan does.
func (s *Snapshot) plan() *Plan {
	p := &Plan{Only: true, Rules: [][]PlanKey{}}
	for i := range s.Fields {
		f := &s.Fields[i]
		p.Fields = append(p.Fields, PlanField{Name: f.Name, Columns: f.Columns, Kind: f.Kind, Levels: f.Levels, Common: f.Common, pinned: f})
	}
	for _, r := range s.Rules {
		p.Rules = append(p.Rules, r.Keys)
	}
	return p
}

// wordCount is how many rows have a word, of how many, as far as is pinned; else as counted.
func (f *field) wordCount(id int, counted float64) (rows, given float64) {
	if f.planned == nil || f.planned.pinned == nil {
		return counted, float64(f.given)
	}
	p := f.planned.pinned
	return float64(max(p.Words[secret(f.spelt[id])], 1)), float64(p.Given)
}

// recall is learn, of what a snapshot pins.
func (m *matcher) recall() *model {
	s := m.config.Snapshot
	n := len(m.fields)
	mo := &model{held: &held{}, prior: s.Prior, akin: math.Inf(-1), parents: make([][mostParents]int, n),
		m: make([][contexts]distribution, n), u: make([][contexts]distribution, n), kin: make([][contexts][mostLevels]float64, n),
		found: make([]distribution, n), usual: make([]distribution, n), weight: make([][contexts][mostLevels]float64, n)}
	if s.Akin != nil {
		mo.akin = *s.Akin
	}
	m.evidence = &evidence{all: m.allPairs(), share: make([]float64, n), rare: make([][]float64, n)}
	for i := range s.Fields {
		f := &s.Fields[i]
		mo.parents[i] = [mostParents]int{-1, -1, -1}
		copy(mo.parents[i][:], f.Follows)
		copy(mo.found[i][same:], f.Found)
		copy(mo.usual[i][same:], f.Usual)
		for c := range mo.m[i] {
			copy(mo.m[i][c][same:], f.M[c])
			copy(mo.u[i][c][same:], f.U[c])
			if f.R != nil {
				if mo.r == nil {
					mo.r = make([][contexts]distribution, n)
				}
				copy(mo.r[i][c][same:], f.R[c])
			}
		}
		m.evidence.share[i] = f.Share
		rare := make([]float64, len(m.fields[i].norm))
		for code, v := range m.fields[i].norm {
			if f.Common {
				break
			}
			rare[code] = rarity(f.Share, s.Records, f.Given, max(f.Values[secret(v)], 1))
		}
		m.evidence.rare[i] = rare
	}
	mo.weigh()
	for i := range s.Fields {
		for c, w := range s.Fields[i].Weights {
			copy(mo.weight[i][c][same:], w)
		}
	}
	return mo
}

// rarity is how many bits more than on average a value tells that is the same and that
// so many rows have, where of all pairs of rows a share has a value in common.
func rarity(share float64, rows, given int, count int32) float64 {
	if share == 0 {
		return 0
	}
	often := float64(rows) / float64(given)
	return math.Log2(share * (often * often) / (float64(count) / float64(given)))
}

// recallNames pairs the fields that a snapshot says are swapped at times.
func (m *matcher) recallNames() {
	for i := range m.config.Snapshot.Fields {
		if j := m.config.Snapshot.Fields[i].Partner; j >= 0 {
			m.partner[i] = j
			m.across[i], _ = crossing(m.fields[i], m.fields[j])
		}
	}
}

// few reports whether there are so few pairs that all are compared: unless a plan
// states which are.
func (m *matcher) few() bool {
	stated := m.stated != nil
	if s := m.config.Snapshot; s != nil {
		stated = s.Stated
	}
	return m.evidence.all <= allCompared && !stated
}

// stopped are the keys, as they are here, that a snapshot says propose nothing under a rule.
func (m *matcher) stopped(i int, r rule) map[uint32]bool {
	s := m.config.Snapshot
	if s == nil || len(s.Rules[i].Stop) == 0 {
		return nil
	}
	keys := map[uint32]bool{}
	for row := range uint32(m.table.Rows) {
		m.lasting(r, row, func(here uint64, lasting uint32) {
			if _, stop := slices.BinarySearch(s.Rules[i].Stop, lasting); stop {
				keys[uint32(here)] = true
			}
		})
	}
	return keys
}

// MarshalText writes a kind by its name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind by its name.
func (k *Kind) UnmarshalText(text []byte) error { return named(k, text, kindNames[:]) }

// MarshalText writes a test by its name.
func (t Test) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a test by its name.
func (t *Test) UnmarshalText(text []byte) error { return named(t, text, Tests()) }

// MarshalText writes a part by its name.
func (p Part) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a part by its name.
func (p *Part) UnmarshalText(text []byte) error { return named(p, text, Parts()) }

func named[T ~uint8](to *T, text []byte, names []string) error {
	at := slices.Index(names, string(text))
	if at < 0 {
		return fmt.Errorf("it is none of %s", strings.Join(names, ", "))
	}
	*to = T(at)
	return nil
}
