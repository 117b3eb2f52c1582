package identity

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	json "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// DecisionStream is the stream of the control records that are decisions.
const DecisionStream = "decision"

// The verbs of a decision.
const (
	Merge    = "merge"    // everything that A and B name is one person
	Unmerge  = "unmerge"  // nothing that A names is one person with anything that B names
	Withdraw = "withdraw" // the decision Of, made earlier, no longer counts
)

// maxPairs is how many pairs of nodes one decision may speak of.
const maxPairs = 10_000

// Name names a node: an identifier by type and value, or a source customer by
// source, stream and key. Exactly one of the two is said.
type Name struct {
	Type   string `json:"type,omitzero"`
	Value  string `json:"value,omitzero"`
	Source string `json:"source,omitzero"`
	Stream string `json:"stream,omitzero"`
	Key    string `json:"key,omitzero"`
}

// Decision is a steward's word on who is who. It names nodes, not profiles. Of two
// decisions on one pair of nodes the later by (Decided, ID) counts.
type Decision struct {
	ID      string `json:"id"`
	Decided int64  `json:"decided"` // microseconds UTC
	Verb    string `json:"verb"`
	A       []Name `json:"a,omitzero"`
	B       []Name `json:"b,omitzero"`
	Of      string `json:"of,omitzero"` // withdraw: the id of the decision meant
}

// Props is the decision as the properties of a control record.
func (d Decision) Props() []byte {
	b, err := json.Marshal(d, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(err) // unreachable: strings and numbers alone
	}
	return b
}

// ParseDecision reads the properties of a decision. It fails with code
// decision_format.
func ParseDecision(props []byte) (Decision, error) {
	var d Decision
	bad := func(what, where string) (Decision, error) {
		return Decision{}, errs.New("decision_format", what).At(where).Fix("send the decision again, as the API's reference shows it")
	}
	if err := json.Unmarshal(props, &d, json.RejectUnknownMembers(true)); err != nil {
		return bad("the decision is not the JSON object that a decision must be", "decision")
	}
	if d.ID == "" || len(d.ID) > 200 {
		return bad("a decision needs an id of 1 to 200 bytes", "decision.id")
	}
	switch d.Verb {
	case Withdraw:
		if d.Of == "" || len(d.Of) > 200 || len(d.A)+len(d.B) > 0 {
			return bad("a withdrawal names one earlier decision, and no nodes", "decision.of")
		}
		return d, nil
	case Merge, Unmerge:
	default:
		return bad("the verb is none of merge, unmerge, withdraw", "decision.verb")
	}
	if d.Of != "" || len(d.A) == 0 || len(d.B) == 0 {
		return bad("a merge or unmerge names nodes on both sides, and no other decision", "decision.a")
	}
	if len(d.A)*len(d.B) > maxPairs {
		return bad("the decision speaks of more than 10,000 pairs of nodes", "decision.a")
	}
	for _, n := range slices.Concat(d.A, d.B) {
		identifier := n.Type != "" && n.Value != "" && n.Source == "" && n.Stream == "" && n.Key == ""
		customer := n.Type == "" && n.Value == "" && n.Source != "" && n.Stream != "" && n.Key != ""
		if !identifier && !customer {
			return bad("a node is named by type and value, or by source, stream and key", "decision.a")
		}
	}
	return d, nil
}

// decisionDoc is what all records of one decision id come to.
type decisionDoc struct {
	id      string
	known   bool // the decision itself was seen, not only its withdrawal
	props   []byte
	decided int64
	merge   bool
	a, b    []record.NodeKey // sorted
	// The greatest withdrawal that names it.
	withdrawn   bool
	withdrawnAt int64
	withdrawnBy string
	changed     bool
}

// acts reports whether the decision counts: a withdrawal acts on earlier ones only.
func (d *decisionDoc) acts() bool {
	return d.known && (!d.withdrawn || cmp.Or(cmp.Compare(d.withdrawnAt, d.decided), strings.Compare(d.withdrawnBy, d.id)) <= 0)
}

func (d *decisionDoc) later(o *decisionDoc) bool {
	return cmp.Or(cmp.Compare(d.decided, o.decided), strings.Compare(d.id, o.id)) > 0
}

// names reports whether the decision speaks of the pair.
func (d *decisionDoc) names(x, y record.NodeKey) bool {
	return d.has(d.a, x) && d.has(d.b, y) || d.has(d.a, y) && d.has(d.b, x)
}

func (d *decisionDoc) has(side []record.NodeKey, k record.NodeKey) bool {
	_, ok := slices.BinarySearchFunc(side, k, compareKeys)
	return ok
}

// others gives the nodes that the decision sets against k.
func (d *decisionDoc) others(k record.NodeKey, fn func(record.NodeKey)) {
	if d.has(d.a, k) {
		for _, o := range d.b {
			fn(o)
		}
	}
	if d.has(d.b, k) {
		for _, o := range d.a {
			fn(o)
		}
	}
}

