// Package cleanse is the second refine stage: it makes a record's attributes from
// its fields, through the cleansing steps that the stream names, and its
// identifiers in canonical form, so that equal people are written alike.
//
// A value that a step cannot read becomes null and the record says so (Partly):
// never a wrong value. The raw values stay in Record.Fields. The stage may touch
// record and kit; it is pure, and its cache changes no result.
package cleanse

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kithdata/kith/internal/kit/pinned"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the verdicts that this stage gives.
const (
	CodeStream         = "stream_unknown"  // no stream of this name under the record's pin
	CodeConsentStatus  = "consent_status"  // a consent whose status is missing or unreadable
	CodeConsentPurpose = "consent_purpose" // a consent for no purpose
)

// Stage is the cleansing stage. Its methods are safe for concurrent use.
type Stage struct {
	pins  *pinned.Map[map[string]*stream]
	cache *cache

	mu     sync.Mutex
	chains map[string]*chain // by spelling: versions of the rules share what is cached
	// The regions that phone steps assume. Those of older versions stay: what was
	// read under them is kept as it was read.
	regions map[string]bool
	// Some stream's e-mail identifiers name mailboxes, or once did.
	mailboxes bool
}

// New makes a Stage without rules; Install gives it some.
func New() *Stage {
	return &Stage{pins: pinned.New[map[string]*stream](), cache: newCache(), chains: map[string]*chain{}, regions: map[string]bool{}}
}

// Install compiles the streams of one version of the rules. It fails with every
// fault that Validate finds.
func (s *Stage) Install(pin uint32, cfg []StreamConfig) error {
	if err := errors.Join(Validate(cfg)...); err != nil {
		return err
	}
	streams := make(map[string]*stream, len(cfg))
	for _, c := range cfg {
		st, err := s.compile(c)
		if err != nil {
			return err
		}
		streams[c.Stream] = st
	}
	s.pins.Put(pin, streams)
	return nil
}

// Refine sets the attributes and identifiers of the batch's records. It waits for
// a pin that is not installed yet, and fails only with ctx. It adds to b.Checks how
// many values of each attribute were readable.
func (s *Stage) Refine(ctx context.Context, b *record.Batch) error {
	var (
		streams map[string]*stream
		pin     uint32
		last    *stream
		w       = worker{cache: s.cache}
	)
	for i := range b.Records {
		r := &b.Records[i]
		if r.Kind == record.Control || !r.Verdict.Keep() {
			continue
		}
		if streams == nil || r.Pin != pin {
			var err error
			if streams, err = s.pins.Wait(ctx, r.Pin); err != nil {
				return err
			}
			pin, last = r.Pin, nil
		}
		if last == nil || last.name != r.Stream {
			if last = streams[r.Stream]; last != nil {
				w.now = w.tallyOf(last)
			}
		}
		if last == nil {
			r.Quarantine(CodeStream, "", "the rules have no stream of this name; add it under streams and replay")
			continue
		}
		w.refine(last, r)
	}
	w.report(b)
	return nil
}

// stream is one stream's compiled rules of one version.
type stream struct {
	name     string
	attrs    []attribute // by path, then name
	order    []string    // attribute names, sorted
	ids      []identifier
	combined []combined // attributes of several fields, and those that wait for others, after them
	parts    int        // of them all
	asking   bool       // some identifier is read as another attribute tells
	fills    []fill
	phone    *chain // canonical phone numbers, with the stream's usual region
	email    *chain
	consent  *ConsentConfig
	renamed  sync.Map     // path with dots to attribute name; bounded by maxRenamed
	count    atomic.Int32 // of renamed
}

type attribute struct {
	name  string
	from  string
	place int // in order
	chain *chain
	part  int  // of a combined attribute: its place in worker.parts, from 1; else 0
	late  bool // its steps wait for other attributes: the part is the field as it came
}

type identifier struct {
	typ   string
	from  string
	attr  string // the attribute that reads the same field; empty when none does
	chain *chain // canonical form of the type
	raw   bool   // where its attribute could not be read, the field itself may name
	ready bool   // the attribute's last step gave it the type's form already
}

// worker refines one record after another; it lives for one batch.
type worker struct {
	cache   *cache
	slots   []record.Attr
	used    []bool
	lost    []bool // what was said of it could not be read
	parts   []part
	tallies []*tally
	now     *tally // of the record's stream
}

