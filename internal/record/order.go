package record

import "cmp"

// SeqKind says what a source's own order is made of. Kinds are ordered by number,
// so that a stream which mixes them still has one total order.
type SeqKind uint8

// The kinds of order.
const (
	SeqNone   SeqKind = iota
	SeqRow            // A: ordinal of the file's first sight, B: row
	SeqNumber         // A: a version, LSN or shard sequence
	SeqTime           // A: microseconds UTC
	SeqText           // S, compared bytewise
)

// Seq is the source's own order of the records of one key.
type Seq struct {
	Kind SeqKind
	A, B int64
	S    string
}

// Compare orders two Seqs.
func (s Seq) Compare(o Seq) int {
	return cmp.Or(cmp.Compare(s.Kind, o.Kind), cmp.Compare(s.A, o.A), cmp.Compare(s.B, o.B), cmp.Compare(s.S, o.S))
}

// Order is the total order of the records of one (source, stream, key): the live
// record is the greatest.
type Order struct {
	Seq       Seq
	Effective int64
	Hash      uint64
}

// Compare orders by seq, then effective time, then content hash.
func (o Order) Compare(p Order) int {
	return cmp.Or(o.Seq.Compare(p.Seq), cmp.Compare(o.Effective, p.Effective), cmp.Compare(o.Hash, p.Hash))
}
