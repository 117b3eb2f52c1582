package contract_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

const orderProto = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
import "address.proto";
message Order {
  string order_id = 1;
  int64 no = 2;
  double sum = 3;
  bool paid = 4;
  optional string note = 5;
  google.protobuf.Timestamp placed_at = 6;
  google.protobuf.Int32Value rank = 7;
  google.protobuf.Struct extra = 8;
  State state = 9;
  repeated string tags = 10;
  map<string, int32> counts = 11;
  Address bill = 12;
  Order parent = 13;
  oneof pay { string card = 14; string iban = 15; }
  string named = 16 [json_name = "otherName"];
  enum State { STATE_UNSPECIFIED = 0; OPEN = 1; }
  message Line { uint32 qty = 1; }
}
message Other { bytes raw = 1; }
`

const addressProto = `syntax = "proto3"; package shop.v1; message Address { string city = 1; string zip_code = 2; }`

func beside(name string) ([]byte, error) {
	if name == "address.proto" {
		return []byte(addressProto), nil
	}
	return nil, errors.New("no such file")
}

func TestProto(t *testing.T) {
	want := schema(
		contract.Field{Path: "bill", Nullable: true},
		contract.Field{Path: "bill.city", Type: record.String},
		contract.Field{Path: "bill.zipCode", Type: record.String},
		contract.Field{Path: "card", Type: record.String, Nullable: true},
		contract.Field{Path: "counts", Type: record.JSON},
		contract.Field{Path: "extra", Type: record.JSON, Nullable: true},
		contract.Field{Path: "iban", Type: record.String, Nullable: true},
		contract.Field{Path: "no", Type: record.Int},
		contract.Field{Path: "note", Type: record.String, Nullable: true},
		contract.Field{Path: "orderId", Type: record.String},
		contract.Field{Path: "otherName", Type: record.String},
		contract.Field{Path: "paid", Type: record.Bool},
		contract.Field{Path: "parent", Type: record.JSON, Nullable: true},
		contract.Field{Path: "placedAt", Type: record.Time, Nullable: true},
		contract.Field{Path: "rank", Type: record.Int, Nullable: true},
		contract.Field{Path: "state", Type: record.String},
		contract.Field{Path: "sum", Type: record.Float},
		contract.Field{Path: "tags", Type: record.JSON, Items: &contract.Elements{Of: schema(contract.Field{Type: record.String, Required: true})}},
	)
	for _, name := range []string{"order.proto", "contracts/order.proto#Order", "order.proto#shop.v1.Order"} {
		got, err := contract.Parse(name, []byte(orderProto), beside)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(name, d)
		}
	}
	for name, path := range map[string]string{"order.proto#Other": "raw", "order.proto#Order.Line": "qty"} {
		if got, err := contract.Parse(name, []byte(orderProto), beside); err != nil || len(got.Fields) != 1 || got.Fields[0].Path != path {
			t.Error(name, got, err)
		}
	}
}

func TestProtoIsJudged(t *testing.T) {
	s, err := contract.Parse("o.proto", []byte(`syntax = "proto2"; import "google/protobuf/timestamp.proto";
		message O { required int64 id = 1; optional google.protobuf.Timestamp made_at = 2; enum S { OPEN = 1; } optional S state = 3; repeated int32 n = 4; }`), nil)
	if err != nil {
		t.Fatal(err)
	}
	st := stage(t, contract.StreamConfig{Stream: "s", OnDrift: contract.Freeze, Schema: s})
	for _, row := range []struct{ props, want string }{
		{`{"id":"7","madeAt":"2024-01-02T03:04:05Z","state":"OPEN","n":[1]}`, `id:integer=7 madeAt:timestamp=2024-01-02T03:04:05Z n:json=[1] state:string=OPEN`},
		{`{"id":7,"state":1}`, `id:integer=7 state:string=1`},
		{`{"state":"OPEN"}`, `quarantined contract_missing id`},
		{`{"id":"x"}`, `quarantined contract_type id`},
		{`{"id":7,"state":"SHUT"}`, `quarantined contract_value state`},
		{`{"id":7,"made_at":"2024-01-02T03:04:05Z"}`, `quarantined contract_new_field made_at`},
	} {
		if got := show(refine(t, st, event(row.props))); got != row.want {
			t.Errorf("%s: %s, want %s", row.props, got, row.want)
		}
	}
}

func TestProtoRefuses(t *testing.T) {
	const head = `syntax = "proto3"; `
	for _, row := range []struct {
		name, text string
		code       errs.Code
	}{
		{"a.proto", `message {`, contract.CodeSchemaInvalid},
		{"a.proto", head, contract.CodeMessage},
		{"a.proto#B", head + `message A {}`, contract.CodeMessage},
		{"a.proto", head + `import "../up.proto"; message A {}`, contract.CodeSchemaRemote},
		{"a.proto", head + `import "/etc/passwd"; message A {}`, contract.CodeSchemaRemote},
		{"a.proto", head + `import "https://example.com/b.proto"; message A {}`, contract.CodeSchemaRemote},
		{"a.proto", head + `import "gone.proto"; message A {}`, contract.CodeSchemaInvalid},
		{"a.proto", head + `import "a.proto"; message A {}`, contract.CodeSchemaInvalid},
		{"a.proto", head + `message A { Nowhere b = 1; }`, contract.CodeSchemaInvalid},
		{"a.proto", head + `option (x) = ` + strings.Repeat("{ a ", 5000), contract.CodeSchemaInvalid},
	} {
		if _, err := contract.Parse(row.name, []byte(row.text), beside); !errs.Is(err, row.code) {
			t.Errorf("%s: %v", row.text[:min(80, len(row.text))], err)
		}
	}
}

func FuzzParseProto(f *testing.F) {
	f.Add(orderProto, "Order")
	f.Add(addressProto, "")
	f.Add(`syntax = "proto2"; message A { optional group B = 1 { required A a = 1; } }`, "A.B")
	f.Add(`edition = "2023"; message A { string b = 1; }`, "A")
	f.Fuzz(func(t *testing.T, text, message string) {
		s, err := contract.Parse("order.proto#"+message, []byte(text), beside)
		checkParsed(t, s, err)
	})
}
