package people

import (
	"math/bits"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Case is one of the things that make records hard to match.
type Case uint8

// The cases: how people live, what changes of them, how they are written down, and what
// goes wrong.
const (
	Household Case = iota
	Twin
	FatherAndSon
	Moved
	Married
	NewEmail
	SharedEmail
	SharedPhone
	Partial
	Missing
	MiddleName
	Nickname
	Initial
	Title
	Unaccented
	Reformatted
	Uppercase
	SwappedDate
	WrongYear
	DefaultDate
	Phonetic
	Typo
	OCR
	Truncated
	SwappedNames
	WrongField
	cases
)

// Rates are how often each case happens, from 0 to 1.
type Rates [cases]float64

// Cases is a set of cases.
type Cases uint32

// Has reports whether c is among them.
func (s Cases) Has(c Case) bool { return s&(1<<c) != 0 }

func (s *Cases) add(c Case) { *s |= 1 << c }

// String names them, with spaces between.
func (s Cases) String() string {
	var b strings.Builder
	for c := range s.each {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(kinds[c].Name)
	}
	return b.String()
}

func (s Cases) each(yield func(Case) bool) {
	for ; s != 0; s &= s - 1 {
		if !yield(Case(bits.TrailingZeros32(uint32(s)))) { //nolint:gosec // below 32
			return
		}
	}
}

// String is the case's name.
func (c Case) String() string { return kinds[c].Name }

// Kind describes a case: the share Of what it happens to at each hardness.
type Kind struct {
	Name, Of, Meaning  string
	Easy, Medium, Hard float64
}

// Kinds describes every case, in order.
func Kinds() []Kind { return kinds[:] }

var kinds = [cases]Kind{
	{"household", "people", "they live with others, at one address", 0.4, 0.5, 0.6},
	{"twin", "people, families with two children", "two of one family name, address and birth date", 0.05, 0.15, 0.4},
	{"father_and_son", "people, families with a child", "two of one name at one address", 0.02, 0.1, 0.3},
	{"moved", "later records", "street, postcode, town and telephone are others than before", 0.05, 0.2, 0.4},
	{"married", "later records of women, where names change", "the family name is another than before", 0.05, 0.15, 0.3},
	{"new_email", "later records", "the e-mail address is another than before", 0.1, 0.25, 0.4},
	{"shared_email", "records of households", "the e-mail address is another member's", 0.01, 0.04, 0.1},
	{"shared_phone", "records of households", "the telephone is that of the house", 0.05, 0.15, 0.3},
	{"partial", "records", "its source holds some of the columns only", 0.1, 0.35, 0.6},
	{"missing", "values but the family name", "the value is not there", 0.02, 0.07, 0.15},
	{"middle_name", "records of people with two given names", "the second is an initial, or is left out", 0.1, 0.4, 0.7},
	{"nickname", "records, names that have one", "Bill for William", 0.05, 0.15, 0.3},
	{"initial", "records", "the given name is an initial", 0.01, 0.04, 0.1},
	{"title", "records", "the given name begins with a form of address", 0.03, 0.08, 0.15},
	{"unaccented", "records with accents", "they are left out, or written as two letters", 0.1, 0.3, 0.5},
	{"reformatted", "records", "telephone, postcode and street are written in another way", 0.1, 0.3, 0.5},
	{"uppercase", "records", "names, street and town are in capitals", 0.03, 0.08, 0.15},
	{"swapped_date", "records, days that could be months", "day and month of birth are swapped", 0.01, 0.03, 0.08},
	{"wrong_year", "records with a birth date", "the birth year is off", 0.005, 0.02, 0.05},
	{"default_date", "records with a birth date", "born on the first of January, as a form had it", 0.005, 0.02, 0.05},
	{"phonetic", "records", "a name is spelled as it sounds", 0.02, 0.06, 0.12},
	{"typo", "records", "letters inserted, left out, transposed, or a neighbouring key; each again by the same chance", 0.05, 0.15, 0.3},
	{"ocr", "records", "characters are taken for others that look alike", 0.005, 0.02, 0.06},
	{"truncated", "records", "a value is cut off", 0.005, 0.02, 0.05},
	{"swapped_names", "records", "given and family name are swapped", 0.005, 0.02, 0.05},
	{"wrong_field", "records", "values stand in each other's columns", 0.003, 0.01, 0.03},
}

// Hardnesses are the names of ready rates.
func Hardnesses() []string { return []string{"easy", "medium", "hard"} }

// RatesOf are the rates of a hardness, with some of them set apart by the cases' names.
func RatesOf(hardness string, apart map[string]float64) (Rates, error) {
	var r Rates
	for c, k := range kinds {
		switch hardness {
		case "easy":
			r[c] = k.Easy
		case "medium":
			r[c] = k.Medium
		case "hard":
			r[c] = k.Hard
		default:
			return r, errs.New("bad_value", "there is no such hardness").At("--hardness").Fix("give one of " + strings.Join(Hardnesses(), ", "))
		}
	}
	for name, rate := range apart {
		c := caseNamed(name)
		if c == cases {
			return r, errs.New("bad_value", "there is no such case").At("--rate").Fix("kith generate people --list shows them")
		}
		r[c] = rate
	}
	return r, nil
}

func caseNamed(name string) Case {
	for c, k := range kinds {
		if k.Name == name {
			return Case(c) //nolint:gosec // few
		}
	}
	return cases
}
