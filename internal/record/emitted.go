package record

import (
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
)

// The emitted topics: all that warehouse, destinations and audiences read.
const (
	TopicChanges      = "changes"      // Profile, keyed by profile id
	TopicMoves        = "moves"        // Move, keyed by node key
	TopicFacts        = "facts"        // Fact, keyed by node key; of an object, by that object
	TopicDispositions = "dispositions" // Disposition, keyed by partition
	TopicResolve      = "resolve"      // identity's own deferred work
)

// Topics lists the emitted topics.
var Topics = [...]string{TopicChanges, TopicMoves, TopicFacts, TopicDispositions, TopicResolve}

// Emitted is one record of an emitted topic. (Topic, Partition, Number) names it
// for ever and is a webhook's idempotency key.
type Emitted struct {
	Topic     string
	Partition int32
	Number    uint64 // from 0, without gaps, per (topic, partition)
	Value     []byte
}

// ChangeKind says what happened to a profile.
type ChangeKind uint8

// The kinds of change.
const (
	Created ChangeKind = iota + 1
	Updated
	Split  // made from part of another
	Merged // merged into another; the id resolves there
	Gone   // erased, or its last live record was deleted
)

var changeNames = [...]string{"", "created", "updated", "split", "merged", "erased"}

func (k ChangeKind) String() string {
	if int(k) < len(changeNames) {
		return changeNames[k]
	}
	return "unknown"
}

// Profile is the whole golden row of one version: the value of topic changes, of
// the state's profile documents and of the history.
type Profile struct {
	ID          ProfileID
	Version     uint64
	Kind        ChangeKind
	Into        ProfileID // Merged: where the id resolves to
	Cause       Cause
	Attrs       []GoldenAttr // by name
	Identifiers []MemberIdentifier
	Aliases     []ProfileID // every id that resolves here, sorted, itself left out
	Consents    []ConsentState
	Suppressed  bool
	Pending     bool
	Customers   uint32   // source customers it is made of
	Changed     []string // attribute names that differ from the version before
}

// GoldenAttr is a surviving value with its provenance.
type GoldenAttr struct {
	Attr
	Source string
	Stream string
	Node   NodeKey // the source customer it came from
	Rule   string
	Time   int64 // effective, microseconds UTC
}

// Move says which profile a fact's node belongs to from now on; the greatest
// version wins.
type Move struct {
	Node    NodeKey
	Profile ProfileID // zero: unattributed
	Version uint64
	Time    int64 // received time of the cause
}

// Fact is an event, or the live state of an object.
type Fact struct {
	Source, Stream string
	Kind           Kind
	Op             Op // Delete removes an object's row
	Event          string
	Key            string  // the object's key, the event's message id
	Node           NodeKey // hash of its set of identifiers; zero where it has none
	Personal       bool    // it can be somebody's: a fact; an object that cannot is a dimension's row
	Occurred       int64
	Received       int64
	Order          Order
	Partition      int32 // of the ingest log
	Offset         uint64
	Attrs          []Attr
}

// Disposition is what became of the records of one batch. A transition (replay,
// deferred work) is a Disposition of one record with From set.
type Disposition struct {
	Partition int32
	From, To  uint64 // offsets [From, To)
	Counts    []DispositionCount
	Set       []Reason // the quarantined, discarded and duplicate ones
	Checks    []CheckCount
}

// CheckCount is how many of a batch's records passed and failed one quality check.
type CheckCount struct {
	Stream, Check, Column string
	Passed, Failed        uint64
}

// DispositionCount counts the batch's records of one stream by outcome. Counts of
// a transition can be negative.
type DispositionCount struct {
	Source, Stream string
	N              [Outcomes]int64
}

// Reason tells why one record did not act.
type Reason struct {
	Offset              uint64
	Outcome             Outcome
	Source, Stream      string
	Code, Field, Detail string
	Received            int64
}

const emittedVersion = 1

func decoding(what string, b []byte) (wire.Decoder, error) {
	d := wire.NewDecoder(b)
	if v := d.Byte(); d.Err() != nil || v != emittedVersion {
		return d, errs.New("emitted_format", what+" has a format this version cannot read").Fix("open this data folder with the version that wrote it, or a later one")
	}
	return d, nil
}

func finish(what string, d *wire.Decoder) error {
	if err := d.Finish(); err != nil {
		return errs.Wrap("emitted_format", "reading "+what, err)
	}
	return nil
}

func encodeCause(e *wire.Encoder, c Cause) {
	e.Int(int64(c.Partition))
	e.Uint(c.Offset)
	e.Int(c.Received)
	e.String(c.Source)
	e.String(c.Stream)
}

