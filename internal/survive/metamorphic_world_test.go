package survive_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// What a said is of. Each but the last two is a stream.
const (
	contact  = "crm.contacts"  // customers: mapped, cleansed, with a seq
	person   = "app.people"    // customers: patches of a push source
	frozen   = "crm.frozen"    // customers: a contract that does not evolve
	event    = "web.events"    // one to three identifiers
	alias    = "web.aliases"   // two identifiers that count as one
	order    = "shop.orders"   // objects that belong to people
	stock    = "shop.stock"    // objects that belong to nobody
	consent  = "mail.consents" // grants, denials, suppression
	decision = "decision"
	replay   = "replay"
)

// The ways in which a said can be wrong.
const (
	badJSON   = "json"   // cut off: quarantined for ever
	badKey    = "key"    // a customer without a key: for ever
	badTotal  = "total"  // beyond the range that the first rules allow
	badStatus = "status" // a consent that says neither yes nor no: for ever
	badDrift  = "drift"  // a field that the frozen contract does not know
)

// began is the moment that the times of a world count from.
var began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// seconds after began, in microseconds.
func moment(seconds int64) int64 { return began.UnixMicro() + seconds*1_000_000 }

// said is one thing said to the road: enough to make the record that goes through
// the door, and for the model to know what must come of it.
type said struct {
	N        int // its number in the world: what is said twice keeps this order
	What     string
	ID       string
	Op       record.Op
	Key      string
	Seq      record.Seq
	Idents   []record.Identifier // in canonical form
	Attrs    []record.Attr
	Occurred int64 // seconds; 0: unsaid
	Received int64 // seconds
	Pin      uint32
	Hash     uint64 // 0: of the body
	Bad      string
	Decision *identity.Decision
	Replays  []int // the numbers of what is judged again, under Pin
}

func (s *said) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%3d %s id=%s received=%d pin=%d", s.N, s.What, s.ID, s.Received, s.Pin)
	switch {
	case s.Decision != nil:
		fmt.Fprintf(&b, " %s", s.Decision.Props())
	case s.Replays != nil:
		fmt.Fprintf(&b, " of %v", s.Replays)
	default:
		fmt.Fprintf(&b, " %v key=%q seq=%v occurred=%d %q", s.Op, s.Key, s.Seq, s.Occurred, s.Idents)
		for _, a := range s.Attrs {
			fmt.Fprintf(&b, " %s=%v:%s", a.Name, a.Value.Kind, a.Value.Text())
		}
	}
	if s.Hash != 0 {
		fmt.Fprintf(&b, " hash=%d", s.Hash)
	}
	if s.Bad != "" {
		fmt.Fprintf(&b, " bad=%s", s.Bad)
	}
	return b.String()
}

func sourceOf(what string) string { return what[:strings.IndexByte(what, '.')] }

func kindOf(what string) record.Kind {
	switch what {
	case contact, person, frozen:
		return record.Customer
	case event, alias:
		return record.Event
	case order, stock:
		return record.Object
	case consent:
		return record.Consent
	}
	return record.Control
}

// mapped are the identifier types that a stream reads out of fields of these names;
// all other identifiers the source sets itself.
func mapped(what string) []string {
	switch what {
	case contact:
		return []string{"email", "phone", "user_id"}
	case order:
		return []string{"email", "user_id"}
	case consent:
		return []string{"email"}
	}
	return nil
}

