package record

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/kit/wire"
)

func drawIdentifiers(t *rapid.T) []Identifier {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Identifier {
		return Identifier{Type: rapid.StringMatching(`[a-z_]{1,8}`).Draw(t, "type"), Value: rapid.String().Draw(t, "value")}
	}), 0, 4).Draw(t, "identifiers")
}

func drawSeq(t *rapid.T) Seq {
	s := Seq{Kind: SeqKind(rapid.IntRange(0, int(SeqText)).Draw(t, "seq kind"))}
	switch s.Kind {
	case SeqNone:
	case SeqText:
		s.S = rapid.String().Draw(t, "seq text")
	default:
		s.A, s.B = rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
	}
	return s
}

func drawValue(t *rapid.T) Value {
	v := Value{Kind: ValueKind(rapid.IntRange(0, int(JSON)).Draw(t, "value kind"))}
	switch v.Kind {
	case Null:
	case String, JSON:
		v.S = rapid.String().Draw(t, "text")
	default:
		v.N = rapid.Int64().Draw(t, "n")
	}
	v.Filled = v.Kind != Null && rapid.Bool().Draw(t, "filled")
	return v
}

func drawRecord(t *rapid.T) Record {
	return Record{
		ID: rapid.String().Draw(t, "id"), Source: rapid.String().Draw(t, "source"), Stream: rapid.String().Draw(t, "stream"),
		Kind: Kind(rapid.IntRange(int(Customer), int(Control)).Draw(t, "kind")), Op: Op(rapid.IntRange(int(Upsert), int(Delete)).Draw(t, "op")),
		Key: rapid.String().Draw(t, "key"), Seq: drawSeq(t), Alias: rapid.Bool().Draw(t, "alias"), Event: rapid.String().Draw(t, "event"),
		Identifiers: drawIdentifiers(t), Occurred: rapid.Int64().Draw(t, "occurred"), Received: rapid.Int64().Draw(t, "received"),
		Pin: rapid.Uint32().Draw(t, "pin"), Hash: rapid.Uint64().Draw(t, "hash"), Props: []byte(rapid.String().Draw(t, "props")),
		Reject: rapid.StringMatching(`[a-z_]{0,12}`).Draw(t, "reject"),
	}
}

func TestEnvelopeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		b := AppendEnvelope(nil, &want)
		var got Record
		if err := DecodeEnvelope(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		for cut := range b { // a torn envelope is a fault, never another record
			if err := DecodeEnvelope(b[:cut], &got); err == nil {
				t.Fatalf("an envelope cut at %d of %d was read", cut, len(b))
			}
		}
	})
}

func TestEmittedRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := func(name string) (k NodeKey) {
			copy(k[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
			return k
		}
		p := Profile{ID: key("id"), Version: rapid.Uint64().Draw(t, "version"), Kind: Updated, Into: key("into"),
			Cause:      Cause{Partition: rapid.Int32().Draw(t, "partition"), Offset: rapid.Uint64().Draw(t, "offset"), Source: "crm"},
			Attrs:      []GoldenAttr{{Attr: Attr{Name: "email", Value: drawValue(t)}, Source: "crm", Node: key("node"), Rule: "longest", Time: rapid.Int64().Draw(t, "time")}},
			Aliases:    []ProfileID{key("alias")},
			Consents:   []ConsentState{{Purpose: "news", Granted: rapid.Bool().Draw(t, "granted"), Identifier: Identifier{Type: "email", Value: "a@example.com"}}},
			Suppressed: rapid.Bool().Draw(t, "suppressed"), Customers: 2, Changed: []string{"email"},
		}
		got, err := DecodeProfile(AppendProfile(nil, &p))
		if diff := cmp.Diff(p, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
		f := Fact{Source: "web", Stream: "web.events", Kind: Event, Op: Upsert, Event: "x", Personal: true, Key: rapid.String().Draw(t, "key"), Node: key("fact"),
			Order: Order{Seq: drawSeq(t), Effective: 4, Hash: 9}, Attrs: []Attr{{"a", drawValue(t)}}}
		var gotFact Fact
		if err := DecodeFact(AppendFact(nil, &f), &gotFact); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, gotFact, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		m := Move{Node: key("m"), Profile: key("p"), Version: rapid.Uint64().Draw(t, "v"), Time: rapid.Int64().Draw(t, "mt")}
		if gotMove, err := DecodeMove(AppendMove(nil, m)); err != nil || gotMove != m {
			t.Fatal(err, gotMove)
		}
		d := Disposition{Partition: 3, From: 5, To: 9, Counts: []DispositionCount{{Source: "a", Stream: "b"}},
			Set: []Reason{{Offset: 6, Outcome: Quarantined, Code: "x", Detail: "y"}}, Checks: []CheckCount{{"s", "not_null", "c", 3, 1}}}
		d.Counts[0].N[Duplicate] = -2
		gotDisposition, err := DecodeDisposition(AppendDisposition(nil, &d))
		if diff := cmp.Diff(d, gotDisposition, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
	})
}

// TestFilledIsABitOfTheKind reads what versions wrote that knew no filled values, and is
// refused by them: their kinds end at JSON.
func TestFilledIsABitOfTheKind(t *testing.T) {
	said, filled := StringValue("GB"), StringValue("GB")
	filled.Filled = true
	for _, c := range []struct {
		bytes string
		want  Value
	}{{"\x01\x02GB", said}, {"\x81\x02GB", filled}} {
		d := wire.NewDecoder([]byte(c.bytes))
		if got := DecodeValue(&d); d.Finish() != nil || got != c.want {
			t.Errorf("%q is read as %v", c.bytes, got)
		}
		e := wire.Encoder{}
		if EncodeValue(&e, c.want); string(e.B) != c.bytes {
			t.Errorf("%v is written %q", c.want, e.B)
		}
	}
	d := wire.NewDecoder([]byte{filledBit})
	if DecodeValue(&d); d.Finish() == nil {
		t.Error("a filled null is read")
	}
}

func FuzzDecodeEnvelope(f *testing.F) {
	r := Record{ID: "1", Source: "s", Stream: "s.t", Kind: Customer, Op: Upsert, Identifiers: []Identifier{{"email", "a@example.com"}}, Props: []byte(`{}`)}
	f.Add(AppendEnvelope(nil, &r))
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Record
		if DecodeEnvelope(b, &r) != nil {
			return
		}
		again := AppendEnvelope(nil, &r)
		var r2 Record
		if err := DecodeEnvelope(again, &r2); err != nil || !bytes.Equal(again, AppendEnvelope(nil, &r2)) {
			t.Fatal("what was read does not write back to the same record", err)
		}
	})
}

