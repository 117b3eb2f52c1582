package cleanse

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/kithdata/kith/internal/kit/errs"
)

func placeSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "country", Args: "as: alpha2 (default) or alpha3",
			What:  "Writes a country as its ISO 3166 code, from a code of two or three letters, a number, or its name in 37 languages.",
			Table: [][2]string{{"Germany", "DE"}, {"Deutschland", "DE"}, {"gbr", "GB"}, {"UK", "GB"}, {"U.S.A.", "US"}, {"250", "FR"}, {"Espagne", "ES"}, {"日本", "JP"}, {"Atlantis", ""}},
			More:  []Table{{Args: map[string]string{"as": "alpha3"}, Rows: [][2]string{{"Holland", "NLD"}}}}},
			args: []string{"as"}, dear: true, picky: true, make: makeCountry},
		{doc: StepDoc{Name: "postcode", Args: "country: two letters such as GB; country_from: another attribute that tells the country, by code or name; a postcode of a country whose form is not known, or that has none, stays as it is",
			What: "Checks the form of a postcode, of 166 countries and territories, and writes it as its country does. A number that lost zeros in front gets them back.",
			More: []Table{{Args: map[string]string{"country": "GB"}, Rows: [][2]string{{"ls14ap", "LS1 4AP"}, {"SW1A 1AA", "SW1A 1AA"}, {"12345", ""}}},
				{Args: map[string]string{"country": "US"}, Rows: [][2]string{{"94103", "94103"}, {"941031234", "94103-1234"}, {"9410", ""}}},
				{Args: map[string]string{"country": "CA"}, Rows: [][2]string{{"k1a0b1", "K1A 0B1"}}},
				{Args: map[string]string{"country": "NL"}, Rows: [][2]string{{"1012ab", "1012 AB"}}},
				{Args: map[string]string{"country": "DE"}, Rows: [][2]string{{"D-10115", "10115"}, {"1011", ""}}},
				{Args: map[string]string{"country": "JP"}, Rows: [][2]string{{"〒１００-０００１", "100-0001"}}},
				{Args: map[string]string{"country": "LT"}, Rows: [][2]string{{"01103", "LT-01103"}, {"lt01103", "LT-01103"}}}}},
			args: []string{"country"}, need: "country", told: []string{"country"}, dear: true, picky: true, make: makePostcode},
		{doc: StepDoc{Name: "region", Args: "country: " + regionsKnown() + "; as: iso (default), code or name; country_from: another attribute that tells the country, by code or name; of one that is not listed, no region is read",
			What: "Writes a state, province, canton or Land by its ISO 3166-2 code, from its code, its name in its own language or in English, or a short form that people write. Where a country has two levels, such as France's regions and departments, both are known.",
			More: []Table{{Args: map[string]string{"country": "US"}, Rows: [][2]string{{"california", "US-CA"}, {"ny", "US-NY"}, {"US-TX", "US-TX"}, {"Narnia", ""}}},
				{Args: map[string]string{"country": "DE"}, Rows: [][2]string{{"Baden-Wuerttemberg", "DE-BW"}, {"Bayern", "DE-BY"}}},
				{Args: map[string]string{"country": "FR"}, Rows: [][2]string{{"Île-de-France", "FR-IDF"}, {"75", "FR-75C"}, {"Haute-Savoie", "FR-74"}}},
				{Args: map[string]string{"country": "IT"}, Rows: [][2]string{{"Milano", "IT-MI"}, {"Tuscany", "IT-52"}, {"Provincia di Lecce", "IT-LE"}}},
				{Args: map[string]string{"country": "JP"}, Rows: [][2]string{{"東京都", "JP-13"}, {"Osaka-fu", "JP-27"}}},
				{Args: map[string]string{"country": "IE"}, Rows: [][2]string{{"Co. Cork", "IE-CO"}}},
				{Args: map[string]string{"country": "SE", "as": "name"}, Rows: [][2]string{{"Stockholms län", "Stockholm"}}},
				{Args: map[string]string{"country": "CA", "as": "code"}, Rows: [][2]string{{"Québec", "QC"}}},
				{Args: map[string]string{"country": "AU", "as": "name"}, Rows: [][2]string{{"nsw", "New South Wales"}}}}},
			args: []string{"country", "as"}, need: "country", told: []string{"country"}, dear: true, picky: true, make: makeRegion},
	}
}

// countryAliases are names that people write and no list of names has, folded.
func countryAliases() string {
	return "uk GB,greatbritain GB,britain GB,england GB,scotland GB,wales GB,northernireland GB,usa US,us US,unitedstatesofamerica US,america US," +
		"holland NL,ivorycoast CI,southkorea KR,republicofkorea KR,northkorea KP,russia RU,russianfederation RU,czechrepublic CZ,czechia CZ,burma MM," +
		"macedonia MK,swaziland SZ,capeverde CV,easttimor TL,uae AE,emirates AE,brasil BR,eire IE,republicofireland IE,hellas GR,schweiz CH,suisse CH,svizzera CH," +
		"hongkong HK,macao MO,palestine PS,vatican VA,turkey TR,turkiye TR,bosnia BA,vietnam VN,laos LA,syria SY,iran IR,bolivia BO,venezuela VE,tanzania TZ,moldova MD"
}

// countryCode reads a country, by a code or a name, as its code of two letters.
func countryCode(text string) (string, bool) {
	r, ok := regionNamed(text)
	return r.String(), ok
}

func regionNamed(text string) (language.Region, bool) {
	key := fold(text)
	if r, ok := countryNames()[key]; ok {
		return r, true
	}
	if r, ok := countryNames()[strings.TrimPrefix(key, "the")]; ok {
		return r, true
	}
	r, err := language.ParseRegion(text)
	if err != nil {
		return r, false
	}
	r = r.Canonicalize()
	return r, r.IsCountry() && len(r.String()) == 2 && r.ISO3() != "ZZZ"
}

// countryNames maps folded names and codes to codes of two letters. A name that means
// two countries in different languages is left out.
var countryNames = sync.OnceValue(func() map[string]language.Region {
	names := map[string]language.Region{}
	twice := map[string]bool{}
	add := func(name string, r language.Region) {
		name = fold(name)
		if old, there := names[name]; there && old != r || name == "" {
			twice[name] = true
			return
		}
		names[name] = r
	}
	var namers []display.Namer
	for _, tag := range []string{"en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "tr", "ru", "ja", "zh", "zh-Hant", "ko", "ar", "el", "hu", "ro", "uk", "bg", "sk", "sl", "hr", "et", "lv", "lt", "he", "hi", "th", "vi", "id", "ca", "fa"} {
		namers = append(namers, display.Regions(language.Make(tag)))
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			r, err := language.ParseRegion(code)
			if err != nil || r.Canonicalize().String() != code || !r.IsCountry() || r.ISO3() == "ZZZ" {
				continue
			}
			for _, n := range namers {
				add(n.Name(r), r)
			}
		}
	}
	for name := range twice {
		delete(names, name)
	}
	for alias := range strings.SplitSeq(countryAliases(), ",") {
		name, code, _ := strings.Cut(alias, " ")
		names[name] = language.MustParseRegion(code)
	}
	return names
})

func makeCountry(s StepConfig) (stepFunc, *errs.Error) {
	as, fault := choose(s, "as", "alpha2", "alpha3")
	if fault != nil {
		return nil, fault
	}
	return read(100, func(text string) (string, bool) {
		r, ok := regionNamed(text)
		if ok && as == "alpha3" {
			return r.ISO3(), true
		}
		return r.String(), ok
	}), nil
}