// record is the said as its source puts it into the door.
func (s *said) record() record.Record {
	r := record.Record{ID: s.ID, Source: sourceOf(s.What), Stream: s.What, Op: s.Op, Alias: s.What == alias, Hash: s.Hash}
	var fields []string
	add := func(name, value string) { fields = append(fields, strconv.Quote(name)+":"+value) }
	quote := func(name, value string) { add(name, strconv.Quote(value)) }
	switch s.What {
	case contact, frozen, order, stock:
		if s.Key != "" {
			quote("id", s.Key)
		}
		switch s.Seq.Kind {
		case record.SeqNumber:
			add("rev", strconv.FormatInt(s.Seq.A, 10))
		case record.SeqTime:
			quote("rev", time.UnixMicro(s.Seq.A).UTC().Format(time.RFC3339))
		}
		if s.Occurred != 0 {
			quote("at", time.UnixMicro(moment(s.Occurred)).UTC().Format(time.RFC3339))
		}
		if s.Op == record.Delete {
			r.Op = 0
			add("deleted", "true")
		}
	default:
		r.Key, r.Seq = s.Key, s.Seq
		if s.Occurred != 0 {
			r.Occurred = moment(s.Occurred)
		}
	}
	if s.What == event || s.What == alias {
		r.Event = "Seen"
	}
	inFields := map[string]bool{}
	for _, id := range s.Idents {
		if slices.Contains(mapped(s.What), id.Type) && !inFields[id.Type] && !awkward(id.Value) {
			inFields[id.Type] = true
			quote(id.Type, s.noisy(id))
			continue
		}
		r.Identifiers = append(r.Identifiers, record.Identifier{Type: id.Type, Value: s.noisy(id)})
	}
	for _, a := range s.Attrs {
		if a.Value.Kind == record.String {
			quote(a.Name, a.Value.S)
		} else {
			add(a.Name, string(a.Value.AppendJSON(nil)))
		}
	}
	if s.Bad == badDrift {
		add("surprise", "1")
	}
	r.Props = []byte("{" + strings.Join(fields, ",") + "}")
	if s.Bad == badJSON {
		r.Props = r.Props[:len(r.Props)-1]
	}
	return r
}

// order is the place of the said among those of its key.
func (s *said) order() record.Order {
	r := s.record()
	r.Received, r.Seq, r.Occurred = moment(s.Received), s.Seq, 0
	switch s.What {
	case contact, frozen, order, stock:
		if s.Op == record.Delete && s.Seq.Kind == record.SeqNone { // a delete without an order of its own counts as of its receipt
			r.Seq = record.Seq{Kind: record.SeqTime, A: r.Received}
		}
	}
	if s.Occurred != 0 {
		r.Occurred = moment(s.Occurred)
	}
	if r.Hash == 0 {
		r.Hash = xxhash.Sum64(r.Props)
	}
	return r.Order()
}

// awkward values are none that a mapped field's own cleansing would let through.
func awkward(v string) bool { return v == "0000" || v == "null" }

// noisy writes an identifier as people do; cleansing makes it canonical again.
func (s *said) noisy(id record.Identifier) string {
	h := fnv.New32a()
	fmt.Fprint(h, s.ID, id) // a copy is written alike
	switch h.Sum32() % 3 {
	case 1:
		return "  " + id.Value + " "
	case 2:
		switch id.Type {
		case "email":
			return strings.ToUpper(id.Value)
		case "phone":
			return strings.Replace(id.Value, "+447700900", "07700 900", 1)
		}
	}
	return id.Value
}

// world is a set of things said, and the rules that they are judged by.
type world struct {
	Seed  uint64
	Rules [2]rules
	Two   bool // the second rules come into force
	Said  []*said
}

func (w *world) String() string {
	var b strings.Builder
	for i, r := range w.Rules {
		if i == 0 || w.Two {
			fmt.Fprintf(&b, "rules %d: identity %+v\n         golden %+v, drift %s\n", i+1, r.Identity, r.Golden, r.Drift)
		}
	}
	for _, s := range w.Said {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// without is w less some of what is said, and less what then has no sense.
func (w *world) without(gone map[int]bool) *world {
	c := *w
	c.Said = nil
	for _, s := range w.Said {
		if gone[s.N] {
			continue
		}
		if s.Replays != nil {
			t := *s
			t.Replays = slices.DeleteFunc(slices.Clone(s.Replays), func(n int) bool { return gone[n] })
			if s = &t; len(t.Replays) == 0 {
				continue
			}
		}
		c.Said = append(c.Said, s)
	}
	return &c
}

// drawer makes worlds.
type drawer struct {
	*rand.Rand
	n     int
	ids   map[string]bool
	later []*said // what others may be copies of
}

func pick[T any](d *drawer, from ...T) T { return from[d.IntN(len(from))] }

func (d *drawer) chance(in int) bool { return d.IntN(in) == 0 }

func drawWorld(seed uint64) *world {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, 7)), ids: map[string]bool{}}
	w := &world{Seed: seed, Two: d.chance(3)}
	w.Rules = [2]rules{d.rules(), d.rules()}
	most := pick(d, 6, 15, 30, 60)
	for range 1 + d.IntN(most) {
		w.Said = append(w.Said, d.said(w))
	}
	return w
}