func FuzzDecodeEmitted(f *testing.F) {
	f.Add(AppendProfile(nil, &Profile{Attrs: []GoldenAttr{{Attr: Attr{Name: "a"}}}}))
	f.Add(AppendDisposition(nil, &Disposition{Set: []Reason{{Code: "x"}}}))
	f.Add(AppendFact(nil, &Fact{Stream: "s"}))
	f.Add(AppendMove(nil, Move{}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = DecodeProfile(b)
		_, _ = DecodeMove(b)
		_, _ = DecodeDisposition(b)
		var fact Fact
		_ = DecodeFact(b, &fact)
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add(Position{Log: "x", Offsets: []uint64{1, 2}}.Token())
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseToken(s)
		if err != nil {
			return
		}
		again, err := ParseToken(p.Token())
		if err != nil || !cmp.Equal(p, again) {
			t.Fatal("a token does not name one position", err)
		}
	})
}

func TestOrderIsTotalAndFutureClocksWinNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawRecord(t), drawRecord(t), drawRecord(t)
		x, y, z := a.Order(), b.Order(), c.Order()
		if x.Compare(y) != -y.Compare(x) {
			t.Fatal("not antisymmetric")
		}
		if x.Compare(y) <= 0 && y.Compare(z) <= 0 && x.Compare(z) > 0 {
			t.Fatal("not transitive")
		}
	})
	now := int64(1_700_000_000_000_000)
	far := Record{Received: now, Occurred: now * 2, Seq: Seq{Kind: SeqTime, A: now * 2}}
	later := Record{Received: now + MaxFuture + 1, Occurred: now + MaxFuture + 1, Seq: Seq{Kind: SeqTime, A: now + MaxFuture + 1}}
	if far.Order().Compare(later.Order()) >= 0 {
		t.Error("a clock in the far future beat a record that came later than five minutes after it")
	}
}

func TestPositions(t *testing.T) {
	var p Position
	p.Log = "log"
	p.Raise(2, 7)
	p.Raise(2, 5)
	if !p.Covers(Position{Log: "log", Offsets: []uint64{0, 0, 7}}) || p.Covers(Position{Log: "log", Offsets: []uint64{0, 1}}) ||
		p.Covers(Position{Log: "other"}) {
		t.Error("Covers is wrong")
	}
	got, err := ParseToken(p.Token())
	if err != nil || !cmp.Equal(got, p) {
		t.Error(got, err)
	}
	if _, err := ParseToken("nonsense!"); err == nil {
		t.Error("nonsense was read as a token")
	}
}

func TestHashesDoNotMix(t *testing.T) {
	h, err := NewHasher(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[NodeKey]string{}
	add := func(name string, k NodeKey) {
		if other, ok := keys[k]; ok {
			t.Errorf("%s and %s share a key", name, other)
		}
		keys[k] = name
	}
	add("ab|c", h.Customer("ab", "c", ""))
	add("a|bc", h.Customer("a", "bc", ""))
	add("a\\0b", h.Customer("a\x00b", "c", ""))
	add("identifier", h.Identifier(Identifier{"ab", "c"}))
	add("object", h.Object("ab", "c", ""))
	one := h.Identifier(Identifier{"email", "a@example.com"})
	if h.Set([]NodeKey{one}) != one || !h.Set(nil).IsZero() {
		t.Error("a set of one is that one, an empty one is zero")
	}
	other, _ := NewHasher(bytes.Repeat([]byte{2}, 32))
	if other.Identifier(Identifier{"email", "a@example.com"}) == one {
		t.Error("the hash does not depend on the key")
	}
	back, err := ParseProfileID(one.String())
	if err != nil || back != one {
		t.Error("an id's text does not read back", err)
	}
}