func (w *worker) refine(st *stream, r *record.Record) {
	r.Attrs = r.Attrs[:0]
	switch {
	case r.Kind != record.Consent:
		w.attributes(st, r)
		w.identifiers(st, r, true)
	case st.asking:
		// Its identifiers are written as other attributes tell. These say nothing of
		// the consent itself.
		partly, now := r.Verdict.Partly, w.now
		w.now = newTally(st)
		w.attributes(st, r)
		r.Verdict.Partly, w.now = partly, now
		w.identifiers(st, r, true)
		r.Attrs = r.Attrs[:0]
		w.consent(st, r)
	default:
		w.identifiers(st, r, false)
		w.consent(st, r)
	}
	r.Personal = len(st.ids) > 0 || len(r.Identifiers) > 0
}

// attributes makes Attrs, sorted by name. A field that the record does not have
// gives no attribute, so that a patch changes only what it names.
func (w *worker) attributes(st *stream, r *record.Record) {
	if len(st.attrs) == 0 {
		for i := range r.Fields {
			w.pass(st, r, &r.Fields[i])
		}
		settle(r)
		return
	}
	w.slots = slices.Grow(w.slots[:0], len(st.order))[:len(st.order)]
	w.used = slices.Grow(w.used[:0], len(st.order))[:len(st.order)]
	clear(w.used)
	w.lost = slices.Grow(w.lost[:0], len(st.order))[:len(st.order)]
	w.parts = slices.Grow(w.parts[:0], st.parts)[:st.parts]
	clear(w.parts)
	rest := r.Kind == record.Event || r.Kind == record.Object
	next := 0
	for i := range r.Fields {
		f := &r.Fields[i]
		for next < len(st.attrs) && st.attrs[next].from < f.Name {
			next++
		}
		if next == len(st.attrs) || st.attrs[next].from != f.Name {
			if rest {
				w.pass(st, r, f)
			}
			continue
		}
		for ; next < len(st.attrs) && st.attrs[next].from == f.Name; next++ {
			a := &st.attrs[next]
			if a.late {
				w.parts[a.part-1] = part{value: f.Value, there: true, ok: true}
				continue
			}
			v, ok := w.run(a.chain, f.Value)
			if a.part > 0 {
				w.parts[a.part-1] = part{value: v, there: true, ok: ok}
				continue
			}
			if !ok {
				r.Verdict.Partly = true
			}
			if a.chain.picky && !(f.Value.IsNull() || f.Value == record.StringValue("")) { // what is empty says nothing
				w.now.count(a.place, ok)
			}
			w.slots[a.place] = record.Attr{Name: a.name, Value: v}
			w.used[a.place], w.lost[a.place] = true, !ok
		}
	}
	w.finish(st, r)
	w.fill(st, r)
	passed := len(r.Attrs)
	for i, used := range w.used {
		if used {
			r.Attrs = append(r.Attrs, w.slots[i])
		}
	}
	if passed > 0 {
		// Listed attributes go first, so that settle lets them win over a field that
		// passes under the same name.
		r.Attrs = append(r.Attrs, r.Attrs[:passed]...)
		r.Attrs = slices.Delete(r.Attrs, 0, passed)
		settle(r)
	}
}

// pass makes an attribute of a field as it is. An empty text says nothing, and is
// null like a cell that was left empty.
func (w *worker) pass(st *stream, r *record.Record, f *record.Attr) {
	v := f.Value
	if v.Kind == record.String && v.S == "" {
		v = record.Value{}
	}
	r.Attrs = append(r.Attrs, record.Attr{Name: st.attrName(f.Name), Value: v})
}

// settle sorts Attrs by name. Of two with one name (a_b, and a with b inside) the
// first stays, and the record says that a value was lost.
func settle(r *record.Record) {
	sorted := true
	for i := 1; i < len(r.Attrs); i++ {
		if r.Attrs[i].Name <= r.Attrs[i-1].Name {
			sorted = false
			break
		}
	}
	if sorted {
		return
	}
	slices.SortStableFunc(r.Attrs, func(a, b record.Attr) int { return strings.Compare(a.Name, b.Name) })
	kept := slices.CompactFunc(r.Attrs, func(a, b record.Attr) bool { return a.Name == b.Name })
	if len(kept) < len(r.Attrs) {
		r.Verdict.Partly = true
	}
	r.Attrs = kept
}

// run passes a value through a chain, by way of the cache where that is cheaper; ok
// is false where it cannot be read.
func (w *worker) run(c *chain, v record.Value) (out record.Value, ok bool) {
	if c.cached && v.Kind == record.String && len(v.S) <= maxCached {
		v, ok = w.cache.run(c, v)
	} else {
		v, ok = c.run(v)
	}
	if v.Kind == record.String && v.S == "" {
		return record.Value{}, ok
	}
	return v, ok
}

func fieldValue(fields []record.Attr, path string) (record.Value, bool) {
	i, ok := slices.BinarySearchFunc(fields, path, func(a record.Attr, name string) int { return strings.Compare(a.Name, name) })
	if !ok {
		return record.Value{}, false
	}
	return fields[i].Value, true
}
