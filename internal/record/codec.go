package record

import (
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
)

// codecVersion is the first byte of every stored envelope (I8). The format:
//
//	version, dictionary id, sealing key id, envelope fields, properties
//
// Dictionary and sealing key are 0 today: properties lie plain. They are in the
// format from the start so that compressing and sealing change no older record.
const codecVersion = 1

// AppendEnvelope appends r's envelope and properties to b.
func AppendEnvelope(b []byte, r *Record) []byte {
	e := wire.Encoder{B: b}
	e.Byte(codecVersion)
	e.Uint(0) // compression dictionary
	e.Uint(0) // sealing key
	e.String(r.ID)
	e.String(r.Source)
	e.String(r.Stream)
	e.Byte(byte(r.Kind))
	e.Byte(byte(r.Op))
	e.String(r.Key)
	encodeSeq(&e, r.Seq)
	e.Bool(r.Alias)
	e.String(r.Event)
	encodeIdentifiers(&e, r.Identifiers)
	e.Int(r.Occurred)
	e.Int(r.Received)
	e.Uint(uint64(r.Pin))
	e.Fixed64(r.Hash)
	e.Bytes(r.Props)
	e.String(r.Reject)
	return e.B
}

// DecodeEnvelope reads what AppendEnvelope wrote into r, whose other fields it
// clears. r aliases b. It fails with code record_format.
func DecodeEnvelope(b []byte, r *Record) error {
	d := wire.NewDecoder(b)
	if v := d.Byte(); d.Err() == nil && v != codecVersion {
		return errs.New("record_format", "the record was written by a newer Kith").Fix("open this data folder with the version that wrote it, or a later one")
	}
	if d.Uint() != 0 || d.Uint() != 0 {
		return errs.New("record_format", "the record is compressed or sealed in a way this version cannot read")
	}
	ids := r.Identifiers[:0]
	fields, attrs := r.Fields[:0], r.Attrs[:0]
	*r = Record{}
	r.Fields, r.Attrs = fields, attrs
	r.ID = d.String()
	r.Source = d.String()
	r.Stream = d.String()
	r.Kind = Kind(d.Byte())
	r.Op = Op(d.Byte())
	r.Key = d.String()
	r.Seq = decodeSeq(&d)
	r.Alias = d.Bool()
	r.Event = d.String()
	r.Identifiers = decodeIdentifiers(&d, ids)
	r.Occurred = d.Int()
	r.Received = d.Int()
	r.Pin = uint32(d.Uint())
	r.Hash = d.Fixed64()
	r.Props = d.Bytes()
	r.Reject = d.String()
	if err := d.Finish(); err != nil {
		return errs.Wrap("record_format", "reading a record from the log", err)
	}
	if r.Kind < Customer || r.Kind > Control || r.Op < Upsert || r.Op > Delete {
		return errs.New("record_format", "the record has a kind or operation this version does not know")
	}
	return nil
}

func encodeSeq(e *wire.Encoder, s Seq) {
	e.Byte(byte(s.Kind))
	switch s.Kind {
	case SeqNone:
	case SeqText:
		e.String(s.S)
	default:
		e.Int(s.A)
		e.Int(s.B)
	}
}

func decodeSeq(d *wire.Decoder) Seq {
	s := Seq{Kind: SeqKind(d.Byte())}
	switch {
	case s.Kind == SeqNone:
	case s.Kind == SeqText:
		s.S = d.String()
	case s.Kind > SeqText:
		d.Fail()
	default:
		s.A, s.B = d.Int(), d.Int()
	}
	return s
}

// EncodeOrder writes o for a state's own documents.
func EncodeOrder(e *wire.Encoder, o Order) {
	encodeSeq(e, o.Seq)
	e.Int(o.Effective)
	e.Fixed64(o.Hash)
}

// DecodeOrder reads what EncodeOrder wrote.
func DecodeOrder(d *wire.Decoder) Order {
	return Order{Seq: decodeSeq(d), Effective: d.Int(), Hash: d.Fixed64()}
}

func encodeIdentifiers(e *wire.Encoder, ids []Identifier) {
	e.Uint(uint64(len(ids)))
	for _, id := range ids {
		e.String(id.Type)
		e.String(id.Value)
	}
}

func decodeIdentifiers(d *wire.Decoder, ids []Identifier) []Identifier {
	n := d.Count()
	for range n {
		ids = append(ids, Identifier{Type: d.String(), Value: d.String()})
	}
	return ids
}

// filledBit of a value's kind says that it was filled in. A version that does not know
// it takes the kind for one of a later version, and refuses.
const filledBit = 0x80

// EncodeValue writes v for a state's own documents.
func EncodeValue(e *wire.Encoder, v Value) {
	kind := byte(v.Kind)
	if v.Filled {
		kind |= filledBit
	}
	e.Byte(kind)
	switch v.Kind {
	case Null:
	case String, JSON:
		e.String(v.S)
	case Float:
		e.Fixed64(uint64(v.N))
	default:
		e.Int(v.N)
	}
}

// DecodeValue reads what EncodeValue wrote.
func DecodeValue(d *wire.Decoder) Value {
	kind := d.Byte()
	v := Value{Kind: ValueKind(kind &^ filledBit), Filled: kind&filledBit != 0}
	switch {
	case v.Kind == Null:
		if v.Filled {
			d.Fail() // nothing fills nothing
		}
	case v.Kind == String || v.Kind == JSON:
		v.S = d.String()
	case v.Kind == Float:
		v.N = int64(d.Fixed64())
	case v.Kind > JSON:
		d.Fail()
	default:
		v.N = d.Int()
	}
	return v
}

// EncodeAttrs writes attributes for a state's own documents.
func EncodeAttrs(e *wire.Encoder, attrs []Attr) {
	e.Uint(uint64(len(attrs)))
	for i := range attrs {
		e.String(attrs[i].Name)
		EncodeValue(e, attrs[i].Value)
	}
}

// DecodeAttrs appends what EncodeAttrs wrote to attrs.
func DecodeAttrs(d *wire.Decoder, attrs []Attr) []Attr {
	n := d.Count()
	for range n {
		attrs = append(attrs, Attr{Name: d.String(), Value: DecodeValue(d)})
	}
	return attrs
}