func (d *decisionDoc) encode() []byte {
	var e wire.Encoder
	e.Byte(nodeVersion)
	e.Bool(d.known)
	if d.known {
		e.Bytes(d.props)
		e.Int(d.decided)
		e.Bool(d.merge)
		for _, side := range [][]record.NodeKey{d.a, d.b} {
			e.Uint(uint64(len(side)))
			for _, k := range side {
				record.EncodeKey(&e, k)
			}
		}
	}
	e.Bool(d.withdrawn)
	if d.withdrawn {
		e.Int(d.withdrawnAt)
		e.String(d.withdrawnBy)
	}
	return e.B
}

func decodeDecision(id string, b []byte) (*decisionDoc, error) {
	d := wire.NewDecoder(b)
	doc := &decisionDoc{id: id}
	if d.Byte() != nodeVersion {
		d.Fail()
	}
	if doc.known = d.Bool(); doc.known {
		doc.props = d.Bytes()
		doc.decided = d.Int()
		doc.merge = d.Bool()
		for _, side := range []*[]record.NodeKey{&doc.a, &doc.b} {
			for range d.Count() {
				*side = append(*side, record.DecodeKey(&d))
			}
		}
	}
	if doc.withdrawn = d.Bool(); doc.withdrawn {
		doc.withdrawnAt = d.Int()
		doc.withdrawnBy = d.String()
	}
	if err := d.Finish(); err != nil {
		return nil, errs.Wrap("identity_format", "reading a decision", err)
	}
	return doc, nil
}

// loadDecisions reads the documents of ids that were not met yet.
func (w *work) loadDecisions(ids []string) error {
	var missing []string
	var keys [][]byte
	for _, id := range ids {
		if _, ok := w.decisions[id]; !ok {
			w.decisions[id] = nil
			missing = append(missing, id)
			keys = append(keys, w.key(engine.TableDecision, []byte(id)))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	values, err := w.src.get(keys)
	if err != nil {
		return err
	}
	for i, id := range missing {
		doc := &decisionDoc{id: id}
		if values[i] != nil {
			if doc, err = decodeDecision(id, values[i]); err != nil {
				return err
			}
		}
		w.decisions[id] = doc
	}
	return nil
}

// ruling gives the decision that counts for a pair of nodes, or nil.
func (w *work) ruling(x *node, y record.NodeKey) (best *decisionDoc) {
	for _, id := range x.decisions {
		if d := w.decisions[id]; d.acts() && d.names(x.key, y) && (best == nil || d.later(best)) {
			best = d
		}
	}
	return best
}

// decide takes in a control record that is a decision.
func (w *work) decide(r *record.Record) error {
	d, err := ParseDecision(r.Props)
	if err != nil {
		r.Settle(record.Quarantined, "decision_format", "props", "the decision is not well-formed; send it again as the API's reference shows it")
		return nil //nolint:nilerr // the record carries the fault
	}
	target := d.ID
	if d.Verb == Withdraw {
		target = d.Of
	}
	if err := w.loadDecisions([]string{target}); err != nil {
		return err
	}
	doc := w.decisions[target]
	if d.Verb == Withdraw {
		if doc.withdrawn && cmp.Or(cmp.Compare(d.Decided, doc.withdrawnAt), strings.Compare(d.ID, doc.withdrawnBy)) <= 0 {
			return nil
		}
		doc.withdrawn, doc.withdrawnAt, doc.withdrawnBy, doc.changed = true, d.Decided, strings.Clone(d.ID), true
		return w.dirtyNamed(doc)
	}
	props := d.Props()
	if doc.known && cmp.Or(cmp.Compare(d.Decided, doc.decided), bytes.Compare(props, doc.props)) <= 0 {
		return nil
	}
	if err := w.dirtyNamed(doc); err != nil { // an id used twice: the greater one counts
		return err
	}
	doc.known, doc.changed, doc.props, doc.decided, doc.merge = true, true, props, d.Decided, d.Verb == Merge
	if doc.a, err = w.named(d.A, doc.id); err != nil {
		return err
	}
	if doc.b, err = w.named(d.B, doc.id); err != nil {
		return err
	}
	return w.dirtyNamed(doc)
}

// named gives the nodes of a side, making those that nobody mentioned yet. Blocked
// values have none.
func (w *work) named(names []Name, id string) (keys []record.NodeKey, err error) {
	for _, name := range names {
		ident := record.Identifier{Type: name.Type, Value: name.Value}
		k := w.hasher.Customer(name.Source, name.Stream, name.Key)
		if name.Type != "" {
			if w.rules.blocked(ident) {
				continue
			}
			k = w.hasher.Identifier(ident)
		}
		n, err := w.node(k)
		if err != nil {
			return nil, err
		}
		if name.Type != "" {
			n.beIdentifier(ident)
		} else {
			n.beCustomer(name.Source, name.Stream, name.Key)
		}
		if !slices.Contains(n.decisions, id) {
			n.decisions = append(n.decisions, id)
			n.changed = true
		}
		keys = append(keys, k)
	}
	return sortKeys(keys), nil
}

func (w *work) dirtyNamed(doc *decisionDoc) error {
	all := slices.Concat(doc.a, doc.b)
	if err := w.load(all...); err != nil {
		return err
	}
	for _, k := range all {
		w.soil(w.nodes[k])
	}
	return nil
}
