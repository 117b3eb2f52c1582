package identity

import (
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// deferredVersion is the first byte of a value of topic resolve (I8).
const deferredVersion = 1

func encodeDeferred(gen uint32, cause record.Cause, keys []record.NodeKey) []byte {
	var e wire.Encoder
	e.Byte(deferredVersion)
	e.Uint(uint64(gen))
	e.Int(int64(cause.Partition))
	e.Uint(cause.Offset)
	e.Int(cause.Received)
	e.Uint(uint64(len(keys)))
	for _, k := range keys {
		record.EncodeKey(&e, k)
	}
	return e.B
}

func decodeDeferred(b []byte) (gen uint32, cause record.Cause, keys []record.NodeKey, err error) {
	d := wire.NewDecoder(b)
	if d.Byte() != deferredVersion {
		d.Fail()
	}
	gen = uint32(d.Uint())
	cause = record.Cause{Partition: int32(d.Int()), Offset: d.Uint(), Received: d.Int()}
	for range d.Count() {
		keys = append(keys, record.DecodeKey(&d))
	}
	if err := d.Finish(); err != nil {
		return 0, cause, nil, errs.Wrap("identity_format", "reading a deferred re-solve", err)
	}
	return gen, cause, keys, nil
}

// resolve solves the region of one deferred item, whatever its size. Nodes that no
// longer wait were solved with another item's region.
func (w *work) resolve(value []byte) error {
	gen, cause, keys, err := decodeDeferred(value)
	if err != nil || gen != w.gen {
		return err
	}
	if err := w.load(keys...); err != nil {
		return err
	}
	var starts []*node
	for _, k := range keys {
		if n := w.nodes[k]; n.is(flagPending) {
			starts = append(starts, n)
		}
	}
	if len(starts) == 0 {
		return nil
	}
	w.cause = cause
	nodes, _, err := w.region(starts, 0, true, record.ProfileID{})
	if err != nil {
		return err
	}
	return w.solve(nodes, w.outside(starts))
}
