package golden_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// TestSurvive reads testdata/survive. Rewrite it with: go test ./internal/golden -rewrite
//
//	rules                        one a line: ATTRIBUTE RULE [source,source…] [if CEL]; attribute * is the default
//	golden                       one customer a line: STREAM KEY [name=value[@minute]]…; the surviving values
//	crosswalk                    alike; every value and how it fared
//
// Values: 12 is an integer, 1.5 a number, true a boolean, null, {…} and […] JSON,
// 2020-01-31 a date, anything else a string, with _ for a blank.
func TestSurvive(t *testing.T) {
	datadriven.Walk(t, "testdata/survive", func(t *testing.T, path string) {
		rules, err := golden.Compile(golden.Config{})
		if err != nil {
			t.Fatal(err)
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "rules":
				if rules, err = golden.Compile(parseRules(d.Input)); err != nil {
					return err.Error() + "\n"
				}
				return ""
			case "golden":
				var b strings.Builder
				for _, a := range golden.Survive(parseCustomers(d.Input), rules) {
					fmt.Fprintf(&b, "%s = %s%s by %s from %s %s @%d\n", a.Name, filled(a.Value), a.Value.AppendJSON(nil), a.Rule, a.Stream, keyOf(a.Node), a.Time)
				}
				return b.String()
			case "crosswalk":
				var b strings.Builder
				for _, s := range golden.Losing(parseCustomers(d.Input), rules) {
					fate := "wins"
					if !s.Wins {
						fate = "loses: " + s.Lost
					}
					fmt.Fprintf(&b, "%s = %s%s from %s %s @%d %s\n", s.Name, filled(s.Value), s.Value.AppendJSON(nil), s.Stream, s.Key, s.Time, fate)
				}
				return b.String()
			}
			t.Fatalf("%s: there is no command %s", d.Pos, d.Cmd)
			return ""
		})
	})
}

func parseRules(input string) (cfg golden.Config) {
	for line := range strings.Lines(input) {
		line, filter, _ := strings.Cut(strings.TrimSpace(line), " if ")
		fields := strings.Fields(line)
		r := golden.RuleConfig{Attribute: fields[0], Rule: fields[1], Filter: filter}
		if len(fields) > 2 {
			r.Sources = strings.Split(fields[2], ",")
		}
		if r.Attribute == "*" {
			r.Attribute = ""
			cfg.Default = r
			continue
		}
		cfg.Rules = append(cfg.Rules, r)
	}
	return cfg
}

func node(key string) (k record.NodeKey) {
	copy(k[:], key)
	return k
}

func keyOf(k record.NodeKey) string { return strings.TrimRight(string(k[:]), "\x00") }

func parseCustomers(input string) (all []*record.SourceCustomer) {
	for line := range strings.Lines(input) {
		fields := strings.Fields(line)
		source, _, _ := strings.Cut(fields[0], ".")
		c := &record.SourceCustomer{Source: source, Stream: fields[0], Key: fields[1], Node: node(fields[1])}
		for _, f := range fields[2:] {
			name, text, _ := strings.Cut(f, "=")
			minute := 0
			if at := strings.LastIndexByte(text, '@'); at >= 0 {
				if n, err := strconv.Atoi(text[at+1:]); err == nil {
					text, minute = text[:at], n
				}
			}
			c.Attrs = append(c.Attrs, record.TimedAttr{Attr: record.Attr{Name: name, Value: parseValue(text)},
				Order: record.Order{Effective: int64(minute)}})
		}
		slices.SortStableFunc(c.Attrs, func(a, b record.TimedAttr) int { return strings.Compare(a.Name, b.Name) })
		all = append(all, c)
	}
	return all
}

func parseValue(text string) record.Value {
	if said, filled := strings.CutPrefix(text, "~"); filled {
		v := parseValue(said)
		v.Filled = true
		return v
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return record.IntValue(n)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return record.FloatValue(f)
	}
	switch {
	case text == "null":
		return record.Value{}
	case text == "true" || text == "false":
		return record.BoolValue(text == "true")
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		return record.JSONValue(text)
	}
	return record.StringValue(strings.ReplaceAll(text, "_", " "))
}

// filled is the mark of a value that nobody said.
func filled(v record.Value) string {
	if v.Filled {
		return "~"
	}
	return ""
}

var allRules = []string{golden.MostRecent, golden.SourcePriority, golden.MostFrequent, golden.Oldest, golden.Longest, golden.Aggregate, golden.Min, golden.Max}

