package pipeline

import (
	"context"
	"encoding/binary"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// The control streams that the road itself knows. Decisions are identity's.
const (
	StreamRules    = "rules"
	StreamDecision = "decision"
)

// Rules is one version of what a configuration says of streams, identity and
// golden records. It names the version that it replaces; the first in order wins.
type Rules struct {
	Version     uint32         `json:"version"`
	Replaces    uint32         `json:"replaces"`
	Fingerprint string         `json:"fingerprint"`
	By          string         `json:"by,omitempty"` // whose key applied them, or ByStart
	Body        jsontext.Value `json:"body"`

	// Received is when the record that put them into force was received, microseconds
	// UTC. It is the state's to know, and 0 where an older version stored them.
	Received int64 `json:"received,omitzero"`
}

// ByStart in Rules.By says that the project's file was applied as the process started.
const ByStart = "start"

// ParseRules reads a rules record's properties. It fails with code bad_rules.
func ParseRules(props []byte) (Rules, error) {
	var r Rules
	if err := json.Unmarshal(props, &r); err != nil || r.Version == 0 || r.Version != r.Replaces+1 {
		return r, errs.New("bad_rules", "a rules record needs a version, the version it replaces, and a body")
	}
	return r, nil
}

// Props is the rules as a control record's properties.
func (r Rules) Props() ([]byte, error) { return json.Marshal(r) }

func rulesKey(version uint32) []byte {
	return engine.Space{}.Key(engine.TableRules, engine.U32(version))
}

func metaKey(name string) []byte { return engine.Space{}.Key(engine.TableMeta, []byte(name)) }

// Control is the applier of the control records that the road itself knows.
type Control struct{}

// Apply stores new rules, and sets aside control records of unknown streams.
func (Control) Apply(_ context.Context, tx engine.Tx, b *record.Batch) error {
	for i := range b.Records {
		rec := &b.Records[i]
		if rec.Kind != record.Control || !rec.Verdict.Keep() {
			continue
		}
		switch rec.Stream {
		case StreamDecision:
		case StreamReplay:
			if _, err := ParseReplay(rec.Props); err != nil {
				rec.Settle(record.Quarantined, "bad_replay", "", "a replay needs a pin and places")
			}
		case StreamRules:
			if err := applyRules(tx, rec); err != nil {
				return err
			}
		default:
			rec.Settle(record.Quarantined, "control_unknown", "stream", "this version does not know this control stream")
		}
	}
	return nil
}

func applyRules(tx engine.Tx, rec *record.Record) error {
	rules, err := ParseRules(rec.Props)
	if err != nil {
		rec.Settle(record.Quarantined, "bad_rules", "", "a rules record needs a version, the version it replaces, and a body")
		return nil //nolint:nilerr // the record carries the fault
	}
	values, err := tx.Lock(metaKey("rules"), rulesKey(rules.Version))
	if err != nil {
		return err
	}
	switch {
	case values[1] != nil: // a rebuild meets its own rules again; another proposal came too late
		if stored, err := ParseRules(values[1]); err != nil || stored.Fingerprint != rules.Fingerprint {
			rec.Settle(record.Discarded, "rules_superseded", "version", "")
		}
	case decodeU32(values[0]) != rules.Replaces:
		rec.Settle(record.Discarded, "rules_superseded", "replaces", "")
	default:
		rules.Received = rec.Received
		stored, err := rules.Props()
		if err != nil {
			return err
		}
		tx.Put(rulesKey(rules.Version), stored)
		tx.Put(metaKey("rules"), engine.U32(rules.Version))
	}
	return nil
}

// RulesVersion gives the version of the rules in force, 0 before there are any.
func RulesVersion(ctx context.Context, state engine.State) (version uint32, err error) {
	err = state.View(ctx, func(r engine.Reader) error {
		values, err := r.Get(metaKey("rules"))
		if err == nil {
			version = decodeU32(values[0])
		}
		return err
	})
	return version, err
}

// ReadRules gives every version of the rules, in order; the last is in force.
func ReadRules(ctx context.Context, state engine.State) (list []Rules, err error) {
	lo, hi := engine.Space{}.Bounds(engine.TableRules)
	err = state.View(ctx, func(r engine.Reader) error {
		var bad error
		err := r.Scan(lo, hi, func(_, v []byte) bool {
			var rules Rules
			rules, bad = ParseRules(append([]byte(nil), v...))
			list = append(list, rules)
			return bad == nil
		})
		if err == nil {
			err = bad
		}
		return err
	})
	return list, err
}

// PendingRules gives the versions of the rules that lie in the log and will be in
// force once the road of a generation has reached them: those that a crash came
// before. latest is the last version that the state has.
func PendingRules(ctx context.Context, e *engine.Engine, generation, latest uint32) (list []Rules, err error) {
	at, err := e.State.Offset(ctx, Reader(generation), engine.ControlPartition)
	if err != nil {
		return nil, err
	}
	_, end, err := e.Log.Bounds(ctx, engine.TopicIngest, engine.ControlPartition)
	if err != nil {
		return nil, err
	}
	for at < end {
		values, err := e.Log.Read(ctx, engine.TopicIngest, engine.ControlPartition, at, int(min(end-at, 1000)))
		if err != nil {
			return nil, err
		}
		at += uint64(len(values))
		for _, v := range values {
			var rec record.Record
			if err := record.DecodeEnvelope(v, &rec); err != nil {
				return nil, err
			}
			if rec.Stream != StreamRules {
				continue
			}
			if r, err := ParseRules(rec.Props); err == nil && r.Replaces == latest {
				r.Received = rec.Received
				list, latest = append(list, r), r.Version
			}
		}
	}
	return list, nil
}

func decodeU32(b []byte) uint32 {
	if len(b) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}
