package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

// CodePin is the code of Map's only fault.
const CodePin errs.Code = "pin_unknown"

// RowKey in place of a key's path makes the row its own key, for what has no id: rows
// that agree in every byte are one record, wherever they come from, and a row that
// changes is a new record beside the old one.
const RowKey = "_row"

// What the door reads out of a record, as indexes of a mapping's paths.
const (
	mapKey = iota
	mapSeq
	mapOccurred
	mapDeleted
	mapped
)

// mapping is the door's compiled part of a stream's rules.
type mapping struct {
	paths    [mapped]string
	wanted   int  // paths that are set
	row      bool // the key is RowKey
	seq      times
	occurred times
}

// times is how the times of one path are written.
type times struct {
	format *isotime.Format // nil: ISO
	unix   bool            // the contract types it as a timestamp: a number is unix time
}

func compileMapping(c StreamConfig) mapping {
	m := mapping{paths: [mapped]string{mapKey: c.Key, mapSeq: c.Seq, mapOccurred: c.Occurred, mapDeleted: c.Deleted}}
	if c.Key == RowKey {
		m.row, m.paths[mapKey] = true, ""
	}
	for _, p := range m.paths {
		if p != "" {
			m.wanted++
		}
	}
	typed := compile(c.Schema)
	isTime := func(path string) bool {
		f := typed.field(path)
		return f != nil && f.Type == record.Time
	}
	m.seq.unix, m.occurred.unix = isTime(c.Seq), isTime(c.Occurred)
	m.seq.format, _ = c.SeqTime.compile() // Validate has told its faults
	m.occurred.format, _ = c.OccurredTime.compile()
	return m
}

// Map sets, at the door and before the log, what the source left unset of r's
// source, kind, op, key, seq and occurred time, from the paths that the stream
// names. A stream's own seq goes before the row that a file source counts.
//
// No record is refused here: what is missing or malformed, and a stream that the
// rules do not know, are judged by Refine. Map fails with CodePin alone, when pin
// was never installed.
func (s *Stage) Map(pin uint32, r *record.Record) error {
	streams, ok := s.pins.Get(pin)
	if !ok {
		return errs.New(CodePin, "the rules of this version are not installed")
	}
	if r.Op == 0 {
		r.Op = record.Upsert
	}
	st := streams[r.Stream]
	if st == nil {
		if r.Kind == 0 { // the log needs one, and Refine will set the record aside
			r.Kind = record.Event
		}
		return nil
	}
	if r.Kind == 0 {
		r.Kind = st.cfg.Kind
	}
	if r.Source == "" {
		r.Source = st.cfg.Source
	}
	if st.mapping.row && r.Key == "" && len(r.Props) > 0 && r.Reject == "" {
		r.Key = rowKey(r.Props)
	}
	if st.mapping.wanted > 0 {
		st.mapping.apply(r)
	}
	return nil
}

// rowKey is 128 bits of the row's SHA-256 in hex: nobody can make a row that takes
// another's place.
func rowKey(props []byte) string {
	sum := sha256.Sum256(props)
	var text [32]byte
	hex.Encode(text[:], sum[:16])
	return string(text[:])
}

// finder looks for up to four members in one pass over the text.
type finder struct {
	b     []byte
	found [mapped][2]int // begin and end of the value; 0 when not found
	left  int
}

func (m *mapping) apply(r *record.Record) {
	f := finder{b: r.Props, left: m.wanted}
	if i := skipSpace(f.b, 0); i < len(f.b) && f.b[i] == '{' {
		f.object(i+1, m.paths, 1)
	}
	var buf [64]byte
	if r.Key == "" {
		if v, quoted := f.scalar(mapKey, buf[:0]); quoted && strings.TrimSpace(string(v)) != "" || !quoted && keyToken(v) {
			r.Key = string(v)
		}
	}
	if r.Seq.Kind == record.SeqNone || r.Seq.Kind == record.SeqRow {
		if v, quoted := f.scalar(mapSeq, buf[:0]); quoted || keyToken(v) {
			if seq := m.seq.seqOf(v); seq.Kind != record.SeqNone {
				r.Seq = seq
			}
		}
	}
	if r.Occurred == 0 {
		if v, _ := f.scalar(mapOccurred, buf[:0]); len(v) > 0 {
			r.Occurred = m.occurred.read(text(v))
		}
	}
	if v, _ := f.scalar(mapDeleted, buf[:0]); len(v) > 0 {
		if yes, ok := parseBool(text(v)); ok && yes {
			r.Op = record.Delete
		}
	}
	if r.Op == record.Delete && r.Seq.Kind == record.SeqNone && m.paths[mapSeq] != "" {
		// A sender seldom dates its deletes. Without an order of its own one would be older
		// than all that it is to delete.
		r.Seq = record.Seq{Kind: record.SeqTime, A: r.Received}
	}
}

