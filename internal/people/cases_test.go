package people_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/people"
)

// TestACaseChangesItsOwnColumns compares each record with itself as it is when nothing
// happens.
func TestACaseChangesItsOwnColumns(t *testing.T) {
	type fields = []people.Field
	names := fields{people.GivenName, people.FamilyName}
	s := people.Settings{Records: 3000, Seed: 6}
	plain := rowsOf(t, s)
	for c, may := range map[people.Case]fields{
		people.MiddleName:   {people.GivenName},
		people.Nickname:     {people.GivenName},
		people.Initial:      {people.GivenName},
		people.Title:        {people.GivenName},
		people.Unaccented:   {people.GivenName, people.FamilyName, people.Street, people.Town, people.Region, people.Employer},
		people.Reformatted:  {people.Phone, people.Postcode, people.Street},
		people.Uppercase:    {people.GivenName, people.FamilyName, people.Street, people.Town},
		people.SwappedDate:  {people.BirthDate},
		people.WrongYear:    {people.BirthDate},
		people.DefaultDate:  {people.BirthDate},
		people.Phonetic:     {people.GivenName, people.FamilyName, people.Street, people.Town},
		people.SwappedNames: names,
		people.NewEmail:     {people.Email},
		people.Moved:        {people.Street, people.HouseNumber, people.Postcode, people.Town, people.Region, people.Phone, people.Employer},
		people.Married:      {people.FamilyName},
	} {
		s.Rates = only(c)
		changed := 0
		for at, r := range rowsOf(t, s) {
			differs := false
			for f := range r.Values {
				if r.Values[f] == plain[at].Values[f] {
					continue
				}
				if differs = true; !slices.Contains(may, people.Field(f)) {
					t.Errorf("%s changed %s from %q to %q", c, people.Field(f), plain[at].Values[f], r.Values[f])
				}
			}
			if differs && !r.Cases.Has(c) {
				t.Errorf("a record is changed and not of the case %s, but of %q", c, r.Cases)
			}
			if differs {
				changed++
			}
		}
		if changed < 50 {
			t.Errorf("%s changed %d of %d records", c, changed, len(plain))
		}
	}
}

// TestDamageIsNoted: what is of a case that spoils a value differs from what it was.
func TestDamageIsNoted(t *testing.T) {
	s := people.Settings{Records: 3000, Seed: 6}
	plain := rowsOf(t, s)
	for _, c := range []people.Case{people.Phonetic, people.Typo, people.OCR, people.Truncated, people.SwappedNames, people.WrongField, people.SwappedDate, people.WrongYear, people.DefaultDate} {
		s.Rates = only(c)
		for at, r := range rowsOf(t, s) {
			if noted, same := r.Cases.Has(c), r.Values == plain[at].Values; noted && same && c != people.Typo { // a typo may mend the one before
				t.Errorf("%s: nothing is changed in %q", c, r.Values)
			} else if !noted && !same {
				t.Errorf("%s: %q became %q and it is not noted", c, plain[at].Values, r.Values)
			}
		}
	}
}

