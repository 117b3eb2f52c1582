package contract

import (
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Inference learns a contract from the records of files, before there is a
// project. It is not safe for concurrent use.
type Inference struct {
	st    *stream
	known *compiled
	r     record.Record
}

// NewInference starts with nothing known.
func NewInference() *Inference {
	return &Inference{st: &stream{evolves: true}}
}

// Add learns from one record's properties, a JSON object, which it does not keep.
// It fails with the code that Refine would set the record aside with, and then
// learns nothing from it.
func (n *Inference) Add(props []byte) error {
	n.r = record.Record{Kind: record.Event, Op: record.Upsert, Props: props, Fields: n.r.Fields[:0]}
	var rd reader
	rd.refine(n.st, &n.r)
	if v := n.r.Verdict; !v.Keep() {
		return errs.New(errs.Code(v.Code), v.Detail).At(v.Field)
	}
	if !n.known.covers(n.r.Fields, n.st) {
		var schema *Schema
		if n.known != nil {
			schema = n.known.schema
		}
		n.known = compile(Join(schema, shape(n.r.Fields)))
	}
	return nil
}

// Schema is what was learnt so far: empty when no record was.
func (n *Inference) Schema() Schema {
	if n.known == nil {
		return Schema{}
	}
	return *n.known.schema.Published()
}
