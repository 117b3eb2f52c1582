package contract

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// MaxFields is how many fields a record, and a widened contract, can have.
const MaxFields = 2000

// Join is the least contract under which the records of both fit; nil stands for
// no records at all. It is commutative, associative and idempotent, so that a
// widened contract does not depend on the order or the batches in which records
// came. Of more than MaxFields fields the first by path stay, which keeps it so.
func Join(a, b *Schema) *Schema { return join(a, b, limitsOf()) }

func join(a, b *Schema, l *limits) *Schema {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := &Schema{Fields: make([]Field, 0, max(len(a.Fields), len(b.Fields)))}
	x, y := a.Fields, b.Fields
	for (len(x) > 0 || len(y) > 0) && len(out.Fields) < l.fields {
		var f Field
		switch {
		case len(y) == 0 || len(x) > 0 && x[0].Path < y[0].Path:
			f, x = x[0], x[1:]
			f.Required = false
		case len(x) == 0 || y[0].Path < x[0].Path:
			f, y = y[0], y[1:]
			f.Required = false
		default:
			f = joinFields(&x[0], &y[0], l)
			x, y = x[1:], y[1:]
		}
		out.Fields = append(out.Fields, f)
	}
	if a.Text == b.Text && slices.Equal(a.Judged, b.Judged) { // what both judge
		out.Text, out.Judged = a.Text, a.Judged
	}
	return l.bound(out)
}

func joinFields(a, b *Field, l *limits) Field {
	formats := a.Formats & b.Formats
	switch record.Null { // no text was seen yet: it has every format
	case a.Type:
		formats = b.Formats
	case b.Type:
		formats = a.Formats
	}
	var rules *Rules // those that both have
	if a.Rules.equal(b.Rules) {
		rules = a.Rules
	}
	return Field{Path: a.Path, Type: JoinTypes(a.Type, b.Type), Nullable: a.Nullable || b.Nullable, Required: a.Required && b.Required,
		Formats: formats, Loose: a.Loose || b.Loose, Values: joinValues(a, b), Items: joinElements(a, b, l), Rules: rules}
}

// Equal reports whether two contracts say the same.
func (s *Schema) Equal(o *Schema) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s.Text == o.Text && slices.Equal(s.Judged, o.Judged) && slices.EqualFunc(s.Fields, o.Fields, func(a, b Field) bool {
		same := a.Rules.equal(b.Rules) && a.Items.equal(b.Items) && a.Values.equal(b.Values)
		a.Rules, b.Rules, a.Items, b.Items, a.Values, b.Values = nil, nil, nil, nil, nil, nil
		return same && a == b
	})
}

// shape is the contract of one record alone.
func shape(fields []record.Attr) *Schema {
	s := shapeWithin(fields, limitsOf())
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Type == record.String {
			f.Values = valuesOf(f.Path, fields[i].Value.S)
		}
	}
	return s
}

func shapeWithin(fields []record.Attr, l *limits) *Schema {
	s := &Schema{Fields: make([]Field, 0, len(fields))}
	for i := range fields {
		v := &fields[i].Value
		k := Natural(*v)
		f := Field{Path: fields[i].Name, Type: k, Nullable: k == record.Null, Required: true}
		switch k {
		case record.String:
			f.Formats = formatsOf(v.S)
		case record.JSON:
			f.Items = shapeOf(v.S, l.inner)
		}
		s.Fields = append(s.Fields, f)
	}
	return l.bound(s)
}

// compiled is a Schema made ready for look-ups by path.
type compiled struct {
	schema   *Schema
	by       map[string]*Field
	rulers   map[string]*ruler     // by path, of the fields that have rules
	judged   map[string]*assertion // by path
	required int
	event    bool // it is a single event's
}

// compile sorts s, on a copy, and indexes it. It is nil for a nil Schema.
func compile(s *Schema) *compiled {
	if s == nil {
		return nil
	}
	own := &Schema{Fields: slices.Clone(s.Fields), Judged: s.Judged, Text: s.Text}
	slices.SortFunc(own.Fields, func(a, b Field) int { return cmp.Compare(a.Path, b.Path) })
	c := &compiled{schema: own, by: make(map[string]*Field, len(own.Fields))}
	for i := range own.Fields {
		f := &own.Fields[i]
		c.by[f.Path] = f
		if r := compileRules(f.Rules); r != nil {
			if c.rulers == nil {
				c.rulers = map[string]*ruler{}
			}
			c.rulers[f.Path] = r
		}
		if f.Required {
			c.required++
		}
	}
	c.judged, _ = s.assertions() // faults were found by Validate
	return c
}

func (c *compiled) field(path string) *Field {
	if c == nil {
		return nil
	}
	return c.by[path]
}

func (c *compiled) ruler(path string) *ruler {
	if c == nil {
		return nil
	}
	return c.rulers[path]
}

func (c *compiled) judgedAt(path string) *assertion {
	if c == nil {
		return nil
	}
	return c.judged[path]
}