func TestDatesStayDates(t *testing.T) {
	date := regexp.MustCompile(`^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)
	s := people.Settings{Records: 20_000, Seed: 6, Rates: only(people.SwappedDate, people.WrongYear)}
	for _, r := range rowsOf(t, s) {
		if !date.MatchString(r.Values[people.BirthDate]) {
			t.Fatalf("someone is born on %q", r.Values[people.BirthDate])
		}
	}
}

// families gives the people of each address.
func families(t *testing.T, cases ...people.Case) map[string]map[int]people.Row {
	t.Helper()
	by := map[string]map[int]people.Row{}
	for _, r := range rowsOf(t, people.Settings{Records: 6000, Seed: 12, Rates: only(append(cases, people.Household)...)}) {
		v := r.Values
		at := v[people.Street] + v[people.HouseNumber] + v[people.Postcode]
		if by[at] == nil {
			by[at] = map[int]people.Row{}
		}
		by[at][r.Person] = r
	}
	return by
}

func TestTwinsAreBornOnOneDay(t *testing.T) {
	found := 0
	for _, home := range families(t, people.Twin) {
		var twins []people.Row
		for _, r := range home {
			if r.Cases.Has(people.Twin) {
				twins = append(twins, r)
			}
		}
		if len(twins) != 2 {
			continue // one of them has no record in the file, or two families one address
		}
		found++
		a, b := twins[0].Values, twins[1].Values
		first := func(s string) string { given, _, _ := strings.Cut(s, " "); return given }
		if a[people.BirthDate] != b[people.BirthDate] || first(a[people.GivenName]) == first(b[people.GivenName]) {
			t.Errorf("of twins one is %s of %s, the other %s of %s", a[people.GivenName], a[people.BirthDate], b[people.GivenName], b[people.BirthDate])
		}
	}
	if found < 100 {
		t.Errorf("only %d pairs of twins were found", found)
	}
}

func TestFatherAndSonHaveOneName(t *testing.T) {
	found := 0
	for _, home := range families(t, people.FatherAndSon) {
		var both []people.Row
		for _, r := range home {
			if r.Cases.Has(people.FatherAndSon) {
				both = append(both, r)
			}
		}
		if len(both) != 2 {
			continue
		}
		found++
		a, b := both[0].Values, both[1].Values
		first := func(s string) string { word, _, _ := strings.Cut(s, " "); return word }
		family := func(v [14]string) string {
			if v[people.Country] == "ES" { // the father's comes first, then the mother's
				return first(v[people.FamilyName])
			}
			return v[people.FamilyName]
		}
		if first(a[people.GivenName]) != first(b[people.GivenName]) || family(a) != family(b) ||
			a[people.Sex] != "M" || b[people.Sex] != "M" || a[people.BirthDate][:4] == b[people.BirthDate][:4] {
			t.Errorf("father and son are %q and %q", a, b)
		}
	}
	if found < 100 {
		t.Errorf("only %d fathers were found", found)
	}
}

// TestSharedIsAnothers: what several people have belongs to one household.
func TestSharedIsAnothers(t *testing.T) {
	type use struct {
		person int
		home   string
	}
	first, several := map[string]use{}, map[string]bool{}
	for _, r := range rowsOf(t, people.Settings{Records: 6000, Seed: 12, Rates: only(people.Household, people.SharedEmail, people.SharedPhone)}) {
		v := r.Values
		now := use{r.Person, v[people.Street] + v[people.HouseNumber] + v[people.Postcode]}
		for _, shared := range []string{v[people.Email], v[people.Phone]} {
			before, known := first[shared]
			if known && before.home != now.home {
				t.Errorf("%s is of two households", shared)
			}
			if several[shared] = several[shared] || known && before.person != now.person; !known {
				first[shared] = now
			}
		}
	}
	n := 0
	for _, by := range several {
		if by {
			n++
		}
	}
	if n < 500 {
		t.Errorf("%d of %d addresses and telephones are of several people", n, len(several))
	}
}

// TestFormsAreThoseOfTheCountry knows the forms of each.
func TestFormsAreThoseOfTheCountry(t *testing.T) {
	forms := map[string]map[people.Field]string{ // each to be met as a whole
		"GB": {people.Postcode: `[A-Z]{1,2}\d \d[A-Z]{2}`, people.Phone: `07\d{3} \d{6}`, people.NationalID: `Q[A-Z]\d{6}[A-D]`},
		"US": {people.Postcode: `\d{5}`, people.Phone: `\d{3} [2-9]\d{2} \d{4}`, people.NationalID: `9\d\d-\d\d-\d{4}`},
		"DE": {people.Postcode: `\d{5}`, people.Phone: `01[567]\d \d{7}`, people.NationalID: `0\d{10}`},
		"FR": {people.Postcode: `\d{5}`, people.Phone: `0[679]( \d\d){4}`, people.NationalID: `[12]\d{14}`},
		"ES": {people.Postcode: `\d{5}`, people.Phone: `6\d\d \d{3} \d{3}`, people.NationalID: `\d{8}[A-Z]`},
		"IN": {people.Postcode: `\d{6}`, people.Phone: `0[789]\d{4} \d{5}`, people.NationalID: `1\d{3} \d{4} \d{4}`},
		"NL": {people.Postcode: `\d{4} [A-Z]{2}`, people.Phone: `06 \d{8}`, people.NationalID: `\d{9}`},
		"PL": {people.Postcode: `\d\d-\d{3}`, people.Phone: `[5678]\d\d \d{3} \d{3}`, people.NationalID: `\d{11}`},
	}
	for _, code := range people.Countries() {
		streets, towns := map[string]bool{}, map[string]string{}
		patterns := map[people.Field]*regexp.Regexp{people.Email: regexp.MustCompile(`^[a-z._]+\d+@([a-z]+\.)?example\.(com|net|org)$`)}
		for f, form := range forms[code] {
			patterns[f] = regexp.MustCompile("^" + form + "$")
		}
		for _, r := range rowsOf(t, people.Settings{Records: 2000, Seed: 2, Countries: []string{code}}) {
			v := r.Values
			streets[v[people.Street]] = true
			for f, pattern := range patterns {
				if v[f] != "" && !pattern.MatchString(v[f]) {
					t.Errorf("%s: the %s %q has not the form %s", code, f, v[f], pattern)
				}
			}
			if at := v[people.Street] + v[people.Town] + v[people.HouseNumber]; towns[at] != "" && towns[at] != v[people.Postcode] {
				t.Errorf("%s: one house has two postcodes", code)
			} else {
				towns[at] = v[people.Postcode]
			}
			if v[people.Country] != code || v[people.Town] == "" || v[people.Region] == "" {
				t.Fatalf("%s: somebody lives in %q", code, v)
			}
		}
		if len(streets) < 60 {
			t.Errorf("%s has %d streets", code, len(streets))
		}
	}
}

// TestRatesAreDocumented holds the page's table against the rates.
func TestRatesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/made-up-people.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range people.Kinds() {
		if line := fmt.Sprintf("| `%s` | %v | %v | %v | %s | %s |\n", k.Name, k.Easy, k.Medium, k.Hard, k.Of, k.Meaning); !strings.Contains(string(page), line) {
			t.Errorf("docs/made-up-people.md lacks\n%s", line)
		}
	}
}
