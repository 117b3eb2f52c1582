package identity

import (
	"bytes"
	"testing"

	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

func sampleNodes() []*node {
	ident := &node{first: 7, moves: 2, objects: 1, neighbours: 2, flags: flagStuck | flagFact, profile: record.NodeKey{9},
		streams: []streamCount{{"crm.contacts", 2}}, decisions: []string{"d1"},
		edges:    []edge{{to: record.NodeKey{1}, kind: edgeIdentifier, stuck: true, customers: 3}, {to: record.NodeKey{2}, kind: edgeCustomer}, {to: record.NodeKey{3}, kind: edgeSet}},
		consents: []consent{{ConsentState: record.ConsentState{Purpose: "marketing", Channel: "email", Granted: true, Effective: 5, Source: "mail"}}}}
	ident.beIdentifier(record.Identifier{Type: "email", Value: "a@example.com"})
	who := &node{first: 3}
	who.beCustomer("crm", "crm.contacts", "1")
	r := record.Record{Op: record.Upsert, Received: 9, Seq: record.Seq{Kind: record.SeqText, S: "7"}, Attrs: []record.Attr{{Name: "name", Value: record.StringValue("Jo")}}}
	who.live, _ = who.live.apply(&r, []timedIdent{{Identifier: record.Identifier{Type: "email", Value: "a@example.com"}, key: record.NodeKey{4}}})
	p := record.Record{Op: record.Patch, Received: 12, Seq: record.Seq{Kind: record.SeqText, S: "8"}, Attrs: []record.Attr{{Name: "town"}}}
	who.live, _ = who.live.apply(&p, nil)
	return []*node{ident, who, {kind: kindSet, first: 1, members: []record.NodeKey{{1}, {2}}}}
}

func encoded(n *node) []byte {
	var e wire.Encoder
	n.encode(&e)
	return e.B
}

func FuzzNode(f *testing.F) {
	for _, n := range sampleNodes() {
		f.Add(encoded(n))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n := &node{}
		if decodeNode(b, n) != nil {
			return
		}
		if n.kind == kindCustomer {
			n.customer()
			if n.live.isLive() {
				n.row()
				n.live.keys(nil)
			}
		}
		once := encoded(n)
		m := &node{}
		if err := decodeNode(once, m); err != nil {
			t.Fatalf("what was read cannot be written and read again: %v", err)
		}
		if !bytes.Equal(once, encoded(m)) {
			t.Fatal("reading and writing again changes a node")
		}
	})
}

func FuzzDecisionDocument(f *testing.F) {
	f.Add((&decisionDoc{known: true, props: []byte(`{}`), decided: 4, merge: true, a: []record.NodeKey{{1}}, b: []record.NodeKey{{2}}}).encode())
	f.Add((&decisionDoc{withdrawn: true, withdrawnAt: 3, withdrawnBy: "w"}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := decodeDecision("d", b); err == nil {
			if again, err := decodeDecision("d", d.encode()); err != nil || !bytes.Equal(d.encode(), again.encode()) {
				t.Fatalf("not stable: %v", err)
			}
		}
	})
}

func FuzzParseDecision(f *testing.F) {
	f.Add([]byte(`{"id":"d","decided":1,"verb":"merge","a":[{"type":"email","value":"a@example.com"}],"b":[{"source":"crm","stream":"s","key":"1"}]}`))
	f.Add([]byte(`{"id":"d","decided":1,"verb":"withdraw","of":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDecision(b)
		if err != nil {
			return
		}
		if again, err := ParseDecision(d.Props()); err != nil || !bytes.Equal(d.Props(), again.Props()) {
			t.Fatalf("not stable: %v", err)
		}
	})
}

// FuzzSmallFormats reads the formats that are a list of keys and little more.
func FuzzSmallFormats(f *testing.F) {
	f.Add(encodeDeferred(3, record.Cause{Partition: 1, Offset: 2, Received: 3}, []record.NodeKey{{1}}))
	f.Add(encodeRefused([]Refused{{B: record.NodeKey{1}, Class: Exact, Why: MaxPerson}}))
	f.Add((&object{live: sampleNodes()[1].live}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if gen, cause, keys, err := decodeDeferred(b); err == nil {
			if _, _, again, err := decodeDeferred(encodeDeferred(gen, cause, keys)); err != nil || len(again) != len(keys) {
				t.Fatalf("not stable: %v", err)
			}
		}
		if list, err := decodeRefused(record.NodeKey{}, b); err == nil {
			if again, err := decodeRefused(record.NodeKey{}, encodeRefused(list)); err != nil || len(again) != len(list) {
				t.Fatalf("not stable: %v", err)
			}
		}
		if l, err := decodeObject(b); err == nil {
			l.keys(nil)
			if _, err := decodeObject((&object{live: l}).encode()); err != nil {
				t.Fatalf("not stable: %v", err)
			}
		}
		_, _ = decodeRedirect(b)
	})
}
