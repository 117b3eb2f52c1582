package match

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A plan that is given back as it is changes nothing; given to a run of shuffled rows
// neither does it.
func TestPlanGivenBackChangesNothing(t *testing.T) {
	names, rows, _ := town(5, 600)
	table := tableOf(names, rows)
	want := Run(table, Config{})
	plan := want.Plan()
	if len(plan.Rules) == 0 || len(plan.Fields) != len(names) {
		t.Fatalf("%d rules and %d fields", len(plan.Rules), len(plan.Fields))
	}
	got := Run(tableOf(names, rows), Config{Plan: &plan})
	if !slices.Equal(got.Of, want.Of) || got.Compared != want.Compared {
		t.Errorf("%d people of %d pairs, and with the plan %d of %d", want.People, want.Compared, got.People, got.Compared)
	}
}

func TestPlanDecides(t *testing.T) {
	names, rows, _ := town(6, 400)
	fields := func(p Plan) map[string]Kind { return Run(tableOf(names, rows), Config{Plan: &p}).Fields() }
	if of := fields(Plan{Fields: []PlanField{{Name: "phone", Skip: true}, {Name: "town", Kind: Text}}}); of["town"] != Text || len(of) != len(names)-1 {
		t.Errorf("%v", of)
	}
	if of := fields(Plan{Only: true, Fields: []PlanField{{Name: "given"}, {Name: "born"}}}); len(of) != 2 || of["given"] != Name || of["born"] != Date {
		t.Errorf("%v", of)
	}
	// A column of one value is compared where the plan says so.
	same := slices.Repeat([][]string{{"x", "a"}}, 30)
	for i := range same {
		same[i] = []string{"x", fmt.Sprint("abc", i)}
	}
	if of := Run(tableOf([]string{"one", "many"}, same), Config{Plan: &Plan{Fields: []PlanField{{Name: "one", Kind: Name}}}}).Fields(); of["one"] != Name {
		t.Errorf("%v", of)
	}
	for name, bad := range map[string]Plan{
		"column": {Fields: []PlanField{{Name: "nothing"}}},
		"key":    {Rules: [][]PlanKey{{{"given", "year"}}}},
		"field":  {Rules: [][]PlanKey{{{"nothing", "same"}}}},
		"follow": {Fields: []PlanField{{Name: "given", Follows: []string{"nothing"}}}},
	} {
		found := Run(tableOf(names, rows), Config{Plan: &bad})
		if len(found.Faults) != 1 || found.Faults[0].What == "" || found.Faults[0].Mend == "" {
			t.Errorf("%s: %v", name, found.Faults)
		}
	}
}

// What is fixed stays; what is not is learned, and all levels together are certain.
func TestFixedLevelsStay(t *testing.T) {
	names, rows, _ := town(7, 400)
	plan := Plan{Prior: 0.001, Fields: []PlanField{{Name: "town", Kind: Name, M: []float64{0.5, 0, 0, 0, 0, 0, 0.25}, U: []float64{0.2, 0, 0, 0, 0, 0, 0}, Follows: []string{"born"}}}}
	found := Run(tableOf(names, rows), Config{Plan: &plan}).Model()
	if p := probability(found.Prior); p < 0.00099 || p > 0.00101 {
		t.Errorf("the prior is %g", p)
	}
	for _, f := range found.Fields {
		if f.Field != "town" {
			continue
		}
		sum := 0.0
		for _, l := range f.Levels {
			sum += l.M
		}
		if f.Levels[0].M != 0.5 || f.Levels[6].M != 0.25 || f.Levels[0].U != 0.2 || sum < 0.999 || sum > 1.001 {
			t.Errorf("%+v, m together %g", f.Levels, sum)
		}
		if !slices.Equal(f.Follows, []string{"born"}) {
			t.Errorf("it follows %v", f.Follows)
		}
	}
}

