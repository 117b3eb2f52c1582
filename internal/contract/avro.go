package contract

import (
	"github.com/go-json-experiment/json/jsontext"
	"github.com/hamba/avro/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// parseAvro reads a contract from an Avro schema: a record, whose fields become
// paths. A union with null is nullable, arrays and maps stay JSON, and a field with
// a default is not required.
func parseAvro(data []byte) (*Schema, error) {
	if !jsontext.Value(data).IsValid() || depth(data) > MaxDepth {
		return nil, errs.New(CodeSchemaInvalid, "the contract's file is no valid JSON").Fix("check its syntax; names must not repeat within an object")
	}
	// A cache of its own: names of one file mean nothing in another.
	schema, err := avro.ParseBytesWithCache(data, "", &avro.SchemaCache{})
	if err != nil {
		return nil, errs.Wrap(CodeSchemaInvalid, "reading an Avro schema", err)
	}
	root, ok := schema.(*avro.RecordSchema)
	if !ok {
		return nil, errs.New(CodeSchemaInvalid, "a contract is an Avro record, and this is of type "+string(schema.Type()))
	}
	l := &flattener{}
	l.enter(root.FullName(), 0)
	avroRecord(l, "", root, 1, true)
	return l.done()
}

// avroRecord adds the fields of a record whose paths have level parts. must says
// whether the record is there whenever that which holds it all is.
func avroRecord(l *flattener, path string, r *avro.RecordSchema, level int, must bool) {
	for _, f := range r.Fields() {
		if l.full() {
			return
		}
		avroField(l, below(path, f.Name()), f.Type(), level, must && !f.HasDefault())
	}
}

func avroField(l *flattener, path string, t avro.Schema, level int, required bool) {
	types, nullable := avroTypes(t)
	if len(types) == 1 {
		if r, ok := types[0].(*avro.RecordSchema); ok && l.enter(r.FullName(), level) {
			defer l.leave()
			if nullable { // it may be null itself, and is else only its fields
				l.fields = append(l.fields, Field{Path: path, Nullable: true, Required: required})
			}
			avroRecord(l, path, r, level+1, required && !nullable)
			return
		}
	}
	f := Field{Path: path, Nullable: nullable, Required: required}
	for _, t := range types {
		f.Type = JoinTypes(f.Type, avroKind(t))
	}
	if len(types) == 1 {
		switch of := types[0].(type) {
		case *avro.EnumSchema:
			f.Rules = enumRule(of.Symbols())
		case *avro.ArraySchema:
			f.Items = l.elements(func(in *flattener) { avroField(in, "", of.Items(), 1, true) })
		}
	}
	l.fields = append(l.fields, f)
}

// avroTypes are what a value can be beside null, with names looked up.
func avroTypes(t avro.Schema) (types []avro.Schema, nullable bool) {
	all := []avro.Schema{t}
	if u, ok := t.(*avro.UnionSchema); ok {
		all = u.Types()
	}
	for _, t := range all {
		if ref, ok := t.(*avro.RefSchema); ok {
			t = ref.Schema()
		}
		if t.Type() == avro.Null {
			nullable = true
			continue
		}
		types = append(types, t)
	}
	return types, nullable
}

func avroKind(t avro.Schema) record.ValueKind {
	if l, ok := t.(avro.LogicalTypeSchema); ok && l.Logical() != nil {
		switch logical := l.Logical().(type) {
		case *avro.DecimalLogicalSchema:
			if logical.Precision() > maxFloatDigits { // a number would lose digits
				return record.String
			}
			return record.Float
		default:
			switch logical.Type() {
			case avro.Date:
				return record.Date
			case avro.TimestampMillis, avro.TimestampMicros, avro.LocalTimestampMillis, avro.LocalTimestampMicros:
				return record.Time
			}
		}
	}
	switch t.Type() {
	case avro.Int, avro.Long:
		return record.Int
	case avro.Float, avro.Double:
		return record.Float
	case avro.Boolean:
		return record.Bool
	case avro.String, avro.Bytes, avro.Fixed, avro.Enum:
		return record.String
	}
	return record.JSON // arrays, maps, and records that stay whole
}