func (d *drawer) said(w *world) *said {
	s := &said{N: d.n, ID: "m" + strconv.Itoa(d.n), Op: record.Upsert, Pin: 1, Received: int64(1 + d.IntN(pick(d, 20, 2400)))}
	d.n++
	if w.Two && d.chance(3) {
		s.Pin = 2
	}
	if len(d.later) > 0 && d.chance(12) {
		return d.again(s)
	}
	s.What = pick(d, contact, contact, contact, person, person, frozen, event, event, event, alias, order, order, order, stock, consent, consent, decision, decision, replay)
	switch s.What {
	case decision:
		s.Decision = d.decision()
		return s
	case replay:
		if s.Replays = d.replays(w); s.Replays == nil {
			s.What = event
			s.Idents = d.idents(1, 3)
			return s
		}
		s.Pin = 1
		if w.Two {
			s.Pin = uint32(1 + d.IntN(2))
		}
		return s
	}
	d.body(s)
	if d.chance(4) {
		s.Occurred = int64(1 + d.IntN(pick(d, 20, 4000)))
	}
	if d.chance(4) { // so that orders tie
		s.Hash = uint64(1 + d.IntN(2))
		s.Occurred = pick(d, 0, int64(1), int64(2))
	}
	d.later = append(d.later, s)
	return s
}

// again says something a second time: a retry, or another body under the same id.
func (d *drawer) again(s *said) *said {
	was := pick(d, d.later...)
	c := *was
	c.N, c.Received, c.Pin = s.N, s.Received, s.Pin
	if d.chance(3) && len(c.Attrs) > 0 && was.Hash == 0 {
		c.Attrs = slices.Clone(c.Attrs)
		c.Attrs[0].Value = record.StringValue("another")
		if kindOf(c.What) == record.Object {
			c.Attrs[0].Value = record.IntValue(901)
		}
		if c.Bad != badStatus {
			c.Bad = ""
		}
	}
	return &c
}

func (d *drawer) body(s *said) {
	switch s.What {
	case contact, person, frozen:
		d.customer(s)
	case event:
		s.Idents = d.idents(0, 3)
		s.Attrs = d.attrs("page")
	case alias:
		s.Idents = []record.Identifier{{Type: "user_id", Value: pick(d, "u1", "u2")}, {Type: "user_id", Value: pick(d, "u3", "u4")}}
	case order, stock:
		s.Key, s.Op = pick(d, "o1", "o2", "o3"), pick(d, record.Upsert, record.Upsert, record.Patch, record.Delete)
		s.Seq = d.seq()
		s.Attrs = []record.Attr{{Name: "total", Value: record.IntValue(int64(d.IntN(900)))}}
		if s.What == order {
			s.Idents = d.idents(0, 3)
			if s.Op != record.Delete && d.chance(5) {
				s.Bad, s.Attrs[0].Value.N = badTotal, 5000
			}
		}
		if s.Op == record.Delete {
			s.Attrs = nil
		}
	case consent:
		s.Idents = d.idents(0, 2)
		for _, a := range [][2]string{{"purpose", pick(d, "marketing", "profiling")}, {"channel", pick(d, "email", "sms")},
			{"status", pick(d, "granted", "denied", "suppressed")}, {"proof", pick(d, "", "form", "call")}} {
			if a[1] != "" {
				s.Attrs = append(s.Attrs, record.Attr{Name: a[0], Value: record.StringValue(a[1])})
			}
		}
		if d.chance(8) {
			s.Bad, s.Attrs[2].Value.S = badStatus, "perhaps"
		}
	}
	if d.chance(25) && s.Bad == "" {
		s.Bad = badJSON
	}
}

