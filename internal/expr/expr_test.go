package expr_test

import (
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func person() *record.Profile {
	attr := func(name string, v record.Value) record.GoldenAttr {
		return record.GoldenAttr{Attr: record.Attr{Name: name, Value: v}}
	}
	return &record.Profile{
		ID: record.NodeKey{1}, Version: 3, Kind: record.Updated,
		Attrs: []record.GoldenAttr{
			attr("age", record.IntValue(41)),
			attr("born", record.DateValue(5479)), // 1985-01-01
			attr("city", record.StringValue("Leith")),
			attr("nothing", record.Value{}),
			attr("score", record.FloatValue(0.5)),
			attr("seen", record.TimeValue(1_700_000_000_000_000)),
			attr("tags", record.JSONValue(`["a",{"b":[1,2.5,null,true]}]`)),
			attr("vip", record.BoolValue(true)),
		},
		Identifiers: []record.MemberIdentifier{
			{Identifier: record.Identifier{Type: "email", Value: "jo@example.com"}},
			{Identifier: record.Identifier{Type: "email", Value: "ada@example.com"}},
			{Identifier: record.Identifier{Type: "phone", Value: "+441310000000"}},
		},
		Consents: []record.ConsentState{
			{Purpose: "marketing", Channel: "email", Granted: true, Effective: 5},
			{Purpose: "marketing", Channel: "sms", Granted: true, Effective: 5},
			{Purpose: "marketing", Channel: "sms", Granted: false, Effective: 5},
		},
		Changed: []string{"city", "vip"},
	}
}

func TestProfileConditions(t *testing.T) {
	for src, want := range map[string]bool{
		`true`:                       true,
		`false`:                      false,
		`attributes.city == "Leith"`: true,
		`attributes.age > 40 && attributes.age < 41.5`:                                       true,
		`attributes.score == 0.5`:                                                            true,
		`attributes.vip`:                                                                     true,
		`attributes.city`:                                                                    false, // not a boolean
		`attributes.missing == "x"`:                                                          false,
		`!attributes.missing`:                                                                false, // what cannot be evaluated is false
		`!has(attributes.missing) || !attributes.missing`:                                    true,
		`has(attributes.missing)`:                                                            false,
		`has(attributes.nothing) && attributes.nothing == null`:                              true,
		`"city" in attributes && !("town" in attributes)`:                                    true,
		`"city" in changed`:                                                                  true,
		`changed.exists(c, c == "vip")`:                                                      true,
		`attributes.seen > timestamp("2020-01-01T00:00:00Z")`:                                true,
		`attributes.born == timestamp("1985-01-01T00:00:00Z")`:                               true,
		`attributes.tags[0] == "a" && attributes.tags[1].b[1] == 2.5`:                        true,
		`attributes.tags[1].b[3] && attributes.tags[1].b[2] == null`:                         true,
		`attributes == attributes && size(attributes) == 8`:                                  true,
		`attributes.tags[1] == {"b": [1, 2.5, null, true]}`:                                  true,
		`attributes.map(k, k)[0] == "age"`:                                                   true,
		`profile.kind == "updated" && profile.version == 3 && profile.id.size() == 26`:       true,
		`identifiers.email == ["ada@example.com", "jo@example.com"]`:                         true,
		`"phone" in identifiers && !("user_id" in identifiers)`:                              true,
		`consents.marketing.email`:                                                           true,
		`consents.marketing.sms`:                                                             false, // ties deny
		`consents.research.email`:                                                            false,
		`suppressed`:                                                                         false,
		`attributes.age / 0 == 1`:                                                            false,
		`attributes.city.matches("^L.*h$")`:                                                  true,
		`[1,2,3,4,5,6,7,8,9].map(a, [1,2,3,4,5,6,7,8,9].map(b, a * b)).size() == 9`:          true,
		strings.Repeat(`[1,2,3,4,5,6,7,8,9,0].all(x, `, 7) + `true` + strings.Repeat(`)`, 7): false, // costs too much
	} {
		c, err := expr.Compile(src, expr.Profile)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got := c.Profile(person()); got != want {
			t.Errorf("%s gives %v, want %v", src, got, want)
		}
	}
}

func TestCandidateAndEventConditions(t *testing.T) {
	customer := &record.SourceCustomer{Source: "crm", Stream: "crm.contacts", Attrs: []record.TimedAttr{
		{Attr: record.Attr{Name: "verified", Value: record.BoolValue(true)}},
	}}
	c, err := expr.Compile(`value.contains("@") && source == "crm" && stream == "crm.contacts" && attributes.verified`, expr.Candidate)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Candidate(customer, record.StringValue("jo@example.com")) || c.Candidate(customer, record.StringValue("jo")) || c.Candidate(customer, record.IntValue(1)) {
		t.Error("the condition on candidates is wrong")
	}
	if c.Profile(person()) {
		t.Error("a condition on candidates holds for a profile")
	}
	fact := &record.Fact{Event: "Order Completed", Source: "web", Stream: "web.track", Attrs: []record.Attr{{Name: "total", Value: record.FloatValue(12.5)}}}
	if c, err = expr.Compile(`event == "Order Completed" && properties.total >= 10 && source == "web" && stream.startsWith("web.")`, expr.Event); err != nil {
		t.Fatal(err)
	}
	if !c.Event(fact) {
		t.Error("the condition on events does not hold")
	}
}

func TestFaultsHaveAPlace(t *testing.T) {
	for src, place := range map[string]string{
		``:                                   "1:1",
		`attributes.city ==`:                 "1:19",
		"true &&\n  nonsense":                "2:3",
		`profile.age == 3`:                   "1:8",
		`1 + 2`:                              "1:1",
		`"x" + 1 == 2`:                       "1:5",
		strings.Repeat("x", 20_000):          "",
		strings.Repeat("(", 4_000):           "1:1",
		`suppressed.matches("(")`:            "1:19",
		`attributes.city.matches("(") `:      "1:1",
		"\x00":                               "1:1",
		`attributes.exists(x)`:               "1:18",
		`[1, 2].all(attributes.x, x == "a")`: "1:22",
	} {
		_, err := expr.Compile(src, expr.Profile)
		if !errs.Is(err, expr.CodeBad) {
			t.Errorf("%.40q gives %v, want %s", src, err, expr.CodeBad)
			continue
		}
		if place != "" && !strings.HasPrefix(err.Error(), place+": ") {
			t.Errorf("%.40q is placed at %.60q, want %s", src, err.Error(), place)
		}
	}
	_, err := expr.Compile("one ||\ntwo", expr.Event)
	if err == nil || !strings.Contains(err.Error(), "1:1: ") || !strings.Contains(err.Error(), "\n2:1: ") {
		t.Errorf("not both faults are reported: %v", err)
	}
}

func FuzzCondition(f *testing.F) {
	f.Add(`attributes.city == "Leith" || changed.exists(c, c == "x")`, `{"a":[1]}`)
	f.Add(`attributes.json.a[0] == 1 && has(attributes.json.b)`, `[{"a":1e999},`)
	f.Add(`identifiers.email.size() > 1`, `{"a":1,"a":2}`)
	f.Fuzz(func(t *testing.T, src, json string) {
		c, err := expr.Compile(src, expr.Profile)
		if err != nil {
			if !errs.Is(err, expr.CodeBad) {
				t.Fatalf("a fault without its code: %v", err)
			}
			return
		}
		p := person()
		p.Attrs = append(p.Attrs, record.GoldenAttr{Attr: record.Attr{Name: "json", Value: record.JSONValue(json)}})
		if first, again := c.Profile(p), c.Profile(p); first != again {
			t.Fatal("asked twice, it answers differently")
		}
	})
}

func BenchmarkCondition(b *testing.B) {
	for name, src := range map[string]string{
		"attribute": `attributes.city == "Leith"`,
		"three":     `attributes.age > 18 && "city" in changed && !suppressed`,
		"consent":   `consents.marketing.email`,
	} {
		b.Run(name, func(b *testing.B) {
			c, err := expr.Compile(src, expr.Profile)
			if err != nil {
				b.Fatal(err)
			}
			p := person()
			b.ReportAllocs()
			for b.Loop() {
				if !c.Profile(p) {
					b.Fatal("does not hold")
				}
			}
		})
	}
}