// Rules of a plan take the place of those that are chosen, of any number of keys.
func TestRulesOfPlan(t *testing.T) {
	names, rows, _ := town(8, 300)
	rows = append(rows, slices.Clone(rows[0]))
	run := func(rules ...[]PlanKey) *Result {
		return Run(tableOf(names, rows), Config{Plan: &Plan{Rules: rules}})
	}
	all := run([]PlanKey{{"given", "first 1"}})
	three := run([]PlanKey{{"given", "same"}, {"family", "same"}, {"born", "same"}})
	two := run([]PlanKey{{"given", "same"}, {"family", "same"}})
	if three.Compared == 0 || three.Compared > two.Compared || two.Compared >= all.Compared {
		t.Errorf("pairs compared: %d, %d, %d", three.Compared, two.Compared, all.Compared)
	}
	if rules := three.Model().Rules; len(rules) != 1 || rules[0].Rule != "given: same, family: same, born: same" {
		t.Errorf("%v", rules)
	}
	for row, best := range three.Best {
		if int(best.With) != row && (rows[row][0] == "" || !strings.EqualFold(rows[row][0], rows[best.With][0])) {
			t.Fatal("a pair is joined that no rule proposes")
		}
	}
}

func TestCustomLevels(t *testing.T) {
	levels := func(all ...Condition) (of []Level) {
		for _, c := range append([]Condition{{Test: Same}}, append(all, Condition{})...) {
			of = append(of, Level{When: c})
		}
		return of
	}
	for _, c := range []struct {
		when Condition
		a, b string
		want bool
	}{
		{Condition{Test: Edits, N: 2}, "jonathan", "jonahtn", true},
		{Condition{Test: Edits, N: 1}, "jonathan", "jonahtn", false},
		{Condition{Test: JaroWinkler, X: 0.9}, "martha", "marhta", true},
		{Condition{Test: Jaro, X: 0.95}, "martha", "marhta", false},
		{Condition{Test: Jaccard, X: 0.9}, "stone", "notes", true},
		{Condition{Test: Prefix, N: 3}, "Robert", "robin", true},
		{Condition{Test: Prefix, N: 3}, "Robert", "Ro", false},
		{Condition{Test: Prefix, N: 2}, "Robert", "rosa", true},
		{Condition{Test: Suffix, N: 4}, "0441 1234", "99 1234", true},
		{Condition{Test: SameSound}, "meier", "mayer", true},
		{Condition{Test: Nickname}, "Bob", "Robert", true},
		{Condition{Test: SharedWords, N: 2}, "the red house", "house of the sun", true},
		{Condition{Test: WithinDays, X: 30}, "2020-02-10", "2020-03-11", true},
		{Condition{Test: WithinDays, X: 29}, "2020-02-10", "2020-03-11", false},
		{Condition{Test: WithinDays, X: 29}, "2021-02-10", "2021-03-11", true},
		{Condition{Test: WithinDays, X: 3000}, "unknown day", "2021-03-11", false},
		{Condition{Test: Same, Part: Username}, "ann@example.com", "ann@example.org", true},
		{Condition{Test: Same, Part: District}, "AB1 2CD", "AB13CE", true},
		{Condition{Test: Same, Part: Sector}, "AB1 2CD", "AB13CE", false},
		{Condition{Test: Same, Part: Area}, "AB1 2CD", "AB99 3CE", true},
		{Condition{Test: Any, Of: []Condition{{Test: Edits, N: 1}, {Test: Prefix, N: 2}}}, "abcdef", "abxyzw", true},
		{Condition{Test: All, Of: []Condition{{Test: Edits, N: 1}, {Test: Prefix, N: 2}}}, "abcdef", "abxyzw", false},
	} {
		at := levelOf(t, PlanField{Name: "v", Levels: levels(c.when)}, []string{"v"}, []string{c.a}, []string{c.b})
		if want := map[bool]level{true: 2, false: 3}[c.want]; at != want {
			t.Errorf("%s: %q and %q are %d, want %d", c.when, c.a, c.b, at, want)
		}
	}
}

