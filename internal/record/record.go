// Package record holds the one type that travels Kith's road, its batch, its
// verdicts, its positions and its codec, and the types of what the road emits.
//
// It does no I/O and knows no driver. There is no map[string]any here: a record is
// a typed envelope and the raw bytes of its properties, which the refine stages
// read once into typed attributes.
package record

// Kind says what a record is about.
type Kind uint8

// The kinds of record.
const (
	Customer Kind = iota + 1 // what one source says of a person
	Event                    // something a person did; never changes
	Object                   // a thing that changes: an order, a company
	Consent                  // what a person allowed
	Control                  // decisions, rules, replays: versioned, partition 0
)

var kindNames = [...]string{"", "customer", "event", "object", "consent", "control"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// KindOf reads a kind's name; ok is false for a name that is none.
func KindOf(name string) (k Kind, ok bool) {
	for i, n := range kindNames {
		if i > 0 && n == name {
			return Kind(i), true
		}
	}
	return 0, false
}

// Op says what a record does to the live record of its key.
type Op uint8

// The operations.
const (
	Upsert Op = iota + 1 // replaces the live record of its key
	Patch                // replaces single attributes of it; identifiers accumulate
	Delete               // removes it; a tombstone stays
)

var opNames = [...]string{"", "upsert", "patch", "delete"}

func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return "unknown"
}

// Identifier is a value that names a person, such as email jo@example.com.
type Identifier struct{ Type, Value string }

// Attr is one named, typed value.
type Attr struct {
	Name  string
	Value Value
}

// Record is one thing that one source said, at one moment.
//
// The envelope (all fields down to Reject) is what the log stores. Partition and
// Offset are set by whoever reads it from the log; the fields below them are set
// by the refine stages and are never stored with it.
type Record struct {
	ID     string // message id, unique per source; the door makes one when absent
	Source string
	Stream string // full name, e.g. "crm.contacts"
	Kind   Kind
	Op     Op
	Key    string // the source's own key; empty for events
	Seq    Seq    // the source's own order; zero when it has none
	Alias  bool   // its two identifiers count as one for limits
	Event  string // the event's name, e.g. "Order Completed"

	Identifiers []Identifier // from the source; refine adds those that are mapped
	Occurred    int64        // microseconds UTC, as the source says; 0 when unsaid
	Received    int64        // microseconds UTC, stamped once by the door
	Pin         uint32       // version of the rules that its door pinned
	Hash        uint64       // of the body as sent, without sentAt
	Props       []byte       // one JSON object, as sent
	Reject      string       // why the door does not believe it; the road quarantines it under this code

	Partition int32
	Offset    uint64

	Fields []Attr // by the contract: typed, named as sent
	Attrs  []Attr // by mapping and cleansing: the attributes that act
	// Personal: its stream maps identifiers, or it has some, so that it can be
	// somebody's; what is not belongs to nobody.
	Personal bool
	Verdict  Verdict
}

// MaxFuture is how far past its receipt a source's own time is believed, in
// microseconds: a clock in 2076 wins nothing.
const MaxFuture = int64(5 * 60 * 1_000_000)

// Effective is the earlier of the occurred time and received plus five minutes;
// received where the source said no time.
func (r *Record) Effective() int64 {
	if r.Occurred == 0 {
		return r.Received
	}
	return min(r.Occurred, r.Received+MaxFuture)
}

// Order gives the record's place among those of one (source, stream, key).
func (r *Record) Order() Order {
	seq := r.Seq
	if seq.Kind == SeqTime {
		seq.A = min(seq.A, r.Received+MaxFuture)
	}
	return Order{Seq: seq, Effective: r.Effective(), Hash: r.Hash}
}

// Clone gives a copy that shares nothing mutable with r.
func (r *Record) Clone() Record {
	c := *r
	c.Identifiers = append([]Identifier(nil), r.Identifiers...)
	c.Props = append([]byte(nil), r.Props...)
	c.Fields = append([]Attr(nil), r.Fields...)
	c.Attrs = append([]Attr(nil), r.Attrs...)
	return c
}

// Batch is the unit of work: consecutive records of one partition.
type Batch struct {
	Generation uint32 // whose state it acts on; see engine.Space
	Partition  int32
	From, To   uint64 // offsets [From, To)
	Records    []Record
	Silent     bool         // its generation is being built: emit nothing, touch no version
	Checks     []CheckCount // by cleanse and quality
	Effects    []Effect     // by identity, for golden; reset at each try
	Unrefined  bool         // refine failed, or has to run again

	judged []Verdict // refine's, which Reset brings back
}

// Judge keeps the verdicts that refine gave, for Reset.
func (b *Batch) Judge() {
	b.judged = b.judged[:0]
	for i := range b.Records {
		b.judged = append(b.judged, b.Records[i].Verdict)
	}
}

// Reset makes the batch ready for another try: what was decided inside the state
// transaction is forgotten, and the verdicts are those of the last Judge.
func (b *Batch) Reset() {
	b.Effects = b.Effects[:0]
	for i := range b.judged {
		b.Records[i].Verdict = b.judged[i]
	}
}
