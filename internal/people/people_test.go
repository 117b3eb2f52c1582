package people_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/people"
)

func rates(t testing.TB, hardness string) people.Rates {
	t.Helper()
	r, err := people.RatesOf(hardness, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// only are rates of 0 but for some cases, which always happen.
func only(cases ...people.Case) (r people.Rates) {
	for _, c := range cases {
		r[c] = 1
	}
	return r
}

func generator(t testing.TB, s people.Settings) *people.Generator {
	t.Helper()
	g, err := people.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// rowsOf makes every row.
func rowsOf(t testing.TB, s people.Settings) []people.Row {
	t.Helper()
	g := generator(t, s)
	rows := make([]people.Row, g.Records())
	for at := range rows {
		g.Row(at, &rows[at])
	}
	return rows
}

func written(t testing.TB, s people.Settings, f people.Format, cases bool) (string, people.Tally) {
	t.Helper()
	var b bytes.Buffer
	tally, err := generator(t, s).Write(t.Context(), &b, f, cases, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), tally
}

func TestTheSameSettingsGiveTheSameBytes(t *testing.T) {
	s := people.Settings{Records: 3000, Seed: 7, Rates: rates(t, "hard")}
	for _, format := range []people.Format{people.CSV, people.NDJSON} {
		one, _ := written(t, s, format, true)
		two, _ := written(t, s, format, true)
		if one != two {
			t.Error("twice the same settings gave other bytes")
		}
		s.Seed++
		if three, _ := written(t, s, format, true); one == three {
			t.Error("another seed gave the same bytes")
		}
	}
}

func TestRowsAreMadeInAnyOrderBySeveral(t *testing.T) {
	s := people.Settings{Records: 4000, Seed: 7, Rates: rates(t, "medium")}
	want := rowsOf(t, s)
	g := generator(t, s)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			var r people.Row
			for at := len(want) - 1 - worker; at >= 0; at -= 4 {
				if g.Row(at, &r); r != want[at] {
					t.Errorf("row %d is another when it is made alone", at)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestTheTruthIsCounted(t *testing.T) {
	for _, records := range []int{0, 1, 2, 119, 326, 327, 328, 5000} {
		s := people.Settings{Records: records, Seed: 3, Rates: rates(t, "medium")}
		have := map[int]int{}
		for _, r := range rowsOf(t, s) {
			have[r.Person]++
		}
		pairs := 0
		for _, n := range have {
			pairs += n * (n - 1) / 2
		}
		_, tally := written(t, s, people.CSV, false)
		if tally.Records != records || tally.People != len(have) || tally.Pairs != pairs {
			t.Errorf("of %d records: %d of %d people in %d pairs are told, and there are %d people in %d pairs",
				records, tally.Records, tally.People, tally.Pairs, len(have), pairs)
		}
	}
}

// TestRecordsPerPerson holds the distribution that the documentation states.
func TestRecordsPerPerson(t *testing.T) {
	each := map[int]int{}
	for _, r := range rowsOf(t, people.Settings{Records: 327 * 10, Seed: 1}) {
		each[r.Person]++
	}
	have := map[int]int{}
	for _, n := range each {
		have[n]++
	}
	want := map[int]int{1: 420, 2: 300, 3: 180, 4: 110, 5: 70, 6: 40, 7: 30, 8: 20, 9: 10, 10: 10, 12: 10}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("people by their records (want -, have +):\n%s", diff)
	}
}

// TestEveryCaseHappensAtItsRate lets counts stray by five standard deviations; what
// happens to people is drawn fewer times than there are records.
func TestEveryCaseHappensAtItsRate(t *testing.T) {
	for _, hardness := range people.Hardnesses() {
		s := people.Settings{Records: 30_000, Seed: 11, Rates: rates(t, hardness)}
		_, tally := written(t, s, people.CSV, false)
		for c, each := range tally.Cases {
			if each.Records == 0 || each.Rate == 0 {
				t.Errorf("%s: %s never happens", hardness, each.Case)
			}
			draws := float64(each.Could)
			switch people.Case(c) {
			case people.Missing: // a rate of values
				continue
			case people.Household, people.Twin, people.FatherAndSon, people.Moved, people.Married, people.NewEmail:
				draws /= 12
			}
			have := float64(each.Records) / float64(each.Could)
			if stray := 5 * math.Sqrt(each.Rate*(1-each.Rate)/draws); math.Abs(have-each.Rate) > stray {
				t.Errorf("%s: %s happens to %.4f, not to %.4f", hardness, each.Case, have, each.Rate)
			}
		}
	}
}

func TestValuesAreMissingAtTheirRate(t *testing.T) {
	s := people.Settings{Records: 20_000, Seed: 5}
	full := rowsOf(t, s)
	s.Rates[people.Missing] = 0.1
	there, gone := 0, 0
	for at, r := range rowsOf(t, s) {
		for f, value := range r.Values {
			if full[at].Values[f] == "" || people.Field(f) == people.FamilyName {
				continue
			}
			if there++; value == "" {
				gone++
			}
		}
	}
	if share := float64(gone) / float64(there); math.Abs(share-0.1) > 0.004 {
		t.Errorf("%.4f of the values are missing", share)
	}
}

// TestWithoutHardCasesRecordsAgree has no case happen: all records of a person are
// equal but for the national id, which is told or not, and nobody shares what is one's
// own.
func TestWithoutHardCasesRecordsAgree(t *testing.T) {
	said := map[int]people.Row{}
	owner := map[string]int{}
	for _, r := range rowsOf(t, people.Settings{Records: 20_000, Seed: 9}) {
		if r.Cases != 0 {
			t.Fatalf("%s happened at a rate of 0", r.Cases)
		}
		for _, f := range []people.Field{people.Phone, people.Email, people.NationalID} {
			value := r.Values[f]
			if of, known := owner[value]; value != "" && known && of != r.Person {
				t.Errorf("two people have one %s", f)
			}
			owner[value] = r.Person
		}
		r.Values[people.NationalID], r.Could = "", 0
		if before, ok := said[r.Person]; ok && before != r {
			t.Fatalf("two records of one person differ:\n%s", cmp.Diff(before.Values, r.Values))
		}
		said[r.Person] = r
	}
}

// TestNothingButPersonTellsThePerson looks for ways around matching.
func TestNothingButPersonTellsThePerson(t *testing.T) {
	s := people.Settings{Records: 20_000, Seed: 2, Rates: rates(t, "medium")}
	text, _ := written(t, s, people.CSV, false)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := "record_id person_id given_name family_name birth_date sex street house_number postcode town region country phone email national_id employer"
	if got := strings.Join(rows[0], " "); got != want {
		t.Errorf("the columns are %s", got)
	}
	neighbours, near, last := 0, 0, 0
	for i, row := range rows[1:] {
		if want := fmt.Sprintf("r%08d", i+1); row[0] != want {
			t.Fatalf("record %d has the id %s", i, row[0])
		}
		var person int
		if _, err := fmt.Sscanf(row[1], "p%08d", &person); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(row[2:], func(cell string) bool {
			return strings.Contains(cell, row[1][1:]) || person > 999 && cell == fmt.Sprint(person)
		}) {
			t.Error("a value holds the number of the person")
		}
		if person == last {
			neighbours++
		}
		if i > 0 && max(person-last, last-person) < 50 {
			near++
		}
		last = person
	}
	if neighbours > 12 { // 1.7 by chance
		t.Errorf("%d rows follow another of their person", neighbours)
	}
	if near > 400 { // 270 by chance
		t.Errorf("%d rows follow one of a person of nearly the same number", near)
	}
}

// TestAChangeOfAddressGivesNoNumberAway: a person's old and new e-mail address and
// telephone have nothing in common that those of strangers lack.
func TestAChangeOfAddressGivesNoNumberAway(t *testing.T) {
	tails := map[int]map[string]bool{}
	for _, r := range rowsOf(t, people.Settings{Records: 5000, Seed: 4, Rates: only(people.NewEmail, people.Moved)}) {
		if tails[r.Person] == nil {
			tails[r.Person] = map[string]bool{}
		}
		local, _, _ := strings.Cut(r.Values[people.Email], "@")
		tails[r.Person][strings.TrimLeft(local, "abcdefghijklmnopqrstuvwxyz._")] = true
	}
	two := 0
	for _, numbers := range tails {
		if len(numbers) == 2 {
			two++
		}
	}
	if two < 900 {
		t.Errorf("only %d of %d people have two addresses of two numbers", two, len(tails))
	}
}

func TestNamesAreSkewed(t *testing.T) {
	names := map[int]string{}
	for _, r := range rowsOf(t, people.Settings{Records: 30_000, Seed: 8, Countries: []string{"gb"}}) {
		given, _, _ := strings.Cut(r.Values[people.GivenName], " ")
		names[r.Person] = given + " " + r.Values[people.FamilyName]
	}
	by := map[string]int{}
	for _, name := range names {
		by[name]++
	}
	alike := 0
	for _, n := range by {
		if n > 1 {
			alike += n
		}
	}
	most := slices.Max(slices.Collect(maps.Values(by)))
	if share := float64(alike) / float64(len(names)); share < 0.3 || share > 0.9 || most < 15 {
		t.Errorf("%.2f of the people have a namesake, and the most frequent name %d", share, most)
	}
}

func TestTablesAreAllThatIsHeld(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g := generator(t, people.Settings{Records: people.MostRecords, Seed: 1, Rates: rates(t, "hard")})
	var r people.Row
	for at := 0; at < people.MostRecords; at += 1_000_003 {
		g.Row(at, &r)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 16<<20 {
		t.Errorf("%d bytes are held", held)
	}
	runtime.KeepAlive(g)
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	for name, s := range map[string]people.Settings{
		"fewer than none":  {Records: -1},
		"too many":         {Records: people.MostRecords + 1},
		"a rate of two":    {Rates: people.Rates{people.Typo: 2}},
		"a negative rate":  {Rates: people.Rates{people.Typo: -0.1}},
		"no number":        {Rates: people.Rates{people.Typo: math.NaN()}},
		"no such country":  {Countries: []string{"GB", "XX"}},
		"an empty country": {Countries: []string{""}},
	} {
		if _, err := people.New(s); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := people.RatesOf("harder", nil); err == nil {
		t.Error("a hardness was made up")
	}
	if _, err := people.RatesOf("easy", map[string]float64{"tipo": 0.1}); err == nil {
		t.Error("a case was made up")
	}
	if r, err := people.RatesOf("easy", map[string]float64{"typo": 0.7}); err != nil || r[people.Typo] != 0.7 || r[people.OCR] != 0.005 {
		t.Errorf("one rate apart gave %v, %v", r, err)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		generator(b, people.Settings{Records: 1000})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, hardness := range people.Hardnesses() {
		b.Run(hardness, func(b *testing.B) {
			g := generator(b, people.Settings{Records: b.N, Seed: 1, Rates: rates(b, hardness)})
			b.ReportAllocs()
			b.ResetTimer()
			if _, err := g.Write(b.Context(), io.Discard, people.CSV, true, func(int) {}); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