// below reports whether the contract has a field under path.
func (c *compiled) below(path string) bool {
	i, _ := slices.BinarySearchFunc(c.schema.Fields, path+".", func(f Field, at string) int { return cmp.Compare(f.Path, at) })
	return i < len(c.schema.Fields) && strings.HasPrefix(c.schema.Fields[i].Path, path+".")
}

// covers reports whether a record of a stream changes nothing about the contract.
func (c *compiled) covers(fields []record.Attr, of *stream) bool {
	if c == nil {
		return false
	}
	required := 0
	for i := range fields {
		f := c.by[fields[i].Name]
		if f == nil {
			if c.event && addedByDoor(topOf(fields[i].Name)) {
				continue
			}
			if n := len(c.schema.Fields); n < MaxFields || fields[i].Name < c.schema.Fields[n-1].Path {
				return false
			}
			continue // a full contract has no place for it
		}
		if f.Required {
			required++
		}
		v := &fields[i].Value
		if f.Rules != nil && !c.keeps(f, v) {
			return false
		}
		if v.Kind == f.Type && (v.Kind == record.String || v.Kind == record.JSON) && f.Formats == 0 && f.Items == nil && f.Values == nil && (f.Nullable || v.S != "") {
			continue
		}
		if !f.holds(v) || f.Values != nil && !f.holdsValue(v, fields, of) {
			return false
		}
	}
	return required == c.required && len(c.schema.Judged) == 0
}

// keeps judges a value by the rules of its field, once it is of the field's type.
func (c *compiled) keeps(f *Field, v *record.Value) bool {
	out, ok := fit(*v, f.Type)
	return ok && c.rulers[f.Path].keeps(&out)
}

// schemaVersion is the version that is written; version 1 had no formats, and version 2
// nothing of arrays and values.
const schemaVersion = 3

// AppendSchema appends s's stored form to b (I8): version, count, then path, type,
// flags and formats of each field. What is stored was inferred, and has no rules.
func AppendSchema(b []byte, s *Schema) []byte {
	e := wire.Encoder{B: b}
	e.Byte(schemaVersion)
	appendFields(&e, s.Fields)
	return e.B
}

func appendFields(e *wire.Encoder, fields []Field) {
	e.Uint(uint64(len(fields)))
	for i := range fields {
		f := &fields[i]
		e.String(f.Path)
		e.Byte(byte(f.Type))
		e.Bool(f.Nullable)
		e.Bool(f.Required)
		e.Byte(byte(f.Formats))
		e.Bool(f.Values != nil)
		if f.Values != nil {
			e.Uint(uint64(f.Values.Rows)) //nolint:gosec // a count
			e.Uint(uint64(len(f.Values.Seen)))
			for _, s := range f.Values.Seen {
				e.String(s.Text)
				e.Uint(uint64(s.Times)) //nolint:gosec // a count
			}
		}
		e.Bool(f.Items != nil)
		if f.Items == nil {
			continue
		}
		e.Bool(f.Items.Of != nil)
		if f.Items.Of != nil {
			appendFields(e, f.Items.Of.Fields)
		}
	}
}

// DecodeSchema reads what AppendSchema wrote; it aliases b. It fails with code
// contract_format.
func DecodeSchema(b []byte) (*Schema, error) {
	d := wire.NewDecoder(b)
	version := d.Byte()
	if d.Err() == nil && (version == 0 || version > schemaVersion) {
		return nil, errs.New("contract_format", "the stored contract was written by a newer Kith").Fix("open this data folder with the version that wrote it, or a later one")
	}
	s := decodeFields(&d, version, 0)
	if err := d.Finish(); err != nil {
		return nil, errs.Wrap("contract_format", "reading a stored contract", err)
	}
	return s, nil
}

func decodeFields(d *wire.Decoder, version byte, depth int) *Schema {
	s := &Schema{}
	for range d.Count() {
		f := Field{Path: d.String(), Type: record.ValueKind(d.Byte()), Nullable: d.Bool(), Required: d.Bool()}
		if version > 1 {
			f.Formats = Formats(d.Byte())
		}
		if version > 2 && d.Bool() {
			f.Values = &Values{Rows: int(min(d.Uint(), enoughRows))}
			for range d.Count() {
				f.Values.Seen = append(f.Values.Seen, ValueSeen{d.String(), int(min(d.Uint(), enoughTimes))})
			}
		}
		if version > 2 && d.Bool() {
			f.Items = &Elements{}
			if d.Bool() && depth < maxDecoded {
				f.Items.Of = decodeFields(d, version, depth+1)
			}
		}
		if n := len(s.Fields); f.Formats >= formatsEnd || f.Type > record.JSON || n > 0 && s.Fields[n-1].Path >= f.Path {
			d.Fail()
		}
		s.Fields = append(s.Fields, f)
	}
	return s
}

// maxDecoded is how deep arrays nest in what is stored; no schema that Join made has more.
const maxDecoded = 4
