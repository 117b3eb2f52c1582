package engine

import "encoding/binary"

// Space builds the keys of one room's part of the state. Keys are
//
//	generation (4 bytes, big-endian), table (1 byte), parts
//
// Generation 0 is what lies outside of generations: version counters, history,
// rules, stores of sources and destinations. Identity, profiles, positions and
// dispositions live under the generation that made them, so that the next one can
// be built beside the current and swapped in at once.
type Space struct{ Generation uint32 }

// Table names a kind of entry within a Space. Every table of every room is listed
// here, so that no two rooms can meet on a key.
type Table byte

// The tables. Those marked 0 lie outside generations.
const (
	TableMeta        Table = 'M' // 0: format version, current generation, log id
	TableRules       Table = 'R' // 0: pipeline: rules by version
	TableStore       Table = 'S' // 0: documents of sources and destinations
	TableVersions    Table = 'V' // 0: golden: version counter and last row's hash, by profile id
	TableHistory     Table = 'H' // 0: golden: rows by profile id and version
	TableSchema      Table = 'C' // 0: contract: the widened contract of a stream
	TableDrift       Table = 'T' // 0: contract: how a stream's records departed from its contract
	TableAccess      Table = 'A' // 0: govern: API keys, audit heads
	TableNode        Table = 'n' // identity: nodes
	TableEdge        Table = 'e' // identity: neighbours of a node that outgrew its entry
	TableObject      Table = 'o' // identity: live objects
	TableRedirect    Table = 'a' // identity: ids whose founder is gone
	TableDecision    Table = 'd' // identity: steward decisions
	TableReview      Table = 'r' // identity: refused links and contradictions
	TableProfile     Table = 'p' // golden: current rows, by profile id
	TableMessage     Table = 'm' // pipeline: message ids in their window
	TableDisposition Table = 'D' // pipeline: outcomes by partition and offset
	TableLedger      Table = 'L' // pipeline: counts by partition
	TableQuarantine  Table = 'Q' // pipeline: records set aside
)

// Key is the key of parts within table.
func (s Space) Key(t Table, parts ...[]byte) []byte {
	n := 5
	for _, p := range parts {
		n += len(p)
	}
	b := make([]byte, 0, n)
	b = binary.BigEndian.AppendUint32(b, s.Generation)
	b = append(b, byte(t))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// Bounds gives [lo, hi) of all keys of table that start with prefix.
func (s Space) Bounds(t Table, prefix ...[]byte) (lo, hi []byte) {
	lo = s.Key(t, prefix...)
	return lo, PrefixEnd(lo)
}

// PrefixEnd is the least key greater than every key that starts with prefix, or
// nil when there is none.
func PrefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// U64 is n as eight big-endian bytes, for keys in numeric order.
func U64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// U32 is n as four big-endian bytes.
func U32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
