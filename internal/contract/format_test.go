package contract_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
)

// learn infers the contract of texts of one field.
func learn(t interface{ Fatal(...any) }, texts ...string) *contract.Schema {
	n := contract.NewInference()
	for _, s := range texts {
		if err := n.Add([]byte(`{"v":` + s + `}`)); err != nil {
			t.Fatal(err)
		}
	}
	s := n.Schema()
	return &s
}

func TestFormatsOfAllValues(t *testing.T) {
	for texts, want := range map[string]string{
		`"jo@example.com"|"a.b+c@mail.example.org"|null`:    "email",
		`"jo@example.com"|"jo"`:                             "",
		`"jo@example.com"|7`:                                "",
		`"jo@example"`:                                      "",
		`"a b@example.com"`:                                 "",
		`"123e4567-e89b-12d3-a456-426614174000"`:            "uuid",
		`"123e4567-e89b-12d3-a456-42661417400g"`:            "",
		`"https://example.com/a?b=c"|"ftp://example.com/x"`: "uri",
		`"https://example.com/a b"`:                         "",
		`"192.0.2.1"|"192.0.2.77"`:                          "ipv4",
		`"192.168.100.100"|"+44 20 7946 0000"`:              "phone",
		`"2001:db8::1"`:                                     "ipv6",
		`"192.0.2.1"|"2001:db8::1"`:                         "",
		`"+44 20 7946 0000"|"(212) 555-0100"`:               "phone",
		`"07700 900123"|"ring the shop"`:                    "",
		`"2024-05-01"`:                                      "",
		`["jo@example.com"]`:                                "",
	} {
		if got := learn(t, strings.Split(texts, "|")...).Fields[0].Formats.String(); got != want {
			t.Errorf("%s: %q, not %q", texts, got, want)
		}
	}
}

var drawn = []string{`null`, `""`, `7`, `1.5`, `true`, `"2024-05-01"`, `"jo@example.com"`, `"x@example.org"`, `"192.168.100.100"`,
	`"+44 20 7946 0000"`, `"2001:db8::1"`, `"https://example.com/"`, `"free text"`, `[1]`}

// TestFormatsDoNotDependOnOrderOrBatches learns the same values in another order, in
// two parts, and twice.
func TestFormatsDoNotDependOnOrderOrBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom(drawn), 1, 12).Draw(t, "values")
		whole := learn(t, values...)
		if shuffled := learn(t, rapid.Permutation(values).Draw(t, "order")...); !shuffled.Equal(whole) {
			t.Fatalf("%v in another order: %v", whole, shuffled)
		}
		cut := rapid.IntRange(1, len(values)).Draw(t, "cut")
		first := learn(t, values[:cut]...)
		var second *contract.Schema
		if cut < len(values) {
			second = learn(t, values[cut:]...)
		}
		if parts := contract.Join(second, first); !parts.Equal(whole) || !contract.Join(whole, parts).Equal(whole) {
			t.Fatalf("%v in two parts: %v", whole, parts)
		}
		stored, err := contract.DecodeSchema(contract.AppendSchema(nil, whole))
		if err != nil || !stored.Equal(whole) {
			t.Fatalf("%v is stored as %v: %v", whole, stored, err)
		}
	})
}

func TestFormatsAreInTheProposal(t *testing.T) {
	if text := string(learn(t, `"jo@example.com"`).Proposal("p")); !strings.Contains(text, `"format": "email"`) {
		t.Error(text)
	}
}

// TestVersion1IsRead reads a contract as the first version stored it: one field,
// email, a required string.
func TestVersion1IsRead(t *testing.T) {
	now := contract.AppendSchema(nil, &contract.Schema{Fields: learn(t, `"free text"`).Fields})
	old := append([]byte{1}, now[1:len(now)-3]...) // without formats, values and elements
	s, err := contract.DecodeSchema(old)
	if err != nil || len(s.Fields) != 1 || s.Fields[0].Path != "v" || !s.Fields[0].Required {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestRulesWithoutFormatsAreStoredAsBefore: their fingerprint must not change by an
// upgrade.
func TestRulesWithoutFormatsAreStoredAsBefore(t *testing.T) {
	text, err := json.Marshal(driftStream(nil, contract.Freeze))
	if err != nil || strings.Contains(string(text), "formats") || strings.Contains(string(text), `"drift"`) {
		t.Errorf("%s %v", text, err)
	}
}
