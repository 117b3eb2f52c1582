// Package contract is the first refine stage: it reads a record's properties once,
// types them under the contract that the record's door pinned, and judges drift.
// It also learns: a stream that may evolve has its contract widened by what its
// records show, and the widened one is kept for people to look at and apply.
//
// It may touch record, the engine's ports and kit. Refine and Map are pure; Apply
// alone writes, inside the state transaction.
package contract

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/pinned"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the verdicts that this stage gives.
const (
	CodeStream    = "stream_unknown"      // no stream of this name under the record's pin
	CodeKey       = "key_missing"         // a customer or object without the source's own key
	CodeMalformed = "json_malformed"      // no JSON, or cut off
	CodeNotObject = "json_not_object"     // JSON, but no object
	CodeDepth     = "json_depth"          // nested deeper than MaxDepth
	CodeDuplicate = "json_duplicate_name" // two members with one name, or with one path
	CodeUTF8      = "json_utf8"           // bytes or escapes that are no Unicode text
	CodeNumber    = "json_number"         // a number beyond the range of a float64
	CodeName      = "json_name"           // a path longer than 1,000 bytes
	CodeFields    = "contract_fields"     // more than MaxFields fields
	CodeNewField  = "contract_new_field"
	CodeMissing   = "contract_missing"
	CodeNull      = "contract_null"
	CodeType      = "contract_type"
	CodeUnplanned = "contract_unplanned_event" // an event that none of its stream's contracts is for
	CodeValue     = "contract_value"           // of the right type, but against the field's rules
)

// Deps is what the stage is given; today nothing.
type Deps struct{}

// Stage is the contract stage. Its methods are safe for concurrent use.
type Stage struct {
	pins *pinned.Map[map[string]*stream]

	mu    sync.Mutex
	known map[string]*compiled // what the state is known to hold at least, by stream
}

// stream is one stream's compiled rules of one version.
type stream struct {
	cfg     StreamConfig
	applied *compiled // nil: no contract yet
	evolves bool      // some drift may widen the contract
	must    bool      // a missing field can set a record aside
	names   names
	mapping mapping
	private map[string]bool // paths whose values are not told

	events    map[string]*stream // the rules of events with contracts of their own
	event     string             // whose rules these are, of one of events
	unplanned Policy             // of other events; empty where none has a contract
}

// New makes a Stage without rules; Install gives it some.
func New(Deps) *Stage {
	return &Stage{pins: pinned.New[map[string]*stream](), known: map[string]*compiled{}}
}

// Install compiles the streams of one version of the rules. It fails with every
// fault that Validate finds.
func (s *Stage) Install(pin uint32, cfg []StreamConfig) error {
	if err := errors.Join(Validate(cfg)...); err != nil {
		return err
	}
	streams := make(map[string]*stream, len(cfg))
	for _, c := range cfg {
		st := &stream{cfg: c, applied: compile(c.Schema), mapping: compileMapping(c), private: privateOf(&c)}
		st.judgeBy()
		st.plan()
		streams[c.Stream] = st
	}
	s.pins.Put(pin, streams)
	return nil
}

// Validate gives every fault of a configuration.
func Validate(cfg []StreamConfig) []error {
	var faults []error
	seen := map[string]bool{}
	for i, c := range cfg {
		at := "streams." + c.Stream
		switch {
		case c.Stream == "":
			faults = append(faults, errs.New("stream_name", "a stream has no name").At("streams["+strconv.Itoa(i)+"]"))
		case seen[c.Stream]:
			faults = append(faults, errs.New("stream_twice", "two streams have this name").At(at))
		}
		seen[c.Stream] = true
		faults = append(faults, validateDrift(at+".on_drift", &c)...)
		faults = append(faults, validateSchema(at+".contract", c.Schema)...)
		faults = append(faults, validateEvents(at, &c)...)
		faults = append(faults, validateTimes(at, &c)...)
	}
	return faults
}

func validateSchema(at string, s *Schema) []error {
	if s == nil {
		return nil
	}
	var faults []error
	if len(s.Fields) > MaxFields {
		faults = append(faults, errs.New("contract_fields", "the contract has more than "+strconv.Itoa(MaxFields)+" fields").At(at))
	}
	if _, err := s.assertions(); err != nil {
		faults = append(faults, errs.Wrap("contract_field", "reading the contract's text", err).At(at))
	}
	seen := make(map[string]bool, len(s.Fields))
	for _, f := range s.Fields {
		if f.Path == "" || seen[f.Path] || f.Type > record.JSON {
			faults = append(faults, errs.New("contract_field", "the field has no path, a path that is there twice, or an unknown type").At(at+"."+f.Path))
		}
		seen[f.Path] = true
		faults = append(faults, validateRules(at, &f)...)
	}
	return faults
}

// Refine reads and judges the batch's records. It sets Fields and verdicts, waits
// for a pin that is not installed yet, and fails only with ctx. Text values share
// memory with Props, which must not change from here on.
func (s *Stage) Refine(ctx context.Context, b *record.Batch) error {
	var (
		streams map[string]*stream
		pin     uint32
		last    *stream
		read    = reader{}
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
		if last == nil || last.cfg.Stream != r.Stream {
			last = streams[r.Stream]
		}
		if last == nil {
			r.Quarantine(CodeStream, "", "the rules have no stream of this name; add it under streams and replay")
			continue
		}
		read.refine(last, r)
	}
	return nil
}
