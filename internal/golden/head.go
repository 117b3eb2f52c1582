package golden

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// CodeFormat is the code of stored bytes that this version cannot read.
const CodeFormat errs.Code = "golden_format"

const (
	headVersion    = 1 // of TableVersions entries (I8)
	historyVersion = 1 // of TableHistory entries
	historyPrefix  = 9 // version byte, valid from
	rowVersion     = 1 // of TableProfile entries
	rowInline      = 0 // the row follows
	rowReference   = 1 // the version whose history entry is the row follows
)

// head is what is kept of a profile's last version, so that the next can be
// compared with it and numbered. The zero head is a profile never seen.
type head struct {
	version uint64
	kind    record.ChangeKind
	from    int64 // valid from: the latest received time of all causes so far, microseconds UTC
	content xxh3.Uint128
	attrs   []attrHash // by name
}

// attrHash stands for an attribute's value: enough to tell that it changed.
type attrHash struct {
	name string
	hash uint32
}

func (h *head) retired() bool { return h.kind == record.Merged || h.kind == record.Gone }

// appendHead encodes h: version byte, counter, kind, valid from, content hash, names with hashes.
func appendHead(b []byte, h *head) []byte {
	e := wire.Encoder{B: b}
	e.Byte(headVersion)
	e.Uint(h.version)
	e.Byte(byte(h.kind))
	e.Int(h.from)
	e.Fixed64(h.content.Hi)
	e.Fixed64(h.content.Lo)
	e.Uint(uint64(len(h.attrs)))
	for _, a := range h.attrs {
		e.String(a.name)
		e.B = binary.BigEndian.AppendUint32(e.B, a.hash)
	}
	return e.B
}

// decodeHead reads what appendHead wrote into h, whose attrs it uses again; no
// bytes are the zero head. h aliases b.
func decodeHead(b []byte, h *head) error {
	*h = head{attrs: h.attrs[:0]}
	if b == nil {
		return nil
	}
	d := wire.NewDecoder(b)
	if v := d.Byte(); d.Err() == nil && v != headVersion {
		return errFormat(nil)
	}
	h.version = d.Uint()
	h.kind = record.ChangeKind(d.Byte())
	h.from = d.Int()
	h.content = xxh3.Uint128{Hi: d.Fixed64(), Lo: d.Fixed64()}
	for range d.Count() {
		a := attrHash{name: d.String()}
		if raw := d.Raw(4); raw != nil {
			a.hash = binary.BigEndian.Uint32(raw)
		}
		h.attrs = append(h.attrs, a)
	}
	if d.Err() == nil && (h.version == 0 || h.kind < record.Created || h.kind > record.Gone ||
		!slices.IsSortedFunc(h.attrs, func(a, b attrHash) int { return strings.Compare(a.name, b.name) })) {
		d.Fail()
	}
	if err := d.Finish(); err != nil {
		return errFormat(err)
	}
	return nil
}

func errFormat(cause error) error {
	return errs.Wrap(CodeFormat, "reading a stored profile", cause).Fix("open this data folder with the version that wrote it, or a later one")
}

// hashContent is the hash of what AppendProfileContent made of a live profile.
func hashContent(content []byte) xxh3.Uint128 { return xxh3.Hash128(content) }

// hashRetired is the hash of a profile that is no more.
func hashRetired(kind record.ChangeKind, into record.ProfileID) xxh3.Uint128 {
	var b [1 + len(into)]byte
	b[0] = byte(kind)
	copy(b[1:], into[:])
	return xxh3.Hash128Seed(b[:], 1)
}

// hashAttrs appends a hash of each attribute's value to dst.
func (w *stageWork) hashAttrs(dst []attrHash, attrs []record.GoldenAttr) []attrHash {
	for i := range attrs {
		e := wire.Encoder{B: w.text[:0]}
		record.EncodeValue(&e, attrs[i].Value)
		w.text = e.B
		dst = append(dst, attrHash{attrs[i].Name, uint32(xxh3.Hash(e.B))}) //nolint:gosec // the low half will do
	}
	return dst
}

// changed appends the names whose values differ between two versions; both sorted.
func changed(dst []string, before, after []attrHash) []string {
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].name < after[0].name:
			dst = append(dst, before[0].name)
			before = before[1:]
		case len(before) == 0 || after[0].name < before[0].name:
			dst = append(dst, after[0].name)
			after = after[1:]
		default:
			if before[0].hash != after[0].hash {
				dst = append(dst, after[0].name)
			}
			before, after = before[1:], after[1:]
		}
	}
	return dst
}

func versionsKey(id record.ProfileID) []byte {
	return keyOf(0, engine.TableVersions, id, 0)
}

func historyKey(id record.ProfileID, version uint64) []byte {
	return binary.BigEndian.AppendUint64(keyOf(0, engine.TableHistory, id, 8), version)
}

func profileKey(gen uint32, id record.ProfileID) []byte {
	return keyOf(gen, engine.TableProfile, id, 0)
}

// keyOf is engine.Space.Key with one allocation, and room for more.
func keyOf(gen uint32, t engine.Table, id record.ProfileID, more int) []byte {
	b := make([]byte, 0, 5+len(id)+more)
	b = binary.BigEndian.AppendUint32(b, gen)
	return append(append(b, byte(t)), id[:]...)
}

// inlineRow is a TableProfile entry that holds the row itself.
func inlineRow(p *record.Profile, content []byte) []byte {
	b := make([]byte, 0, len(content)+128)
	return record.AppendProfileAround(append(b, rowVersion, rowInline), p, content)
}

// referenceRow is a TableProfile entry whose row is a version of the history: the
// row need not be written twice.
func referenceRow(version uint64) []byte {
	e := wire.Encoder{B: make([]byte, 0, 8)}
	e.Byte(rowVersion)
	e.Byte(rowReference)
	e.Uint(version)
	return e.B
}

// decodeRow reads a TableProfile entry: the row, or else a version of the history.
func decodeRow(b []byte) (p *record.Profile, version uint64, err error) {
	d := wire.NewDecoder(b)
	v, how := d.Byte(), d.Byte()
	switch {
	case d.Err() != nil || v != rowVersion || how > rowReference:
		return nil, 0, errFormat(d.Err())
	case how == rowReference:
		version = d.Uint()
		if err := d.Finish(); err != nil || version == 0 {
			return nil, 0, errFormat(err)
		}
		return nil, version, nil
	}
	row, err := record.DecodeProfile(d.Raw(d.Len()))
	if err != nil {
		return nil, 0, errFormat(err)
	}
	return &row, 0, nil
}

// historyRow is a TableHistory entry: version byte, valid from, and from
// historyPrefix on the row as it is emitted.
func historyRow(from int64, p *record.Profile, content []byte) []byte {
	e := wire.Encoder{B: make([]byte, 0, len(content)+160)}
	e.Byte(historyVersion)
	e.Fixed64(uint64(from)) //nolint:gosec // read back alike
	return record.AppendProfileAround(e.B, p, content)
}

// historyFrom reads when a version began to be valid, and leaves its row alone.
func historyFrom(b []byte) (int64, error) {
	d := wire.NewDecoder(b)
	v, from := d.Byte(), d.Fixed64()
	if d.Err() != nil || v != historyVersion {
		return 0, errFormat(d.Err())
	}
	return int64(from), nil //nolint:gosec // written alike
}

func decodeHistory(b []byte) (*record.Profile, error) {
	if _, err := historyFrom(b); err != nil {
		return nil, err
	}
	p, err := record.DecodeProfile(b[historyPrefix:])
	if err != nil {
		return nil, errFormat(err)
	}
	return &p, nil
}