func (d *drawer) customer(s *said) {
	s.Key, s.Op = pick(d, "1", "2", "3"), pick(d, record.Upsert, record.Upsert, record.Upsert, record.Patch, record.Patch, record.Delete)
	s.Idents = d.idents(0, 3)
	switch s.What {
	case contact:
		s.Seq = d.seq()
		s.Attrs = d.attrs("name", "town", "score")
		if d.chance(12) {
			s.Key, s.Bad = "", badKey
		}
	case person:
		s.Attrs = d.attrs("name", "town", "score")
		if d.chance(3) {
			s.Seq = record.Seq{Kind: record.SeqRow, A: int64(d.IntN(2)), B: int64(d.IntN(3))}
		}
	case frozen:
		s.Attrs = d.attrs("name")
		if s.Op != record.Delete && d.chance(4) {
			s.Bad = badDrift
		}
	}
	if s.Op == record.Delete {
		s.Attrs = nil
	}
}

func (d *drawer) seq() record.Seq {
	switch d.IntN(5) {
	case 0, 1:
		return record.Seq{Kind: record.SeqNumber, A: int64(1 + d.IntN(4))}
	case 2:
		return record.Seq{Kind: record.SeqTime, A: moment(int64(1 + d.IntN(pick(d, 5, 4000))))}
	}
	return record.Seq{}
}

func (d *drawer) attrs(names ...string) (out []record.Attr) {
	for _, name := range names {
		switch {
		case d.chance(3):
		case d.chance(6):
			out = append(out, record.Attr{Name: name})
		case name == "score":
			out = append(out, record.Attr{Name: name, Value: record.IntValue(int64(d.IntN(3)))})
		default:
			out = append(out, record.Attr{Name: name, Value: record.StringValue(pick(d, "ann", "bo", "cornelius"))})
		}
	}
	return out
}

func (d *drawer) ident() record.Identifier {
	switch d.IntN(7) {
	case 0:
		return record.Identifier{Type: "user_id", Value: pick(d, "u1", "u2", "u3", "u4")}
	case 1, 2:
		return record.Identifier{Type: "email", Value: pick(d, "a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com", "test@example.com", "blocked@example.com")}
	case 3:
		return record.Identifier{Type: "phone", Value: pick(d, "+447700900121", "+447700900122", "+447700900123", "+447700900124", "0000")}
	case 4, 5:
		return record.Identifier{Type: "anonymous_id", Value: pick(d, "x", "y", "z", "v", "w", "null")}
	}
	return record.Identifier{Type: pick(d, "zeta", "eta"), Value: pick(d, "1", "2")}
}

func (d *drawer) idents(least, most int) []record.Identifier {
	var ids []record.Identifier
	for range least + d.IntN(most-least+1) {
		if id := d.ident(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (d *drawer) name() identity.Name {
	if d.chance(2) {
		id := d.ident()
		return identity.Name{Type: id.Type, Value: id.Value}
	}
	what := pick(d, contact, person, frozen)
	return identity.Name{Source: sourceOf(what), Stream: what, Key: pick(d, "1", "2", "3", "4")}
}

func (d *drawer) decision() *identity.Decision {
	c := &identity.Decision{ID: pick(d, "d1", "d2", "d3", "d4", "d5", "d6"), Decided: int64(1 + d.IntN(4)),
		Verb: pick(d, identity.Merge, identity.Merge, identity.Unmerge, identity.Withdraw)}
	if c.Verb == identity.Withdraw {
		c.Of = pick(d, "d1", "d2", "d3", "d4", "d5", "d6")
		return c
	}
	for _, side := range []*[]identity.Name{&c.A, &c.B} {
		for range 1 + d.IntN(2) {
			*side = append(*side, d.name())
		}
	}
	return c
}

// replays chooses some of what was said before, most of it in quarantine.
func (d *drawer) replays(w *world) (list []int) {
	for _, s := range w.Said {
		if kindOf(s.What) != record.Control && (s.Bad != "" && d.chance(2) || d.chance(20)) {
			list = append(list, s.N)
		}
	}
	return list
}

// props is what a control said's record holds.
func (s *said) props(place func(n int) pipeline.Place) []byte {
	if s.Decision != nil {
		return s.Decision.Props()
	}
	r := pipeline.Replay{Pin: s.Pin}
	for _, n := range s.Replays {
		r.Places = append(r.Places, place(n))
	}
	props, err := r.Props()
	if err != nil {
		panic(err) // unreachable: numbers alone
	}
	return props
}