func decodeCause(d *wire.Decoder) Cause {
	return Cause{Partition: int32(d.Int()), Offset: d.Uint(), Received: d.Int(), Source: d.String(), Stream: d.String()}
}

func decodeKey(d *wire.Decoder) (k NodeKey) {
	copy(k[:], d.Raw(len(k)))
	return k
}

// EncodeKey writes a node key for a state's own documents.
func EncodeKey(e *wire.Encoder, k NodeKey) { e.Raw(k[:]) }

// DecodeKey reads what EncodeKey wrote.
func DecodeKey(d *wire.Decoder) NodeKey { return decodeKey(d) }

// EncodeConsents writes consent states for a state's own documents.
func EncodeConsents(e *wire.Encoder, cs []ConsentState) {
	e.Uint(uint64(len(cs)))
	for _, c := range cs {
		e.String(c.Purpose)
		e.String(c.Channel)
		e.Bool(c.Granted)
		e.Int(c.Effective)
		e.String(c.Source)
		e.String(c.Proof)
		e.String(c.Identifier.Type)
		e.String(c.Identifier.Value)
	}
}

// DecodeConsents reads what EncodeConsents wrote.
func DecodeConsents(d *wire.Decoder) (cs []ConsentState) {
	n := d.Count()
	for range n {
		cs = append(cs, ConsentState{Purpose: d.String(), Channel: d.String(), Granted: d.Bool(), Effective: d.Int(),
			Source: d.String(), Proof: d.String(), Identifier: Identifier{Type: d.String(), Value: d.String()}})
	}
	return cs
}

// AppendProfile appends p's stored form to b.
func AppendProfile(b []byte, p *Profile) []byte {
	return appendProfileTail(AppendProfileContent(appendProfileHead(b, p), p), p)
}

// AppendProfileAround appends what AppendProfile does, given what
// AppendProfileContent made of the same p.
func AppendProfileAround(b []byte, p *Profile, content []byte) []byte {
	return appendProfileTail(append(appendProfileHead(b, p), content...), p)
}

func appendProfileHead(b []byte, p *Profile) []byte {
	e := wire.Encoder{B: b}
	e.Byte(emittedVersion)
	e.Raw(p.ID[:])
	e.Uint(p.Version)
	e.Byte(byte(p.Kind))
	e.Raw(p.Into[:])
	encodeCause(&e, p.Cause)
	return e.B
}

func appendProfileTail(b []byte, p *Profile) []byte {
	e := wire.Encoder{B: b}
	e.Uint(uint64(len(p.Changed)))
	for _, c := range p.Changed {
		e.String(c)
	}
	return e.B
}

// AppendProfileContent appends the part of a profile that says what the person is,
// not how this version came about: two versions with equal content are the same.
func AppendProfileContent(b []byte, p *Profile) []byte {
	e := wire.Encoder{B: b}
	e.Uint(uint64(len(p.Attrs)))
	for i := range p.Attrs {
		a := &p.Attrs[i]
		e.String(a.Name)
		EncodeValue(&e, a.Value)
		e.String(a.Source)
		e.String(a.Stream)
		e.Raw(a.Node[:])
		e.String(a.Rule)
		e.Int(a.Time)
	}
	e.Uint(uint64(len(p.Identifiers)))
	for i := range p.Identifiers {
		id := &p.Identifiers[i]
		e.String(id.Type)
		e.String(id.Value)
		e.Raw(id.Node[:])
		e.Int(id.First)
	}
	e.Uint(uint64(len(p.Aliases)))
	for _, a := range p.Aliases {
		e.Raw(a[:])
	}
	EncodeConsents(&e, p.Consents)
	e.Bool(p.Suppressed)
	e.Bool(p.Pending)
	e.Uint(uint64(p.Customers))
	return e.B
}

// DecodeProfile reads what AppendProfile wrote; p aliases b.
func DecodeProfile(b []byte) (p Profile, err error) {
	d, err := decoding("a profile", b)
	if err != nil {
		return p, err
	}
	p.ID = decodeKey(&d)
	p.Version = d.Uint()
	p.Kind = ChangeKind(d.Byte())
	p.Into = decodeKey(&d)
	p.Cause = decodeCause(&d)
	for range d.Count() {
		p.Attrs = append(p.Attrs, GoldenAttr{Attr: Attr{Name: d.String(), Value: DecodeValue(&d)},
			Source: d.String(), Stream: d.String(), Node: decodeKey(&d), Rule: d.String(), Time: d.Int()})
	}
	for range d.Count() {
		p.Identifiers = append(p.Identifiers, MemberIdentifier{Identifier: Identifier{Type: d.String(), Value: d.String()},
			Node: decodeKey(&d), First: d.Int()})
	}
	for range d.Count() {
		p.Aliases = append(p.Aliases, decodeKey(&d))
	}
	p.Consents = DecodeConsents(&d)
	p.Suppressed = d.Bool()
	p.Pending = d.Bool()
	p.Customers = uint32(d.Uint())
	for range d.Count() {
		p.Changed = append(p.Changed, d.String())
	}
	return p, finish("a profile", &d)
}