// object looks among the members of the object that begin at i for what is left of
// each path, and gives the index after the brace, or -1 to stop: all is found, or
// the text is no JSON.
func (f *finder) object(i int, paths [mapped]string, level int) int {
	for {
		m, next, ok := nextMember(f.b, i)
		if !ok {
			return next
		}
		name := text(m.name)
		if m.escaped {
			name = unquote(m.name)
		}
		if i = f.member(name, m.value, &paths, level); i < 0 {
			return -1
		}
	}
}

func (f *finder) member(name string, at int, paths *[mapped]string, level int) int {
	var below [mapped]string
	descend, hit := false, false
	for p, path := range paths {
		if len(path) < len(name) || path[:len(name)] != name || f.found[p][1] != 0 {
			continue
		}
		switch rest := path[len(name):]; {
		case path == "":
		case rest == "":
			f.found[p][0], hit = at, true
		case rest[0] == '.' && len(rest) > 1 && f.b[at] == '{' && level < maxFlat:
			below[p], descend = rest[1:], true
		}
	}
	if descend {
		return f.object(at+1, below, level+1)
	}
	end := valueEnd(f.b, at)
	if end < 0 || !hit {
		return end
	}
	for p := range f.found {
		if f.found[p][0] == at {
			f.found[p][1] = end
			f.left--
		}
	}
	if f.left <= 0 {
		return -1
	}
	return end
}

// scalar gives the text of a value that was found: of a string without its quotes.
// It is empty for null, arrays and objects.
func (f *finder) scalar(p int, buf []byte) (v []byte, quoted bool) {
	at, end := f.found[p][0], f.found[p][1]
	if end == 0 {
		return nil, false
	}
	switch v = f.b[at:end]; v[0] {
	case '"':
		v = v[1 : len(v)-1]
		for _, c := range v {
			if c == '\\' {
				return append(buf, unquote(v)...), true
			}
		}
		return v, true
	case '{', '[', 'n':
		return nil, false
	}
	return v, false
}

// keyToken reports whether a bare token can stand as a key: a number or boolean.
func keyToken(v []byte) bool {
	return len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9' || v[0] == 't' || v[0] == 'f')
}

// seqOf reads the source's own order: an integer, a date or timestamp as its
// microseconds, or else text compared bytewise. Where the form of its times is said,
// what is none orders nothing: as text it would go before every time.
func (t *times) seqOf(v []byte) record.Seq {
	s := strings.TrimSpace(text(v))
	if s == "" {
		return record.Seq{}
	}
	if t.format != nil {
		if micros, ok := t.micros(s); ok {
			return record.Seq{Kind: record.SeqTime, A: micros}
		}
		return record.Seq{}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if t.unix {
			if u, ok := unixTime(n); ok {
				return record.Seq{Kind: record.SeqTime, A: u.N}
			}
		}
		return record.Seq{Kind: record.SeqNumber, A: n}
	}
	if micros, ok := t.micros(s); ok {
		return record.Seq{Kind: record.SeqTime, A: micros}
	}
	return record.Seq{Kind: record.SeqText, S: strings.Clone(s)}
}

// read reads a source's own time in microseconds UTC, or 0 when it is none.
func (t *times) read(s string) int64 {
	s = strings.TrimSpace(s)
	micros, ok := t.micros(s)
	if !ok && t.format == nil {
		return recentUnix(s)
	}
	return micros
}

// micros reads a time; a date alone is the moment at which it begins.
func (t *times) micros(s string) (micros int64, ok bool) {
	if t.format != nil {
		micros, ok = t.format.Moment(s)
	} else {
		micros, _, ok = ParseTime(s)
	}
	if !ok && t.unix {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			u, is := unixTime(n)
			return u.N, is
		}
	}
	if !ok {
		return 0, false
	}
	return micros, true
}