func drawCustomers(t *rapid.T) []*record.SourceCustomer {
	values := []record.Value{{}, record.StringValue("a"), record.StringValue("bb"), record.StringValue("é"), record.IntValue(1), record.FloatValue(1),
		record.FloatValue(1.5), record.BoolValue(true), record.DateValue(3), record.TimeValue(3), record.JSONValue(`["a"]`)}
	for _, v := range values[1:5] {
		v.Filled = true
		values = append(values, v)
	}
	all := make([]*record.SourceCustomer, rapid.IntRange(0, 6).Draw(t, "customers"))
	for i := range all {
		source := rapid.SampledFrom([]string{"crm", "shop", "web"}).Draw(t, "source")
		c := &record.SourceCustomer{Source: source, Stream: source + ".main", Node: record.NodeKey{byte(i)}, Key: strconv.Itoa(i)}
		for _, name := range allRules { // one attribute for each rule
			if rapid.IntRange(0, 3).Draw(t, "says") > 0 {
				c.Attrs = append(c.Attrs, record.TimedAttr{
					Attr:  record.Attr{Name: name, Value: rapid.SampledFrom(values).Draw(t, "value")},
					Order: record.Order{Effective: rapid.Int64Range(0, 3).Draw(t, "time")},
				})
			}
		}
		slices.SortFunc(c.Attrs, func(a, b record.TimedAttr) int { return strings.Compare(a.Name, b.Name) })
		all[i] = c
	}
	return all
}

func everyRule(t testing.TB) *golden.Rules {
	cfg := golden.Config{Default: golden.RuleConfig{Rule: golden.MostRecent, Sources: []string{"shop.main", "crm"}}}
	for _, name := range allRules {
		cfg.Rules = append(cfg.Rules, golden.RuleConfig{Attribute: name, Rule: name})
	}
	rules, err := golden.Compile(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestSurviveIsAFunctionOfTheSet upholds I3 for golden.
func TestSurviveIsAFunctionOfTheSet(t *testing.T) {
	rules := everyRule(t)
	rapid.Check(t, func(t *rapid.T) {
		customers := drawCustomers(t)
		shuffled := rapid.Permutation(customers).Draw(t, "shuffled")
		one, other := golden.Survive(customers, rules), golden.Survive(shuffled, rules)
		if !slices.Equal(one, other) {
			t.Fatalf("another order gives\n%v, not\n%v", other, one)
		}
		if a, b := golden.Losing(customers, rules), golden.Losing(shuffled, rules); !slices.Equal(a, b) {
			t.Fatalf("another order gives the crosswalk\n%v, not\n%v", b, a)
		}
		// Every value is one that somebody said, no null won, and nothing that was said is lost.
		said, unfilled := map[string]bool{}, map[string]bool{}
		for _, c := range customers {
			for _, a := range c.Attrs {
				if !a.Value.IsNull() {
					said[a.Name] = true
					unfilled[a.Name] = unfilled[a.Name] || !a.Value.Filled
				}
			}
		}
		if len(said) != len(one) {
			t.Fatalf("%d attributes survive of %d", len(one), len(said))
		}
		winners := map[string]record.GoldenAttr{}
		for _, s := range golden.Losing(customers, rules) {
			if s.Wins && s.Rule != golden.Aggregate {
				winners[s.Name] = s.GoldenAttr
			}
		}
		for _, a := range one {
			if a.Value.IsNull() {
				t.Fatalf("null won %s", a.Name)
			}
			if a.Value.Filled == unfilled[a.Name] {
				t.Fatalf("%v survives, and a source said a value: %v", a, unfilled[a.Name])
			}
			if a.Rule != golden.Aggregate && winners[a.Name] != a {
				t.Fatalf("the crosswalk marks %v, golden has %v", winners[a.Name], a)
			}
		}
	})
}

func TestBadRulesAreAllReported(t *testing.T) {
	_, err := golden.Compile(golden.Config{
		Default: golden.RuleConfig{Rule: "latest"},
		Rules: []golden.RuleConfig{
			{Attribute: "email", Rule: golden.SourcePriority},
			{Attribute: "phone", Rule: golden.Min, Filter: "valu > 1"},
			{Attribute: "phone", Rule: golden.Max},
			{Rule: golden.Max},
		},
	})
	if !errs.Is(err, golden.CodeBadRule) || !errs.Is(err, expr.CodeBad) {
		t.Fatalf("got %v", err)
	}
	for _, place := range []string{"golden.*: ", "golden.email: ", "golden.phone: compiling", "golden.phone: the attribute has two", "golden: "} {
		if !strings.Contains(err.Error(), place) {
			t.Errorf("%q is not reported in\n%v", place, err)
		}
	}
}