// AppendMove appends m's stored form to b.
func AppendMove(b []byte, m Move) []byte {
	e := wire.Encoder{B: b}
	e.Byte(emittedVersion)
	e.Raw(m.Node[:])
	e.Raw(m.Profile[:])
	e.Uint(m.Version)
	e.Int(m.Time)
	return e.B
}

// DecodeMove reads what AppendMove wrote.
func DecodeMove(b []byte) (m Move, err error) {
	d, err := decoding("a move", b)
	if err != nil {
		return m, err
	}
	m = Move{Node: decodeKey(&d), Profile: decodeKey(&d), Version: d.Uint(), Time: d.Int()}
	return m, finish("a move", &d)
}

// AppendFact appends f's stored form to b.
func AppendFact(b []byte, f *Fact) []byte {
	e := wire.Encoder{B: b}
	e.Byte(emittedVersion)
	e.String(f.Source)
	e.String(f.Stream)
	e.Byte(byte(f.Kind))
	e.Byte(byte(f.Op))
	e.String(f.Event)
	e.String(f.Key)
	e.Raw(f.Node[:])
	e.Bool(f.Personal)
	e.Int(f.Occurred)
	e.Int(f.Received)
	EncodeOrder(&e, f.Order)
	e.Int(int64(f.Partition))
	e.Uint(f.Offset)
	EncodeAttrs(&e, f.Attrs)
	return e.B
}

// DecodeFact reads what AppendFact wrote into f, reusing its attributes; f aliases b.
func DecodeFact(b []byte, f *Fact) error {
	d, err := decoding("a fact", b)
	if err != nil {
		return err
	}
	f.Source = d.String()
	f.Stream = d.String()
	f.Kind = Kind(d.Byte())
	f.Op = Op(d.Byte())
	f.Event = d.String()
	f.Key = d.String()
	f.Node = decodeKey(&d)
	f.Personal = d.Bool()
	f.Occurred = d.Int()
	f.Received = d.Int()
	f.Order = DecodeOrder(&d)
	f.Partition = int32(d.Int())
	f.Offset = d.Uint()
	f.Attrs = DecodeAttrs(&d, f.Attrs[:0])
	return finish("a fact", &d)
}

// AppendDisposition appends p's stored form to b.
func AppendDisposition(b []byte, p *Disposition) []byte {
	e := wire.Encoder{B: b}
	e.Byte(emittedVersion)
	e.Int(int64(p.Partition))
	e.Uint(p.From)
	e.Uint(p.To)
	e.Uint(uint64(len(p.Counts)))
	for i := range p.Counts {
		c := &p.Counts[i]
		e.String(c.Source)
		e.String(c.Stream)
		for _, n := range c.N {
			e.Int(n)
		}
	}
	e.Uint(uint64(len(p.Set)))
	for i := range p.Set {
		r := &p.Set[i]
		e.Uint(r.Offset)
		e.Byte(byte(r.Outcome))
		e.String(r.Source)
		e.String(r.Stream)
		e.String(r.Code)
		e.String(r.Field)
		e.String(r.Detail)
		e.Int(r.Received)
	}
	e.Uint(uint64(len(p.Checks)))
	for i := range p.Checks {
		c := &p.Checks[i]
		e.String(c.Stream)
		e.String(c.Check)
		e.String(c.Column)
		e.Uint(c.Passed)
		e.Uint(c.Failed)
	}
	return e.B
}

// DecodeDisposition reads what AppendDisposition wrote; it aliases b.
func DecodeDisposition(b []byte) (p Disposition, err error) {
	d, err := decoding("a disposition", b)
	if err != nil {
		return p, err
	}
	p.Partition = int32(d.Int())
	p.From, p.To = d.Uint(), d.Uint()
	for range d.Count() {
		c := DispositionCount{Source: d.String(), Stream: d.String()}
		for i := range c.N {
			c.N[i] = d.Int()
		}
		p.Counts = append(p.Counts, c)
	}
	for range d.Count() {
		p.Set = append(p.Set, Reason{Offset: d.Uint(), Outcome: Outcome(d.Byte()), Source: d.String(), Stream: d.String(),
			Code: d.String(), Field: d.String(), Detail: d.String(), Received: d.Int()})
	}
	for range d.Count() {
		p.Checks = append(p.Checks, CheckCount{Stream: d.String(), Check: d.String(), Column: d.String(), Passed: d.Uint(), Failed: d.Uint()})
	}
	return p, finish("a disposition", &d)
}
