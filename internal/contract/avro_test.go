package contract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

const orderAvro = `{"type": "record", "name": "Order", "namespace": "com.example", "fields": [
	{"name": "id", "type": "string"},
	{"name": "no", "type": "long"},
	{"name": "paid", "type": "boolean", "default": false},
	{"name": "note", "type": ["null", "string"], "default": null},
	{"name": "ref", "type": ["null", "int"]},
	{"name": "sum", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
	{"name": "exact", "type": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2}, "default": "0"},
	{"name": "day", "type": {"type": "int", "logicalType": "date"}},
	{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
	{"name": "seen", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": null},
	{"name": "uid", "type": {"type": "string", "logicalType": "uuid"}},
	{"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "CLOSED"]}},
	{"name": "was", "type": ["null", "State"], "default": null},
	{"name": "either", "type": ["int", "string"]},
	{"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
	{"name": "more", "type": {"type": "map", "values": "int"}, "default": {}},
	{"name": "bill", "type": {"type": "record", "name": "Address", "fields": [{"name": "city", "type": "string"}, {"name": "zip", "type": "string", "default": ""}]}},
	{"name": "ship", "type": ["null", "Address"], "default": null},
	{"name": "parent", "type": ["null", "Order"], "default": null}]}`

func TestAvro(t *testing.T) {
	got, err := contract.Parse("order.avsc", []byte(orderAvro), nil)
	if err != nil {
		t.Fatal(err)
	}
	state := &contract.Rules{Enum: []string{"CLOSED", "OPEN"}}
	want := schema(
		contract.Field{Path: "at", Type: record.Time, Required: true},
		contract.Field{Path: "bill.city", Type: record.String, Required: true},
		contract.Field{Path: "bill.zip", Type: record.String},
		contract.Field{Path: "day", Type: record.Date, Required: true},
		contract.Field{Path: "either", Type: record.String, Required: true},
		contract.Field{Path: "exact", Type: record.String},
		contract.Field{Path: "id", Type: record.String, Required: true},
		contract.Field{Path: "more", Type: record.JSON},
		contract.Field{Path: "no", Type: record.Int, Required: true},
		contract.Field{Path: "note", Type: record.String, Nullable: true},
		contract.Field{Path: "paid", Type: record.Bool},
		contract.Field{Path: "parent", Type: record.JSON, Nullable: true},
		contract.Field{Path: "ref", Type: record.Int, Nullable: true, Required: true},
		contract.Field{Path: "seen", Type: record.Time, Nullable: true},
		contract.Field{Path: "ship", Nullable: true},
		contract.Field{Path: "ship.city", Type: record.String},
		contract.Field{Path: "ship.zip", Type: record.String},
		contract.Field{Path: "state", Type: record.String, Required: true, Rules: state},
		contract.Field{Path: "sum", Type: record.Float, Required: true},
		contract.Field{Path: "tags", Type: record.JSON, Items: &contract.Elements{Of: schema(contract.Field{Type: record.String, Required: true})}},
		contract.Field{Path: "uid", Type: record.String, Required: true},
		contract.Field{Path: "was", Type: record.String, Nullable: true, Rules: state},
	)
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func TestAvroIsJudged(t *testing.T) {
	s, err := contract.Parse("order.avsc", []byte(`{"type": "record", "name": "O", "fields": [{"name": "id", "type": "long"},
		{"name": "state", "type": {"type": "enum", "name": "S", "symbols": ["OPEN"]}, "default": "OPEN"},
		{"name": "to", "type": ["null", {"type": "record", "name": "T", "fields": [{"name": "city", "type": "string"}]}], "default": null}]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	st := stage(t, contract.StreamConfig{Stream: "s", OnDrift: contract.Freeze, Schema: s})
	for _, row := range []struct{ props, want string }{
		{`{"id":1,"state":"OPEN","to":null}`, `id:integer=1 state:string=OPEN to:null=`},
		{`{"id":1,"to":{"city":"Ulm"}}`, `id:integer=1 to.city:string=Ulm`},
		{`{"state":"OPEN"}`, `quarantined contract_missing id`},
		{`{"id":"x"}`, `quarantined contract_type id`},
		{`{"id":null}`, `quarantined contract_null id`},
		{`{"id":1,"state":"SHUT"}`, `quarantined contract_value state`},
		{`{"id":1,"to":{"city":"Ulm","zip":"1"}}`, `quarantined contract_new_field to.zip`},
	} {
		if got := show(refine(t, st, event(row.props))); got != row.want {
			t.Errorf("%s: %s, want %s", row.props, got, row.want)
		}
	}
}

func TestAvroRefuses(t *testing.T) {
	for _, text := range []string{`{`, `"string"`, `[]`, `{"type":"enum","name":"E","symbols":["A"]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"Nowhere"}]}`,
		`{"type":"record","name":"R","fields":[{"name":"a b","type":"int"}]}`} {
		if _, err := contract.Parse("a.avsc", []byte(text), nil); !errs.Is(err, contract.CodeSchemaInvalid) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// checkParsed fails where what was parsed is no contract.
func checkParsed(t *testing.T, s *contract.Schema, err error) {
	if err != nil {
		return
	}
	if faults := contract.Validate([]contract.StreamConfig{{Stream: "s", Schema: s}}); len(faults) > 0 {
		t.Fatal(faults)
	}
	for i := 1; i < len(s.Fields); i++ {
		if s.Fields[i].Path <= s.Fields[i-1].Path {
			t.Fatal("the fields are not in order")
		}
	}
}

func FuzzParseAvro(f *testing.F) {
	f.Add([]byte(orderAvro))
	f.Add([]byte(`{"type":"record","name":"R","fields":[{"name":"a","type":["null","R"]}]}`))
	f.Add([]byte(`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":2}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := contract.Parse("a.avsc", data, nil)
		checkParsed(t, s, err)
	})
}