// levelOf compares two rows in a field of a plan, both ways round.
func levelOf(t *testing.T, of PlanField, names, a, b []string) level {
	t.Helper()
	m := newMatcher(tableOf(names, [][]string{a, b}), Config{Plan: &Plan{Only: true, Fields: []PlanField{of}}})
	if len(m.faults) > 0 {
		t.Fatal(m.faults)
	}
	c := m.comparer()
	l, back := c.pattern(0, 1).at(0), c.pattern(1, 0).at(0)
	if l != back {
		t.Errorf("%v and %v are %d, and the other way %d", a, b, l, back)
	}
	return l
}

func TestCustomLevelsOfSeveralColumns(t *testing.T) {
	of := PlanField{Name: "whole", Columns: []string{"given", "family"}, Levels: []Level{
		{When: Condition{Test: Same}},
		{When: Condition{Test: SwappedWith, Column: "given", Other: "family"}},
		{When: Condition{Test: All, Of: []Condition{{Test: JaroWinkler, X: 0.9, Column: "given"}, {Test: JaroWinkler, X: 0.9, Column: "family"}}}},
		{When: Condition{Test: Same, Column: "family"}},
		{},
	}}
	names := []string{"given", "family"}
	for _, c := range []struct {
		a, b []string
		want level
	}{
		{[]string{"ann", "smith"}, []string{"Ann", "Smith"}, 1},
		{[]string{"ann", "smith"}, []string{"smith", "ann"}, 2},
		{[]string{"annabel", "smith"}, []string{"annabell", "smyth"}, 5},
		{[]string{"annabel", "smithson"}, []string{"annabell", "smithsen"}, 3},
		{[]string{"ann", "smith"}, []string{"joe", "smith"}, 4},
		{[]string{"", "smith"}, []string{"joe", "smith"}, 4},
		{[]string{"", "smith"}, []string{"", "smith"}, 4},
		{[]string{"ann", "smith"}, []string{"joe", "jones"}, 5},
		{[]string{"ann", ""}, []string{"", "jones"}, absent},
	} {
		if got := levelOf(t, of, names, c.a, c.b); got != c.want {
			t.Errorf("%v and %v are %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// What a field's own levels find is found.
func TestCustomLevelsFindPeople(t *testing.T) {
	names, rows, truth := town(9, 500)
	plan := Plan{Fields: []PlanField{
		{Name: "given", Levels: []Level{{When: Condition{Test: Same}}, {When: Condition{Test: SwappedWith, Other: "family"}}, {When: Condition{Test: Edits, N: 1}}, {}}},
		{Name: "born", Levels: []Level{{When: Condition{Test: Same}}, {When: Condition{Test: Edits, N: 1}}, {When: Condition{Test: WithinDays, X: 366}}, {}}},
	}}
	found := Run(tableOf(names, rows), Config{Plan: &plan})
	if q := Evaluate(found.Of, truth); q.F1 < 0.97 {
		t.Errorf("F1 %.4f", q.F1)
	}
	if len(found.Faults) > 0 {
		t.Error(found.Faults)
	}
}

// A snapshot given back is the same run; of fewer rows, each pair weighs the same.
func TestSnapshotPinsWhatWasLearned(t *testing.T) {
	names, rows, _ := town(10, 600)
	names = append(names, "whole")
	for i, row := range rows { // texts, whose words weigh by how few have them
		rows[i] = append(row, row[0]+" the "+row[1]+" of "+row[3])
	}
	want := Run(tableOf(names, rows), Config{})
	var b bytes.Buffer
	if err := want.Snapshot().Encode(&b); err != nil {
		t.Fatal(err)
	}
	s, err := DecodeSnapshot(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !IsSnapshot(b.Bytes()) {
		t.Error("it does not look like a snapshot")
	}
	got := Run(tableOf(names, rows), Config{Snapshot: s})
	if !slices.Equal(got.Of, want.Of) || got.Compared != want.Compared {
		t.Errorf("%d people of %d pairs, and with the snapshot %d of %d", want.People, want.Compared, got.People, got.Compared)
	}
	for _, of := range rows {
		for _, v := range of[4:6] { // of telephone numbers and addresses nothing is to be read
			if v != "" && strings.Contains(b.String(), v) {
				t.Fatal("a value stands in the snapshot")
			}
		}
	}
	var part [][]string
	var from []int
	for i := 0; i < len(rows); i += 3 {
		part, from = append(part, rows[i]), append(from, i)
	}
	few := Run(tableOf(names, part), Config{Snapshot: s})
	seen := 0
	for i := range part {
		for j := i % 7; j < i; j += 7 {
			all, some := want.Explain(from[j], from[i]).Bits, few.Explain(j, i).Bits
			if all != some {
				t.Fatalf("a pair weighs %v bits among all and %v among few", all, some)
			}
			if seen++; seen > 2_000 {
				return
			}
		}
	}
}

// What labels moved is in a snapshot as well: each pair weighs what it weighed.
func TestSnapshotOfWhatLabelsMoved(t *testing.T) {
	names, rows, truth := town(0, 300)
	for i := range rows {
		rows[i][2], rows[i][5] = "", rows[i][5]+string(rune('a'+i%26))+string(rune('a'+i/26%26)) // no two alike
	}
	table := tableOf(names, rows)
	want := Run(table, Config{Labels: clerk(Run(table, Config{}).Inquire(nil), truth, 120)})
	if want.Lessons == 0 {
		t.Fatal("the labels move nothing")
	}
	var b bytes.Buffer
	if err := want.Snapshot().Encode(&b); err != nil {
		t.Fatal(err)
	}
	s, err := DecodeSnapshot(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got := Run(table, Config{Snapshot: s, Accept: s.Accept})
	if !slices.Equal(got.Of, want.Of) {
		t.Errorf("%d people, and with the snapshot %d", want.People, got.People)
	}
	for i := range 50 {
		if all, some := want.Explain(i, i+1).Bits, got.Explain(i, i+1).Bits; all != some {
			t.Fatalf("a pair weighs %v bits, and with the snapshot %v", all, some)
		}
	}
}

// A key that too many records have proposes nothing under the snapshot, however few of
// them there are; another does.
func TestSnapshotStopsCommonKeys(t *testing.T) {
	names, rows, _ := town(15, 400)
	for i := range rows {
		rows[i][3] = "york"
		if i%2 == 0 && i < 1100 {
			rows[i][3] = "leeds"
		}
	}
	s := Run(tableOf(names, rows), Config{Plan: &Plan{Rules: [][]PlanKey{{{"town", "same"}}}}}).Snapshot()
	if len(s.Rules) != 1 || len(s.Rules[0].Stop) == 0 {
		t.Fatalf("no key is stopped: %v", s.Rules)
	}
	of := func(town string) int64 {
		part := slices.Clone(rows[:100])
		for i := range part {
			part[i] = slices.Clone(part[i])
			part[i][3] = town
		}
		return Run(tableOf(names, part), Config{Snapshot: s}).Compared
	}
	if n := of("york"); n != 0 {
		t.Errorf("a key that is stopped proposes %d pairs", n)
	}
	if n := of("dover"); n != 100*99/2 {
		t.Errorf("a key that is new proposes %d pairs", n)
	}
}

// The same records are the same snapshot, byte for byte, however they are shuffled.
func TestSnapshotIsAFunctionOfTheSet(t *testing.T) {
	names, rows, _ := town(11, 300)
	encode := func(rows [][]string) string {
		var b bytes.Buffer
		if err := Run(tableOf(names, rows), Config{}).Snapshot().Encode(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := encode(rows)
	slices.Reverse(rows)
	if encode(rows) != want {
		t.Error("rows the other way round are another snapshot")
	}
}

// A column that the records lack is missing in all; a table with none of them is a fault.
func TestSnapshotOfOtherColumns(t *testing.T) {
	names, rows, _ := town(12, 300)
	s := Run(tableOf(names, rows), Config{}).Snapshot()
	part := make([][]string, len(rows))
	for i := range rows {
		part[i] = rows[i][:5]
	}
	if found := Run(tableOf(names[:5], part), Config{Snapshot: s}); len(found.Faults) > 0 || found.People == len(rows) {
		t.Errorf("%d people, %v", found.People, found.Faults)
	}
	if found := Run(tableOf([]string{"a", "b", "c", "d", "e"}, part), Config{Snapshot: s}); len(found.Faults) == 0 {
		t.Error("strange columns are taken")
	}
}

func TestSnapshotThatCannotBe(t *testing.T) {
	names, rows, _ := town(13, 200)
	for what, spoil := range map[string]func(*Snapshot){
		"version": func(s *Snapshot) { s.Version = 9 },
		"fields":  func(s *Snapshot) { s.Fields = nil },
		"levels":  func(s *Snapshot) { s.Fields[0].M[0] = s.Fields[0].M[0][:2] },
		"follows": func(s *Snapshot) { s.Fields[0].Follows = []int{77} },
		"partner": func(s *Snapshot) { s.Fields[0].Partner = 0 },
		"kind":    func(s *Snapshot) { s.Fields[0].Kind = Skipped },
		"prior":   func(s *Snapshot) { s.Prior = 1e300 },
		"tiny":    func(s *Snapshot) { s.Fields[0].U[0][0] = 5e-324 },
		"weights": func(s *Snapshot) { s.Fields[0].Weights = [][]float64{{1}} },
	} {
		s := Run(tableOf(names, rows), Config{}).Snapshot()
		spoil(s)
		var b bytes.Buffer
		if err := s.Encode(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeSnapshot(b.Bytes()); err == nil {
			t.Errorf("%s: it is taken", what)
		}
	}
}

func FuzzSnapshot(f *testing.F) {
	names, rows, _ := town(14, 40)
	var b bytes.Buffer
	if err := Run(tableOf(names, rows), Config{}).Snapshot().Encode(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"kith_snapshot":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSnapshot(data)
		if err != nil {
			return
		}
		if found := Run(tableOf(names, rows[:12]), Config{Snapshot: s}); len(found.Faults) == 0 && len(found.Of) != 12 {
			t.Errorf("%d rows", len(found.Of))
		}
	})
}

// A condition compares two values alike, whichever comes first.
func FuzzCondition(f *testing.F) {
	f.Add("robert", "bob", "ann@example.com", 2, 0.9)
	f.Add("1971-06-24", "1971-24-06", "AB1 2CD", 30, 0.5)
	f.Add("é山", "\xff", "the cat the", 1, 0.0)
	f.Fuzz(func(t *testing.T, a, b, c string, n int, x float64) {
		names := []string{"v", "w"}
		for test := Same; test <= SwappedWith; test++ {
			for part := Whole; part <= Sector; part++ {
				when := Condition{Test: test, Part: part, N: n, X: x, Other: "w"}
				if !when.sound() {
					continue
				}
				levelOf(t, PlanField{Name: "v", Levels: []Level{{When: Condition{Test: Same}}, {When: when}, {}}}, names, []string{a, c}, []string{b, a})
			}
		}
	})
}

func TestNamesOfTestsAndParts(t *testing.T) {
	for _, names := range [][]string{Tests(), Parts()} {
		seen := map[string]bool{}
		for _, n := range names {
			seen[n] = true
		}
		if len(seen) != len(names) {
			t.Errorf("%v has one twice: %v", names, slices.Collect(maps.Keys(seen)))
		}
	}
	if Any.String() != "any" || Sector.String() != "sector" {
		t.Error("names and values do not go together")
	}
}
